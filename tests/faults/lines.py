"""A delivery whose messages take lines, as Twisted's own do."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.mail.interfaces import (
    IMessageDelivery,
    IMessageDeliveryFactory,
    IMessageSMTP,
)
from zope.interface import implementer


@implementer(IMessageDeliveryFactory, IMessageDelivery, IMessageSMTP)
class Lines:
    """All of it in one object."""

    def __init__(self) -> None:
        self.ended = 0

    def getMessageDelivery(self) -> Lines:
        return self

    def receivedHeader(self, helo: Any, origin: Any, recipients: Any) -> bytes:
        return b""

    def validateFrom(self, helo: Any, origin: Any) -> Any:
        return origin

    def validateTo(self, user: Any) -> Any:
        return lambda: self

    def lineReceived(self, line: bytes) -> None:
        pass

    def eomReceived(self) -> Deferred[None]:
        self.ended += 1
        return succeed(None)

    def connectionLost(self) -> None:
        pass
