"""A reactor of one's own, to run in a thread beside the application's.

Twisted means its reactors to be one a process. All that has to be different for
one that is made, run in a thread and thrown away stands here, with the private
names that it takes:

* it does not claim to run *the* I/O thread, so ``isInIOThread`` and
  ``callFromThread`` keep their meaning for the application's own reactor;
* it takes no signals, and writes nothing into the application's Twisted log for
  its own coming and going;
* its descriptors are closed by `close`, once its thread has ended;
* after a fork the child closes its copies of them and touches nothing that it
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
        """Accept connections from a socket that listens already.

        Args:
            listener: the socket; from now on it is the port's.
            factory: makes the connections.
        """
        port = PrivatePort(listener, factory, self)
        port.startListening()
        return port

    def mainLoop(self) -> None:
        """Run until stopped; an error of an application's callback is logged."""
        while self._started:
            try:
                while self._started:
                    self.runUntilCurrent()
                    self.doIteration(self.running and self.timeout())
            except BaseException:
                # Whatever it is: a test would wait for this thread in vain.
                log.exception("unexpected error in the server's main loop")

    def run_in_thread(self) -> None:
        """Run until `stop`; for the target of a thread."""
        self.run(installSignalHandlers=False)

    def close(self) -> None:
        """Close the reactor's own descriptors.

        To be called after the thread has ended, by the thread that joined it:
        within the reactor's thread it would race with ``callFromThread``.
        """
        self._close_poller()
        for reader in self._internalReaders:
            # Not removed from the poller, which may be shared with a parent.
            reader.connectionLost(None)
        self._internalReaders.clear()
        self.waker = None

    def close_after_fork(self) -> None:
        """Close, in a child process, what it inherited of a running reactor."""
        with contextlib.suppress(AttributeError):
            self.waker.after_fork()
        inherited: set[Any] = {*self.getReaders(), *self.getWriters()}
        self.close()
        for selectable in inherited - self._internalReaders:
            with contextlib.suppress(AttributeError, OSError):
                selectable.socket.close()

    def _close_poller(self) -> None:
        poller = getattr(self, "_poller", None)
        if poller is not None:
            poller.close()


class PrivatePort(Port):
    """A port on a socket that listens, of which nothing is logged."""

    def __init__(
        self, listener: socket.socket, factory: IProtocolFactory, reactor: object
    ) -> None:
        host, number = listener.getsockname()[:2]
        super().__init__(number, factory, interface=host, reactor=reactor)
        self.socket = listener

    def startListening(self) -> None:
        """See `IListeningPort`."""
        # Without a descriptor to spare, clients could not be sent away when there
        # is none left.
        _reservedFD.reserve()
        self.socket.setblocking(False)
        self.fileno = self.socket.fileno  # type: ignore[method-assign]
        self._realPortNumber = self.port
        self.factory.doStart()  # type: ignore[union-attr]
        self.connected = True
        # The client of a test comes alone; where more wait, Twisted takes more.
        self.numberAccepts = 1
        self.startReading()

    def close(self) -> None:
        """Accept no more, and be closed when this returns."""
        if self.connected:
            self.stopReading()
            self.connectionLost(connectionDone)

    def _logConnectionLostMsg(self) -> None:
        """Write nothing to Twisted's log."""
