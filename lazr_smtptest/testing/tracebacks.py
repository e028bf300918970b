"""Tracebacks of failed tests, in which unittest shows the lines of the test.

unittest cuts the traceback of a failure at the first frame of a module that has
``__unittest``, once it has shown another frame.
"""

from __future__ import annotations

from types import TracebackType

__all__ = ["hide_library", "show_callbacks"]

_LIBRARY = "lazr_smtptest."


def hide_library(traceback: TracebackType | None) -> None:
    """Cut a traceback where it leaves the test for this library."""
    last = None
    while traceback is not None:
        if not _is_hidden(traceback):
            last = traceback
        elif last is not None and _is_library(traceback):
            last.tb_next = None
            return
        traceback = traceback.tb_next


def show_callbacks(traceback: TracebackType | None) -> None:
    """Remove the frames of this library between frames of the test.

    Such frames lead to a function that the test has passed, such as a predicate.
    """
    last = None
    while traceback is not None:
        if not (_is_hidden(traceback) and _is_library(traceback)):
            if last is not None:
                last.tb_next = traceback
            last = traceback
        traceback = traceback.tb_next


def _is_hidden(traceback: TracebackType) -> bool:
    return "__unittest" in traceback.tb_frame.f_globals


def _is_library(traceback: TracebackType) -> bool:
    name = str(traceback.tb_frame.f_globals.get("__name__", ""))
    return name.startswith(_LIBRARY)
