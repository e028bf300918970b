"""The line of a test that called this package, and warnings about it."""

from __future__ import annotations

import sys
import warnings

__all__ = ["calling_line", "warn_caller"]

_PACKAGE = __name__.partition(".")[0]


def calling_line() -> tuple[str, int]:
    """Return the file and the line of the code that called this package."""
    frame = sys._getframe(1)
    while frame.f_back is not None and _is_ours(frame.f_globals.get("__name__", "")):
        frame = frame.f_back
    return frame.f_code.co_filename, frame.f_lineno


def warn_caller(text: str) -> None:
    """Warn of something in the line that called this package."""
    file, line = calling_line()
    warnings.warn_explicit(text, UserWarning, file, line)


def _is_ours(module: str) -> bool:
    return module.partition(".")[0] == _PACKAGE
