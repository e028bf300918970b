"""Reasons why no message can come, such as a wait that blocks the sender."""

from __future__ import annotations

import asyncio
import sys
from types import FrameType

from twisted.python.threadable import isInIOThread

__all__ = ["NOT_STARTED", "STOPPED", "blocked", "cannot_fire", "cannot_wait"]

NOT_STARTED = "the server was not started: use a with block or start()"
STOPPED = "no client connected before the server was stopped: assert while it runs"

_LOOP = "wait_for blocked the running event loop: use `await wait_for_async`"
_REACTOR = "wait_for blocked the reactor: use `await when(...)`"

_NEVER_FIRES = (
    "when() returns a Deferred, and no reactor runs that could fire it: use wait_for() "
    "in a blocking test, `await wait_for_async()` on an asyncio loop"
)

# The modules that call a test; those of trial run a reactor for it.
_RUNNERS, _TRIAL = ("_pytest.", "unittest."), "twisted.trial."

_NOTHING_COMES = (
    "assert_none(within={0:g}) would block {1}, so that nothing could arrive: "
    "use `await {2}`, then assert_none(within=0)"
)


def blocked(on_reactor: bool) -> str:
    """Return what a wait in this thread has blocked, in words; ``""``: nothing.

    Args:
        on_reactor: whether the server runs on the reactor of this thread, which may
            not have been started yet.
    """
    if on_reactor or _is_running_reactor():
        return _REACTOR
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return ""
    return _LOOP


def cannot_wait(within: float, on_reactor: bool) -> str:
    """Return why `assert_none` cannot wait in this thread; ``""``: it can.

    Args:
        within: the seconds that it is to wait.
        on_reactor: see `blocked`.
    """
    what = blocked(on_reactor)
    if what == _REACTOR:
        twin = f"deferLater(reactor, {within:g})"
        return _NOTHING_COMES.format(within, "the reactor", twin)
    if what == _LOOP:
        twin = f"asyncio.sleep({within:g})"
        return _NOTHING_COMES.format(within, "the running event loop", twin)
    return ""


def cannot_fire() -> str:
    """Return why a Deferred that `when` returns cannot fire; ``""``: it can.

    Outside of a test the program may run Twisted's global reactor later.
    """
    from twisted.internet import reactor

    # That of asyncio fires on a loop that others run.
    is_of_asyncio = type(reactor).__module__ == "twisted.internet.asyncioreactor"
    if getattr(reactor, "running", False) or is_of_asyncio:
        return ""
    frame: FrameType | None = sys._getframe(1)
    runs_test = False
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if module.startswith(_TRIAL):
            return ""
        runs_test = runs_test or module.startswith(_RUNNERS)
        frame = frame.f_back
    return _NEVER_FIRES if runs_test else ""


def _is_running_reactor() -> bool:
    """Return whether Twisted's global reactor runs in this thread."""
    reactor = sys.modules.get("twisted.internet.reactor")
    return isInIOThread() and bool(getattr(reactor, "running", False))
