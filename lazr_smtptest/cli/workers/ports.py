"""The sockets that workers share: bound by the supervisor, adopted by the workers.

Both have something that an endpoint takes for a reactor, as far as it wants to
listen on a TCP port.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterable
from typing import Any

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort, IProtocolFactory
from zope.interface import implementer

from lazr_smtptest.net.addresses import resolve

__all__ = ["AdoptedPorts", "SharedPort", "SharedPorts"]

# Where each worker may have a queue of its own for the connections to one port:
# then these are spread over the workers, and no worker is woken for another.
_SPREADS = sys.platform == "linux"


class SharedPorts:
    """Binds ports; what an endpoint takes for a reactor in the supervisor.

    Args:
        workers: how many processes are to share each port.
    """

    def __init__(self, workers: int) -> None:
        self._workers = workers

    def listenTCP(
        self, port: int, factory: object, backlog: int = 50, interface: str = ""
    ) -> SharedPort:
        """Bind a port for all workers; nobody accepts here.

        Raises:
            CannotListenError: the address is taken, not ours, or not allowed.
        """
        try:
            return SharedPort(_bind(interface, port, backlog, self._workers))
        except OSError as error:
            raise CannotListenError(interface, port, error) from error

    def __getattr__(self, name: str) -> Any:
        raise AttributeError("workers can share TCP ports only")


@implementer(IListeningPort)
class SharedPort:
    """A port that is bound, and listens, but is not served in this process.

    Attributes:
        sockets: one for each worker. As long as they are open here, clients of a
            worker that has died wait for the next one, and are not refused.
    """

    def __init__(self, sockets: list[socket.socket]) -> None:
        self.sockets = sockets

    def getHost(self) -> IPv4Address | IPv6Address:
        """Give the address."""
        family, address = self.sockets[0].family, self.sockets[0].getsockname()
        kind = IPv6Address if family == socket.AF_INET6 else IPv4Address
        return kind("TCP", *address[:2])

    def startListening(self) -> None:
        """Do nothing: it does."""

    def stopListening(self) -> None:
        """Close the sockets; those of the workers stay."""
        for each in self.sockets:
            each.close()


def _bind(host: str, port: int, backlog: int, count: int) -> list[socket.socket]:
    """Bind and listen, once for each worker where that spreads the clients."""
    family, address = resolve(host, port)
    bound = [_socket(family)]
    try:
        bound[0].bind(address)
        # Not before it is bound: the port might be that of another program, and
        # would be shared with that.
        _share(bound[0])
        if _SPREADS:
            bound += [_socket(family) for _ in range(count - 1)]
        for each in bound[1:]:
            _share(each)
            each.bind(bound[0].getsockname())
        for each in bound:
            each.listen(backlog)
            each.setblocking(False)
    except BaseException:
        for each in bound:
            each.close()
        raise
    return bound if _SPREADS else bound * count


def _socket(family: int) -> socket.socket:
    made = socket.socket(family, socket.SOCK_STREAM)
    # A port whose last connections linger can be had again.
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return made


def _share(made: socket.socket) -> None:
    if _SPREADS:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)


class AdoptedPorts:
    """Adopts sockets; what an endpoint takes for a reactor in a worker.

    Args:
        reactor: serves them.
        descriptors: of the sockets, in the order in which they are wanted.
    """

    def __init__(self, reactor: Any, descriptors: Iterable[int]) -> None:
        self._reactor = reactor
        self._descriptors = iter(descriptors)

    def listenTCP(
        self,
        port: int,
        factory: IProtocolFactory,
        backlog: int = 50,
        interface: str = "",
    ) -> IListeningPort:
        """Serve the next socket: it was bound to what is asked for."""
        # What is adopted is a copy.
        with socket.socket(fileno=next(self._descriptors)) as given:
            adopted: IListeningPort = self._reactor.adoptStreamPort(
                given.fileno(), given.family, factory
            )
        return adopted
