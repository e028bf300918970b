"""The read side of a store, for code that runs on a reactor."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from queue import Queue
from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred

from lazr_smtptest.errors import BusyError, StateError
from lazr_smtptest.interfaces import IMessageReader
from lazr_smtptest.net.reactor import PrivateReactor
from lazr_smtptest.query.selection import Selection
from lazr_smtptest.stores.deferred_reader import DeferredReader

PATIENCE = 30.0


class Reader:
    """A reader whose methods return or raise what they are told to."""

    validity = 7

    def __init__(self) -> None:
        self.calls: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []
        self.watchers: list[Callable[[Any], object]] = []
        self.result: Callable[[], Any] = lambda: None

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def method(*arguments: Any, **options: Any) -> Any:
            self.calls.append((name, arguments, options))
            return self.result()

        return method

    def watch(self, function: Callable[[Any], object]) -> Callable[[], None]:
        self.watchers.append(function)
        return lambda: self.watchers.remove(function)


class FakePool:
    """A pool and a reactor that call functions when the test says so."""

    def __init__(self) -> None:
        self.begun: list[Callable[[], object]] = []
        self.results: list[Callable[[], object]] = []

    def callInThread(self, function: Callable[[], object]) -> None:
        self.begun.append(function)

    def callFromThread(self, function: Callable[..., object], *arguments: Any) -> None:
        self.results.append(lambda: function(*arguments))

    def run(self) -> None:
        """Finish the oldest call that has begun."""
        self.begun.pop(0)()
        while self.results:
            self.results.pop(0)()


@pytest.fixture
def reader() -> Reader:
    """A reader that notes its calls."""
    return Reader()


@pytest.fixture
def pool() -> FakePool:
    """A pool whose threads run on demand."""
    return FakePool()


@pytest.fixture
def deferred(reader: Reader, pool: FakePool) -> DeferredReader:
    """A twin with one thread and room for two waiting calls."""
    return DeferredReader(reader, pool, threads=1, waiting=2, pool=pool)


def outcome(answer: Deferred[Any]) -> list[Any]:
    """Return the list to which the result or the exception will be added."""
    results: list[Any] = []
    answer.addCallbacks(results.append, lambda failure: results.append(failure.value))
    return results


def test_it_has_every_method_of_the_interface() -> None:
    """`keep_session` does not wait anyway, and `ask` reads `folders`."""
    missing = {name for name in IMessageReader if not hasattr(DeferredReader, name)}
    assert missing == {"folders", "keep_session"}


CALLS: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
    "page": (("word",), {"limit": 5}),
    "counts": (("word",), {"timeout": 1.0}),
    "numbers": (("word",), {}),
    "summary": (("an-id",), {}),
    "envelope": ((7,), {}),
    "change": (("selection",), {"set_flags": ["seen"]}),
    "change_unchanged": (([7], 3, "edit"), {}),
    "numbered": ((["an-id"],), {}),
    "touch": (("selection",), {}),
    "next_number": ((), {}),
    "remove": ((Selection(query="word"),), {}),
    "clear": ((), {}),
    "tags": ((), {}),
    "rename_tag": (("old", "new"), {}),
    "changes": ((3, 10), {}),
    "last_change": ((), {}),
    "sessions": ((), {"failed": True}),
    "session": (("an-id",), {}),
    "index_progress": ((), {}),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_method_calls_its_twin(
    deferred: DeferredReader, reader: Reader, pool: FakePool, name: str
) -> None:
    """With the same arguments, and fires with its result."""
    arguments, options = CALLS[name]
    reader.result = lambda: "the result"
    results = outcome(getattr(deferred, name)(*arguments, **options))
    assert (reader.calls, results) == ([], [])
    pool.run()
    assert (reader.calls, results) == ([(name, arguments, options)], ["the result"])


def test_an_exception_fails_the_deferred(
    deferred: DeferredReader, reader: Reader, pool: FakePool
) -> None:
    """As if the method had been called."""
    error = KeyError("an-id")

    def fail() -> None:
        raise error

    reader.result = fail
    results = outcome(deferred.page())
    pool.run()
    assert results == [error]


def test_the_validity_is_read_in_a_thread(
    deferred: DeferredReader, pool: FakePool
) -> None:
    """A store may have it on a disk."""
    results = outcome(deferred.validity())
    assert results == []
    pool.run()
    assert results == [7]


def test_any_function_is_called_in_a_thread(
    deferred: DeferredReader, pool: FakePool
) -> None:
    """For work on what was read."""
    results = outcome(deferred.call(max, 1, 2))
    pool.run()
    assert results == [2]


def test_calls_beyond_the_threads_wait_in_order(
    deferred: DeferredReader, reader: Reader, pool: FakePool
) -> None:
    """The pool never gets more than it has threads."""
    answers = [outcome(deferred.summary(number)) for number in range(3)]
    for done in range(3):
        assert len(pool.begun) == 1
        pool.run()
        assert [len(each) for each in answers] == [1] * (done + 1) + [0] * (2 - done)
    assert [arguments for _, arguments, _ in reader.calls] == [(0,), (1,), (2,)]


def test_a_call_too_many_fails_at_once(
    deferred: DeferredReader, pool: FakePool
) -> None:
    """And one that comes when there is room again does not."""
    for number in range(3):
        deferred.summary(number)
    (error,) = outcome(deferred.summary(3))
    assert isinstance(error, BusyError)
    assert str(error) == "2 reads of the store wait already: try again later"
    pool.run()
    assert outcome(deferred.summary(4)) == []


def test_a_waiting_call_that_is_cancelled_never_begins(
    deferred: DeferredReader, reader: Reader, pool: FakePool
) -> None:
    """It leaves its place to others."""
    deferred.summary(0)
    waiting = deferred.summary(1)
    results = outcome(waiting)
    waiting.cancel()
    assert isinstance(results[0], CancelledError)
    last = outcome(deferred.summary(2))
    pool.run()
    pool.run()
    assert [arguments for _, arguments, _ in reader.calls] == [(0,), (2,)]
    assert last == [None]


def test_the_result_of_a_running_call_that_is_cancelled_is_dropped(
    deferred: DeferredReader, pool: FakePool
) -> None:
    """The next call begins when it has ended."""
    running = deferred.summary(0)
    results = outcome(running)
    after = outcome(deferred.summary(1))
    running.cancel()
    assert isinstance(results[0], CancelledError)
    pool.run()
    pool.run()
    assert (len(results), after) == (1, [None])


def test_a_closed_twin_takes_no_call(deferred: DeferredReader) -> None:
    """Each fails at once."""
    assert outcome(deferred.close()) == [None]
    (error,) = outcome(deferred.page())
    assert isinstance(error, StateError)


def test_closing_fails_the_waiting_calls_and_waits_for_the_running_ones(
    deferred: DeferredReader, reader: Reader, pool: FakePool
) -> None:
    """Which fire as usual."""
    running, waiting = outcome(deferred.summary(0)), outcome(deferred.summary(1))
    closed = outcome(deferred.close())
    assert isinstance(waiting[0], StateError)
    assert (running, closed) == ([], [])
    pool.run()
    assert (running, closed, len(reader.calls)) == ([None], [None], 1)


def test_a_twin_may_be_closed_twice(deferred: DeferredReader, pool: FakePool) -> None:
    """Both Deferreds fire."""
    deferred.summary(0)
    closed = [outcome(deferred.close()), outcome(deferred.close())]
    pool.run()
    assert closed == [[None], [None]]


def test_a_watcher_is_called_by_the_reactor(
    deferred: DeferredReader, reader: Reader, pool: FakePool
) -> None:
    """In the order of the changes, and not after it ended."""
    heard: list[Any] = []
    end = deferred.watch(heard.append)
    reader.watchers[0]("first")
    assert heard == []
    pool.results.pop(0)()
    assert heard == ["first"]
    reader.watchers[0]("second")
    end()
    pool.results.pop(0)()
    assert (heard, reader.watchers) == (["first"], [])


def test_changes_that_come_together_wake_up_the_reactor_once(
    deferred: DeferredReader, reader: Reader, pool: FakePool
) -> None:
    """To wake it up costs more than what it is told."""
    heard: list[Any] = []
    deferred.watch(heard.append)
    for change in range(3):
        reader.watchers[0](change)
    assert len(pool.results) == 1
    pool.results.pop(0)()
    assert heard == [0, 1, 2]
    reader.watchers[0](3)
    pool.results.pop(0)()
    assert heard == [0, 1, 2, 3]


def test_a_watcher_that_raises_hears_of_the_next_change(
    deferred: DeferredReader,
    reader: Reader,
    pool: FakePool,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Its exception is logged."""
    heard: list[float] = []
    deferred.watch(lambda change: heard.append(1 / change))
    for change in (0, 1):
        reader.watchers[0](change)
    pool.results.pop(0)()
    assert heard == [1.0]
    assert "ZeroDivisionError" in caplog.text


