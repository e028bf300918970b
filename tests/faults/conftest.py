"""A server with faults, on a transport in memory, in the client's hands."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from twisted.internet.testing import MemoryReactorClock

from lazr_smtptest.auth.login import Auth
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.server.servers import Server
from lazr_smtptest.smtp.settings import Settings

from ..harness import Peer

PLAIN = base64.b64encode(b"\0anna\0secret").decode()


class Capture(Server):
    """Keeps envelopes; what it does with each may be set."""

    rset_clears = False
    auth = Auth.users({"anna": "secret"})

    def __init__(self) -> None:
        super().__init__()
        self.envelopes: list[Envelope] = []
        self.then: Callable[[], Any] = lambda: None

    def handle_envelope(self, envelope: Envelope) -> Any:
        self.envelopes.append(envelope)
        return self.then()


class Client(Peer):
    """One connection to a server."""

    def __init__(self, site: Site) -> None:
        super().__init__(site.factory)

    def greeted(self) -> Client:
        self.say("EHLO client.example.com")
        return self

    def mail(self, *recipients: str, sender: str = "from@example.com") -> list[str]:
        """Send a message; the codes of the answers."""
        recipients = recipients or ("to@example.com",)
        commands = [f"MAIL FROM:<{sender}>"]
        commands += [f"RCPT TO:<{each}>" for each in recipients]
        codes = self.codes(*commands, "DATA")
        if codes[-1:] == ["354"]:
            codes += self.codes("Subject: Hi", "", "Hello.", ".")
        return codes


class Site:
    """A server whose time the test moves.

    Options are those of `Settings`, and ``protocol``.
    """

    def __init__(self, **options: Any) -> None:
        self.clock = MemoryReactorClock()
        self.server = Capture()
        protocol = options.pop("protocol", None)
        self.factory = self.server.factory(
            self.clock, settings=Settings(**options), protocol=protocol
        )
        self.factory.domain = b"mx.example.com"

    @property
    def faults(self) -> Any:
        return self.server.faults

    @property
    def envelopes(self) -> list[Envelope]:
        return self.server.envelopes

    def connect(self) -> Client:
        return Client(self)


@pytest.fixture
def site() -> Iterator[Site]:
    """A server; what its faults did wrong fails the test."""
    site = Site()
    yield site
    site.server.check()


@pytest.fixture
def new_site() -> type[Site]:
    """Makes a server with settings of its own."""
    return Site


@pytest.fixture
def plain() -> str:
    """What logs anna in by AUTH PLAIN."""
    return PLAIN
