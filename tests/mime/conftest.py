"""Keys, and what is signed with them."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import attrs
import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

MAIL = (
    b"From: Shop <shop@example.com>\r\nTo: ann@example.org\r\nSubject: Your  order\r\n"
    b"\r\nDear  Ann,\r\nit is on its way. \r\n\r\n"
)


@attrs.frozen
class Signer:
    """A key pair; the private half as dkimpy takes it."""

    algorithm: str
    private: bytes
    record: str
    pem: bytes

    def sign(
        self,
        content: bytes = MAIL,
        selector: bytes = b"mail",
        domain: bytes = b"example.com",
        **options: Any,
    ) -> bytes:
        options = {"signature_algorithm": self.algorithm.encode(), **options}
        return dkim.sign(content, selector, domain, self.private, **options) + content


def make_rsa() -> Signer:
    key = generate_private_key(65537, 1024)
    public = key.public_key()
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return Signer(
        algorithm="rsa-sha256",
        private=key.private_bytes(
            Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()
        ),
        record=f"v=DKIM1; k=rsa; p={b64encode(der).decode()}",
        pem=public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
    )


def make_ed25519() -> Signer:
    key = Ed25519PrivateKey.generate()
    public = key.public_key()
    return Signer(
        algorithm="ed25519-sha256",
        private=b64encode(key.private_bytes_raw()),
        record=f"v=DKIM1; k=ed25519; p={b64encode(public.public_bytes_raw()).decode()}",
        pem=public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
    )


@pytest.fixture(scope="session")
def rsa() -> Signer:
    """A key of the usual kind."""
    return make_rsa()


@pytest.fixture(scope="session")
def other_rsa() -> Signer:
    """Somebody else's."""
    return make_rsa()


@pytest.fixture(scope="session")
def ed25519() -> Signer:
    """A key of the newer kind (RFC 8463)."""
    return make_ed25519()


@pytest.fixture(scope="session", params=["rsa", "ed25519"])
def signer(request: pytest.FixtureRequest) -> Signer:
    """A key of either kind."""
    return request.getfixturevalue(request.param)
