"""The services of ``twistd smtptest``: what a server needs in a process of its own."""

from __future__ import annotations

import logging
import os
import signal
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import attrs
from twisted.application.service import MultiService
from twisted.internet import defer

from lazr_smtptest.cli.endpoints import LoggedEndpoint
from lazr_smtptest.cli.log_bridge import LogBridge
from lazr_smtptest.cli.readiness import notify_manager, write_ready_file
from lazr_smtptest.model.delivery_event import MailEvent
from lazr_smtptest.stores.session_log import Counters

if TYPE_CHECKING:
    from lazr_smtptest.cli.server import CommandServer
    from lazr_smtptest.server.listener import Listener

__all__ = ["Display", "Process", "ServerProcess", "log_counters"]

log = logging.getLogger("lazr.smtptest")


class Display(Protocol):
    """Shows each mail."""

    def show(self, event: MailEvent) -> None:
        """Show an event; it must not raise."""

    def close(self) -> None:
        """Show what has not been shown yet."""


class Process(MultiService):
    """The service, and what it needs where it has a process to itself.

    It sends our log to Twisted's, and counts on SIGUSR2 and at the end.

    Args:
        reactor: runs it.

    Attributes:
        display: shows each mail; ``None``: nothing does.
        failed: whether it ended because it could not go on.
        ready_file: written when clients may connect; ``None``: none is.
        when_ready: called when clients may connect, with the addresses by protocol:
            ``{"smtp": "127.0.0.1:1025", "smtp2": ...}``; ``None``: nothing is.
    """

    display: Display | None = None
    failed = False
    ready_file: Path | None = None
    when_ready: Callable[[Mapping[str, str]], object] | None = None

    def __init__(self, reactor: Any) -> None:
        super().__init__()
        self.reactor = reactor
        self._bridge = LogBridge()
        self._counts = False
        self._signal_before: Any = None

    # To be overridden

    def run(self) -> None:
        """Do what is to be done as soon as the reactor runs."""

    def endpoints(self) -> Iterable[object]:
        """Return the endpoints where it listens."""
        return ()

    def count(self) -> None:
        """Say what there was up to now."""

    def release(self) -> None:
        """Let go of what is held open; all sessions have ended."""

    # To be called by what is overridden

    def announce(self) -> None:
        """Announce that clients may connect: in the ready file, to the manager."""
        addresses = _addresses(self.endpoints())
        if self.ready_file is not None:
            try:
                write_ready_file(self.ready_file, addresses)
            except OSError as error:
                log.error(
                    "cannot write --ready-file %s: %s", self.ready_file, error.strerror
                )
        if self.when_ready is not None:
            self.when_ready(addresses)
        notify_manager("READY=1", os.environ)

    # Called by Twisted

    def privilegedStartService(self) -> None:
        """Listen; only twistd calls this, ``python -m twisted`` does not."""
        self._bridge.open()
        super().privilegedStartService()

    def startService(self) -> None:
        """Listen, if that was not done yet."""
        self._bridge.open()
        super().startService()
        self._counts = True
        self._signal_before = signal.signal(
            signal.SIGUSR2, lambda *_: self.reactor.callFromThread(self.count)
        )
        self.reactor.callWhenRunning(self.run)

    def stopService(self) -> defer.Deferred[None]:
        """Stop listening, and let go of everything."""
        if self._counts:
            notify_manager("STOPPING=1", os.environ)
        # Twisted would end the process by the signal once more, and its parent
        # would see a process that was killed. To stop it so is no failure.
        if getattr(self.reactor, "_exitSignal", None) == signal.SIGTERM:
            self.reactor._exitSignal = None
        stopped: defer.Deferred[None] = super().stopService()
        return stopped.addBoth(self._stopped)

    def _stopped(self, result: Any) -> Any:
        if self._counts:
            self._counts = False
            self.count()
            # None is a handler that Python does not know.
            signal.signal(signal.SIGUSR2, self._signal_before or signal.SIG_DFL)
        self.release()
        if self.ready_file is not None:
            self.ready_file.unlink(missing_ok=True)
        if self.display is not None:
            self.display.close()
        self._bridge.close()
        return result


class ServerProcess(Process):
    """A server in a process of its own.

    Args:
        reactor: runs it.
        server: what becomes of the messages.
        listeners: where it listens.
    """

    def __init__(
        self, reactor: Any, server: CommandServer, listeners: Sequence[Listener]
    ) -> None:
        # Not before the command line is read: that says which reactor it is.
        from lazr_smtptest.server.service import SMTPService

        super().__init__(reactor)
        self.server = server
        self._listeners = listeners
        service = SMTPService(server, listeners, reactor)
        # There is nobody to raise it to, and it is in the log.
        service.checks = False
        service.setServiceParent(self)

    def run(self) -> None:
        """Say that clients may come; scripts wait for this line.

        Not before the reactor runs: until then a signal ends the process roughly.
        """
        log.info("ready, keeping messages in %r", self.server.store)
        self.announce()

    def endpoints(self) -> Iterable[object]:
        """Return the endpoints where it listens."""
        return [listener.endpoint for listener in self._listeners]

    def count(self) -> None:
        """Log what there was up to now."""
        log_counters(self.server.sessions.counters)

    def release(self) -> None:
        """Let go of the store."""
        self.server.store.close()


def log_counters(counters: Counters) -> None:
    """Log in one line what there was."""
    words = (f"{name}={count}" for name, count in attrs.asdict(counters).items())
    log.info("counted: %s", " ".join(words))


def _addresses(endpoints: Iterable[object]) -> dict[str, str]:
    """Return the addresses by protocol; of several, the second is ``smtp2``."""
    addresses: dict[str, str] = {}
    numbers: Counter[str] = Counter()
    for endpoint in endpoints:
        if isinstance(endpoint, LoggedEndpoint):
            name = endpoint.protocol
            numbers[name] += 1
            key = name if numbers[name] == 1 else f"{name}{numbers[name]}"
            addresses[key] = endpoint.address
    return addresses
