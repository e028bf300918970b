"""The pool's view of a child process."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import attrs

from lazr_smtptest._spool import blocks_of
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.parsing.child import pack
from lazr_smtptest.parsing.frames import read_frame, write_frame

__all__ = ["Bounds", "ChildError", "Worker"]

# The search path of this process is that of its child; nothing is read from the
# working directory or from variables of the environment.
_START = """
import json, sys
sys.path[:] = json.loads(sys.argv[1])
from lazr_smtptest.parsing.child import main
main(sys.argv[2])
"""
# Seconds that the start of a child may take, and its end.
_START_TIME = 60.0
_END_TIME = 5.0
_NO_SIGNAL = 0


class ChildError(Exception):
    """The child process gave no answer, and has ended; the text is the reason."""


@attrs.frozen(kw_only=True)
class Bounds:
    """The bounds for a message.

    Attributes:
        cpu: seconds of CPU time, where the system can count them.
        time: seconds.
        memory: bytes of memory of the child process, where the system can bound them;
            about 50 MB are needed to start it.
        result: bytes of a result as JSON.
    """

    cpu: float = 2.0
    time: float = 30.0
    memory: int = 1 << 30
    result: int = 16 << 20


class Worker:
    """A child process; one thread at a time may use it, and any may kill it.

    Args:
        registry: the module whose ``FUNCTIONS`` it can run.
        bounds: the bounds for each message.

    Raises:
        ChildError: it cannot be started.
    """

    def __init__(self, registry: str, bounds: Bounds) -> None:
        self._bounds = bounds
        arguments = json.dumps([registry, bounds.cpu, bounds.memory])
        path = json.dumps([each for each in sys.path if isinstance(each, str)])
        try:
            self._process: Any = subprocess.Popen(
                [sys.executable, "-I", "-c", _START, path, arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
            )
        except OSError as error:
            raise ChildError(f"cannot start {sys.executable!r}: {error}") from error
        with self._ended_after(_START_TIME):
            read_frame(self._process.stdout, 0)

    @property
    def is_alive(self) -> bool:
        """True until the process has ended."""
        return self._process.poll() is None

    def ask(self, name: str, envelope: Envelope) -> bytes:
        """Run a function for a message; return the answer: a status byte, and JSON.

        Raises:
            ChildError: the process gave no answer, and has ended.
            OSError: the file that holds the content cannot be read.
        """
        request = pack(name, envelope)
        blocks = blocks_of(envelope.kept)
        with self._ended_after(self._bounds.time):
            write_frame(self._process.stdin, (request,), len(request))
            write_frame(self._process.stdin, blocks, envelope.size)
            return read_frame(self._process.stdout, self._bounds.result)

    def kill(self) -> None:
        """End the process at once, whatever it does."""
        self._process.kill()

    def close(self) -> None:
        """End the process, and release its pipes."""
        process = self._process
        process.stdin.close()
        try:
            process.wait(_END_TIME)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()

    @contextlib.contextmanager
    def _ended_after(self, seconds: float) -> Iterator[None]:
        """Kill the process if a block takes longer; close it if the block fails.

        Raises:
            ChildError: the process ended, or its answer is not valid.
        """
        deadline = _Deadline(self._process, seconds)
        try:
            with deadline:
                yield
        except (EOFError, ConnectionError) as error:
            self.close()
            raise ChildError(self._reason(deadline)) from error
        except ValueError as error:
            self._discard()
            raise ChildError(f"its result is too large: {error}") from error
        except BaseException:
            # A part of a request may be in its pipe.
            self._discard()
            raise

    def _discard(self) -> None:
        self._process.kill()
        self.close()

    def _reason(self, deadline: _Deadline) -> str:
        status = self._process.returncode
        if deadline.has_passed:
            return f"it takes over {deadline.seconds:g} seconds"
        if status == -getattr(signal, "SIGPROF", _NO_SIGNAL):
            return f"it takes over {self._bounds.cpu:g} seconds of CPU time"
        if status < 0:
            return f"signal {-status} ended the process that read it"
        return f"the process that read it ended with status {status}"


class _Deadline:
    """Kills a process if a block takes too long.

    Args:
        process: the process.
        seconds: the longest time.

    Attributes:
        has_passed: whether the process was killed.
    """

    def __init__(self, process: Any, seconds: float) -> None:
        self.seconds = seconds
        self.has_passed = False
        self._process = process
        self._lock = threading.Lock()
        self._is_over = False
        self._timer = threading.Timer(seconds, self._pass)
        self._timer.daemon = True

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *exception: object) -> None:
        with self._lock:
            self._is_over = True
        self._timer.cancel()

    def _pass(self) -> None:
        with self._lock:
            if not self._is_over:
                self.has_passed = True
                self._process.kill()
