"""Deferreds and coroutines of user code that the protocol calls."""

from __future__ import annotations

import gc
from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from twisted.logger import globalLogPublisher
from twisted.mail.smtp import IMessageDelivery
from zope.interface import implementer

from lazr_smtptest.interfaces import IEnvelopeMessage
from lazr_smtptest.model.session import Session


async def raise_in_coroutine(*arguments: object) -> None:
    """Raise in a coroutine."""
    raise ZeroDivisionError


@implementer(IEnvelopeMessage)
class OwnMessage:
    """A message of the user's."""

    def __init__(self, result: object) -> None:
        self.envelope_received = lambda envelope: result


@implementer(IMessageDelivery)
class OwnDelivery:
    """A delivery of the user's, whose messages have a result."""

    def __init__(self, result: object) -> None:
        self.validateTo = lambda user: lambda: OwnMessage(result)

    def validateFrom(self, helo: object, origin: object) -> object:
        return origin


class Observer:
    """An observer of sessions that fails later."""

    session_began = session_ended = staticmethod(raise_in_coroutine)


def test_rset_is_answered_when_its_deferred_fires(new_wire: Any) -> None:
    """Not before."""
    waiting: Deferred[None] = Deferred()
    wire = new_wire(on_rset=lambda: waiting)
    assert wire.codes("RSET") == []
    waiting.callback(None)
    assert wire.heard() == ["250 2.0.0 OK"]


def test_rset_is_answered_with_451_when_its_coroutine_raises(new_wire: Any) -> None:
    """And the error is reported."""
    errors: list[BaseException] = []
    wire = new_wire(on_rset=raise_in_coroutine, on_error=errors.append)
    assert wire.codes("RSET") == ["451"]
    assert isinstance(errors[0], ZeroDivisionError)


def test_a_coroutine_of_an_observer_is_run(new_wire: Any) -> None:
    """Its error is reported, too."""
    errors: list[BaseException] = []
    observer = Observer()
    new_wire(observer=observer, on_error=errors.append)
    assert isinstance(errors[0], ZeroDivisionError)


def test_an_observer_without_a_result_reports_nothing(new_wire: Any) -> None:
    """It is the usual case."""
    sessions: list[Session] = []

    class Silent(Observer):
        session_began = session_ended = staticmethod(sessions.append)

    errors: list[BaseException] = []
    new_wire(observer=Silent(), on_error=errors.append).disconnect()
    assert (len(sessions), errors) == (2, [])


def test_a_deferred_that_has_fired_is_not_waited_for(new_wire: Any) -> None:
    """A client that pipelines gets its replies together."""
    wire = new_wire(on_rset=lambda: succeed(None))
    assert wire.codes("RSET", "NOOP") == ["250", "250"]


def test_a_deferred_that_has_failed_is_handled(new_wire: Any) -> None:
    """Its error is reported, and not logged by Twisted a second time."""
    errors: list[BaseException] = []
    unhandled: list[object] = []
    wire = new_wire(on_rset=lambda: fail(ZeroDivisionError()), on_error=errors.append)

    def observe(event: Any) -> None:
        if event.get("log_failure") is not None:
            unhandled.append(event)

    globalLogPublisher.addObserver(observe)
    try:
        assert wire.codes("RSET") == ["451"]
        gc.collect()
    finally:
        globalLogPublisher.removeObserver(observe)
    assert [type(each) for each in errors] == [ZeroDivisionError]
    assert unhandled == []


def test_a_deferred_that_has_fired_and_was_paused_is_waited_for(new_wire: Any) -> None:
    """Its result is not known yet: a callback has returned another Deferred."""
    inner: Deferred[None] = Deferred()
    outer = succeed(None).addCallback(lambda _: inner)
    wire = new_wire(on_rset=lambda: outer)
    assert wire.codes("RSET") == []
    inner.callback(None)
    assert wire.heard() == ["250 2.0.0 OK"]


def test_what_raises_after_a_wait_is_answered_with_451(new_wire: Any) -> None:
    """And the next command is handled."""
    errors: list[BaseException] = []
    waiting: Deferred[None] = Deferred()
    wire = new_wire(on_error=errors.append)

    def done(result: None) -> None:
        raise ZeroDivisionError

    wire.protocol.engine.wait(waiting, done, errors.append)
    assert wire.codes("NOOP") == []
    waiting.callback(None)
    assert [line[:3] for line in wire.heard()] == ["451", "250"]
    assert [type(each) for each in errors] == [ZeroDivisionError]


def test_a_late_result_of_a_message_that_is_no_reply_is_answered_with_451(
    new_wire: Any,
) -> None:
    """And the error is reported."""
    errors: list[BaseException] = []
    waiting: Deferred[Any] = Deferred()
    wire = new_wire(delivery=OwnDelivery(waiting), on_error=errors.append)
    wire.say("EHLO a", "MAIL FROM:<a@example.com>", "RCPT TO:<b@example.com>", "DATA")
    assert wire.codes("Hi.", ".") == []
    waiting.callback("550 no")
    assert [line[:3] for line in wire.heard()] == ["451"]
    assert [type(each) for each in errors] == [TypeError]
