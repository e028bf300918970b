"""HTTP on a port of HTTPS: the client is told so."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any

from twisted.internet.interfaces import IReactorTime

from lazr_smtptest.readers.http.connection import refusal
from lazr_smtptest.tls.context import TLS
from lazr_smtptest.tls.transport import DirectTLSTransport

__all__ = ["wrap"]

# The beginning of a request; TLS begins with 0x16 (RFC 8446 section 5.1).
_REQUEST = re.compile(rb"[A-Za-z]")

_REASON = "this port speaks HTTPS: write https:// in front of the address"


class _PeekingProtocol(DirectTLSTransport):
    """TLS that looks at the first byte: an HTTP client is answered in its words."""

    _is_first = True

    def dataReceived(self, data: bytes) -> None:
        """Take bytes of the client."""
        if self._is_first and data:
            self._is_first = False
            if _REQUEST.match(data):
                transport: Any = self.transport
                transport.write(refusal(HTTPStatus.BAD_REQUEST, _REASON))
                transport.loseConnection()
                return
        super().dataReceived(data)


def wrap(tls: TLS, factory: Any, reactor: IReactorTime) -> Any:
    """Return a factory whose connections begin with TLS; see `TLS.wrap`."""
    wrapping = tls.wrap(factory, reactor)
    wrapping.protocol = _PeekingProtocol
    return wrapping
