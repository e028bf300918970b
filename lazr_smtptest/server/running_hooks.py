"""The hooks of a server that affect no reply, and those of them that still run."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, gatherResults, succeed
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

from lazr_smtptest._deferreds import check_result, is_pending, pending
from lazr_smtptest._failures import raise_interrupt
from lazr_smtptest.errors import StateError
from lazr_smtptest.net.clock import Timer, duration_clock

__all__ = ["RunningHooks"]

log = logging.getLogger("lazr.smtptest")


class RunningHooks:
    """Calls hooks, logs and keeps their exceptions, and waits for their Deferreds.

    Args:
        keep: keeps an exception for the test.
    """

    def __init__(self, keep: Callable[[BaseException], object]) -> None:
        self._keep = keep
        self._running: dict[Deferred[Any], str] = {}

    def call(self, name: str, hook: Callable[..., object], *arguments: object) -> None:
        """Call a hook, which may return a Deferred or a coroutine.

        Args:
            name: its name, for the log.
            hook: the hook.
            arguments: its arguments.
        """
        try:
            result = hook(*arguments)
            check_result(name, result)
        except BaseException as error:
            raise_interrupt(error)
            self._failed(Failure(), name)
            return
        if is_pending(result):
            running = pending(result)
            self._running[running] = name
            running.addErrback(self._failed, name)
            running.addBoth(lambda _: self._running.pop(running, None))

    def _failed(self, failure: Failure, name: str) -> None:
        assert failure.value is not None
        log.error("%s raised", name, exc_info=failure.value)
        self._keep(failure.value)

    def ended(self, reactor: IReactorTime, seconds: float) -> Deferred[None]:
        """Return a Deferred that fires when none runs any more.

        Args:
            reactor: provides the time.
            seconds: how long they may run; a later one is cancelled, and a StateError
                is kept for it.
        """
        if not self._running:
            return succeed(None)
        ends: list[Deferred[None]] = []
        for running in self._running:
            end: Deferred[None] = Deferred()
            # Its failure is kept already.
            running.addBoth(end.callback)
            ends.append(end)
        timer = Timer(reactor.callLater, duration_clock(reactor), seconds, self._cancel)
        return gatherResults(ends).addCallback(lambda _: timer.cancel())

    def _cancel(self) -> None:
        late, self._running = self._running, {}
        for running, name in late.items():
            self._keep(StateError(f"{name} was still running when the server stopped"))
            running.cancel()
