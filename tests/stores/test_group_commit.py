"""The thread that writes, and how messages share a batch."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from queue import Empty, Queue
from typing import Any

import pytest

from lazr_smtptest.errors import StateError, StoreFullError
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.stores import _group_commit as _writer
from lazr_smtptest.stores._group_commit import Writer

from .envelopes import make_envelope

PATIENCE = 30


class Disk:
    """A disk that makes a batch durable when it is told to."""

    def __init__(self) -> None:
        self.batches: Queue[list[Envelope]] = Queue()
        self.go_on: Queue[Exception | None] = Queue()

    def write(self, batch: list[Envelope]) -> None:
        self.batches.put(batch)
        error = self.go_on.get(timeout=PATIENCE)
        if error is not None:
            raise error

    def size_of_batch(self) -> int:
        return len(self.batches.get(timeout=PATIENCE))


@pytest.fixture
def disk() -> Disk:
    """A slow disk."""
    return Disk()


@pytest.fixture
def outcomes() -> Queue[Exception | None]:
    """What became of the messages, in the order of the answers."""
    return Queue()


@pytest.fixture
def writer(disk: Disk) -> Iterator[Writer]:
    """A writer on that disk."""
    writer = Writer(disk.write, lambda envelope: None)
    yield writer
    for _ in range(10):
        disk.go_on.put(None)
    writer.close()


@pytest.fixture
def submit(writer: Writer, outcomes: Queue[Exception | None]) -> Callable[[int], None]:
    """Submit so many messages."""

    def submit(count: int) -> None:
        for number in range(count):
            writer.submit(make_envelope(number), outcomes.put)

    return submit


def test_what_comes_while_a_batch_is_written_is_the_next_one(
    disk: Disk, submit: Callable[[int], None]
) -> None:
    """A disk that takes its time makes batches bigger, not messages slower."""
    submit(1)
    assert disk.size_of_batch() == 1
    submit(7)
    disk.go_on.put(None)
    assert disk.size_of_batch() == 7


def test_a_message_is_answered_when_its_own_batch_is_durable(
    disk: Disk, submit: Callable[[int], None], outcomes: Queue[Exception | None]
) -> None:
    """Not before, and not later."""
    submit(1)
    disk.size_of_batch()
    submit(1)
    assert outcomes.empty()
    disk.go_on.put(None)
    disk.size_of_batch()
    assert outcomes.get(timeout=PATIENCE) is None
    assert outcomes.empty()


def test_a_batch_has_a_bound(
    disk: Disk, writer: Writer, submit: Callable[[int], None]
) -> None:
    """What is more is another one."""
    writer.batch = 3
    submit(1)
    disk.size_of_batch()
    submit(7)
    for size in (3, 3, 1):
        disk.go_on.put(None)
        assert disk.size_of_batch() == size


def test_a_message_that_cannot_be_kept_is_refused_alone(
    disk: Disk, submit: Callable[[int], None], outcomes: Queue[Exception | None]
) -> None:
    """The others of its batch are tried one by one."""
    full = StoreFullError("full")
    submit(1)
    disk.size_of_batch()
    submit(3)
    for outcome in (None, full, None, full, None):
        disk.go_on.put(outcome)
    answers = [outcomes.get(timeout=PATIENCE) for _ in range(4)]
    assert answers == [None, None, full, None]


def test_a_call_comes_after_what_was_submitted_before(
    disk: Disk, writer: Writer, submit: Callable[[int], None], outcomes: Queue[Any]
) -> None:
    """And before what was submitted after it."""
    submit(1)
    disk.size_of_batch()
    submit(2)
    calling = threading.Thread(target=writer.call, args=[lambda: outcomes.put("call")])
    calling.start()
    for _ in range(2):
        disk.go_on.put(None)
    calling.join(PATIENCE)
    answers = [outcomes.get(timeout=PATIENCE) for _ in range(4)]
    assert answers == [None, None, None, "call"]


def test_a_call_gives_what_the_function_gives(writer: Writer) -> None:
    """It is waited for."""
    assert writer.call(lambda: 7) == 7


def test_a_call_raises_what_the_function_raises(writer: Writer) -> None:
    """In the thread that called."""
    with pytest.raises(ZeroDivisionError):
        writer.call(lambda: 1 // 0)


def test_a_call_within_the_thread_is_done_at_once(writer: Writer) -> None:
    """It would wait for itself."""
    assert writer.call(lambda: writer.call(lambda: 7)) == 7


def test_add_raises_what_the_disk_raises(writer: Writer, disk: Disk) -> None:
    """In the thread that called."""
    disk.go_on.put(StoreFullError("full"))
    with pytest.raises(StoreFullError, match="full"):
        writer.add(make_envelope())


def test_a_subscriber_that_adds_is_told_that_it_must_not() -> None:
    """It would wait for itself."""
    raised: Queue[Any] = Queue()

    def add_another(envelope: Envelope) -> None:
        with pytest.raises(StateError, match="must not add messages") as caught:
            writer.add(envelope)
        raised.put(caught.value)

    writer = Writer(lambda batch: None, add_another)
    writer.add(make_envelope())
    writer.close()
    assert isinstance(raised.get_nowait(), StateError)


def test_close_waits_for_what_was_submitted(
    disk: Disk,
    writer: Writer,
    submit: Callable[[int], None],
    outcomes: Queue[Exception | None],
) -> None:
    """All of it is answered then."""
    submit(1)
    disk.size_of_batch()
    submit(2)
    for _ in range(2):
        disk.go_on.put(None)
    writer.close()
    assert [outcomes.get_nowait() for _ in range(3)] == [None] * 3


def test_a_thread_with_nothing_to_do_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """And the next message has a new one."""
    monkeypatch.setattr(_writer, "_PATIENCE", 0.01)
    threads: Queue[threading.Thread] = Queue()
    writer = Writer(
        lambda batch: threads.put(threading.current_thread()), lambda envelope: None
    )
    writer.add(make_envelope())
    first = threads.get_nowait()
    first.join(PATIENCE)
    assert not first.is_alive()
    writer.add(make_envelope())
    assert threads.get_nowait() is not first
    writer.close()


def test_what_is_due_is_done_without_a_message() -> None:
    """The thread wakes up for it."""
    looks: Queue[None] = Queue()

    def look() -> float | None:
        looks.put(None)
        return 0.001 if looks.qsize() < 3 else None

    writer = Writer(lambda batch: None, lambda envelope: None, idle=look)
    writer.add(make_envelope())
    for _ in range(3):
        looks.get(timeout=PATIENCE)
    writer.close()


def test_what_goes_wrong_between_messages_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The thread goes on."""

    def fail() -> None:
        raise StoreFullError("no room")

    writer = Writer(lambda batch: None, lambda envelope: None, idle=fail, name="w")
    writer.add(make_envelope())
    writer.add(make_envelope())
    writer.close()
    assert "w: no room" in caplog.text


