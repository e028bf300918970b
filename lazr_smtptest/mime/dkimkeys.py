"""The public keys of DKIM (RFC 6376 section 3.6), as a test gives them."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import TypeAlias

import attrs

from lazr_smtptest.mime.signatures import DKIMSignature
from lazr_smtptest.mime.tags import is_base64, read_tags, squeezed

__all__ = ["Key", "PublicKey", "read_keys"]

# The text of a TXT record, or a key in PEM.
Key: TypeAlias = str | bytes

_PEM = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \1-----")
_PEM_LABELS = ("PUBLIC KEY", "RSA PUBLIC KEY")
# The prefix of the 32 bytes of an Ed25519 key in a SubjectPublicKeyInfo (RFC 8410
# section 4).
_ED25519_INFO = bytes.fromhex("302a300506032b6570032100")
_ED25519_LENGTH = 32
_LEAST_BITS = 1024  # RFC 8301 section 3.2


@attrs.frozen(kw_only=True)
class PublicKey:
    """A public key, and its permitted uses.

    Attributes:
        kind: ``rsa`` or ``ed25519``.
        ``octets``: the key: DER for RSA, 32 bytes for Ed25519; ``b""`` if it is
            revoked.
        numbers: modulus and exponent of an RSA key.
        hashes: the permitted hashes, such as ``sha256``; empty for any.
        services: the permitted services; ``*`` is any.
        flags: ``s`` among them forbids identities in subdomains.
    """

    kind: str
    octets: bytes
    numbers: tuple[int, int] | None = None
    hashes: tuple[str, ...] = ()
    services: tuple[str, ...] = ("*",)
    flags: tuple[str, ...] = ()

    @property
    def record(self) -> bytes:
        """The key as a TXT record, without the restrictions of its use."""
        return f"v=DKIM1; k={self.kind}; p={b64encode(self.octets).decode()}".encode()

    def refuses(self, signature: DKIMSignature) -> str:
        """Return why the key must not verify a signature; ``""`` if it may."""
        kind, _, hashed = signature.algorithm.partition("-")
        if not self.octets:
            return "the key is revoked: its p= is empty"
        if kind != self.kind:
            return f"the key is for {self.kind}, the signature {signature.algorithm}"
        if self.numbers and self.numbers[0].bit_length() < _LEAST_BITS:
            return f"the key has less than {_LEAST_BITS} bits (RFC 8301 section 3.2)"
        if self.hashes and hashed not in self.hashes:
            return f"the key's h= does not allow {hashed}"
        if not {"*", "email"} & set(self.services):
            return "the key's s= does not allow email"
        if "s" in self.flags and signature.identity_domain != signature.domain:
            return f"the key's t=s does not allow i={signature.identity}"
        return ""


def read_keys(
    key: Key | Mapping[str, Key],
) -> Mapping[str, PublicKey] | PublicKey:
    """Parse a key, or several by their names in the DNS.

    Needs dkimpy.

    Returns:
        the key, or the keys by their names in lower case, without a final dot.

    Raises:
        ValueError: a key is malformed, or a name is not that of a key.
        TypeError: a key is neither text nor bytes.
    """
    if isinstance(key, Mapping):
        return {_key_name(name): _read(key[name], name) for name in key}
    return _read(key, "DKIM key")


def _key_name(name: str) -> str:
    if "._domainkey." not in name.lower():
        raise ValueError(f"{name!r} is not like selector._domainkey.domain")
    return name.lower().rstrip(".")


def _read(key: Key, name: str) -> PublicKey:
    if isinstance(key, bytes):
        key = key.decode("utf-8", "replace")
    if not isinstance(key, str):
        raise TypeError(f"{name}: {type(key).__name__} is neither text nor bytes")
    try:
        return _from_pem(key) if "-----BEGIN" in key else _from_record(key)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def _from_pem(pem: str) -> PublicKey:
    found = _PEM.search(pem)
    if found is None:
        raise ValueError("a block of PEM without its end")
    if found[1] not in _PEM_LABELS:
        raise ValueError(f"a {found[1]}, not a PUBLIC KEY")
    octets = _from_base64(found[2])
    if octets.startswith(_ED25519_INFO):
        return _public_key("ed25519", octets.removeprefix(_ED25519_INFO))
    return _public_key("rsa", octets)


def _from_record(record: str) -> PublicKey:
    tags, wrong = read_tags(record)
    if wrong:
        raise ValueError(wrong)
    if tags.get("v", "DKIM1") != "DKIM1":
        raise ValueError(f"v= is {tags['v']!r}, not 'DKIM1'")
    if "p" not in tags:
        raise ValueError(f"no p= tag in {record!r}")
    key = _public_key(tags.get("k", "rsa"), _from_base64(tags["p"]))
    return attrs.evolve(
        key,
        hashes=_listed(tags.get("h", "")),
        services=_listed(tags.get("s", "*")),
        flags=_listed(tags.get("t", "")),
    )


def _listed(value: str) -> tuple[str, ...]:
    return tuple(filter(None, squeezed(value).split(":")))


def _from_base64(value: str) -> bytes:
    value = squeezed(value)
    if value and not is_base64(value):
        raise ValueError(f"{value[:64]!r} is not base64")
    return b64decode(value)


def _public_key(kind: str, octets: bytes) -> PublicKey:
    if kind not in ("rsa", "ed25519"):
        raise ValueError(f"k= is {kind!r}, neither 'rsa' nor 'ed25519'")
    if kind == "rsa" and octets:
        return PublicKey(kind=kind, octets=octets, numbers=_rsa_numbers(octets))
    if octets and len(octets) != _ED25519_LENGTH:
        raise ValueError(
            f"an Ed25519 key of {len(octets)} bytes, not {_ED25519_LENGTH}"
        )
    return PublicKey(kind=kind, octets=octets)


def _rsa_numbers(der: bytes) -> tuple[int, int]:
    from dkim.crypto import parse_public_key

    try:
        numbers = parse_public_key(der)
    except Exception as error:  # it raises whatever its decoder raises
        raise ValueError(f"no RSA key: {type(error).__name__}: {error}") from error
    return numbers["modulus"], numbers["publicExponent"]
