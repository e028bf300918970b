"""A server over HTTP in a thread, and the mailbox of a client."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import attrs
import pytest

from lazr_smtptest import RemoteMailbox
from lazr_smtptest.mailbox import Mailbox
from lazr_smtptest.mailbox.waiter import Waiter
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.net.reactor import PrivateReactor
from lazr_smtptest.readers.http.reader import HTTPSettings
from lazr_smtptest.readers.http.service import HTTPService
from tests.reactors import call_in, running_reactor

PATIENCE = 60

Make = Callable[..., Envelope]


@pytest.fixture(scope="session")
def reactor() -> Iterator[PrivateReactor]:
    """A reactor that runs in a thread of its own."""
    with running_reactor() as reactor:
        yield reactor


@attrs.define
class Running:
    """A server over HTTP, started and stopped by a test.

    Attributes:
        reactor: runs it.
        store: its store.
        settings: its settings.
        port: its port; 0 before the first start, and the same after each.
        endpoint: where it listens, in place of that port.
    """

    reactor: PrivateReactor
    store: Any
    settings: HTTPSettings = attrs.field(factory=HTTPSettings)
    port: int = 0
    endpoint: Any = None
    _service: HTTPService | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Return the result of a function that the reactor's thread calls."""
        return call_in(self.reactor, function, *arguments)

    def start(self) -> None:
        endpoint = self.endpoint or f"tcp:{self.port}:interface=127.0.0.1"
        self._service = HTTPService(self.store, endpoint, self.reactor, self.settings)
        self.call(self._service.startService)
        assert self._service.port is not None
        self.port = self._service.port.getHost().port

    def stop(self) -> None:
        if self._service is not None:
            self.call(self._service.stopService)
            self._service = None


@pytest.fixture
def serve(reactor: PrivateReactor) -> Iterator[Callable[..., Running]]:
    """Starts servers, which stop at the end of the test."""
    started: list[Running] = []

    def serve(store: Any, **settings: Any) -> Running:
        running = Running(reactor, store, HTTPSettings(**settings))
        running.start()
        started.append(running)
        return running

    yield serve
    for each in started:
        each.stop()


class Both(RemoteMailbox):
    """A mailbox over HTTP, of which a test fills the other end.

    Attributes:
        local: the mailbox of the server.
        running: the server.
        waiting: set once somebody has begun to wait.
        parked: set once the server has a request that waits.
    """

    def __init__(self, serve: Callable[..., Running]) -> None:
        self.local = Mailbox(grace=0.0, activity=False)
        self.running = serve(self.local.reader)
        self.waiting, self.parked = threading.Event(), threading.Event()
        reader = self.local.reader
        watch = reader.watch

        def watched(function: Callable[..., object]) -> Callable[[], None]:
            self.parked.set()
            return watch(function)

        reader.watch = watched
        super().__init__(self.running.url, grace=0.0)

    def _watch(self, waiter: Waiter) -> None:
        super()._watch(waiter)
        self.waiting.set()

    def add(self, envelope: Envelope) -> None:
        self.local.add(envelope)


@pytest.fixture
def mailbox(serve: Callable[..., Running]) -> Iterator[Both]:
    """An empty mailbox of a server over HTTP."""
    with Both(serve) as both:
        yield both


@pytest.fixture
def make() -> Make:
    """Makes an envelope."""

    def make(subject: str = "Hello", **changes: object) -> Envelope:
        fields: dict[str, Any] = {
            "mail_from": "ann@example.com",
            "rcpt_tos": ("bob@example.com",),
            "content": f"Subject: {subject}\r\nX-Run: 17\r\n\r\nHi.\r\n".encode(),
            "helo": "client.example.com",
            # As a server of ours makes it.
            "rcpt_options": None,
        }
        return Envelope(**{**fields, **changes})

    return make
