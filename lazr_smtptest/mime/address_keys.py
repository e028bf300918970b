"""Compare addresses: equal ones have one key."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from functools import lru_cache

__all__ = ["PAIR", "address_key"]

_DOTS = re.compile("[.\u3002\uff0e\uff61]")
# A backslash and the character that it quotes (RFC 5322 section 3.2.1).
PAIR = re.compile(r"\\(.)", re.S)
_A_LABEL = "xn--"
_ODD = re.compile(r"\[|xn--|\.\Z")
_POSTMASTER = "postmaster"
_ODD_LOCAL = re.compile(rf"(?i)\"|{_POSTMASTER}")


# It takes long to compile, and only quoted local parts need it.
@lru_cache(maxsize=1)
def _atoms() -> re.Pattern[str]:
    return re.compile(r"[\w!#$%&'*+/=?^`{|}~.\u0080-\U0010ffff-]+")


def address_key(address: str) -> str:
    """Return a key that equal addresses share, and no others.

    The domain is not case-sensitive, and the local part is (RFC 5321 section 2.4),
    except ``postmaster`` (section 4.5.1). Quotes that a local part does not need do
    not matter (section 4.1.2). A domain in A-labels, ``xn--bcher-kva.example``,
    equals the same in U-labels (RFC 5890).
    """
    local, at, domain = address.rpartition("@")
    if not at:
        return _key_of_local(address)
    domain = domain.lower()
    if address.isascii() and not _ODD.search(domain) and not _ODD_LOCAL.match(local):
        return f"{local}@{domain}"  # the fast path for nearly all addresses
    return f"{_key_of_local(local)}@{_key_of_domain(domain)}"


def _key_of_local(local: str) -> str:
    if len(local) > 1 and local.startswith('"') and local.endswith('"'):
        plain = PAIR.sub(r"\1", local[1:-1])
        if _atoms().fullmatch(plain) and "" not in plain.split("."):
            local = plain
        else:
            local = '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if local.lower() == _POSTMASTER:
        return _POSTMASTER
    return unicodedata.normalize("NFC", local)


def _key_of_domain(domain: str) -> str:
    if domain.startswith("["):
        return _key_of_literal(domain)
    labels = _DOTS.split(unicodedata.normalize("NFC", domain).lower())
    if len(labels) > 1 and not labels[-1]:  # the root
        labels.pop()
    return ".".join(map(_key_of_label, labels))


def _key_of_label(label: str) -> str:
    if not label.startswith(_A_LABEL) or not label.isascii() or len(label) > 63:
        return label
    encoded = label.removeprefix(_A_LABEL)
    try:
        decoded = encoded.encode("ascii").decode("punycode")
        # An encoding that no program makes must not equal a different label.
        if decoded.isascii() or decoded.encode("punycode") != encoded.encode("ascii"):
            return label
    except (UnicodeError, ValueError, OverflowError):
        return label
    return unicodedata.normalize("NFC", decoded).lower()


def _key_of_literal(literal: str) -> str:
    tag = "[ipv6:"
    if not literal.startswith(tag):
        return literal
    try:
        return f"{tag}{ipaddress.IPv6Address(literal[len(tag) : -1])}]"
    except ValueError:
        return literal