def test_a_watcher_that_ends_hears_of_no_other_change(
    deferred: DeferredReader, reader: Reader, pool: FakePool
) -> None:
    """Even of those that came together with the one at which it ended."""
    heard: list[Any] = []

    def hear(change: Any) -> None:
        heard.append(change)
        end()

    end = deferred.watch(hear)
    tell = reader.watchers[0]
    tell(1)
    tell(2)
    pool.results.pop(0)()
    assert heard == [1]


@pytest.fixture
def reactor() -> Iterator[PrivateReactor]:
    """A reactor that runs in a thread of its own."""
    reactor = PrivateReactor()
    running = threading.Event()
    reactor.callWhenRunning(running.set)
    thread = threading.Thread(
        target=lambda: reactor.run(installSignalHandlers=False), daemon=True
    )
    thread.start()
    assert running.wait(PATIENCE)
    yield reactor
    reactor.callFromThread(reactor.stop)
    thread.join(PATIENCE)
    reactor.close()


def test_calls_run_beside_the_reactor_and_answer_in_its_thread(
    reactor: PrivateReactor, reader: Reader
) -> None:
    """As many at the same time as there are threads."""
    barrier = threading.Barrier(4)
    reader.result = lambda: (barrier.wait(PATIENCE), threading.get_ident())[1]
    answers: Queue[tuple[int, int]] = Queue()

    def begin() -> None:
        deferred = DeferredReader(reader, reactor, threads=4)
        for _ in range(8):
            deferred.page().addCallback(
                lambda where: answers.put((where, threading.get_ident()))
            )

    reactor.callFromThread(begin)
    places = [answers.get(timeout=PATIENCE) for _ in range(8)]
    (reactors,) = {answered for _, answered in places}
    assert reactors not in {called for called, _ in places}
    assert len({called for called, _ in places}) == 4


def test_an_idle_thread_takes_the_next_call(
    reactor: PrivateReactor, reader: Reader
) -> None:
    """A thread for each call would cost more than most calls."""
    reader.result = threading.get_ident
    answers: Queue[int] = Queue()
    deferred = DeferredReader(reader, reactor, threads=1)
    places = set()
    for _ in range(3):
        reactor.callFromThread(lambda: deferred.page().addCallback(answers.put))
        places.add(answers.get(timeout=PATIENCE))
    assert len(places) == 1


def test_the_threads_end_when_the_twin_is_closed(
    reactor: PrivateReactor, reader: Reader
) -> None:
    """None is left behind."""
    threads: Queue[threading.Thread] = Queue()
    reader.result = threading.current_thread
    deferred = DeferredReader(reader, reactor)
    reactor.callFromThread(lambda: deferred.page().addCallback(threads.put))
    thread = threads.get(timeout=PATIENCE)
    reactor.callFromThread(deferred.close)
    thread.join(PATIENCE)
    assert not thread.is_alive()
