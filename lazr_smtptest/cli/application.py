"""The services of the command: a server with a process of its own."""

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
from twisted.logger import ILogObserver

from lazr_smtptest.cli.ending import end_once
from lazr_smtptest.cli.endpoints import LoggedEndpoint
from lazr_smtptest.cli.errors import StartError
from lazr_smtptest.cli.log_bridge import LogBridge
from lazr_smtptest.cli.readiness import (
    check_ready_file,
    notify_manager,
    write_ready_file,
)
from lazr_smtptest.cli.temporary_ca import TemporaryCA
from lazr_smtptest.errors import StateError
from lazr_smtptest.model.delivery_event import MailEvent
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.parsing.pool import ParsingPool
from lazr_smtptest.query.document import read_documents_with
from lazr_smtptest.readers.imap import functions
from lazr_smtptest.stores.session_log import Counters

if TYPE_CHECKING:
    from lazr_smtptest.cli.server import CommandServer
    from lazr_smtptest.server.listener import Listener

__all__ = ["Display", "Process", "ServerProcess", "log_counters"]

log = logging.getLogger("lazr.smtptest")


class Display(Protocol):
    """Shows each mail."""

    def show(self, event: MailEvent) -> None:
        """Show an event; must not raise."""

    def close(self) -> None:
        """Show the events that are not shown yet."""


class Process(MultiService):
    """The top-level service of a process.

    It forwards our log to Twisted's, and logs counters at exit and on SIGUSR2. What
    searches, lists and readers need of a message is read in child processes.

    Args:
        reactor: the reactor to run in.

    Attributes:
        readers: the services by which others read the mail, see `ReaderService`.
        display: shows each mail; ``None`` for no display.
        log_observer: the `ILogObserver` of the Twisted application that it becomes
            part of; ``None`` for that of twistd.
        notes: lines to log once clients may connect.
        failed: whether it ended because of an error.
        errors: a file descriptor for the reason of a failed start, which is closed
            once it listens; ``None`` for none.
        ready_file: the file to write when clients may connect; ``None`` for none.
        ca_file: the file with the CA that clients of its TLS have to trust; ``None``
            for none. `temporary_ca` writes one when clients may connect.
        when_ready: called when clients may connect, with the addresses by protocol:
            ``{"smtp": "127.0.0.1:1025", "smtp2": ...}``; ``None`` for no call.
    """

    display: Display | None = None
    log_observer: Any = None
    notes: Sequence[str] = ()
    failed = False
    errors: int | None = None
    ready_file: Path | None = None
    ca_file: Path | None = None
    temporary_ca: TemporaryCA | None = None
    when_ready: Callable[[Mapping[str, str]], object] | None = None

    def __init__(self, reactor: Any) -> None:
        super().__init__()
        self.reactor = reactor
        self.readers: list[Any] = []
        self._parsing: ParsingPool | None = None
        self._end_parsing: Callable[[], object] | None = None
        self._bridge = LogBridge()
        self._counts = False
        self._signal_before: Any = None

    def setServiceParent(self, parent: Any) -> None:
        """Become part of an application, and log there."""
        super().setServiceParent(parent)
        if self.log_observer is not None:
            parent.setComponent(ILogObserver, self.log_observer)

    # For subclasses to override

    def listen(self) -> None:
        """Bind the ports, unless that has been done."""

    def run(self) -> None:
        """Start the work that needs a running reactor."""

    def endpoints(self) -> Iterable[object]:
        """Return the endpoints that it listens on."""
        return ()

    def count(self) -> None:
        """Log the counters so far."""

    def release(self) -> None:
        """Release open files; called when all sessions have ended."""

    # For its maker

    def add_readers(self, readers: Iterable[Any]) -> None:
        """Run services by which others read the mail; before the start."""
        for reader in readers:
            reader.setServiceParent(self)
            self.readers.append(reader)

    def parse(self, name: str, envelope: Envelope, *arguments: str) -> Any:
        """Run a function for a message; see `ParsingPool.call`."""
        if self._parsing is None:
            raise StateError("the process does not run")
        return self._parsing.call(name, envelope, *arguments)

    # For subclasses to call

    def addresses(self) -> dict[str, str]:
        """Return the addresses by protocol, see `when_ready`."""
        return _addresses(self.endpoints())

    def announce(self) -> None:
        """Announce that clients may connect: in the ready file, to the manager."""
        for note in self.notes:
            log.warning("%s", note)
        addresses = self.addresses()
        if self.temporary_ca is not None:
            self.ca_file = self.temporary_ca.write()
        if self.ready_file is not None:
            try:
                write_ready_file(self.ready_file, addresses)
            except OSError as error:
                log.error(
                    "cannot write --ready-file %s: %s", self.ready_file, error.strerror
                )
        if self.when_ready is not None:
            self.when_ready(addresses)
        elif self.ca_file is not None:
            log.info("the CA that clients of TLS have to trust is in %s", self.ca_file)
        notify_manager("READY=1", os.environ)

    # Called by Twisted

    def privilegedStartService(self) -> None:
        """Listen; only twistd calls this, ``python -m twisted`` does not."""
        self._bridge.open()
        try:
            self._check_ready_file()
            super().privilegedStartService()
            self.listen()
        except StartError as error:
            # twistd shows the first 100 characters of its name and message only.
            if self.errors is not None:
                os.write(self.errors, f"{error.code}\n".encode())
            raise
        finally:
            if self.errors is not None:
                os.close(self.errors)
                self.errors = None

    def startService(self) -> None:
        """Listen, unless `privilegedStartService` did."""
        self._bridge.open()
        self._check_ready_file()
        self._parsing = ParsingPool(registry=functions)
        self._end_parsing = read_documents_with(self._parsing.documents)
        super().startService()
        self.listen()
        self._counts = True
        self._signal_before = signal.signal(
            signal.SIGUSR2, lambda *_: self.reactor.callFromThread(self.count)
        )
        self.reactor.callWhenRunning(end_once, self.reactor)
        self.reactor.callWhenRunning(self.run)

    def _check_ready_file(self) -> None:
        """Check that the file can be written: somebody waits for it."""
        if self.ready_file is None:
            return
        try:
            check_ready_file(self.ready_file)
        except OSError as error:
            raise StartError(
                f"--ready-file: cannot write {str(self.ready_file)!r}: {error.strerror}"
            ) from error

    def stopService(self) -> defer.Deferred[None]:
        """Stop listening, end the sessions and release all files."""
        if self._counts:
            notify_manager("STOPPING=1", os.environ)
        # Twisted would raise the signal again, and the parent process would see
        # a process that was killed. But stopping it by SIGTERM is no failure.
        if getattr(self.reactor, "_exitSignal", None) == signal.SIGTERM:
            self.reactor._exitSignal = None
        if self._parsing is not None:
            # Nobody is going to get what it reads, and all readers wait for it.
            self._parsing.interrupt()
        stopped: defer.Deferred[None] = super().stopService()
        return stopped.addBoth(self._stopped)

    def _stopped(self, result: Any) -> Any:
        if self._counts:
            self._counts = False
            self.count()
            # None is a handler that was not installed by Python.
            signal.signal(signal.SIGUSR2, self._signal_before or signal.SIG_DFL)
        self.release()
        if self._parsing is not None and self._end_parsing is not None:
            self._end_parsing()
            self._parsing.close()
            self._parsing = None
        if self.ready_file is not None:
            self.ready_file.unlink(missing_ok=True)
        if self.temporary_ca is not None:
            self.temporary_ca.remove()
        if self.display is not None:
            self.display.close()
        self._bridge.close()
        return result


