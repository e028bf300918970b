"""Workers that are no processes."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any

from twisted.internet.error import ProcessDone, ProcessExitedAlready, ProcessTerminated
from twisted.internet.testing import MemoryReactorClock
from twisted.python.failure import Failure

from lazr_smtptest.cli.workers.child import Child


class Transport:
    """The process of a worker, in the hands of a test.

    Attributes:
        written: what it was told, by descriptor.
        closed: the descriptors that were closed.
        signals: what it was sent.
    """

    def __init__(self, child: Child, pid: int) -> None:
        self.pid = pid
        self.written: dict[int, bytes] = {}
        self.closed: list[int] = []
        self.signals: list[str] = []
        self.gone = False
        self._child = child

    def writeToChild(self, descriptor: int, octets: bytes) -> None:
        self.written[descriptor] = self.written.get(descriptor, b"") + octets

    def closeChildFD(self, descriptor: int) -> None:
        self.closed.append(descriptor)

    def signalProcess(self, name: str) -> None:
        if self.gone:
            raise ProcessExitedAlready
        self.signals.append(name)

    def end(self, status: int = 0, killed_by: int | None = None) -> None:
        """Be gone."""
        self.gone = True
        reason = (
            ProcessDone(0)
            if status == 0 and killed_by is None
            else ProcessTerminated(status, killed_by, killed_by)
        )
        self._child.processEnded(Failure(reason))

    def kill(self) -> None:
        """Be gone by a signal."""
        self.end(killed_by=signal.SIGKILL)


class Reactor(MemoryReactorClock):
    """A reactor whose processes are no processes.

    Attributes:
        spawned: what was started, and how.
        error: what a start of a process raises.
    """

    def __init__(self) -> None:
        super().__init__()
        self.spawned: list[tuple[Transport, dict[str, Any]]] = []
        self.error: OSError | None = None
        self.stops = 0
        self._exitSignal: int | None = None

    def run(self) -> None:
        for function, args, options in self.whenRunningHooks:
            function(*args, **options)

    def callFromThread(self, function: Callable[..., object], *args: Any) -> None:
        self.callLater(0, function, *args)

    def spawnProcess(
        self, child: Child, executable: str, args: Any, **how: Any
    ) -> None:
        if self.error is not None:
            raise self.error
        transport = Transport(child, 1000 + len(self.spawned))
        self.spawned.append((transport, {**how, "args": args}))
        child.makeConnection(transport)

    def stop(self) -> None:
        self.stops += 1
