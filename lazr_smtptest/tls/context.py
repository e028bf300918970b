"""TLS: the certificate of a server, and the result of a handshake.

pyOpenSSL, cryptography and trustme, the packages of the extra ``tls``, are imported
when a `TLS` is made: a server without TLS does not need them.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs
from twisted.internet.interfaces import IProtocolFactory, IReactorTime

from lazr_smtptest._checks import brief
from lazr_smtptest.tls.layer import wrap
from lazr_smtptest.tls.pem import (
    File,
    TLSError,
    encode,
    encode_key,
    file_name,
    load_certificates,
    load_file,
    load_key,
    make_options,
    names_in,
)

if TYPE_CHECKING:
    from OpenSSL.SSL import Connection as OpenSSLConnection
    from twisted.protocols.tls import TLSMemoryBIOFactory

__all__ = ["TLS", "Handshake", "TLSError", "import_openssl", "import_trustme"]

_NAMES = ("localhost", "127.0.0.1", "::1")
# The most characters of one (RFC 5280, upper bound ub-common-name).
_LONGEST_COMMON_NAME = 64


@attrs.frozen(eq=False, kw_only=True)
class TLS:
    """The certificate of a server; made by `auto` or `from_files`.

    Make it before the server starts, in any thread; any number of listeners and
    reactors may share it.

    Attributes:
        ca_pem: the certificates that a client has to trust, in PEM.
        ask_client_certificate: whether clients are asked for a certificate. It is
            optional; one that `ca_pem` does not verify ends the handshake.
    """

    ca_pem: bytes
    ask_client_certificate: bool
    _options: Any = attrs.field(repr=False)
    # The trustme.CA, which issues certificates for clients.
    _ca: Any = attrs.field(default=None, repr=False)

    @classmethod
    def auto(cls, *names: str, ask_client_certificate: bool = False) -> TLS:
        """Make a throw-away CA, and a server certificate issued by it.

        Args:
            names: the host names and IP addresses in the certificate; by default
                ``localhost``, ``127.0.0.1`` and ``::1``.
            ask_client_certificate: whether clients are asked for a certificate.

        Raises:
            TLSError: a name is not valid, or the packages for TLS are missing.
        """
        trustme = import_trustme()
        authority = trustme.CA()
        try:
            given = names or _NAMES
            # Some clients look at the common name, if there is none at all.
            common = given[0] if len(given[0]) <= _LONGEST_COMMON_NAME else None
            leaf = authority.issue_cert(*given, common_name=common)
        except (ValueError, TypeError) as error:
            raise TLSError(
                f"cannot make a certificate for {brief(names)}: {error!s:.100}"
            ) from error
        ca_pem = authority.cert_pem.bytes()
        return cls(
            ca_pem=ca_pem,
            ask_client_certificate=ask_client_certificate,
            options=make_options(
                load_certificates(leaf.cert_chain_pems[0].bytes()),
                load_key(leaf.private_key_pem.bytes()),
                load_certificates(ca_pem) if ask_client_certificate else None,
                "trustme's certificate",
            ),
            ca=authority,
        )

    @classmethod
    def from_files(
        cls,
        certificate: File,
        key: File,
        ca: File | None = None,
        *,
        ask_client_certificate: bool = False,
    ) -> TLS:
        """Use a certificate and a key from files in PEM.

        Args:
            certificate: the server's certificate; those of intermediate CAs may
                follow it in the same file.
            key: its private key, without a passphrase. It may be in the same
                file as the certificate.
            ca: the certificates that clients have to trust, and that verify the
                certificates of clients; by default the server's own certificate.
            ask_client_certificate: whether clients are asked for a certificate.

        Raises:
            TLSError: a file cannot be read or used; or the packages for TLS are
                missing.
        """
        import_openssl()
        trusted = certificate if ca is None else ca
        chain = load_file(certificate, "certificate", load_certificates)
        private = load_file(key, "key", load_key)
        authorities = load_file(trusted, "CA", load_certificates)
        if chain[0].public_key() != private.public_key():
            raise TLSError(
                f"key file {file_name(key)} does not belong to the certificate in "
                f"{file_name(certificate)}"
            )
        return cls(
            ca_pem=encode(authorities),
            ask_client_certificate=ask_client_certificate,
            options=make_options(
                chain,
                private,
                authorities if ask_client_certificate else None,
                f"certificate file {file_name(certificate)}",
            ),
        )

    def as_fields(self) -> dict[str, Any]:
        """Return the fields for another process, including the private key."""
        options = self._options
        chain = [options.certificate, *options.extraCertChain]
        return {
            "certificate": encode([each.to_cryptography() for each in chain]).decode(),
            "key": encode_key(options.privateKey.to_cryptography_key()).decode(),
            "ca": self.ca_pem.decode(),
            "ask_client_certificate": self.ask_client_certificate,
        }

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> TLS:
        """Make it from the result of `as_fields`; it cannot issue certificates."""
        ca_pem = fields["ca"].encode()
        asks = fields["ask_client_certificate"]
        return cls(
            ca_pem=ca_pem,
            ask_client_certificate=asks,
            options=make_options(
                load_certificates(fields["certificate"].encode()),
                load_key(fields["key"].encode()),
                load_certificates(ca_pem) if asks else None,
                "the certificate of another process",
            ),
        )

    def client_context(self, user: str | None = None) -> ssl.SSLContext:
        """Return the context of a client that trusts this server, and no other.

        It checks host names.

        Args:
            user: the name in a certificate for the client, such as
                ``"anna@example.com"``; ``None``: the client has no certificate.

        Raises:
            TLSError: `user` was given, and this `TLS` was not made by `auto`.
        """
        context = ssl.create_default_context(cadata=self.ca_pem.decode("ascii"))
        # A certificate from a file may be trusted by itself, without its issuer.
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        if user is not None:
            if self._ca is None:
                raise TLSError("only TLS.auto() can issue certificates to clients")
            names = [user] if "@" in user else []
            self._ca.issue_cert(*names, common_name=user).configure_cert(context)
        return context

    @property
    def authority(self) -> Any:
        """The `trustme.CA` that clients trust; ``None`` if made from files."""
        return self._ca

    def context_factory(self) -> Any:
        """Return the `CertificateOptions` for Twisted: TLS 1.2 or newer."""
        return self._options

    def wrap(
        self,
        factory: IProtocolFactory,
        reactor: IReactorTime | None,
        options: Any = None,
    ) -> TLSMemoryBIOFactory:
        """Return a factory whose connections begin with TLS (RFC 8314).

        Args:
            factory: the factory of the protocols within TLS.
            reactor: the reactor that runs them; ``None``: Twisted's global one.
            options: `CertificateOptions` in place of those of `context_factory`.
        """
        return wrap(factory, options or self._options, reactor)


@attrs.frozen
class Handshake:
    """The result of a TLS handshake.

    Attributes:
        version: the version of TLS, ``"TLSv1.3"``.
        cipher: OpenSSL's name of the cipher suite.
        client_names: the names in the client's certificate: its e-mail addresses,
            its host names, its common names. Empty: there is no certificate.
    """

    version: str
    cipher: str
    client_names: tuple[str, ...] = ()

    @classmethod
    def of(cls, connection: OpenSSLConnection) -> Handshake:
        """Return the result for a connection whose handshake has ended."""
        certificate = connection.get_peer_certificate()
        names = names_in(certificate.to_cryptography()) if certificate else ()
        return cls(
            connection.get_protocol_version_name(),
            connection.get_cipher_name() or "",
            names,
        )


# The packages


def import_openssl() -> None:
    """Import pyOpenSSL and cryptography; raise `TLSError` if one is missing."""
    try:
        import OpenSSL  # noqa: F401
    except ImportError as error:
        raise _missing(error) from error


def import_trustme() -> Any:
    """Return the package trustme; raise `TLSError` if it or pyOpenSSL is missing."""
    import_openssl()
    try:
        import trustme
    except ImportError as error:
        raise _missing(error) from error
    return trustme


def _missing(error: ImportError) -> TLSError:
    return TLSError(
        f"TLS needs the package {error.name}: pip install 'lazr.smtptest[tls]'"
    )
