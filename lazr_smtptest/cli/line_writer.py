"""Lines written to a file descriptor, many at a time."""

from __future__ import annotations

import os
import stat
import sys
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

__all__ = ["LineWriter", "end_of_turn"]

# Bytes that may wait for a blocked pipe or terminal; more are dropped.
_BOUND = 8 << 20
# Seconds to wait for them at the end of the process.
_PATIENCE = 5.0


def end_of_turn(reactor: Any) -> Callable[[Callable[[], object]], object]:
    """Return a function that calls a function when this turn of a reactor ends."""
    at_end = getattr(reactor, "call_at_batch_end", None)
    return partial(reactor.callLater, 0) if at_end is None else at_end


class LineWriter:
    """Writes lines to a file descriptor, all lines of one turn at once.

    Regular files are written in the reactor's thread, which copies the bytes to the
    kernel; pipes and terminals, which may block, in a separate thread. An error of the
    descriptor is never raised, but reported once on standard error.

    Call the methods in the reactor's thread.

    Args:
        descriptor: the file descriptor to write to.
        call_later: calls a function after this turn of the reactor; None to write
            each line at once.
    """

    def __init__(
        self,
        descriptor: int,
        call_later: Callable[[Callable[[], object]], object] | None = None,
    ) -> None:
        self._descriptor = descriptor
        self._call_later = call_later
        self._lines: list[str] = []
        self._failed = False
        self._dropped = 0
        self._thread: _WritingThread | None = None
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            self._thread = _WritingThread(self._write)

    def write(self, line: str) -> None:
        """Queue a line; `line` has no line end."""
        self._lines.append(line)
        if self._call_later is None:
            self.flush()
        elif len(self._lines) == 1:
            self._call_later(self.flush)

    def flush(self) -> None:
        """Write the queued lines."""
        if not self._lines:
            return
        lines, self._lines = self._lines, []
        lines.append("")
        data = "\n".join(lines).encode("utf-8", "backslashreplace")
        if self._thread is None:
            self._write(data)
        elif not self._thread.put(data):
            self._dropped += len(lines) - 1

    def close(self) -> None:
        """Write the queued lines, and wait up to 5 seconds until they are written."""
        self.flush()
        if self._thread is not None and not self._thread.close(_PATIENCE):
            self._report("nobody reads the output")
        if self._dropped:
            self._report(f"{self._dropped} lines were dropped: nobody read them")

    def _write(self, data: bytes) -> None:
        try:
            while data:
                data = data[os.write(self._descriptor, data) :]
        except OSError as error:
            self._report(f"cannot write the log: {error.strerror}")

    def _report(self, what: str) -> None:
        if self._failed:
            return
        self._failed = True
        try:
            print(f"smtptest: {what}; mail is taken all the same", file=sys.stderr)
        except (OSError, ValueError):
            # The standard error may be the same broken pipe, or closed.
            return


class _WritingThread:
    """Passes bytes to a function that may block, in order."""

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self._write = write
        self._changed = threading.Condition()
        self._waiting: list[bytes] = []
        self._size = 0
        self._closing = False
        self._thread: Any = None

    def put(self, data: bytes) -> bool:
        """Queue `data`; return False if too many bytes are queued already."""
        with self._changed:
            if self._size + len(data) > _BOUND:
                return False
            self._waiting.append(data)
            self._size += len(data)
            if self._thread is None:
                # Not earlier, because a process forks to go into the background.
                self._thread = threading.Thread(
                    target=self._run, name="smtptest log", daemon=True
                )
                self._thread.start()
            self._changed.notify()
        return True

    def close(self, timeout: float) -> bool:
        """Write the queued bytes; return False if that took longer than `timeout`."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        if self._thread is None:
            return True
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closing)
                waiting, self._waiting = self._waiting, []
                if not waiting:
                    return
            data = b"".join(waiting)
            self._write(data)
            with self._changed:
                self._size -= len(data)
