"""Stop the process after a number of messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from lazr_smtptest.model.delivery_event import MailEvent
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.net.stop import stop

if TYPE_CHECKING:
    from lazr_smtptest.cli.server import CommandServer

__all__ = ["MessageLimit"]


# Seconds for clients to end their sessions after the last message.
_GRACE = 2.0


class MessageLimit:
    """Stops a reactor when a number of messages is kept.

    Clients get time to end their sessions: a client that sends QUIT after its
    message gets its 221.

    Args:
        number: the number of messages.
        reactor: the reactor to stop.
    """

    def __init__(self, number: int, reactor: Any) -> None:
        self._number = number
        self._reactor = reactor
        self._kept = 0
        self._deadline: Any = None
        self._open_sessions: Callable[[], int] = int

    def watch(self, server: CommandServer) -> None:
        """Count the messages and the open sessions of a server from now on."""
        server.store.subscribe(self._count)
        server.delivery_events.subscribe(self._told)
        self._open_sessions = lambda: server.sessions.counters.open
        server.after_session = self._look

    def _count(self, envelope: Envelope) -> None:
        # A store calls this in one thread at a time.
        self._kept += 1

    def _told(self, event: MailEvent) -> None:
        """Start the grace period after the last message."""
        if self._kept >= self._number and self._deadline is None:
            self._deadline = self._reactor.callLater(_GRACE, stop, self._reactor)

    def _look(self) -> None:
        """Stop if the last message was kept and no session is open any more."""
        if (
            self._deadline is not None
            and self._deadline.active()
            and not self._open_sessions()
        ):
            self._deadline.reset(0)
