"""Reverse-paths, forward-paths and their parameters (RFC 5321 section 4.1.2)."""

from __future__ import annotations

import ipaddress
import re
from functools import cached_property, lru_cache

import attrs
from twisted.mail import smtp
from twisted.protocols.basic import LineOnlyReceiver

from lazr_smtptest.model.reply import shown
from lazr_smtptest.smtp.domain import (
    domain_irregularities,
    is_domain,
    letters_for,
    loose_domain,
)
from lazr_smtptest.smtp.errors import ClientError

__all__ = [
    "Address",
    "ParsedPath",
    "PathSyntaxError",
    "Recipient",
    "decode",
    "is_host",
    "is_mailbox",
    "mailbox_irregularities",
    "parse_path",
    "read_path",
]

_GENERAL_LITERAL = re.compile(r"[A-Za-z0-9-]*[A-Za-z0-9]:[!-Z^-~]+")

# In bytes: RFC 5321 section 4.5.3.1.1.
_LONGEST_LOCAL_PART = 64

# Controls, the separators of lines and paragraphs, and what changes the direction of
# the text after it.
_CONTROL = re.compile("[\x80-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


@lru_cache(maxsize=4)
def _path(letters: str, *, bracketed: bool) -> re.Pattern[str]:
    """Return the pattern of a path (RFC 5321 section 4.1.2).

    Args:
        letters: the letters of RFC 6531 section 3.3, see `letters_for`.
        bracketed: whether the path is in angle brackets; only then it has a route.
    """
    atom = rf"[A-Za-z0-9!#$%&'*+/=?^_`{{|}}~{letters}-]+"
    dot_string = rf"{atom}(?:\.{atom})*"
    quoted_string = rf'"(?:[ !#-\[\]-~{letters}]|\\[ -~])*"'
    domain = loose_domain(letters)
    mailbox = rf"""
    (?P<local>{dot_string}|{quoted_string})
    (?:@(?P<domain>{domain}|\[[!-Z^-~]+\]))?
    """
    route = rf"(?:(?P<route>@{domain}(?:,@{domain})*):)?"  # accepted, ignored
    pattern = rf"<{route}{mailbox}>" if bracketed else rf"(?P<route>){mailbox}"
    return re.compile(pattern, re.VERBOSE)


class PathSyntaxError(ValueError):
    """A path that RFC 5321 section 4.1.2 does not allow; its text says why."""


class Address(smtp.Address):
    """A parsed path, in the form that Twisted's interfaces use.

    Unlike Twisted's own class it is checked against the grammar, and its text may
    be UTF-8 (RFC 6531).

    Attributes:
        local: the local-part as sent, quotes included.
        domain: the domain or address literal; empty for ``<>`` and for a bare
            local-part such as ``<postmaster>``.
        text: the address as text; bytes that are no UTF-8 are surrogates.
    """

    def __init__(self, local: bytes, domain: bytes) -> None:
        self.local = local
        self.domain = domain
        self._octets = local + b"@" + domain if domain else local
        self.text = self._octets.decode("utf-8", "surrogateescape")
        self.addrstr = b"<" + self._octets + b">"

    def copy(self) -> Address:
        """Return a copy for one transaction: a delivery may change it."""
        copy = object.__new__(Address)
        copy.__dict__ = self.__dict__.copy()
        return copy

    def __bytes__(self) -> bytes:
        return self._octets

    def __str__(self) -> str:
        return self.text


class Recipient(smtp.User):
    """A recipient, with the protocol and the sender of its transaction.

    Args:
        address: its address, which sessions may share.
        helo: the name and the address of the client.
        protocol: the connection.
        origin: the sender.
    """

    def __init__(
        self,
        address: Address,
        helo: tuple[bytes | None, bytes],
        protocol: LineOnlyReceiver,
        origin: smtp.Address,
    ) -> None:
        self._address = address
        self.helo = helo
        self.protocol = protocol
        self.orig = origin

    @cached_property
    def dest(self) -> Address:  # type: ignore[override]  # it can be set all the same
        """Return the address of this recipient, a copy: a delivery may change it."""
        return self._address.copy()

    def __str__(self) -> str:
        # Most deliveries do not ask for `dest`: no copy is made.
        address: Address = self.__dict__.get("dest", self._address)
        return address.text


@attrs.frozen
class ParsedPath:
    """A path and the parameters after it.

    Attributes:
        address: the address in the path; a delivery gets a copy, see `read_path`.
        parameters: the text after the path, not yet parsed.
        irregular: deviations from RFC 5321 that many servers accept, as keys of
            `lazr_smtptest.model.irregularities.IRREGULAR`.
        plain: whether the address is ASCII and nothing is irregular.
    """

    address: Address
    parameters: str
    irregular: tuple[str, ...]
    plain: bool = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        plain = not self.irregular and bytes(self.address).isascii()
        object.__setattr__(self, "plain", plain)


# Clients use the same few addresses again and again. Exceptions are not cached.
@lru_cache(maxsize=1024)
def read_path(argument: bytes, keyword: str, enhanced: str) -> ParsedPath:
    """Parse the argument of MAIL or RCPT, as it was received.

    All sessions share the result.

    Args:
        argument: the bytes after the verb.
        keyword: ``"FROM"`` or ``"TO"``.
        enhanced: the enhanced status code of the refusal.

    Raises:
        ClientError: it is malformed.
    """
    text = decode(argument)
    try:
        return parse_path(text, keyword, null=keyword == "FROM")
    except PathSyntaxError as error:
        raise ClientError(501, f"{error}: {shown(text)}", enhanced) from None


def decode(data: bytes) -> str:
    """Decode bytes as UTF-8; other bytes become surrogates (PEP 383)."""
    return data.decode("utf-8", "surrogateescape")


def parse_path(argument: str, keyword: str, *, null: bool) -> ParsedPath:
    """Parse the argument of MAIL or RCPT.

    Args:
        argument: the text after the verb, ``FROM:<a@example.com> SIZE=5``.
        keyword: ``"FROM"`` or ``"TO"``.
        null: whether ``<>`` is allowed.

    Raises:
        PathSyntaxError: neither RFC 5321 section 4.1.2 nor common practice allows
            the path; the message can be used in a reply.
    """
    word, colon, given = argument.partition(":")
    if not colon or word.rstrip(" ").upper() != keyword:
        raise PathSyntaxError(f"expected {keyword}:<address>")
    rest = given.lstrip(" ")
    spaces = []
    if rest != given:
        spaces.append("space-before-path")
    if word.endswith(" "):
        spaces.append("space-before-colon")
    if null and rest.startswith("<>"):
        return ParsedPath(Address(b"", b""), _parameters(rest, 2), tuple(spaces))
    bracketed = rest.startswith("<")
    found = _path(letters_for(rest), bracketed=bracketed).match(rest)
    if found is None:
        raise PathSyntaxError(_why_not(rest))
    local, domain = found["local"], found["domain"] or ""
    is_postmaster = local.lower() == "postmaster"
    if not (bracketed or domain or is_postmaster):
        # Without brackets and domain it cannot be told from a parameter.
        raise PathSyntaxError(_why_not(rest))
    if domain.startswith("[") and not _is_literal(domain[1:-1]):
        raise PathSyntaxError(_why_no_literal(domain[1:-1]))
    address = Address(_encode(local), _encode(domain))
    parameters = _parameters(rest, found.end())
    irregular = []
    if not (domain or is_postmaster):
        irregular.append("no-domain")
    irregular += spaces
    if not bracketed:
        irregular.append("no-brackets")
    if len(address.local) > _LONGEST_LOCAL_PART:
        irregular.append("long-local-part")
    if _CONTROL.search(local):
        irregular.append("control-character")
    domains = [part.strip(",") for part in (found["route"] or "").split("@")]
    for each in (*domains[1:], domain):
        if each and not each.startswith("["):
            irregular += [
                kind for kind in domain_irregularities(each) if kind not in irregular
            ]
    return ParsedPath(address, parameters, tuple(irregular))


def is_host(text: str) -> bool:
    """Return whether `text` is an ASCII Domain or address-literal (RFC 5321)."""
    if text.startswith("["):
        return text.endswith("]") and _is_literal(text[1:-1])
    return is_domain(text)


def is_mailbox(text: str) -> bool:
    """Return whether `text` is an ASCII mailbox, ``user@example.com``."""
    bracketed = f"<{text}>"
    found = _path("", bracketed=True).fullmatch(bracketed) if text.isascii() else None
    if found is None or found["route"] or not found["domain"]:
        return False
    domain = found["domain"]
    return not domain.startswith("[") or _is_literal(domain[1:-1])


def mailbox_irregularities(text: str) -> list[str]:
    """Return what is irregular in a text that `is_mailbox` accepts.

    Returns:
        keys of `lazr_smtptest.model.irregularities.IRREGULAR`.
    """
    local, _, domain = text.rpartition("@")
    kinds = [] if domain.startswith("[") else domain_irregularities(domain)
    return kinds + ["long-local-part"] * (len(local) > _LONGEST_LOCAL_PART)


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _parameters(rest: str, end: int) -> str:
    if rest[end:] and rest[end] != " ":
        raise PathSyntaxError("expected a space after the path")
    return rest[end:].strip(" ")


def _is_literal(literal: str) -> bool:
    """Return whether it is the inside of an address literal (RFC 5321, 4.1.3)."""
    tag, _, address = literal.partition(":")
    if _is_address(literal, ipaddress.IPv4Address):
        return True
    if _is_address(literal, ipaddress.IPv6Address):
        return False
    if tag.upper() == "IPV6":
        return _is_address(address, ipaddress.IPv6Address) and "%" not in address
    return _GENERAL_LITERAL.fullmatch(literal) is not None


def _why_no_literal(literal: str) -> str:
    if _is_address(literal, ipaddress.IPv6Address):
        return "an IPv6 literal begins with IPv6:"
    return "bad address literal"


def _is_address(
    text: str, kind: type[ipaddress.IPv4Address] | type[ipaddress.IPv6Address]
) -> bool:
    try:
        kind(text)
    except ValueError:
        return False
    return True


def _why_not(rest: str) -> str:
    """Return why `rest` does not begin with a path, for a reply."""
    if not rest.startswith("<"):
        return "the path must stand in angle brackets"
    if ">" not in rest:
        return "the path lacks its closing bracket"
    if rest.startswith("<>"):
        return "the path is empty"
    return "the path is no valid address"
