"""Addresses to listen on: a host and a port, or Twisted's endpoints."""

from __future__ import annotations

import ipaddress
import os
import re
import socket
from typing import TYPE_CHECKING

from lazr_smtptest.errors import ListenError

if TYPE_CHECKING:
    from twisted.internet.interfaces import IStreamServerEndpoint

__all__ = ["bind", "endpoint_from", "is_ip", "is_loopback", "resolve"]

# Connections that may wait to be accepted; the kernel may set a lower bound.
BACKLOG = 4096


def bind(host: str, port: int) -> socket.socket:
    """Bind a socket and listen; child programs do not inherit it (PEP 446).

    Args:
        host: a name or an address. ``"localhost"`` is ``127.0.0.1``, whatever
            the resolver says; ``""`` is every IPv4 address.
        port: 0 for any free port.

    Raises:
        ListenError: the address is taken, not local, not allowed, or unknown.
    """
    try:
        family, address = resolve(host, port)
        bound = socket.socket(family, socket.SOCK_STREAM)
        try:
            if os.name == "posix":
                # Allow a port with lingering connections to be bound again. On
                # Windows the option would share the port instead.
                bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind(address)
            bound.listen(BACKLOG)
        except BaseException:
            bound.close()
            raise
    except OSError as error:
        raise ListenError(host, port, error) from error
    return bound


def resolve(host: str, port: int) -> tuple[int, tuple[str, int]]:
    """Return the address family of `host`, and the address for `socket.bind`.

    Args:
        host: see `bind`.
        port: see `bind`.

    Raises:
        OSError: the host is unknown.
    """
    if host in ("", "localhost", "127.0.0.1"):
        return socket.AF_INET, ("127.0.0.1" if host else "", port)
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except UnicodeError as error:
        # Python cannot encode it: a label is empty, or too long.
        raise OSError(f"no host has such a name ({error})") from error
    return family, address  # type: ignore[return-value]


def is_ip(host: str) -> bool:
    """Return whether a host is an IP address, not a name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Return whether a host is ``localhost``, or an address of the loopback interface.

    Other names are not resolved: they count as other machines.
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def endpoint_from(reactor: object, description: str) -> IStreamServerEndpoint:
    """Create a server endpoint from a description in Twisted's notation.

    A TCP endpoint without a backlog gets that of `bind`, because Twisted's default
    of 50 is too small for many simultaneous clients.

    Raises:
        ValueError: the description is malformed; plugins may raise anything.
    """
    from twisted.internet.endpoints import serverFromString

    if re.search(r"(?:^|:)tcp6?:", description) and ":backlog=" not in description:
        description = f"{description}:backlog={BACKLOG}"
    endpoint: IStreamServerEndpoint = serverFromString(reactor, description)
    return endpoint
