"""The sockets that workers share: bound by the supervisor, adopted by the workers.

On either side an object stands in for the reactor of an endpoint, and implements only
listening on a TCP port.
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

# Whether each worker gets its own queue of connections to a port: then the kernel
# spreads connections over the workers, and wakes no worker in vain.
_SPREADS = sys.platform == "linux"


class SharedPorts:
    """Binds ports in the supervisor; stands in for the reactor of an endpoint.

    Args:
        workers: the number of processes that share each port.
    """

    def __init__(self, workers: int) -> None:
        self._workers = workers

    def listenTCP(
        self, port: int, factory: object, backlog: int = 50, interface: str = ""
    ) -> SharedPort:
        """Bind a port for all workers; this process accepts no connections.

        Raises:
            CannotListenError: the address is taken, not local, or not allowed.
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
        sockets: one for each worker. While they are open here, clients of a worker
            that has died wait for its successor instead of being refused.
    """

    def __init__(self, sockets: list[socket.socket]) -> None:
        self.sockets = sockets

    def getHost(self) -> IPv4Address | IPv6Address:
        """Return the address."""
        family, address = self.sockets[0].family, self.sockets[0].getsockname()
        kind = IPv6Address if family == socket.AF_INET6 else IPv4Address
        return kind("TCP", *address[:2])

    def startListening(self) -> None:
        """Keep listening: the sockets listen already."""

    def stopListening(self) -> None:
        """Close the sockets here; the workers have their own copies."""
        for each in self.sockets:
            each.close()


def _bind(host: str, port: int, backlog: int, count: int) -> list[socket.socket]:
    """Bind and listen, with one socket for each worker where possible."""
    family, address = resolve(host, port)
    bound = [_socket(family)]
    try:
        bound[0].bind(address)
        # Shared only once it is bound: otherwise the port could be shared with
        # another program.
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
    # Allow a port with lingering connections to be bound again.
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return made


def _share(made: socket.socket) -> None:
    if _SPREADS:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)


class AdoptedPorts:
    """Adopts sockets in a worker; stands in for the reactor of an endpoint.

    Args:
        reactor: the reactor that serves the sockets.
        descriptors: the descriptors of the sockets, in the order of the endpoints.
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
        """Serve the next socket, which is bound to the requested address."""
        # The reactor adopts a copy.
        with socket.socket(fileno=next(self._descriptors)) as given:
            adopted: IListeningPort = self._reactor.adoptStreamPort(
                given.fileno(), given.family, factory
            )
        return adopted
