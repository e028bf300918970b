"""The errors that the program caught, by `sys.monitoring` of Python 3.12 and later.

That interface has room for six tools. A free place is taken while something is
recorded, and freed after; where none is free, or on an older Python, no such errors
are recorded.
"""

from __future__ import annotations

import asyncio
import inspect
import socket
import ssl
import sys
import threading
from types import CodeType, FrameType
from typing import Any, Protocol

__all__ = ["Monitor", "Told", "is_of_mail"]

# Those that Python reserves for no kind of tool come first.
_TOOLS = (4, 3, 5, 2)

_KINDS = (ConnectionError, TimeoutError, socket.gaierror, ssl.SSLError)
_PACKAGES = ("smtplib", "aiosmtplib", "twisted.mail")
# Libraries that write mail and send it: what is raised in them is about mail.
_LIBRARIES = frozenset(("smtplib", "email", "aiosmtplib"))
# Frames of a traceback that are searched for one of them.
_DEPTH = 50

_ENDS = (StopIteration, StopAsyncIteration)

# Here a thread catches what its function raised.
_BOOTSTRAP: Any = getattr(threading.Thread, "_bootstrap_inner", None)

_monitoring: Any = getattr(sys, "monitoring", None)


class Told(Protocol):
    """A receiver of errors, called in the thread where they are raised."""

    def passed(self, error: BaseException, code: CodeType, caught: bool) -> None:
        """Record an error of mail that was caught in a frame, or left it."""

    def ended(self, error: BaseException, who: str) -> None:
        """Record an error that ended a thread or an asyncio task, which is named."""


class Monitor:
    """A tool of `sys.monitoring`.

    Args:
        told: receives the errors; it must not raise.
    """

    def __init__(self, told: Told) -> None:
        self._told = told
        self._bootstrap: CodeType | None = getattr(_BOOTSTRAP, "__code__", None)
        self._tool: int | None = None

    def start(self) -> bool:
        """Register with a free tool number; return whether there was one."""
        if _monitoring is None:
            return False
        free = (each for each in _TOOLS if _monitoring.get_tool(each) is None)
        self._tool = next(free, None)
        if self._tool is None:
            return False
        events = _monitoring.events
        _monitoring.use_tool_id(self._tool, "lazr.smtptest")
        for event, function in (
            (events.EXCEPTION_HANDLED, self._handled),
            (events.PY_UNWIND, self._unwound),
        ):
            _monitoring.register_callback(self._tool, event, function)
        _monitoring.set_events(self._tool, events.EXCEPTION_HANDLED | events.PY_UNWIND)
        return True

    def stop(self) -> None:
        """Free the place, if one was taken."""
        if self._tool is None:
            return
        events = _monitoring.events
        _monitoring.set_events(self._tool, 0)
        for event in (events.EXCEPTION_HANDLED, events.PY_UNWIND):
            _monitoring.register_callback(self._tool, event, None)
        _monitoring.free_tool_id(self._tool)
        self._tool = None

    def _handled(self, code: CodeType, offset: int, error: BaseException) -> None:
        if is_of_mail(error) or _is_of_library(error):
            self._told.passed(error, code, True)
        if code is self._bootstrap:
            self._told.ended(error, f"thread {threading.current_thread().name!r}")

    def _unwound(self, code: CodeType, offset: int, error: BaseException) -> None:
        if is_of_mail(error) or _is_of_library(error):
            self._told.passed(error, code, False)
        if (
            code.co_flags & inspect.CO_COROUTINE
            and isinstance(error, Exception)
            and not isinstance(error, AssertionError)
        ):
            name = _task_of(sys._getframe(1))
            if name:
                self._told.ended(error, f"asyncio task {name!r}")


def is_of_mail(error: BaseException) -> bool:
    """Return whether an error is one of mail or of the network, by its class."""
    # Called for every error of the program: the commonest answer is soon found.
    return isinstance(error, _KINDS) or type(error).__module__.startswith(_PACKAGES)


def _is_of_library(error: BaseException) -> bool:
    """Return whether an error of any class was raised in a library for mail."""
    # An iteration that ends is no error.
    if not isinstance(error, Exception) or isinstance(error, _ENDS):
        return False
    traceback = error.__traceback__
    for _ in range(_DEPTH):
        if traceback is None:
            return False
        name = traceback.tb_frame.f_globals.get("__name__") or ""
        if name.partition(".")[0] in _LIBRARIES:
            return True
        traceback = traceback.tb_next
    return False


def _task_of(frame: FrameType | None) -> str:
    """Return the name of the task whose coroutine has this frame; ``""``: none has."""
    try:
        task = asyncio.current_task()
    except RuntimeError:
        return ""
    coroutine = None if task is None else task.get_coro()
    if task is None or getattr(coroutine, "cr_frame", None) is not frame:
        return ""
    return task.get_name()
