"""An endpoint of a server, with settings of its own."""

from __future__ import annotations

from typing import Any

import attrs
from twisted.internet.interfaces import (
    IAddress,
    IProtocol,
    IProtocolFactory,
    IStreamServerEndpoint,
)
from zope.interface import implementer

from lazr_smtptest._checks import brief
from lazr_smtptest.server.options import check_option
from lazr_smtptest.smtp.factory import SMTPServerFactory
from lazr_smtptest.smtp.protocol import SMTPServerProtocol
from lazr_smtptest.smtp.settings import Settings

__all__ = ["Listener", "tls_first"]


@attrs.frozen
class Listener:
    """An endpoint of a service, with settings of its own.

    Attributes:
        endpoint: an `IStreamServerEndpoint`, or Twisted's description of one,
            such as ``"tcp:1025:interface=127.0.0.1"``.
        settings: the settings of this endpoint; ``None``: those of the server.
        protocol: the protocol class of this endpoint, such as `LMTPServerProtocol`;
            ``None``: that of the server.
    """

    endpoint: IStreamServerEndpoint | str
    settings: Settings | None = attrs.field(default=None, kw_only=True)
    protocol: type[SMTPServerProtocol] | None = attrs.field(default=None, kw_only=True)

    def __attrs_post_init__(self) -> None:
        """Check the types.

        Raises:
            TypeError: one is wrong.
        """
        endpoint = self.endpoint
        if not isinstance(endpoint, str) and not hasattr(endpoint, "listen"):
            raise TypeError(
                "an endpoint is an IStreamServerEndpoint or a description such as "
                f"'tcp:1025:interface=127.0.0.1', not {brief(endpoint)}"
            )
        for name in ("settings", "protocol"):
            if getattr(self, name) is not None:
                check_option(name, getattr(self, name))


def tls_first(factory: SMTPServerFactory) -> Any:
    """Return the factory to listen with: one that begins with TLS, if settings say so.

    Args:
        factory: the factory of the connections, within TLS or without (RFC 8314
            section 3).

    Returns:
        an `IProtocolFactory`; the same one without implicit TLS.
    """
    settings = factory.settings
    if settings.tls is None or not settings.implicit_tls:
        return factory
    return _TLSFirst(settings.tls.wrap(factory, factory.reactor), factory)


@implementer(IProtocolFactory)
class _TLSFirst:
    """Makes connections that begin with TLS.

    While fault rules exist the connection begins TLS itself, after it has run them.
    """

    noisy = False

    def __init__(self, wrapping: Any, factory: SMTPServerFactory) -> None:
        self._wrapping = wrapping
        self._factory = factory

    def buildProtocol(self, addr: IAddress) -> IProtocol | None:
        if not self._factory.faults.armed:
            protocol: IProtocol | None = self._wrapping.buildProtocol(addr)
            return protocol
        own = self._factory.buildProtocol(addr)
        own.tls_first = True
        return own

    def doStart(self) -> None:
        self._wrapping.doStart()

    def doStop(self) -> None:
        self._wrapping.doStop()
