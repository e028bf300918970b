"""Child processes that read messages, for code that runs on a reactor."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from queue import Queue
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from lazr_smtptest.errors import StateError
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.parsing.deferred import DeferredParsingPool
from lazr_smtptest.parsing.pool import ParsingPool
from lazr_smtptest.query.document import document_of

pytestmark = pytest.mark.slow

MESSAGE = Envelope(
    mail_from="a@x", rcpt_tos=("b@x",), content=b"Subject: Hello\r\n\r\nHi.\r\n"
)


class Reactor:
    """A reactor whose thread is the test's."""

    def __init__(self) -> None:
        self._calls: Queue[Callable[[], object]] = Queue()

    def callFromThread(self, function: Any, *args: Any, **kwargs: Any) -> None:
        self._calls.put(lambda: function(*args, **kwargs))

    def result(self, deferred: Deferred[Any]) -> Any:
        """Run until a Deferred has fired; return its result, or raise its error."""
        results: list[Any] = []
        deferred.addBoth(results.append)
        deferred.addBoth(lambda _: results.append(threading.get_ident()))
        while not results:
            self._calls.get(timeout=60)()
        result, thread = results
        assert thread == threading.get_ident()
        if hasattr(result, "raiseException"):
            result.raiseException()
        return result


@pytest.fixture
def reactor() -> Reactor:
    return Reactor()


@pytest.fixture
def pool(reactor: Reactor) -> Iterator[DeferredParsingPool]:
    """A pool, closed at the end."""
    pool = DeferredParsingPool(ParsingPool(processes=1), reactor)
    yield pool
    pool.close()


def test_a_document_arrives_in_the_thread_of_the_reactor(
    pool: DeferredParsingPool, reactor: Reactor
) -> None:
    """The reactor waits for nothing."""
    assert reactor.result(pool.document(MESSAGE)) == document_of(MESSAGE)


def test_a_function_is_called_by_its_name(
    pool: DeferredParsingPool, reactor: Reactor
) -> None:
    """Checks have others."""
    assert reactor.result(pool.call("document", MESSAGE)) == document_of(MESSAGE)


def test_an_error_arrives_too(pool: DeferredParsingPool, reactor: Reactor) -> None:
    """As a failure."""
    with pytest.raises(KeyError, match="unknown"):
        reactor.result(pool.call("unknown", MESSAGE))


def test_calls_that_wait_when_the_pool_is_closed_fail(reactor: Reactor) -> None:
    """Each of them has an outcome."""
    pool = DeferredParsingPool(ParsingPool(processes=1), reactor, threads=1)
    waiting = [pool.document(MESSAGE) for _ in range(100)]
    pool.close()
    *others, last = waiting
    for each in others:
        each.addErrback(lambda failure: failure.trap(StateError))
    with pytest.raises(StateError):
        reactor.result(last)
