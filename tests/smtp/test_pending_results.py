"""Deferreds and coroutines of user code that the protocol calls."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred

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
