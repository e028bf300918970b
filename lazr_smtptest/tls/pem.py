"""Certificates and keys in PEM: loading, encoding, names, and TLS options.

Callers have checked that pyOpenSSL and cryptography are installed; these are imported
when they are needed.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from lazr_smtptest.errors import Error

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

__all__ = [
    "File",
    "TLSError",
    "encode",
    "encode_key",
    "file_name",
    "identities_in",
    "load_certificates",
    "load_file",
    "load_key",
    "make_options",
    "names_in",
]

File = str | os.PathLike[str]
_Loaded = TypeVar("_Loaded")

# The only name of a protocol that is served here: SMTP has none, and HTTP/2 is not.
_HTTP = b"http/1.1"


class TLSError(Error):
    """A certificate or a key cannot be used, or a package for TLS is missing."""


def load_file(file: File, what: str, load: Callable[[bytes], _Loaded]) -> _Loaded:
    """Read a file and load its content.

    Args:
        file: the name of the file.
        what: what the file should contain, for the error.
        load: parses the content of the file.

    Raises:
        TLSError: the file cannot be read or parsed; the text says why.
    """
    if not isinstance(file, (str, os.PathLike)):
        raise TLSError(
            f"{what} must be the name of a file in PEM, not {type(file).__name__}: "
            "write its content to a file, and give the name"
        )
    if "-----BEGIN" in os.fspath(file):
        # Not even the cause of an error may contain the key.
        raise TLSError(
            f"{what} must be the name of a file in PEM, not its content: write it to a "
            "file, and give the name"
        )
    try:
        return load(Path(file).read_bytes())
    except OSError as error:
        raise TLSError(f"{what} file {file_name(file)}: {error.strerror}") from error
    except TypeError as error:
        # cryptography raises this for a key with a passphrase.
        raise TLSError(f"{what} file {file_name(file)} has a passphrase") from error
    except ValueError as error:
        raise TLSError(
            f"{what} file {file_name(file)} holds no {what} in PEM"
        ) from error


def file_name(file: File) -> str:
    """Return the name of a file, for an error."""
    return repr(os.fspath(file))


def load_certificates(pem: bytes) -> list[Certificate]:
    """Parse one or more certificates; raise `ValueError` if there is none."""
    from cryptography import x509

    return x509.load_pem_x509_certificates(pem)


def load_key(pem: bytes) -> Any:
    """Parse a private key.

    Raises:
        TypeError: it has a passphrase.
        ValueError: it is not a private key.
    """
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    return load_pem_private_key(pem, None)


def encode(certificates: Sequence[Certificate]) -> bytes:
    """Encode certificates in PEM, without other content of their file."""
    from cryptography.hazmat.primitives.serialization import Encoding

    return b"".join(each.public_bytes(Encoding.PEM) for each in certificates)


def encode_key(key: Any) -> bytes:
    """Encode a private key in PEM, without a passphrase."""
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    pem: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem


def make_options(
    chain: Sequence[Certificate],
    key: Any,
    client_authorities: Sequence[Certificate] | None,
    source: str,
    *,
    old: bool = False,
) -> Any:
    """Return Twisted's `CertificateOptions`; raise at once what OpenSSL refuses.

    Args:
        chain: the certificate, and those of intermediate CAs.
        key: the private key of the first one.
        client_authorities: the CAs that verify client certificates; ``None``:
            clients are not asked for one.
        source: the origin of the certificate, for the error.
        old: whether to allow deprecated versions of TLS (RFC 8996).
    """
    from OpenSSL.crypto import X509, PKey
    from OpenSSL.SSL import Error as OpenSSLError
    from twisted.internet.ssl import CertificateOptions, TLSVersion

    first, *others = (X509.from_cryptography(each) for each in chain)
    asked = client_authorities is not None
    minimum = (
        {"insecurelyLowerMinimumTo": TLSVersion.TLSv1_0}
        if old
        else {"raiseMinimumTo": TLSVersion.TLSv1_2}
    )
    options = CertificateOptions(
        privateKey=PKey.from_cryptography_key(key),
        certificate=first,
        extraCertChain=others,
        verify=asked,
        requireCertificate=False,
        caCerts=[X509.from_cryptography(each) for each in client_authorities or ()],
        **minimum,
    )
    try:
        with warnings.catch_warnings():
            # `CertificateOptions` expects pyOpenSSL's own objects, which newer
            # versions of pyOpenSSL deprecate.
            warnings.simplefilter("ignore", DeprecationWarning)
            context = options.getContext()
    except OpenSSLError as error:
        reasons = ", ".join(each[-1] for each in error.args[0])
        raise TLSError(f"{source}: OpenSSL refuses it: {reasons}") from error
    context.set_alpn_select_callback(_select_protocol)
    return options


def _select_protocol(connection: object, offered: Sequence[bytes]) -> Any:
    """Return the protocol that a connection agrees on by ALPN (RFC 7301).

    Some versions of Twisted refuse a client that offers only protocols that their
    factory has no name for, which for SMTP are all. No client offers a protocol that it
    does not speak, so one answer serves the listeners of all protocols.

    Args:
        connection: the connection of OpenSSL.
        offered: what the client speaks.
    """
    from OpenSSL.SSL import NO_OVERLAPPING_PROTOCOLS

    # Without an agreement the handshake goes on, as with a server without ALPN.
    return _HTTP if _HTTP in offered else NO_OVERLAPPING_PROTOCOLS


def names_in(certificate: Certificate) -> tuple[str, ...]:
    """Return the names in a certificate: see `Handshake.client_names`."""
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    try:
        others = certificate.extensions.get_extension_for_class(
            x509.SubjectAlternativeName
        ).value
        names = [
            *others.get_values_for_type(x509.RFC822Name),
            *others.get_values_for_type(x509.DNSName),
        ]
    except x509.ExtensionNotFound:
        names = []
    common = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    names += [str(name.value) for name in common]
    return tuple(dict.fromkeys(names))


def identities_in(certificate: Certificate) -> tuple[str, ...]:
    """Return the host names and IP addresses in a server's certificate."""
    from cryptography import x509

    names = certificate.extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    ).value
    return (
        *names.get_values_for_type(x509.DNSName),
        *map(str, names.get_values_for_type(x509.IPAddress)),
    )
