"""A private reactor, to run in a thread beside the application's reactor.

Twisted supports one reactor a process. This module contains all that differs for one
that is made, run in a thread and closed, and the private names that it uses:

* it does not register its thread as *the* I/O thread, so ``isInIOThread`` and
  ``callFromThread`` keep their meaning for the application's own reactor;
* it installs no signal handlers, and does not log its start and stop to the
  application's Twisted log;
* its descriptors are closed by `close`, once its thread has ended;
* after a fork the child closes its copies of them, and changes nothing that it
  shares with its parent (an epoll set is shared).
"""

from __future__ import annotations

import contextlib
import logging
import socket
from typing import TYPE_CHECKING, Any

from twisted.internet.interfaces import IProtocolFactory
from twisted.internet.protocol import connectionDone
from twisted.internet.tcp import Port, _reservedFD

from lazr_smtptest.net.clock import monotonic

if TYPE_CHECKING:
    from lazr_smtptest.net.batching import BatchingReactor as _Reactor
else:
    try:
        from lazr_smtptest.net.batching import BatchingReactor as _Reactor
    except ImportError:
        from twisted.internet.selectreactor import SelectReactor as _Reactor

__all__ = ["PrivatePort", "PrivateReactor"]

log = logging.getLogger("lazr.smtptest")


class PrivateReactor(_Reactor):
    """A reactor that can be made, run once in any thread, and closed."""

    _registerAsIOThread = False
    seconds = staticmethod(monotonic)

    def listen(self, listener: socket.socket, factory: IProtocolFactory) -> PrivatePort:
        """Accept connections from a listening socket.

        Args:
            listener: the socket; it belongs to the port from now on.
            factory: creates the protocols of the connections.
        """
        port = PrivatePort(listener, factory, self)
        port.startListening()
        return port

    def mainLoop(self) -> None:
        """Run until stopped; errors of the application's callbacks are logged."""
        while self._started:
            try:
                while self._started:
                    self.runUntilCurrent()
                    self.doIteration(self.running and self.timeout())
            except BaseException:
                # Any exception: if this thread ended, a test would wait for it in vain.
                log.exception("unexpected error in the server's main loop")

    def run_in_thread(self) -> None:
        """Run until `stop`; the target of a thread."""
        self.run(installSignalHandlers=False)

    def close(self) -> None:
        """Close the reactor's own descriptors.

        Call it after the reactor's thread has ended, in the thread that joined it:
        within the reactor's thread it would race with ``callFromThread``.
        """
        self._close_poller()
        for reader in self._internalReaders:
            # Left in the poller, which may be shared with a parent process.
            reader.connectionLost(None)
        self._internalReaders.clear()
        self.waker = None

    def close_after_fork(self) -> None:
        """Close the descriptors that a child process inherited of a running reactor."""
        with contextlib.suppress(AttributeError):
            self.waker.after_fork()
        inherited = self._registered() - self._internalReaders
        self.close()
        for selectable in inherited:
            with contextlib.suppress(AttributeError, OSError):
                selectable.socket.close()

    def _registered(self) -> set[Any]:
        """Return what the reactor waits for, even in the middle of a change.

        A fork may come while the reactor's thread adds a connection: then it is in one
        of Twisted's collections and not yet in another, and ``getWriters`` raises.
        """
        if hasattr(self, "_selectables"):
            return set(self._selectables.values())
        return {*self.getReaders(), *self.getWriters()}

    def _close_poller(self) -> None:
        poller = getattr(self, "_poller", None)
        if poller is not None:
            poller.close()


class PrivatePort(Port):
    """A port on a listening socket, without log messages."""

    def __init__(
        self, listener: socket.socket, factory: IProtocolFactory, reactor: object
    ) -> None:
        host, number = listener.getsockname()[:2]
        super().__init__(number, factory, interface=host, reactor=reactor)
        self.socket = listener

    def startListening(self) -> None:
        """See `IListeningPort`."""
        # With a descriptor in reserve, clients can be refused when no other is left.
        _reservedFD.reserve()
        self.socket.setblocking(False)
        self.fileno = self.socket.fileno  # type: ignore[method-assign]
        self._realPortNumber = self.port
        self.factory.doStart()  # type: ignore[union-attr]
        self.connected = True
        # A test usually has one client at a time; Twisted raises this if more wait.
        self.numberAccepts = 1
        self.startReading()

    def close(self) -> None:
        """Stop accepting, and close the port before this returns."""
        if self.connected:
            self.stopReading()
            self.connectionLost(connectionDone)

    def _logConnectionLostMsg(self) -> None:
        """Log nothing."""
