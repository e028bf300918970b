"""Child processes: started, talked to in lines, and ended whatever happens."""

from __future__ import annotations

import os
import select
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from tempfile import TemporaryFile
from types import TracebackType

# Seconds that a process may take to come, to answer, or to go.
PATIENCE = 60.0
_LAST_WORDS = 2000


class ProgramError(Exception):
    """A process did not do what it was started for."""


class Program:
    """A process, a context manager that ends it.

    It is in a session of its own: Ctrl-C in the terminal reaches the benchmark
    alone, which ends the process then.

    Attributes:
        name: what it is called in errors.
        pid: the number of the process.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environ: Mapping[str, str] | None = None,
    ) -> None:
        """Start it.

        Args:
            name: see the class.
            command: the program, found in PATH, and its arguments.
            environ: variables to be set beside those that are there.
        """
        self.name = name
        self._errors = TemporaryFile()  # noqa: SIM115 - closed by `end`
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                env={**os.environ, **(environ or {})},
                start_new_session=True,
                bufsize=0,
            )
        except OSError as error:
            self._errors.close()
            raise ProgramError(f"{name} cannot be started: {error}") from error
        self.pid = self._process.pid

    def __enter__(self) -> Program:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.end()

    def say(self, line: str) -> None:
        """Write it a line.

        Raises:
            ProgramError: it has ended.
        """
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line.encode() + b"\n")
        except OSError as error:
            raise self.failure("it reads no more") from error

    def hear(self, patience: float = PATIENCE) -> str:
        """Read the one line that it answers with.

        Args:
            patience: seconds.

        Raises:
            ProgramError: it ended instead, or took too long.
        """
        assert self._process.stdout is not None
        descriptor = self._process.stdout.fileno()
        ready = select.poll()
        ready.register(descriptor, select.POLLIN)
        line = b""
        while not line.endswith(b"\n"):
            if not ready.poll(patience * 1000):
                raise self.failure(f"no answer within {patience:g} s")
            piece = os.read(descriptor, 65536)
            if not piece:
                raise self.failure("it ended without an answer")
            line += piece
        return line.decode().strip()

    def ask(self, line: str, patience: float = PATIENCE) -> str:
        """Write a line and read the answer; see `say` and `hear`."""
        self.say(line)
        return self.hear(patience)

    def wait(self, seconds: float) -> int | None:
        """Wait for its end; give its exit status, None if it goes on."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def failure(self, what: str) -> ProgramError:
        """Make an error of what went wrong, with the last words of the process."""
        self._errors.flush()
        size = os.fstat(self._errors.fileno()).st_size
        self._errors.seek(max(0, size - _LAST_WORDS))
        said = self._errors.read().decode(errors="replace").strip()
        return ProgramError(f"{self.name}: {what}" + (f"\n{said}" if said else ""))

    def end(self) -> None:
        """End it: by the end of its input, else by signals."""
        if self._errors.closed:
            return
        assert self._process.stdin is not None
        with suppress(OSError):
            self._process.stdin.close()
        try:
            self._terminate()
        finally:
            self._process.kill()
            self._process.wait()
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._errors.close()

    def _terminate(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            self._process.send_signal(number)
            if self.wait(5) is not None:
                return


def run(name: str, command: Sequence[str], patience: float) -> None:
    """Run a program to its end, which has to be a success.

    Args:
        name: what it is called in errors.
        command: see `Program`.
        patience: seconds.

    Raises:
        ProgramError: it failed, or took too long.
    """
    with Program(name, command) as program:
        status = program.wait(patience)
        if status is None:
            raise program.failure(f"it was not done within {patience:g} s")
        if status != 0:
            raise program.failure(f"it ended with {status}")
