"""`tests.leaks`, and the check for calls that a test leaves in the global reactor."""

from __future__ import annotations

import os
import threading

import pytest
from twisted.internet import reactor

from .conftest import pytest_runtest_teardown
from .leaks import PATIENCE, Opened


@pytest.mark.slow
def test_a_new_thread_is_found() -> None:
    """And no longer found when it has ended."""
    opened, end = Opened(), threading.Event()
    thread = threading.Thread(target=end.wait, args=(PATIENCE,), name="slow")
    thread.start()
    assert opened.now() == ["thread slow"]
    end.set()
    assert opened.left() == []


def test_a_new_descriptor_is_found() -> None:
    """With the name of its file."""
    opened = Opened()
    number = os.open(__file__, os.O_RDONLY)
    found = opened.now()
    os.close(number)
    assert f"descriptor {number}: {__file__}" in found


def test_a_new_call_of_the_global_reactor_is_found() -> None:
    """Until it is cancelled."""
    opened = Opened()
    call = reactor.callLater(3600, print)  # type: ignore[attr-defined]
    [found] = opened.now()
    call.cancel()
    assert "print()" in found
    assert opened.now() == []


def test_a_test_that_leaves_a_call_in_the_global_reactor_fails() -> None:
    """At its end, so that pytest prints its name."""
    end_of_test = pytest_runtest_teardown()
    next(end_of_test)
    call = reactor.callLater(3600, print)  # type: ignore[attr-defined]
    with pytest.raises(AssertionError, match=r"left in the global reactor: .*print"):
        next(end_of_test)
    call.cancel()