def test_a_batch_has_a_bound_of_octets(
    disk: Disk, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is all in memory at once."""
    monkeypatch.setattr(_writer, "_BATCH_OCTETS", 1000)
    writer.submit(make_envelope(), lambda error: None)
    disk.size_of_batch()
    for _ in range(4):
        writer.submit(make_envelope(content=b"x" * 600), lambda error: None)
    for _ in range(2):
        disk.go_on.put(None)
        assert disk.size_of_batch() == 2


@pytest.mark.parametrize(("patient", "waited_for"), [(True, True), (False, False)])
def test_all_are_waited_for_who_came_together(
    disk: Disk, monkeypatch: pytest.MonkeyPatch, patient: bool, waited_for: bool
) -> None:
    """Some of them are enough where the disk takes its time for each message."""
    monkeypatch.setattr(_writer, "_TURN", float("inf"))
    monkeypatch.setattr(_writer, "_LONGEST_GATHERING", PATIENCE)
    writer = Writer(disk.write, lambda envelope: None, patient=patient)
    answered: Queue[Exception | None] = Queue()
    writer.submit(make_envelope(), answered.put)
    disk.size_of_batch()
    for _ in range(4):
        writer.submit(make_envelope(), answered.put)
    disk.go_on.put(None)
    answered.get(timeout=PATIENCE)
    if waited_for:
        # That of the client which was answered.
        writer.submit(make_envelope(), answered.put)
    assert disk.size_of_batch() == 4 + waited_for
    disk.go_on.put(None)
    writer.close()


def test_three_quarters_are_waited_for_where_each_message_takes_its_time(
    disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others send while the batch of these is written."""
    monkeypatch.setattr(_writer, "_TURN", float("inf"))
    monkeypatch.setattr(_writer, "_LONGEST_GATHERING", PATIENCE)
    writer = Writer(disk.write, lambda envelope: None, patient=False)
    answered: Queue[Exception | None] = Queue()

    def write(*, of: int, submitted: int) -> None:
        assert disk.size_of_batch() == of
        for _ in range(submitted):
            writer.submit(make_envelope(), answered.put)
        disk.go_on.put(None)
        for _ in range(of):
            answered.get(timeout=PATIENCE)

    writer.submit(make_envelope(), answered.put)
    write(of=1, submitted=8)
    write(of=8, submitted=0)
    for _ in range(5):
        writer.submit(make_envelope(), answered.put)
    with pytest.raises(Empty):
        disk.batches.get(timeout=0.1)
    writer.submit(make_envelope(), answered.put)
    write(of=6, submitted=0)
    writer.close()


def test_the_messages_of_a_batch_wake_the_thread_once(
    disk: Disk,
    writer: Writer,
    submit: Callable[[int], None],
    outcomes: Queue[Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The first of them does not, nor does any while the thread is awake."""
    monkeypatch.setattr(_writer, "_TURN", float("inf"))
    monkeypatch.setattr(_writer, "_LONGEST_GATHERING", PATIENCE)

    def write(count: int) -> None:
        assert disk.size_of_batch() == count
        disk.go_on.put(None)
        for _ in range(count):
            outcomes.get(timeout=PATIENCE)

    submit(1)
    disk.batches.get(timeout=PATIENCE)
    submit(8)
    disk.go_on.put(None)
    outcomes.get(timeout=PATIENCE)
    submit(1)
    write(9)
    calls: list[None] = []
    notify = writer._changed.notify
    monkeypatch.setattr(
        writer._changed, "notify", lambda: (calls.append(None), notify())
    )
    submit(9)
    write(9)
    assert len(calls) <= 1


@pytest.mark.parametrize(("count", "pause"), [(1, 0.003), (3, 0.003), (9, 0.25)])
def test_a_pause_is_longer_after_many_clients(
    disk: Disk,
    writer: Writer,
    submit: Callable[[int], None],
    outcomes: Queue[Any],
    count: int,
    pause: float,
) -> None:
    """They wait for their replies, and come again."""
    submit(1)
    disk.size_of_batch()
    submit(count)
    # While something is written there is no pause, nor while something waits.
    assert writer.until_pause() > 0
    for _ in range(count + 1):
        disk.go_on.put(None)
    for _ in range(count + 1):
        assert outcomes.get(timeout=PATIENCE) is None
    assert writer.until_pause() <= pause
    deadline = threading.Event()
    while (missing := writer.until_pause()) > 0:
        deadline.wait(missing)
    assert writer.until_pause() <= 0


def test_a_posted_function_does_not_divide_a_batch(
    disk: Disk, writer: Writer, submit: Callable[[int], None]
) -> None:
    """It is called after the messages that wait with it."""
    called: Queue[int] = Queue()
    submit(1)
    assert disk.size_of_batch() == 1
    submit(2)
    writer.post(lambda: called.put(disk.batches.qsize()))
    submit(3)
    disk.go_on.put(None)
    assert disk.size_of_batch() == 5
    disk.go_on.put(None)
    assert called.get(timeout=PATIENCE) == 0


def test_a_function_posted_twice_is_called_once(writer: Writer) -> None:
    """It does all there is to do when it is called."""
    calls: Queue[None] = Queue()
    begun, go_on = threading.Event(), threading.Event()

    def wait() -> None:
        begun.set()
        go_on.wait(PATIENCE)

    def note() -> None:
        calls.put(None)

    writer.post(wait)
    assert begun.wait(PATIENCE)
    writer.post(note)
    writer.post(note)
    go_on.set()
    writer.close()
    assert calls.qsize() == 1


def test_a_posted_function_is_called_before_the_end(writer: Writer) -> None:
    """A store that is closed has done everything."""
    calls: Queue[None] = Queue()
    writer.post(lambda: calls.put(None))
    writer.close()
    assert calls.qsize() == 1


def test_a_posted_function_that_raises_is_logged(
    writer: Writer, caplog: pytest.LogCaptureFixture
) -> None:
    """And the thread goes on."""
    calls: Queue[None] = Queue()

    def fail() -> None:
        raise RuntimeError("out of order")

    writer.post(fail)
    writer.post(lambda: calls.put(None))
    writer.close()
    assert calls.qsize() == 1
    assert "a function posted to the thread of a store raised" in caplog.text
