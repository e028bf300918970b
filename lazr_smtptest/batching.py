"""The epoll reactor, for a server that has many clients at the same moment.

It puts replies together: what `BatchingReactor.put_off` was told is done when all
that came by then has been looked at. A client that is woken by the first reply is
awake for the others. And it makes no log context for each event, for nothing in this
package logs by it.

``twistd --reactor=smtptest smtptest`` runs it.
"""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.epollreactor import EPollReactor
from twisted.internet.main import installReactor

__all__ = ["BatchingReactor", "install"]


class BatchingReactor(EPollReactor):
    """The epoll reactor with something to do between two looks at the sockets.

    Attributes:
        put_off: takes a function, in the reactor's thread, and calls it when all
            that has come by now has been looked at. It must not raise.
    """

    def __init__(self) -> None:
        super().__init__()
        self._put_off: list[Callable[[], object]] = []
        self.put_off: Callable[[Callable[[], object]], object] = self._put_off.append

    def doPoll(self, timeout: float | None) -> None:
        """Wait for events and handle them, then do what was put off.

        Args:
            timeout: seconds; ``None``: until something comes.
        """
        # What a Deferred or a delayed call has put off must not wait for a client.
        if self._put_off:
            timeout = 0
        # An interrupted wait goes on by itself (PEP 475).
        events = self._poller.poll(
            -1 if timeout is None else timeout, len(self._selectables)
        )
        for descriptor, event in events:
            # An event handled before may have closed this one.
            selectable = self._selectables.get(descriptor)
            if selectable is not None:
                self._doReadOrWrite(selectable, descriptor, event)
        if self._put_off:
            functions = self._put_off.copy()
            self._put_off.clear()
            for function in functions:
                function()

    doIteration = doPoll


def install() -> None:
    """Make one the global reactor."""
    installReactor(BatchingReactor())
