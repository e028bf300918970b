"""TLS of the client; imported only where it is used, as it needs the extra ``tls``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from OpenSSL import SSL, crypto
from twisted.internet import ssl
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator
from zope.interface import implementer

from lazr_smtptest.tls.pem import load_certificates

if TYPE_CHECKING:
    from lazr_smtptest.outbound.settings import Server

__all__ = ["tls_options"]


def tls_options(server: Server) -> Any:
    """Return how to connect to a server by TLS."""
    if not server.verifies:
        return _Unverified()
    trusted = None
    if server.ca:
        found = map(crypto.X509.from_cryptography, load_certificates(server.ca))
        trusted = ssl.trustRootFromCertificates(map(ssl.Certificate, found))
    return ssl.optionsForClientTLS(server.host, trusted)


@implementer(IOpenSSLClientConnectionCreator)
class _Unverified:
    """Makes connections whose certificate is not checked, as the user asked for."""

    def clientConnectionForTLS(self, protocol: Any) -> SSL.Connection:
        return SSL.Connection(ssl.CertificateOptions().getContext(), None)
