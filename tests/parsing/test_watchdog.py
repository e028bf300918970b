"""Blocks that take too long are ended."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from lazr_smtptest.parsing.watchdog import Watchdog

PATIENCE = 60


@pytest.fixture
def fired() -> threading.Event:
    """Set when the watchdog has fired."""
    return threading.Event()


@pytest.fixture
def watchdog(fired: threading.Event) -> Iterator[Watchdog]:
    """A watchdog."""
    watchdog = Watchdog(fired.set)
    yield watchdog
    watchdog.close()


def test_a_block_that_takes_too_long_is_ended(
    watchdog: Watchdog, fired: threading.Event
) -> None:
    """Within the block."""
    with watchdog.limit(0.01):
        assert fired.wait(PATIENCE)
    assert watchdog.has_fired


def test_a_block_that_ends_in_time_is_not_ended(
    watchdog: Watchdog, fired: threading.Event
) -> None:
    """Its deadline counts no more: the next one does, though it is later."""
    with watchdog.limit(PATIENCE):
        pass
    with watchdog.limit(0.01):
        assert fired.wait(PATIENCE)


def test_an_error_ends_the_limit(watchdog: Watchdog, fired: threading.Event) -> None:
    """Nothing is ended after the block."""
    with pytest.raises(KeyError), watchdog.limit(PATIENCE):
        raise KeyError
    assert watchdog._deadline == float("inf")


def test_one_thread_waits_for_all_blocks(watchdog: Watchdog) -> None:
    """It is not woken by those that begin later."""
    threads = set()
    for _ in range(10):
        with watchdog.limit(PATIENCE):
            threads.add(watchdog._thread)
    assert len(threads) == 1


def test_close_ends_the_thread(watchdog: Watchdog) -> None:
    """A thread that waits is woken."""
    with watchdog.limit(PATIENCE):
        pass
    thread = watchdog._thread
    assert thread is not None
    watchdog.close()
    assert not thread.is_alive()
