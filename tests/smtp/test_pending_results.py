"""Deferreds and coroutines of user code that the protocol calls."""

from __future__ import annotations

import gc
from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from twisted.logger import globalLogPublisher

from lazr_smtptest.model.session import Session


async def raise_in_coroutine(*arguments: object) -> None:
    """Raise in a coroutine."""
    raise ZeroDivisionError


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
