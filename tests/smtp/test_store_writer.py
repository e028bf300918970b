"""How a server waits for its store, and what the client is told."""

from __future__ import annotations

import smtplib
from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock
from zope.interface import implementer

from lazr_smtptest.errors import StoreError, StoreFullError
from lazr_smtptest.interfaces import IWaitingStore
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.server.controller import Controller
from lazr_smtptest.server.storing import StoreServer
from lazr_smtptest.smtp.errors import ServerError
from lazr_smtptest.smtp.store_writer import StoreWriter
from lazr_smtptest.stores.memory import MemoryStore

ENVELOPE = Envelope(mail_from="", rcpt_tos=("a@example.com",), content=b"x\r\n")


class Reactor(Clock):
    """A clock that other threads may call; here they are the same one."""

    def callFromThread(self, function: Callable[..., object], *args: object) -> None:
        self.callLater(0, function, *args)


@implementer(IWaitingStore)
class Waiting(MemoryStore):
    """A store that answers when it is told to."""

    def submit(self, envelope: Envelope, done: Callable[[Any], object]) -> None:
        self.done = done


class Failing(MemoryStore):
    """A store that cannot keep anything."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def add(self, envelope: Envelope) -> None:
        raise self.error


REFUSALS = [
    (StoreFullError("no space"), 452, "4.3.1 no room for the message"),
    (StoreError("no disk"), 451, "4.3.0 the message cannot be kept"),
]


def test_the_answer_waits_for_the_disk() -> None:
    """And comes in the reactor's thread."""
    reactor, store, answers = Reactor(), Waiting(), []
    kept = StoreWriter(reactor).keep(store, ENVELOPE)
    assert isinstance(kept, Deferred)
    kept.addCallback(answers.append)
    store.done(None)
    assert answers == []
    reactor.advance(0)
    assert answers == [None]


def test_messages_of_one_batch_are_answered_by_one_call() -> None:
    """Of the reactor."""
    reactor, store, answers = Reactor(), Waiting(), []
    writer = StoreWriter(reactor)
    dones = []
    for number in range(2):
        kept = writer.keep(store, ENVELOPE)
        assert isinstance(kept, Deferred)
        kept.addCallback(lambda _, number=number: answers.append(number))
        dones.append(store.done)
    for done in dones:
        done(None)
    assert len(reactor.getDelayedCalls()) == 1
    reactor.advance(0)
    assert answers == [0, 1]


@pytest.mark.parametrize(("error", "code", "text"), REFUSALS)
def test_an_error_of_the_disk_is_a_refusal(
    error: StoreError, code: int, text: str
) -> None:
    """The Deferred fails with it."""
    reactor, store, failures = Reactor(), Waiting(), []
    kept = StoreWriter(reactor).keep(store, ENVELOPE)
    assert isinstance(kept, Deferred)
    kept.addErrback(failures.append)
    store.done(error)
    reactor.advance(0)
    assert str(failures[0].value) == f"{code} {text}"


def test_an_error_of_another_kind_stays_what_it_is() -> None:
    """It is a fault in the store, and a test is to hear of it."""
    reactor, store, failures = Reactor(), Waiting(), []
    kept = StoreWriter(reactor).keep(store, ENVELOPE)
    assert isinstance(kept, Deferred)
    kept.addErrback(failures.append)
    store.done(ZeroDivisionError())
    reactor.advance(0)
    assert failures[0].check(ZeroDivisionError)


@pytest.mark.parametrize(("error", "code", "text"), REFUSALS)
def test_an_error_at_once_is_a_refusal_too(
    error: StoreError, code: int, text: str
) -> None:
    """Such a store does not wait."""
    with pytest.raises(ServerError) as caught:
        StoreWriter().keep(Failing(error), ENVELOPE)
    assert str(caught.value) == f"{code} {text}"


def test_without_a_reactor_the_message_is_waited_for() -> None:
    """A clock is no reactor."""
    for writer in (StoreWriter(), StoreWriter(Clock())):
        store = Waiting()
        assert writer.keep(store, ENVELOPE) is None
        assert len(store) == 1


def test_a_store_may_give_a_deferred() -> None:
    """A store of one's own, for example."""

    class Own(MemoryStore):
        def add(self, envelope: Envelope) -> Any:
            return succeed(None)

    results: list[object] = []
    kept = StoreWriter().keep(Own(), ENVELOPE)
    assert isinstance(kept, Deferred)
    kept.addCallback(results.append)
    assert results == [None]


