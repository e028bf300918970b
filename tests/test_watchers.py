"""Tests of functions that are called with new values."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any
from unittest import mock

import pytest

from lazr_smtptest._watchers import Watchers


def test_functions_are_in_the_order_in_which_they_were_added() -> None:
    """They are called in it."""
    watchers: Watchers[int] = Watchers()
    watchers.add(abs)
    watchers.add(bool)
    assert watchers.functions == (abs, bool)


def test_a_function_that_was_added_twice_is_removed_once() -> None:
    """Each of those that added it removes its own."""
    watchers: Watchers[int] = Watchers()
    end = watchers.add(abs)
    watchers.add(abs)
    end()
    assert watchers.functions == (abs,)


def test_a_function_may_be_removed_again() -> None:
    """The second time does nothing."""
    watchers: Watchers[int] = Watchers()
    end = watchers.add(abs)
    end()
    end()
    assert watchers.functions == ()


def test_a_mark_removes_what_was_added_since() -> None:
    """What was there before stays, and what was removed stays away."""
    watchers: Watchers[int] = Watchers()
    watchers.add(abs)
    end = watchers.add(bool)
    undo = watchers.mark()
    watchers.add(hex)
    end()
    undo()
    assert watchers.functions == (abs,)


async def _async(value: int) -> None:
    """Never run."""


def _generator(value: int) -> Iterator[int]:
    yield value


async def _async_generator(value: int) -> AsyncIterator[int]:
    yield value


class _Callable:
    """An object whose call is a generator."""

    def __call__(self, value: int) -> Iterator[int]:
        yield value


@pytest.mark.parametrize(
    "function", [_async, _generator, _async_generator, _Callable(), mock.AsyncMock()]
)
def test_a_function_that_nothing_would_run_is_an_error(function: Any) -> None:
    """An assertion in it would never fail."""
    watchers: Watchers[int] = Watchers()
    with pytest.raises(TypeError, match=r"so that nothing runs it: use a function"):
        watchers.add(function)
    assert watchers.functions == ()


def test_an_async_function_is_allowed_where_it_is_awaited() -> None:
    """A generator is not."""
    watchers: Watchers[int] = Watchers(is_awaited=True)
    watchers.add(_async)
    with pytest.raises(TypeError, match="has a yield"):
        watchers.add(_generator)


@pytest.mark.parametrize("function", [None, "text", 1])
def test_what_cannot_be_called_is_an_error(function: Any) -> None:
    """Where it is added."""
    with pytest.raises(TypeError, match=f"^{function!r} is no function"):
        Watchers().add(function)
