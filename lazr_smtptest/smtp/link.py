"""The link below a connection: how it ends, what it carries, and its buffer."""

from __future__ import annotations

from twisted.internet.error import ConnectionClosed
from twisted.internet.interfaces import IPushProducer
from twisted.python.failure import Failure
from zope.interface import implementer

from lazr_smtptest.smtp.engine import Engine

__all__ = ["Brake", "is_end", "may_begin"]


def is_end(reason: Failure) -> bool:
    """Return whether the network or TLS ended the connection, not an exception.

    A reactor has one failure for all connections, and whoever got it may have given
    it another value: its type stays.
    """
    kind = getattr(reason, "type", None)
    return kind is None or (
        issubclass(kind, (ConnectionClosed, OSError))
        or kind.__module__.startswith("OpenSSL")
    )


def may_begin(octet: int) -> bool:
    """Return whether SMTP may begin with this byte; TLS begins with 0x16."""
    return octet >= 0x20 or octet in b"\r\n\t"


@implementer(IPushProducer)
class Brake:
    """A producer that notifies the engine when the write buffer is full or empty."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def pauseProducing(self) -> None:
        """Stop handling commands: the client does not read its replies."""
        self._engine.block(True)

    def resumeProducing(self) -> None:
        """Handle commands again."""
        self._engine.block(False)

    def stopProducing(self) -> None:
        """Ignore that the connection is lost; `connectionLost` follows."""
