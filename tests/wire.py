"""The wire without sockets: a server's protocol on a transport in memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.server.servers import Server
from lazr_smtptest.smtp.delivery import HandlerDeliveryFactory
from lazr_smtptest.smtp.factory import SMTPServerFactory
from lazr_smtptest.smtp.settings import Settings

CLIENT = IPv4Address("TCP", "127.0.0.1", 50000)


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


class Wire:
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
        self.transport = StringTransport(peerAddress=CLIENT)
        self.protocol = self.factory.buildProtocol(CLIENT)
        self.protocol.makeConnection(self.transport)
        self.greeting = self.heard()

    @property
    def envelopes(self) -> list[Envelope]:
        return self.handler.envelopes

    def heard(self) -> list[str]:
        """The lines that the server said since the last look."""
        said = self.transport.value().decode()
        self.transport.clear()
        return said.splitlines()

    def say(self, *lines: str | bytes) -> list[str]:
        """Send lines in one piece and give back the lines of the answer."""
        for_wire = [
            line if isinstance(line, bytes) else line.encode() for line in lines
        ]
        return self.send(b"".join(line + b"\r\n" for line in for_wire))

    def send(self, octets: bytes) -> list[str]:
        """Send octets and give back the lines of the answer."""
        self.protocol.dataReceived(octets)
        return self.heard()

    def begin(self) -> list[str]:
        """Go as far as the content of a message."""
        self.say("EHLO client.example.com")
        return self.say(
            "MAIL FROM:<from@example.com>",
            "RCPT TO:<to@example.com>",
            "DATA",
        )

    def codes(self, *lines: str | bytes) -> list[str]:
        """Send lines and give back the codes of the answers."""
        return [line[:3] for line in self.say(*lines) if line[3:4] != "-"]

    def disconnect(self) -> None:
        self.protocol.connectionLost(Failure(ConnectionDone()))
