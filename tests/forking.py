"""Processes of Python that start at once; see `fork_server`.

What they do is what ``python -u`` does, but for the start itself: a test of that, of
the variables of Python, or of memory starts a process of its own.
"""

from __future__ import annotations

import atexit
import functools
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from . import fork_server

__all__ = ["Forked", "Piped"]

ROOT = Path(__file__).parents[1]


class ForkServer:
    """The process that forks; it ends with this one.

    Its variables of Python are those of this process.
    """

    def __init__(self) -> None:
        # Each order is one message.
        self._control, theirs = socket.socketpair(type=socket.SOCK_SEQPACKET)
        words = [sys.executable, "-u", fork_server.__file__, str(theirs.fileno())]
        self._process = subprocess.Popen(
            words,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
        )
        theirs.close()
        self._lock = threading.Lock()
        atexit.register(self._close)

    def _close(self) -> None:
        self._control.close()
        self._process.wait()

    def fork(self, order: Mapping[str, object], descriptors: Sequence[int]) -> int:
        """Fork a process, and return its id."""
        with self._lock:
            socket.send_fds(self._control, [json.dumps(order).encode()], descriptors)
            answer = self._control.recv(fork_server.MESSAGE_SIZE)
        assert answer, "the process that forks has ended"
        return int(answer)


@functools.cache
def fork_server_of(process: int) -> ForkServer:
    """Return the server of a process of the tests; a fork of it has its own."""
    return ForkServer()


class Forked:
    """A process, as `subprocess.Popen` has it.

    Args:
        words: what comes after ``python -u``: ``-m``, ``-c`` or a file, and arguments.
        stdin: a descriptor; whoever made it closes it.
        stdout: likewise.
        stderr: likewise.
        cwd: its working directory.
        env: its environment.
        is_interrupted: whether SIGINT interrupts it; else it ignores that.

    Attributes:
        pid: its id.
        returncode: how it ended, as far as it was asked.
    """

    def __init__(
        self,
        words: Sequence[str],
        *,
        stdin: int,
        stdout: int,
        stderr: int,
        cwd: Path | str = ".",
        env: Mapping[str, str] | None = None,
        is_interrupted: bool = True,
    ) -> None:
        order = {
            "words": list(words),
            "cwd": str(Path(cwd).absolute()),
            "environment": dict(os.environ if env is None else env),
            "sigint": is_interrupted,
        }
        self._end, theirs = os.pipe()
        try:
            server = fork_server_of(os.getpid())
            self.pid = server.fork(order, [stdin, stdout, stderr, theirs])
        except BaseException:
            os.close(self._end)
            raise
        finally:
            os.close(theirs)
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return how it ended, or ``None`` while it runs."""
        return self._ask(0)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end, and return how it ended.

        Args:
            timeout: seconds.
        """
        status = self._ask(timeout)
        if status is None:
            raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0)
        return status

    def _ask(self, timeout: float | None) -> int | None:
        if self.returncode is None and self._has_ended(timeout):
            status = os.read(self._end, 100)
            assert status, "the process that forks has ended"
            os.close(self._end)
            self.returncode = int(status)
        return self.returncode

    def _has_ended(self, timeout: float | None) -> bool:
        # Not select, which takes no descriptor above 1023: some tests have many.
        ends = select.poll()
        ends.register(self._end, select.POLLIN)
        return bool(ends.poll(None if timeout is None else 1000 * timeout))

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Send SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Send SIGKILL."""
        self.send_signal(signal.SIGKILL)


class Piped(Forked):
    """A process that tests write lines to, and read lines of.

    Args:
        words: see `Forked`.

    Attributes:
        stdin: its input.
        stdout: its output.
    """

    def __init__(self, words: Sequence[str]) -> None:
        given, to = os.pipe()
        of, printed = os.pipe()
        self.stdin, self.stdout = os.fdopen(to, "w"), os.fdopen(of)
        try:
            super().__init__(words, stdin=given, stdout=printed, stderr=2)
        except BaseException:
            self.stdin.close()
            self.stdout.close()
            raise
        finally:
            os.close(given)
            os.close(printed)
