"""Tests of functions that are called with new values."""

from __future__ import annotations

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
