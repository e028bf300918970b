"""The layer of TLS between a transport and a protocol, of a server or of a client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from twisted.internet.interfaces import IProtocolFactory, IReactorTime
from twisted.protocols.policies import ProtocolWrapper

if TYPE_CHECKING:
    from twisted.protocols.tls import TLSMemoryBIOFactory

__all__ = ["insert", "lowest", "wrap"]


def wrap(
    factory: IProtocolFactory,
    options: Any,
    reactor: IReactorTime | None,
    *,
    is_client: bool = False,
) -> TLSMemoryBIOFactory:
    """Return a factory whose connections begin with TLS.

    Args:
        factory: the factory of the protocols within TLS.
        options: what makes the OpenSSL connections, such as `CertificateOptions`.
        reactor: the reactor that runs the protocols; ``None``: Twisted's global one.
        is_client: whether this end begins the handshake.
    """
    # It needs pyOpenSSL, an optional dependency.
    from twisted.protocols.tls import TLSMemoryBIOFactory

    from lazr_smtptest.tls.transport import DirectTLSTransport

    # Without this clock Twisted's TLS would use that of the global reactor, which does
    # not run beside a Controller: what was written would never be sent.
    wrapping = TLSMemoryBIOFactory(options, is_client, factory, clock=reactor)
    wrapping.protocol = DirectTLSTransport
    return wrapping


def insert(wrapping: TLSMemoryBIOFactory, protocol: Any, transport: Any) -> None:
    """Insert TLS between a protocol that is connected and its transport.

    The transport's own ``startTLS`` would use the global reactor. The layer becomes the
    protocol's ``transport``, and the handshake begins.

    Args:
        wrapping: what `wrap` returned.
        protocol: the protocol.
        transport: its transport; a `ProtocolWrapper`, for example of the PROXY
            protocol, keeps its place below TLS.
    """
    # False: the protocol is connected already.
    layer = wrapping.protocol(wrapping, protocol, False)
    if isinstance(transport, ProtocolWrapper):
        transport.wrappedProtocol = layer
    else:
        transport.protocol = layer
    protocol.transport = layer
    layer.makeConnection(transport)


def lowest(transport: Any) -> Any:
    """Return the lowest transport, below TLS and other wrappers."""
    while isinstance(transport, ProtocolWrapper):
        transport = transport.transport
    return transport
