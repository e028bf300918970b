"""The standard streams of a command: closed, full, or with nobody who reads them."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Callable

from lazr_smtptest.cli.text_width import printable

__all__ = ["run_with_streams"]

# A stream that was closed fails as soon as it is used, except standard error: nobody
# could be told. It also keeps its number, so that no database gets it.
_CLOSED = {"stdin": os.O_WRONLY, "stdout": os.O_RDONLY, "stderr": os.O_WRONLY}


# The errors of writing to a stream that is closed, or on a disk that is full or broken.
_OF_OUTPUT = (errno.EBADF, errno.ENOSPC, errno.EFBIG, errno.EIO)


def run_with_streams(name: str, failed: int, run: Callable[[], int]) -> int:
    """Run a command; return its exit status.

    An interruption, and an output that cannot be written, are one line on standard
    error. If nobody reads the output any more, that is no error.

    Args:
        name: the name of the program and the command, for errors.
        failed: the exit status if it is interrupted or cannot write.
        run: runs the command.
    """
    _open_closed()
    try:
        try:
            return run()
        finally:
            # Also after --help, which ends the process.
            sys.stdout.flush()
    except BrokenPipeError:
        # The reader, such as head, has seen enough.
        _discard_output()
        return 0
    except KeyboardInterrupt:
        problem = "interrupted"
    except OSError as error:
        _discard_output()
        # An error of a file that was opened by its name has the name.
        is_output = error.filename is None and error.errno in _OF_OUTPUT
        place = "standard output" if is_output else error.filename
        reason = error.strerror or str(error)
        problem = f"{place}: {reason}" if place else reason
    with contextlib.suppress(OSError):
        print(f"{name}: {printable(problem)}", file=sys.stderr)
    return failed


def _open_closed() -> None:
    """Open the streams that were closed when the process began."""
    for name, flags in _CLOSED.items():
        if getattr(sys, name) is None:
            descriptor = os.open(os.devnull, flags)
            mode = "r" if name == "stdin" else "w"
            stream = os.fdopen(descriptor, mode, encoding="utf-8", closefd=False)
            setattr(sys, name, stream)


def _discard_output() -> None:
    """Discard the output that cannot be written."""
    try:
        sys.stdout.flush()
    except OSError:
        # Python writes it again when the process ends.
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)
