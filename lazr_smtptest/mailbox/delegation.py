"""A part of a mailbox that waits by means of the whole one."""

from __future__ import annotations

from collections.abc import Sequence

from lazr_smtptest.mailbox.asserting import Asserting
from lazr_smtptest.mailbox.waiter import Waiter
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.query.criteria import Criteria

__all__ = ["Delegating"]

# Test frameworks leave the frames of this module out of a failure.
__tracebackhide__ = __unittest = True


class Delegating(Asserting):
    """Messages of which another object knows when they arrive, and where else."""

    _whole: Asserting

    def _candidates(self, query: Criteria) -> Sequence[Envelope]:
        return self._whole._candidates(query)

    def _among(self, key: str) -> tuple[Envelope, ...]:
        return self._whole._among(key)

    def _watch(self, waiter: Waiter) -> None:
        self._whole._watch(waiter)

    def _unwatch(self, waiter: Waiter) -> None:
        self._whole._unwatch(waiter)

    def _grace(self, blocking: bool) -> float:
        return self._whole._grace(blocking)

    def _elsewhere(self) -> str:
        return self._whole._elsewhere()

    def _on_reactor(self) -> bool:
        return self._whole._on_reactor()

    def _unreachable(self) -> str:
        return self._whole._unreachable()

    def _lost(self, query: Criteria) -> str:
        return self._whole._lost(query)
