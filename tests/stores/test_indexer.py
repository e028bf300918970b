"""The thread that reads messages after they are kept."""

from __future__ import annotations

import threading
from queue import Queue

import pytest

from lazr_smtptest.errors import StateError, StoreError
from lazr_smtptest.stores import _indexer
from lazr_smtptest.stores._indexer import Indexer

PATIENCE = 30


def quiet() -> float:
    """Be a store that has no message to write."""
    return 0.0


def busy() -> float:
    """Be a store to which messages come without a pause."""
    return 1e9


class Pile:
    """Something to read, one step at a time."""

    def __init__(self, left: int) -> None:
        self.left = left
        self.steps: Queue[int] = Queue()

    def step(self) -> bool:
        if self.left == 0:
            return False
        self.left -= 1
        self.steps.put(self.left)
        return True


def test_it_reads_until_nothing_is_left() -> None:
    """And its thread ends."""
    pile = Pile(5)
    indexer = Indexer(pile.step, quiet)
    indexer.wake()
    thread = indexer._thread
    assert thread is not None
    thread.join(PATIENCE)
    assert (pile.left, indexer._thread) == (0, None)


def test_who_catches_up_waits_for_what_is_wanted() -> None:
    """Not for all the rest."""
    pile = Pile(10)
    indexer = Indexer(pile.step, quiet)
    indexer.catch_up(lambda: pile.left <= 5, PATIENCE)
    assert pile.left <= 5
    indexer.close()


def test_who_catches_up_has_a_timeout() -> None:
    """The reading goes on."""
    go_on = threading.Event()
    pile = Pile(1)

    def step() -> bool:
        go_on.wait(PATIENCE)
        return pile.step()

    indexer = Indexer(step, quiet)
    indexer.catch_up(lambda: pile.left == 0, 0.01)
    assert pile.left == 1
    go_on.set()
    assert pile.steps.get(timeout=PATIENCE) == 0
    indexer.close()


def test_it_rests_while_messages_come(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are more urgent; but not more than somebody who waits."""
    monkeypatch.setattr(_indexer, "_REST", 1e9)
    pile = Pile(3)
    indexer = Indexer(pile.step, busy)
    indexer.wake()
    pile.steps.get(timeout=PATIENCE)
    assert pile.left == 2
    indexer.catch_up(lambda: pile.left == 0, PATIENCE)
    assert pile.left == 0
    indexer.close()


def test_close_ends_its_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not read is read another time."""
    monkeypatch.setattr(_indexer, "_REST", 1e9)
    pile = Pile(3)
    indexer = Indexer(pile.step, busy)
    indexer.wake()
    pile.steps.get(timeout=PATIENCE)
    indexer.close()
    assert pile.left == 2


def test_it_works_on_in_the_first_pause_between_messages(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A few messages a second do not make it rest for long."""
    monkeypatch.setattr(_indexer, "_REST", 1e9)
    since = iter([0.003, 0.002, 0.001, 0.0, 0.003, -0.001])
    pile = Pile(2)
    indexer = Indexer(pile.step, lambda: next(since))
    indexer.wake()
    thread = indexer._thread
    assert thread is not None
    thread.join(PATIENCE)
    assert (pile.left, list(since)) == (0, [])


@pytest.mark.parametrize("error", [StoreError("no space"), MemoryError(), KeyError(1)])
def test_an_error_is_logged_once_and_tried_again_later(
    caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    """The disk may be full: there is a line when it begins, and one when it ends."""
    caplog.set_level("INFO", "lazr.smtptest")
    pile = Pile(1)
    errors = [error, error]

    def step() -> bool:
        if errors:
            raise errors.pop()
        return pile.step()

    indexer = Indexer(step, quiet)
    for _ in range(2):
        indexer.catch_up(lambda: False, PATIENCE)
        assert indexer.error is error
    indexer.catch_up(lambda: False, PATIENCE)
    assert (pile.left, indexer.error) == (0, None)
    said = str(error) or repr(error)
    assert caplog.messages == [
        f"messages cannot be made searchable: {said}",
        "messages are made searchable again",
    ]


def test_that_messages_are_read_no_more_is_no_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The process stops; the next one goes on."""

    def step() -> bool:
        raise StateError("the server stops, and reads no messages")

    indexer = Indexer(step, quiet)
    indexer.catch_up(lambda: False, PATIENCE)
    assert indexer.error is None
    assert not [each for each in caplog.records if each.levelname == "ERROR"]


def test_close_without_a_start_is_no_error() -> None:
    """There may have been nothing to read."""
    Indexer(Pile(0).step, quiet).close()


@pytest.mark.parametrize("kind", [SystemExit, GeneratorExit, KeyboardInterrupt])
def test_whatever_a_step_raises_leaves_no_thread_behind(
    kind: type[BaseException],
) -> None:
    """A search that waits for it would wait in vain."""

    def step() -> bool:
        raise kind("no good")

    indexer = Indexer(step, quiet)
    indexer.catch_up(lambda: False, PATIENCE)
    assert indexer._thread is None
    assert isinstance(indexer.error, kind)
