"""TLS of the client; imported only where it is used, as it needs the extra ``tls``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from OpenSSL import SSL, crypto
from twisted.internet import ssl
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import (
    IOpenSSLClientConnectionCreator,
    IProtocolFactory,
    IReactorTime,
    IStreamClientEndpoint,
)
from zope.interface import implementer

from lazr_smtptest.tls.layer import wrap
from lazr_smtptest.tls.pem import load_certificates

if TYPE_CHECKING:
    from lazr_smtptest.outbound.settings import Server

__all__ = ["TLSEndpoint", "tls_options"]


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


@implementer(IStreamClientEndpoint)
class TLSEndpoint:
    """Connects by another endpoint, and begins with TLS.

    Args:
        endpoint: the other endpoint.
        options: how to connect; see `tls_options`.
        reactor: the reactor that runs the connections.
    """

    def __init__(
        self, endpoint: IStreamClientEndpoint, options: Any, reactor: IReactorTime
    ) -> None:
        self._endpoint = endpoint
        self._options = options
        self._reactor = reactor

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[Any]:
        """Connect; see `IStreamClientEndpoint`."""
        wrapping = wrap(protocolFactory, self._options, self._reactor, is_client=True)
        connecting: Deferred[Any] = self._endpoint.connect(wrapping)
        return connecting.addCallback(lambda layer: layer.wrappedProtocol)
