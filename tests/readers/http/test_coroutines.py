"""Coroutines that end at once, or wait for Deferreds."""

from __future__ import annotations

import pytest
from twisted.internet.defer import CancelledError, Deferred, succeed

from lazr_smtptest.readers.http.coroutines import begin


async def waiting(*deferreds: Deferred[str]) -> str:
    """Return the results of Deferreds, in order; the errors by their names."""
    results = []
    for each in deferreds:
        try:
            results.append(await each)
        except Exception as error:
            results.append(type(error).__name__)
    return " ".join(results)


def result_of(deferred: Deferred[str]) -> str:
    results: list[str] = []
    deferred.addCallback(results.append)
    (result,) = results
    return result


def begun(*deferreds: Deferred[str]) -> Deferred[str]:
    """Begin a coroutine that has to wait."""
    result = begin(waiting(*deferreds))
    assert isinstance(result, Deferred)
    return result


def test_what_does_not_wait_has_its_result_at_once() -> None:
    assert begin(waiting(succeed("a"), succeed("b"))) == "a b"


def test_what_waits_has_its_result_later() -> None:
    first: Deferred[str] = Deferred()
    second: Deferred[str] = Deferred()
    result = begun(first, succeed("x"), second)
    first.callback("a")
    assert not result.called
    second.callback("b")
    assert result_of(result) == "a x b"


def test_an_error_is_raised_where_it_was_waited_for() -> None:
    first: Deferred[str] = Deferred()
    result = begun(first, succeed("b"))
    first.errback(KeyError("a"))
    assert result_of(result) == "KeyError b"


def test_an_error_before_the_first_wait_is_raised_at_once() -> None:
    async def broken() -> None:
        raise KeyError("a")

    with pytest.raises(KeyError):
        begin(broken())


def test_an_error_after_it_fails_the_deferred() -> None:
    first: Deferred[str] = Deferred()

    async def broken() -> None:
        raise KeyError(await first)

    result = begin(broken())
    assert isinstance(result, Deferred)
    failures: list[object] = []
    result.addErrback(failures.append)
    first.callback("a")
    assert "KeyError" in str(failures)


def test_a_cancel_reaches_what_is_waited_for() -> None:
    cancelled: list[object] = []
    result = begun(Deferred(cancelled.append))
    result.cancel()
    assert len(cancelled) == 1
    assert result_of(result) == CancelledError.__name__
