"""`lazr_smtptest.cli.message_limit`: the end after a number of messages."""

from __future__ import annotations

from typing import Any

from twisted.internet.task import Clock

from lazr_smtptest.cli.message_limit import MessageLimit
from lazr_smtptest.cli.server import CommandServer
from lazr_smtptest.model.delivery_event import MailEvent
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.stores import MemoryStore

EVENT = MailEvent(
    seconds=0.0, session="1", outcome="accepted", sender="", recipients=("a@b",)
)


class Limited:
    """A server, its limit, and whether its reactor was stopped."""

    def __init__(self, number: int) -> None:
        self.stopped = 0
        self.open = 1
        self.clock: Any = Clock()
        self.clock.stop = self._stop
        self.limit = MessageLimit(number, self.clock)
        self.server = CommandServer(MemoryStore())
        self.limit.watch(self.server)
        self.limit._open_sessions = lambda: self.open

    def _stop(self) -> None:
        self.stopped += 1

    def take(self) -> None:
        """Keep a message, and tell of it."""
        self.server.store.add(Envelope(mail_from="", rcpt_tos=("a@b",), content=b"x"))
        self.server.delivery_events.emit(EVENT)

    def end_session(self) -> None:
        self.open = 0
        self.server.handle_session(None)  # type: ignore[arg-type]
        self.clock.advance(0)


def test_the_last_message_and_the_end_of_its_session_stop_it() -> None:
    """Its client has been able to say QUIT."""
    limited = Limited(2)
    limited.take()
    limited.take()
    limited.clock.advance(0)
    assert not limited.stopped
    limited.end_session()
    assert limited.stopped == 1


def test_fewer_messages_do_not_stop_it() -> None:
    """Whoever disconnects."""
    limited = Limited(2)
    limited.take()
    limited.end_session()
    limited.clock.advance(1000)
    assert not limited.stopped


def test_a_client_that_stays_does_not_keep_it() -> None:
    """It has two seconds."""
    limited = Limited(1)
    limited.take()
    limited.clock.advance(1.9)
    assert not limited.stopped
    limited.clock.advance(0.1)
    assert limited.stopped == 1


def test_further_messages_stop_it_once() -> None:
    """They come from other clients meanwhile."""
    limited = Limited(1)
    limited.take()
    limited.take()
    limited.clock.advance(10)
    assert limited.stopped == 1
