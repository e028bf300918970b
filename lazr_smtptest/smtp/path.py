"""Reverse-paths, forward-paths and their parameters (RFC 5321 section 4.1.2)."""

from __future__ import annotations

import ipaddress
import re

import attrs
from twisted.mail import smtp
from twisted.protocols.basic import LineOnlyReceiver

__all__ = ["Address", "PathSyntaxError", "Recipient", "parse_path"]

# RFC 5321 section 4.1.2 with the letters of RFC 6531 section 3.3 added. Underscores
# in host names are no Let-dig, but the names of test machines are full of them.
_U = "\u0080-\ud7ff\ue000-\U0010ffff"
_ATOM = rf"[A-Za-z0-9!#$%&'*+/=?^_`{{|}}~{_U}-]+"
_DOT_STRING = rf"{_ATOM}(?:\.{_ATOM})*"
_QUOTED_STRING = rf'"(?:[ !#-\[\]-~{_U}]|\\[ -~])*"'
_LABEL = rf"[A-Za-z0-9_{_U}](?:[A-Za-z0-9_{_U}-]*[A-Za-z0-9_{_U}])?"
_DOMAIN = rf"{_LABEL}(?:\.{_LABEL})*"
_LITERAL = r"\[[!-Z^-~]+\]"

_PATH = re.compile(
    rf"""<
    (?:@{_DOMAIN}(?:,@{_DOMAIN})*:)?        # a source route: accepted, ignored
    (?P<local>{_DOT_STRING}|{_QUOTED_STRING})
    (?:@(?P<domain>{_DOMAIN}|{_LITERAL}))?
    >""",
    re.VERBOSE,
)
_GENERAL_LITERAL = re.compile(r"[A-Za-z0-9-]*[A-Za-z0-9]:[!-Z^-~]+")


class PathSyntaxError(ValueError):
    """A path that RFC 5321 section 4.1.2 does not allow; says what is wrong."""


class Address(smtp.Address):
    """A parsed path, as Twisted's interfaces hand it around.

    Unlike Twisted's own it has been checked against the grammar, and its text
    may be UTF-8 (RFC 6531).

    Attributes:
        local: the local-part as it was given, quotes included.
        domain: the domain or address literal; empty for ``<>`` and for a bare
            local-part such as ``<postmaster>``.
    """

    def __init__(self, local: bytes, domain: bytes) -> None:
        self.local = local
        self.domain = domain
        self._octets = local + b"@" + domain if domain else local
        self._text = self._octets.decode("utf-8", "surrogateescape")
        self.addrstr = b"<" + self._octets + b">"

    def __bytes__(self) -> bytes:
        return self._octets

    def __str__(self) -> str:
        return self._text


class Recipient(smtp.User):
    """A recipient, with the protocol and the sender that it came from."""

    dest: Address

    def __init__(
        self,
        address: Address,
        helo: tuple[bytes | None, bytes],
        protocol: LineOnlyReceiver,
        origin: smtp.Address,
    ) -> None:
        self.dest = address
        self.helo = helo
        self.protocol = protocol
        self.orig = origin

    def __str__(self) -> str:
        return self.dest._text


@attrs.frozen
class ParsedPath:
    """A path and what followed it.

    Attributes:
        address: the address in the path.
        parameters: the text behind it, not yet parsed.
        space: whether a space stood before the path. RFC 5321 section 3.3 allows
            none, but so many clients send one that servers in the field take it.
        plain: whether nothing about it is irregular in any way.
    """

    address: Address
    parameters: str
    space: bool
    plain: bool = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        address = self.address
        has_domain = bool(address.domain) or not address.local
        plain = has_domain and not self.space and bytes(address).isascii()
        object.__setattr__(self, "plain", plain)


def parse_path(argument: str, keyword: str, *, null: bool) -> ParsedPath:
    """Parse the argument of MAIL or RCPT.

    Args:
        argument: what follows the verb, ``FROM:<a@example.com> SIZE=5``.
        keyword: ``"FROM"`` or ``"TO"``.
        null: whether ``<>`` is a path.

    Raises:
        PathSyntaxError: it is not as RFC 5321 section 4.1.2 says; the message
            is fit for a reply.
    """
    prefix = f"{keyword}:"
    if argument[: len(prefix)].upper() != prefix:
        raise PathSyntaxError(f"expected {prefix}<address>")
    given = argument[len(prefix) :]
    rest = given.lstrip(" ")
    space = rest != given
    if null and rest.startswith("<>"):
        return ParsedPath(Address(b"", b""), _parameters(rest, 2), space)
    found = _PATH.match(rest)
    if found is None:
        raise PathSyntaxError(_why_not(rest))
    local, domain = found["local"], found["domain"] or ""
    if domain.startswith("["):
        _check_literal(domain[1:-1])
    address = Address(_encode(local), _encode(domain))
    return ParsedPath(address, _parameters(rest, found.end()), space)


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _parameters(rest: str, end: int) -> str:
    if rest[end:] and rest[end] != " ":
        raise PathSyntaxError("expected a space after the path")
    return rest[end:].strip(" ")


def _check_literal(literal: str) -> None:
    """Check an address literal (RFC 5321 section 4.1.3)."""
    tag, _, address = literal.partition(":")
    if _is_address(literal, ipaddress.IPv4Address):
        return
    if _is_address(literal, ipaddress.IPv6Address):
        raise PathSyntaxError("an IPv6 literal begins with IPv6:")
    if tag.upper() == "IPV6":
        good = _is_address(address, ipaddress.IPv6Address) and "%" not in address
    else:
        good = _GENERAL_LITERAL.fullmatch(literal) is not None
    if not good:
        raise PathSyntaxError("bad address literal")


def _is_address(
    text: str, kind: type[ipaddress.IPv4Address] | type[ipaddress.IPv6Address]
) -> bool:
    try:
        kind(text)
    except ValueError:
        return False
    return True


def _why_not(rest: str) -> str:
    """Say in a few words why `rest` does not begin with a path."""
    if not rest.startswith("<"):
        return "the path must stand in angle brackets"
    if ">" not in rest:
        return "the path lacks its closing bracket"
    if rest.startswith("<>"):
        return "the path is empty"
    return "the path is no valid address"
