"""The wire without sockets: a server's protocol on a transport in memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.task import Clock

from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.server.delivery import HandlerDeliveryFactory
from lazr_smtptest.server.servers import Server
from lazr_smtptest.smtp.factory import SMTPServerFactory
from lazr_smtptest.smtp.settings import Settings

from .harness import CLIENT, Peer

__all__ = ["CLIENT", "Capture", "Wire"]


class Capture(Server):
    """Keeps envelopes; what it does with each may be set."""

    rset_clears = False

    def __init__(self) -> None:
        super().__init__()
        self.envelopes: list[Envelope] = []
        self.then: Callable[[], Any] = lambda: None

    def handle_envelope(self, envelope: Envelope) -> Any:
        self.envelopes.append(envelope)
        return self.then()


class Wire(Peer):
    """One connection to a server, in the client's hands."""

    def __init__(self, handler: Capture | None = None, **options: Any) -> None:
        self.clock = Clock()
        self.handler = handler or Capture()
        if "limits" in options:
            options["settings"] = Settings(limits=options.pop("limits"))
        if not {"delivery", "delivery_factory", "portal"} & options.keys():
            options["delivery_factory"] = HandlerDeliveryFactory(self.handler)
        self.factory = SMTPServerFactory(self.clock, **options)
        self.factory.domain = b"mx.example.com"
        super().__init__(self.factory)
        self.greeting = self.heard()

    @property
    def envelopes(self) -> list[Envelope]:
        return self.handler.envelopes

    def heard(self) -> list[str]:
        """Return the lines that the server has sent since the last call."""
        return super().heard().decode().splitlines()

    def begin(self) -> list[str]:
        """Go as far as the content of a message."""
        self.say("EHLO client.example.com")
        return self.say(
            "MAIL FROM:<from@example.com>",
            "RCPT TO:<to@example.com>",
            "DATA",
        )

    def disconnect(self) -> None:
        self.leave()
