"""The pool's view of a child process."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import attrs

from lazr_smtptest._spool import blocks_of
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.parsing.child import ENDS, pack
from lazr_smtptest.parsing.frames import read_frame, write_frame
from lazr_smtptest.parsing.watchdog import Watchdog

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
# Bytes of a pipe that are written or read at once: most messages are shorter.
_BUFFER = 65_536


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
                bufsize=_BUFFER,
            )
        except OSError as error:
            raise ChildError(f"cannot start {sys.executable!r}: {error}") from error
        self._watchdog = Watchdog(self._process.kill)
        with self._ended_after(_START_TIME):
            read_frame(self._process.stdout, 0)

    @property
    def is_alive(self) -> bool:
        """True until the process has ended."""
        return self._process.poll() is None

    def ask(
        self, name: str, envelopes: Sequence[Envelope], *arguments: str
    ) -> list[bytes]:
        """Run a function for messages; return the answers: a status byte, and JSON.

        There is one for each message, unless one begins with `ENDS`: that one is the
        last, and the process ends.

        Raises:
            ChildError: the process gave no answers, and has ended.
            OSError: the file that holds a content cannot be read.
        """
        request = pack(name, envelopes, arguments)
        with self._ended_after(self._bounds.time):
            write_frame(self._process.stdin, (request,), len(request))
            for envelope in envelopes:
                blocks = blocks_of(envelope.kept)
                write_frame(self._process.stdin, blocks, envelope.size)
            self._process.stdin.flush()
            answers: list[bytes] = []
            while len(answers) < len(envelopes):
                answers.append(read_frame(self._process.stdout, self._bounds.result))
                if answers[-1].startswith(ENDS):
                    break
            return answers

    def kill(self) -> None:
        """End the process at once, whatever it does."""
        self._process.kill()

    def close(self) -> None:
        """End the process, and release its pipes."""
        process = self._process
        self._watchdog.close()
        # A part of a request may be in the buffer, and nobody reads it any more.
        with contextlib.suppress(OSError):
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
        try:
            with self._watchdog.limit(seconds):
                yield
        except (EOFError, ConnectionError) as error:
            self.close()
            raise ChildError(self._reason(seconds)) from error
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

    def _reason(self, seconds: float) -> str:
        status = self._process.returncode
        if self._watchdog.has_fired:
            return f"it takes over {seconds:g} seconds"
        if status == -getattr(signal, "SIGPROF", _NO_SIGNAL):
            return f"it takes over {self._bounds.cpu:g} seconds of CPU time"
        if status < 0:
            return f"signal {-status} ended the process that read it"
        return f"the process that read it ended with status {status}"
