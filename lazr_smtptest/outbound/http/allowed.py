"""The hosts and addresses that the HTTP client may connect to."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator
from urllib.parse import SplitResult, urlsplit

import attrs

from lazr_smtptest._secrets import MASK
from lazr_smtptest.errors import BlockedError, RequestError

__all__ = ["Allowed", "Target", "is_public", "parse_url"]

_PORTS = {"http": 80, "https": 443}
_LONGEST = 8192
_UNSAFE = re.compile(r"[^\x21-\x7e]")
_PATTERN = re.compile(
    r"\*|(?:\*\.)?[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?(?::[0-9]{1,5})?"
    r"|\[[0-9A-Fa-f:.]+\](?::[0-9]{1,5})?"
)
# Networks whose addresses hold an IPv4 address in their last four bytes:
# IPv4-compatible, IPv4-mapped, IPv4-translated, and NAT64 (RFC 6052).
_WITH_IPV4 = tuple(
    ipaddress.IPv6Network(network)
    for network in ("::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96")
)
# NAT64 of a local network (RFC 8215), site-local (RFC 3879), and documentation:
# older versions of Python call some of their addresses global.
_NOT_PUBLIC = tuple(
    ipaddress.ip_network(network)
    for network in ("64:ff9b:1::/48", "fec0::/10", "3fff::/20", "192.88.99.0/24")
)


@attrs.frozen
class Target:
    """The server that a URL names.

    Attributes:
        scheme: ``"http"`` or ``"https"``.
        host: a host name or an address, in lower case, without brackets.
        port: the port.
    """

    scheme: str
    host: str
    port: int


def parse_url(url: str) -> Target:
    """Return the server that a URL names.

    Raises:
        RequestError: it is no URL that may be requested: its scheme is neither http nor
            https, it has a password, or characters that no URL has.
    """
    shown = _shown(url)
    if len(url) > _LONGEST or _UNSAFE.search(url) or "\\" in url:
        raise RequestError(f"{shown!r} is no URL: it must be ASCII without spaces")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise RequestError(f"{shown!r} is no URL: {error}") from error
    if parts.scheme not in _PORTS or not host:
        raise RequestError(f"{shown!r} is no URL of http or https")
    _check_user(parts, shown)
    # RFC 1035 section 2.3.4; one dot may end a name. Resolvers fail in many ways.
    labels = host.removesuffix(".").split(".")
    if len(host) > 254 or not all(0 < len(label) <= 63 for label in labels):
        raise RequestError(f"{shown!r} is no URL: its host is no host name")
    return Target(parts.scheme, host, port or _PORTS[parts.scheme])


def _shown(url: str) -> str:
    """Return a URL for an error: without its path and user, which may be secrets."""
    scheme, slashes, rest = url[:100].partition("://")
    authority = re.split("[/?#]", rest, maxsplit=1)[0]
    user, at, host = authority.rpartition("@")
    more = "/..." if len(rest) > len(authority) + 1 else ""
    return f"{scheme}{slashes}{MASK if user else ''}{at}{host}{more}"


def _check_user(parts: SplitResult, shown: str) -> None:
    if "@" in parts.netloc:
        raise RequestError(f"{shown!r} has a user name, which is not sent")


def is_public(address: str) -> bool:
    """Return whether an IP address can be reached from everywhere.

    Addresses that contain another one, such as those of 6to4 and NAT64, are as public
    as that one.
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    if any(ip in network for network in _NOT_PUBLIC):
        return False
    if ip.version == 4:
        return ip.is_global and not ip.is_multicast
    inner = list(_inner(ip))
    if inner:
        return all(each.is_global and not each.is_multicast for each in inner)
    return ip.is_global and not ip.is_multicast


def _inner(ip: ipaddress.IPv6Address) -> Iterator[ipaddress.IPv4Address]:
    """Yield the IPv4 addresses that an address contains."""
    if any(ip in network for network in _WITH_IPV4):
        yield ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    if ip.sixtofour is not None:
        yield ip.sixtofour
    if ip.teredo is not None:
        yield from ip.teredo


def _lower(hosts: Iterable[str]) -> tuple[str, ...]:
    return tuple(host.lower() for host in hosts)


@attrs.frozen
class Allowed:
    """An allow list of hosts.

    Attributes:
        hosts: each ``"example.com"``, ``"*.example.com"`` for the names below it,
            ``"example.com:8080"`` for one port, or ``"*"`` for all. A host that is
            named may have any address; one that only ``"*"`` allows must have a public
            one.
        private: whether ``"*"`` allows private and loopback addresses, too.

    Raises:
        ValueError: a host is none of these.
    """

    hosts: tuple[str, ...] = attrs.field(default=(), converter=_lower)
    private: bool = False

    def __attrs_post_init__(self) -> None:
        for host in self.hosts:
            if not _PATTERN.fullmatch(host):
                raise ValueError(
                    "a host to allow is a name such as example.com, *.example.com or "
                    f"example.com:8080, an address, or * for all, not {host!r}"
                )

    def check_host(self, target: Target) -> None:
        """Check that a server may be connected to at all.

        Raises:
            BlockedError: no entry allows it.
        """
        if not (self._names(target) or "*" in self.hosts):
            raise BlockedError(f"{target.host} port {target.port} is not allowed")

    def check_address(self, target: Target, address: str) -> None:
        """Check that an address of a server may be connected to.

        Raises:
            BlockedError: it is private, and only ``"*"`` allows the server.
        """
        if not (self.private or self._names(target) or is_public(address)):
            raise BlockedError(f"{target.host} has the private address {address}")

    def _names(self, target: Target) -> bool:
        """Return whether an entry names the server."""
        return any(self._matches(pattern, target) for pattern in self.hosts)

    def _matches(self, pattern: str, target: Target) -> bool:
        host, port = _split(pattern)
        if port not in ("", str(target.port)):
            return False
        if host.startswith("*."):
            return target.host.rstrip(".").endswith(host[1:])
        return host == target.host.rstrip(".")


def _split(pattern: str) -> tuple[str, str]:
    """Return the host and the port of an entry; ``""`` for any port."""
    if pattern.startswith("["):
        host, _, rest = pattern[1:].partition("]")
        return host, rest.removeprefix(":")
    host, _, port = pattern.partition(":")
    return host, port