class ServerProcess(Process):
    """A server in a process of its own.

    Args:
        reactor: the reactor to run in.
        server: the server that handles the messages.
        listeners: the listeners of the server.
    """

    def __init__(
        self, reactor: Any, server: CommandServer, listeners: Sequence[Listener]
    ) -> None:
        # Imported after the command line was parsed, which chooses the reactor.
        from lazr_smtptest.server.service import SMTPService

        super().__init__(reactor)
        self.server = server
        self._listeners = listeners
        service = SMTPService(server, listeners, reactor)
        # Errors cannot be raised to a caller here, and they are logged.
        service.checks = False
        service.setServiceParent(self)

    def run(self) -> None:
        """Announce that clients may connect; scripts wait for this log line.

        Called once the reactor runs: before that a signal would kill the process.
        """
        log.info("ready, keeping messages in %r", self.server.store)
        self.announce()

    def endpoints(self) -> Iterable[object]:
        """Return the endpoints that it listens on."""
        readers = (each for each in self.readers if each.endpoint is not None)
        return [each.endpoint for each in (*self._listeners, *readers)]

    def count(self) -> None:
        """Log the counters so far."""
        log_counters(self.server.sessions.counters)

    def release(self) -> None:
        """Close the store."""
        self.server.store.close()


def log_counters(counters: Counters) -> None:
    """Log all counters in one line."""
    words = (f"{name}={count}" for name, count in attrs.asdict(counters).items())
    log.info("counted: %s", " ".join(words))


def _addresses(endpoints: Iterable[object]) -> dict[str, str]:
    """Return the addresses by protocol; a second one of a protocol is ``smtp2``."""
    addresses: dict[str, str] = {}
    numbers: Counter[str] = Counter()
    for endpoint in endpoints:
        if isinstance(endpoint, LoggedEndpoint):
            name = endpoint.protocol
            numbers[name] += 1
            key = name if numbers[name] == 1 else f"{name}{numbers[name]}"
            addresses[key] = endpoint.address
    return addresses
