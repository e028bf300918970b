"""The end of a process that runs a reactor."""

from __future__ import annotations

import signal
from collections.abc import Callable
from itertools import count
from types import FrameType
from typing import Any

__all__ = ["end_once"]


def end_once(reactor: Any) -> None:
    """Ignore the signals that follow the first SIGINT or SIGTERM.

    Terminals, service managers and impatient people send several. For each the
    reactor would stop, and Twisted would log a traceback for all but the first.
    Handlers that are not the reactor's stay.

    Called in the thread of the reactor, which runs: before that it has no handlers.
    """
    handlers: dict[int, Callable[[int, FrameType | None], object]] = {}

    signals = count()

    def end(number: int, frame: FrameType | None) -> None:
        # Python may handle another signal in the middle of this, but not of `next`.
        if next(signals) == 0:
            handlers[number](number, frame)

    for number in (signal.SIGINT, signal.SIGTERM):
        handler: Any = signal.getsignal(number)
        if getattr(handler, "__self__", None) is reactor:
            handlers[number] = handler
            signal.signal(number, end)
