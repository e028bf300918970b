"""Reverse-paths, forward-paths and their parameters (RFC 5321 section 4.1.2)."""

from __future__ import annotations

import ipaddress
import re
import unicodedata

import attrs
from twisted.mail import smtp
from twisted.protocols.basic import LineOnlyReceiver

__all__ = [
    "Address",
    "ParsedPath",
    "PathSyntaxError",
    "Recipient",
    "is_host",
    "is_mailbox",
    "mailbox_irregularities",
    "parse_path",
]

# RFC 5321 section 4.1.2 with the letters of RFC 6531 section 3.3 added.
_U = "\u0080-\ud7ff\ue000-\U0010ffff"
_ATOM = rf"[A-Za-z0-9!#$%&'*+/=?^_`{{|}}~{_U}-]+"
_DOT_STRING = rf"{_ATOM}(?:\.{_ATOM})*"
_QUOTED_STRING = rf'"(?:[ !#-\[\]-~{_U}]|\\[ -~])*"'
_LABEL = rf"[A-Za-z0-9{_U}](?:[A-Za-z0-9{_U}-]*[A-Za-z0-9{_U}])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
# With the other characters of an atom, for the standard profile: the names of test
# machines often have underscores.
_LOOSE = rf"[A-Za-z0-9!#$%&'*+/=?^_`{{|}}~{_U}]"
_LOOSE_LABEL = rf"{_LOOSE}(?:-*{_LOOSE})*"
_LOOSE_DOMAIN = rf"{_LOOSE_LABEL}(?:\.{_LOOSE_LABEL})*\.?"
_LITERAL = r"\[[!-Z^-~]+\]"

_PATH = re.compile(
    rf"""<
    (?:(?P<route>@{_LOOSE_DOMAIN}(?:,@{_LOOSE_DOMAIN})*):)?  # accepted, ignored
    (?P<local>{_DOT_STRING}|{_QUOTED_STRING})
    (?:@(?P<domain>{_LOOSE_DOMAIN}|{_LITERAL}))?
    >""",
    re.VERBOSE,
)
_BARE_PATH = re.compile(
    rf"""
    (?P<route>)
    (?P<local>{_DOT_STRING}|{_QUOTED_STRING})
    (?:@(?P<domain>{_LOOSE_DOMAIN}|{_LITERAL}))?
    """,
    re.VERBOSE,
)
_GENERAL_LITERAL = re.compile(r"[A-Za-z0-9-]*[A-Za-z0-9]:[!-Z^-~]+")

# In bytes: RFC 5321 sections 4.5.3.1.1 and 4.5.3.1.2, and RFC 1035 section 2.3.4.
_LONGEST_LOCAL_PART = 64
_LONGEST_DOMAIN = 255
_LONGEST_LABEL = 63

# Invisible code points that Unicode classifies as letters or marks: fillers, the
# grapheme joiner, variation selectors (RFC 5892 section 2.6, category Unstable).
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0100-\U000e01ef]"
)
_JOINERS = "\u200c\u200d"
_VIRAMA = 9  # the combining class of RFC 5892 appendix A


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
    """A recipient, with the protocol and the sender of its transaction."""

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
    """A path and the parameters after it.

    Attributes:
        address: the address in the path.
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
    found = (_PATH if bracketed else _BARE_PATH).match(rest)
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
    domains = [part.strip(",") for part in (found["route"] or "").split("@")]
    for each in (*domains[1:], domain):
        if each and not each.startswith("["):
            irregular += [kind for kind in _odd(each) if kind not in irregular]
    return ParsedPath(address, parameters, tuple(irregular))


def is_host(text: str) -> bool:
    """Return whether `text` is an ASCII Domain or address-literal (RFC 5321)."""
    if text.startswith("["):
        return text.endswith("]") and _is_literal(text[1:-1])
    if not text.isascii() or _DOMAIN.fullmatch(text) is None:
        return False
    return not _odd(text)


def is_mailbox(text: str) -> bool:
    """Return whether `text` is an ASCII mailbox, ``user@example.com``."""
    found = _PATH.fullmatch(f"<{text}>") if text.isascii() else None
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
    kinds = [] if domain.startswith("[") else _odd(domain)
    return kinds + ["long-local-part"] * (len(local) > _LONGEST_LOCAL_PART)


def _odd(domain: str) -> list[str]:
    """Return the irregularities of a domain that is a dot-atom."""
    kinds = []
    name = domain.removesuffix(".")
    if name != domain:
        kinds.append("trailing-dot")
    labels = name.split(".")
    if _DOMAIN.fullmatch(name) is None or any(
        len(label) > _LONGEST_LABEL for label in labels
    ):
        kinds.append("bad-domain")
    if not name.isascii() and any(map(_has_invisible, labels)):
        kinds.append("invisible-character")
    if len(_encode(name)) > _LONGEST_DOMAIN:
        kinds.append("long-domain")
    return kinds


def _has_invisible(label: str) -> bool:
    """Return whether a label has an invisible code point (RFC 5892)."""
    if _UNSEEN.search(label):
        return True
    for index, character in enumerate(label):
        if character in _JOINERS:
            if not _may_join(label, index):
                return True
        # Controls and formats, separators, private or unassigned code points.
        elif unicodedata.category(character)[0] in "CZ":
            return True
    return False


def _may_join(label: str, index: int) -> bool:
    """Return whether a joiner is allowed at `index` (RFC 5892 appendix A).

    It is allowed after a virama. A non-joiner may also separate two letters of a
    script that joins letters; here every right-to-left script counts as one.
    """
    before, behind = label[:index][-1:], label[index + 1 :][:1]
    if before and unicodedata.combining(before) == _VIRAMA:
        return True
    return label[index] == _JOINERS[0] and all(
        each and unicodedata.bidirectional(each) == "AL" for each in (before, behind)
    )


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
