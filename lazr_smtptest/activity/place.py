"""Places in the program: the frame of it that an event belongs to."""

from __future__ import annotations

import os
import sys
from functools import cache, lru_cache
from pathlib import Path
from types import CodeType, FrameType, TracebackType

import attrs

__all__ = ["Place", "calling", "is_program", "is_sending", "raising"]

_HERE = str(Path(__file__).parents[1]) + os.sep

# Packages that pass events of the program on. Where they catch an error themselves
# it is their business.
_CARRIERS = ("aiosmtplib", "twisted", "_pytest", "pytest", "pluggy", "pytest_asyncio")

# Libraries that send mail.
_SENDERS = ("smtplib", "aiosmtplib", "twisted.mail")

# Frames are searched so far for one of the program.
_DEPTH = 100


@attrs.frozen
class Place:
    """A line of the program.

    Attributes:
        function: the name of the function.
        path: of the file.
        line: its number.
    """

    function: str
    path: str
    line: int

    @classmethod
    def of_error(cls, error: BaseException, code: CodeType) -> Place:
        """Return the line of a function from which an error came.

        The innermost frame that it has reached stands first in its traceback. The
        offset of the event would name the handler, which has no line of its own.

        Args:
            error: an error that reached a frame of the function.
            code: of the function.
        """
        traceback = error.__traceback__
        while traceback is not None:
            if traceback.tb_frame.f_code is code:
                return cls(code.co_name, code.co_filename, traceback.tb_lineno)
            traceback = traceback.tb_next
        return cls(code.co_name, code.co_filename, code.co_firstlineno)

    def __str__(self) -> str:
        """Return it for people; the path is relative in the working directory."""
        here = os.getcwd() + os.sep  # noqa: PTH109
        return f"in {self.function}, {self.path.removeprefix(here)} line {self.line}"


@cache
def _directories() -> tuple[str, str]:
    """Return the directories of the standard library, and of installed scripts."""
    # Imported with the first event: most tests have none.
    import sysconfig

    paths = sysconfig.get_paths()
    return paths["stdlib"] + os.sep, paths["scripts"] + os.sep


@lru_cache(maxsize=1000)
def is_program(path: str) -> bool:
    """Return whether a file belongs to the program that is tested or to its test.

    The standard library, this one and what runs tests, such as ``bin/trial``, do
    not; other installed packages do, for they may send mail for the program.
    """
    stdlib, scripts = _directories()
    if path.startswith((_HERE, scripts, "<frozen ")):
        return False
    parts = path.replace("\\", "/").split("/")
    for site in ("site-packages", "dist-packages"):
        if site in parts:
            return parts[parts.index(site) + 1].removesuffix(".py") not in _CARRIERS
    return not path.startswith(stdlib)


def calling() -> Place | None:
    """Return the place of the program from which this is called, if there is one."""
    frame: FrameType | None = sys._getframe(1)
    for _ in range(_DEPTH):
        if frame is None:
            break
        code = frame.f_code
        if is_program(code.co_filename):
            return Place(code.co_name, code.co_filename, frame.f_lineno)
        frame = frame.f_back
    return None


def is_sending() -> bool:
    """Return whether a library that sends mail is on the stack of this call."""
    frame: FrameType | None = sys._getframe(1)
    for _ in range(_DEPTH):
        if frame is None:
            break
        if frame.f_globals.get("__name__", "").startswith(_SENDERS):
            return True
        frame = frame.f_back
    return False


def raising(traceback: TracebackType | None) -> Place | None:
    """Return the innermost place of the program in a traceback, if there is one."""
    found = None
    while traceback is not None:
        code = traceback.tb_frame.f_code
        if is_program(code.co_filename):
            found = Place(code.co_name, code.co_filename, traceback.tb_lineno)
        traceback = traceback.tb_next
    return found
