"""The check that a load goes to an own machine."""

from __future__ import annotations

import socket
from collections.abc import Collection

__all__ = ["find_target"]


def find_target(host: str, port: int, allowed: Collection[str]) -> str:
    """Return the IP address of a host that may be loaded.

    It may if each of its addresses is one of this machine, or if it is allowed by name.
    The result is what to connect to: the name is not resolved again.

    Args:
        host: a name, or an IP address.
        port: the port.
        allowed: the names of other machines that may be loaded.

    Raises:
        OSError: the host is unknown.
        ValueError: it is another machine, and not allowed; the text says how to allow
            it.
    """
    if host == "localhost":
        return "127.0.0.1"
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise OSError(f"no host has such a name ({error})") from error
    addresses = [str(address[0]) for *_, address in found]
    if host.lower() not in {each.lower() for each in allowed}:
        for family, _, _, _, address in found:
            if not _is_own(family, address):
                shown = "" if address[0] == host else f" ({address[0]})"
                raise ValueError(
                    f"{host}{shown} is another machine: if you may load it, add "
                    f"--allow {host}"
                )
    return addresses[0]


def _is_own(family: int, address: tuple[object, ...]) -> bool:
    """Return whether an address is one of this machine: then it can be bound."""
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address[0], 0, *address[2:]))
        except OSError:
            return False
    return True
