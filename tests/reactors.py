"""A private reactor that runs in a thread, and calls in that thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

from twisted.internet.defer import maybeDeferred

from lazr_smtptest.net.reactor import PrivateReactor

# Seconds.
PATIENCE = 60


@contextmanager
def running_reactor() -> Iterator[PrivateReactor]:
    """Run a reactor in a thread of its own."""
    reactor = PrivateReactor()
    thread = threading.Thread(target=reactor.run_in_thread, daemon=True)
    thread.start()
    try:
        yield reactor
    finally:
        reactor.callFromThread(reactor.stop)
        thread.join(PATIENCE)
        reactor.close()


def call_in(
    reactor: PrivateReactor, function: Callable[..., Any], *arguments: Any
) -> Any:
    """Return the result of a function that the thread of a reactor calls.

    Raises:
        TimeoutError: it did not come within a minute.
    """
    result: Future[Any] = Future()

    def call() -> None:
        deferred = maybeDeferred(function, *arguments)
        deferred.addCallbacks(
            result.set_result, lambda failure: result.set_exception(failure.value)
        )

    reactor.callFromThread(call)
    return result.result(PATIENCE)
