"""The DKIM-Signature fields of a message (RFC 6376 section 3.5)."""

from __future__ import annotations

import re

import attrs

from lazr_smtptest.mime.charsets import guess
from lazr_smtptest.mime.fields import Fields
from lazr_smtptest.mime.tags import is_base64, read_tags, squeezed
from lazr_smtptest.mime.transfer import from_quoted_printable

__all__ = ["DKIMSignature", "SignatureField", "read_signatures"]

_MOST = 5
_LONGEST = 4 * 1024
_BLANKS = re.compile(rb"\s{64}")
_NEEDED = ("v", "a", "b", "bh", "d", "h", "s")


@attrs.frozen(kw_only=True)
class DKIMSignature:
    """The contents of a DKIM-Signature field (RFC 6376 section 3.5).

    Attributes:
        domain: the signing domain, ``d=``, in lower case.
        selector: the name of the domain's key, ``s=``.
        algorithm: such as ``rsa-sha256``, ``a=``.
        headers: the names of the signed header fields, ``h=``, in lower case. If a
            name is listed more often than the field occurs, no such field may be
            added.
        identity: the user or agent that was signed for, ``i=``; ``@`` and the
            domain without ``i=``.
    """

    domain: str
    selector: str
    algorithm: str
    headers: tuple[str, ...]
    identity: str

    @property
    def identity_domain(self) -> str:
        """The domain of `identity`, in lower case: `domain` or a subdomain."""
        return self.identity.rpartition("@")[2].lower()

    @property
    def key_name(self) -> str:
        """The name of the key in the DNS (RFC 6376 section 3.6.2.1)."""
        return f"{self.selector}._domainkey.{self.domain}"


@attrs.frozen
class SignatureField:
    """A DKIM-Signature field.

    Attributes:
        signature: ``None`` if the field is malformed.
        tags: its values, by the names of their tags.
        wrong: what was malformed; ``""`` for nothing.
    """

    signature: DKIMSignature | None
    tags: dict[str, str]
    wrong: str = ""


def read_signatures(
    fields: Fields,
) -> tuple[tuple[SignatureField, ...], tuple[str, ...]]:
    """Parse the DKIM-Signature fields of a header, in order; never raises.

    Returns:
        the first 5, and what was malformed.
    """
    bodies = fields.all("dkim-signature")
    found = tuple(_read(body) for body in bodies[:_MOST])
    trouble = [f"DKIM-Signature: {field.wrong}" for field in found if field.wrong]
    if len(bodies) > _MOST:
        trouble.append(f"over {_MOST} DKIM-Signature fields: only these are read")
    return found, tuple(trouble)


def _read(body: bytes) -> SignatureField:
    if len(body) > _LONGEST:
        return SignatureField(None, {}, f"it is over {_LONGEST} octets")
    if _BLANKS.search(body):  # dkimpy takes quadratic time for these
        return SignatureField(None, {}, "it has 64 blanks in a row, or more")
    tags, wrong = read_tags(guess(body))
    wrong = wrong or _wrong_with(tags)
    return SignatureField(None if wrong else _signature(tags), tags, wrong)


def _wrong_with(tags: dict[str, str]) -> str:
    for name in _NEEDED:
        if not tags.get(name):
            return f"no {name}= tag"
    if tags["v"] != "1":
        return f"its version is {tags['v'][:64]!r}, not '1'"
    for name in ("b", "bh"):
        if not is_base64(squeezed(tags[name])):
            return f"{name}= is not base64"
    return ""


def _signature(tags: dict[str, str]) -> DKIMSignature:
    # `from_quoted_printable` also decodes DKIM's own variant (RFC 6376 section 2.11).
    identity = from_quoted_printable(squeezed(tags.get("i", "")).encode("utf-8"))
    return DKIMSignature(
        domain=tags["d"].lower(),
        selector=tags["s"],
        algorithm=tags["a"],
        headers=tuple(name.strip().lower() for name in tags["h"].split(":")),
        identity=guess(identity) or "@" + tags["d"].lower(),
    )
