"""The endpoints of the options, and those that stand for options."""

from __future__ import annotations

import re
import socket
from typing import TYPE_CHECKING

from twisted.python import usage

from lazr_smtptest.cli.option_table import DEFAULT_HOST, DEFAULT_PORT
from lazr_smtptest.net.addresses import resolve

if TYPE_CHECKING:
    from lazr_smtptest.cli.options import Options

__all__ = [
    "READER_PORTS",
    "add_readers",
    "collide",
    "default_endpoint",
    "endpoint_of",
    "read_endpoints",
]

# The ports of ``--readers``, by the options that it stands for: those of the RFCs, and
# a thousand more, for which no privileges are needed.
READER_PORTS = {"imap": 1143, "imaps": 1993, "pop3": 1110, "pop3s": 1995}

# HOST:PORT or PORT. A host is told from a kind of endpoint, as in tcp:25, by a dot.
_PLACE = re.compile(
    r"(?:(?P<host>localhost|\[[0-9a-fA-F:.]+\]|[\w-]+(?:\.[\w-]+)+):)?(?P<port>[0-9]+)"
)

# The interfaces of an endpoint on all addresses of this host.
_ALL = frozenset(("", "0.0.0.0", "::"))


def endpoint_of(host: str, port: int) -> str:
    """Return the server endpoint, in Twisted's notation, of a host and a port.

    Args:
        host: a name or an address; ``localhost`` is ``127.0.0.1``.
        port: 0 for any free one.

    Raises:
        OSError: the name is unknown.
    """
    family, address = resolve(host, port)
    kind = "tcp6" if family == socket.AF_INET6 else "tcp"
    interface = address[0].replace(":", "\\:")
    return f"{kind}:{port}:interface={interface}" if interface else f"{kind}:{port}"


def _read_endpoint(text: str) -> str:
    """Return the server endpoint, in Twisted's notation, that a text names.

    Args:
        text: ``PORT`` on the loopback interface, ``HOST:PORT``, or what Twisted reads.

    Raises:
        OSError: the name of the host is unknown.
    """
    place = _PLACE.fullmatch(text)
    if place is None:
        return text
    host = (place["host"] or DEFAULT_HOST).strip("[]")
    return endpoint_of(host, int(place["port"]))


def add_readers(options: Options) -> None:
    """Set the options that ``--readers`` stands for, unless they are set."""
    if not options["readers"]:
        return
    for name, port in READER_PORTS.items():
        if options[name] is None:
            options[name] = endpoint_of(DEFAULT_HOST, port)
    if options["tls"] is None:
        options["tls"] = "auto"


def read_endpoints(options: Options) -> None:
    """Replace the endpoints of all options by Twisted's descriptions of them.

    Raises:
        UsageError: one is malformed.
    """
    for option in options.table().values():
        if option.value != "ENDPOINT" or not (value := options[option.name]):
            continue
        try:
            is_list = option.kind == "list"
            read = [_read_endpoint(each) for each in (value if is_list else [value])]
            options[option.name] = read if is_list else read[0]
        except OSError as error:
            raise usage.UsageError(
                f"{options.name(option.name)} {value!r}: {error.strerror or error}"
            ) from error


def default_endpoint(options: Options) -> str | None:
    """Return the endpoint of ``--host`` and ``--port``; ``None`` for none.

    Raises:
        UsageError: the host has no address.
    """
    host, port = options["host"], options["port"]
    has_endpoints = options["smtp"] or options["smtps"] or options["lmtp"]
    if host is None and port is None and has_endpoints:
        return None
    try:
        return endpoint_of(
            DEFAULT_HOST if host is None else host,
            DEFAULT_PORT if port is None else port,
        )
    except OSError as error:
        raise usage.UsageError(
            f"{options.name('host')} {host!r}: {error.strerror}"
        ) from error


def collide(first: str, second: str) -> bool:
    """Return whether two server endpoints, in Twisted's notation, take one port."""
    port, interface = _listening(first)
    other_port, other = _listening(second)
    if port != other_port or port in ("", "0"):
        return False
    return interface == other or bool(_ALL & {interface, other})


def _listening(description: str) -> tuple[str, str]:
    """Return the port and the interface of an endpoint of TCP, ``""`` for none."""
    kind, *parts = re.split(r"(?<!\\):", description)
    if kind not in ("tcp", "tcp6"):
        return "", ""
    values = dict(part.split("=", 1) for part in parts if "=" in part)
    port = parts[0] if parts and "=" not in parts[0] else values.get("port", "")
    interface = values.get("interface", "").replace("\\", "")
    return port, DEFAULT_HOST if interface == "localhost" else interface
