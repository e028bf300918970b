"""TLS of the client; imported only where it is used, as it needs the extra ``tls``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from OpenSSL import SSL
from twisted.internet import ssl
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator
from zope.interface import implementer

if TYPE_CHECKING:
    from lazr_smtptest.outbound.settings import Server

__all__ = ["tls_options"]

_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n?", re.S)


def tls_options(server: Server) -> Any:
    """Return how to connect to a server by TLS."""
    if not server.verifies:
        return _Unverified()
    trusted = None
    if server.ca:
        found = [ssl.Certificate.loadPEM(each) for each in _PEM.findall(server.ca)]
        trusted = ssl.trustRootFromCertificates(found)
    return ssl.optionsForClientTLS(server.host, trusted)


@implementer(IOpenSSLClientConnectionCreator)
class _Unverified:
    """Makes connections whose certificate is not checked, as the user asked for."""

    def clientConnectionForTLS(self, protocol: Any) -> SSL.Connection:
        return SSL.Connection(ssl.CertificateOptions().getContext(), None)