def test_its_failure_is_a_refusal() -> None:
    """As an exception would be."""

    class Own(MemoryStore):
        def add(self, envelope: Envelope) -> Any:
            return fail(StoreFullError("no space"))

    failures: list[Any] = []
    kept = StoreWriter().keep(Own(), ENVELOPE)
    assert isinstance(kept, Deferred)
    kept.addErrback(failures.append)
    assert failures[0].value.reply.code == 452


def test_the_first_of_many_errors_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Until it goes well again."""
    caplog.set_level("INFO")
    writer = StoreWriter()
    store = Failing(StoreFullError("no space"))
    for _ in range(3):
        with pytest.raises(ServerError):
            writer.keep(store, ENVELOPE)
    writer.keep(MemoryStore(), ENVELOPE)
    assert [record.getMessage() for record in caplog.records] == [
        "messages are refused: no space",
        "messages are kept again",
    ]


@pytest.mark.parametrize(("error", "code", "text"), REFUSALS)
def test_the_client_hears_of_it(error: StoreError, code: int, text: str) -> None:
    """And the server goes on, without an error for the test."""
    with (
        Controller(StoreServer(Failing(error))) as controller,
        smtplib.SMTP(controller.host, controller.port) as client,
    ):
        with pytest.raises(smtplib.SMTPDataError) as caught:
            client.sendmail("a@example.com", ["b@example.com"], "x\r\n")
        client.noop()
    assert (caught.value.smtp_code, caught.value.smtp_error) == (code, text.encode())


def add_fails(server: StoreServer) -> None:
    """Give the server a store that has no memory left."""
    server.store = Failing(MemoryError("in add"))


def deferred_fails(server: StoreServer) -> None:
    """Give the server a store whose Deferred fails."""

    class Own(MemoryStore):
        def add(self, envelope: Envelope) -> Any:
            return fail(MemoryError("in a Deferred"))

    server.store = Own()


def submit_fails(server: StoreServer) -> None:
    """Give the server a store whose thread has no memory left."""

    class Own(Waiting):
        def submit(self, envelope: Envelope, done: Callable[[Any], object]) -> None:
            done(MemoryError("in submit"))

    server.store = Own()


def subscriber_fails(server: StoreServer) -> None:
    """Give the store a subscriber that has no memory left."""
    server.store.subscribe(Failing(MemoryError("in a subscriber")).add)


def hook_fails(server: StoreServer) -> None:
    """Give the server a hook that has no memory left."""
    server.handle_message = Failing(  # type: ignore[method-assign, assignment]
        MemoryError("in a hook")
    ).add


@pytest.mark.parametrize(
    "fails", [add_fails, deferred_fails, submit_fails, subscriber_fails, hook_fails]
)
class TestNoMemory:
    """A MemoryError of user code is an error of the test, as any other exception."""

    def refused(self, fails: Callable[[StoreServer], object]) -> tuple[int, bytes]:
        """Send a message that is refused; return the reply."""
        server = StoreServer(MemoryStore())
        fails(server)
        with Controller(server) as controller:
            with (
                smtplib.SMTP(controller.host, controller.port) as client,
                pytest.raises(smtplib.SMTPDataError) as caught,
            ):
                client.sendmail("a@example.com", ["b@example.com"], "x\r\n")
            self.errors = server.errors
            with pytest.raises(MemoryError):
                controller.check()
        return caught.value.smtp_code, caught.value.smtp_error

    def test_it_is_kept_once(self, fails: Callable[[StoreServer], object]) -> None:
        """And raised by `check`."""
        self.refused(fails)
        assert [type(error) for error in self.errors] == [MemoryError]

    def test_the_client_gets_452(self, fails: Callable[[StoreServer], object]) -> None:
        """RFC 5321 section 4.2.3."""
        assert self.refused(fails) == (452, b"4.3.1 no room for the message")


def test_each_reason_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    """And that messages are kept again."""
    caplog.set_level("INFO", "lazr.smtptest")
    writer = StoreWriter()
    errors = [StoreError("no disk"), StoreFullError("full")]
    for error in errors:
        for _ in range(3):
            with pytest.raises(ServerError):
                writer.keep(Failing(error), ENVELOPE)
    for _ in range(3):
        writer.keep(MemoryStore(), ENVELOPE)
    assert caplog.messages == [
        "messages are refused: no disk",
        "messages are refused: full",
        "messages are kept again",
    ]
