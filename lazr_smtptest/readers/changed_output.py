"""The output of a command of a client, changed before it is sent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater

if TYPE_CHECKING:
    from lazr_smtptest.readers.line_connection import LineConnection

__all__ = ["ChangedOutput", "Paced"]


class Paced(Protocol):
    """A division of a reply: see `lazr_smtptest.faults.transforms.Pace`."""

    @property
    def seconds(self) -> float:
        """The seconds between two pieces; 0: separate writes without a pause."""

    def cut(self, data: bytes) -> Sequence[bytes]:
        """Return the pieces."""


class ChangedOutput:
    """Keeps what a command writes, until it ends or reads from the client.

    What it writes after it has read, as in IDLE, is changed and sent at once.

    Args:
        connection: the connection.
        change: takes the bytes of the reply, and returns the bytes to send.
        pace: the division of the reply; ``None``: it is sent as a whole.

    Attributes:
        flushed: fires when the reply, or its first part, was sent.
        is_closed: whether the command closes the connection.
    """

    def __init__(
        self,
        connection: LineConnection,
        change: Callable[[bytes], bytes],
        pace: Paced | None,
    ) -> None:
        self.flushed: Deferred[None] = Deferred()
        self.is_closed = False
        self._connection = connection
        self._change = change
        self._pace = pace
        self._kept: list[bytes] | None = []

    def write(self, data: bytes) -> None:
        """Take what the command writes."""
        if self._kept is None:
            self._connection.send(self._change(data))
        else:
            self._kept.append(data)

    async def flush(self) -> None:
        """Send what was kept: the command reads from the client now."""
        await self.send()
        self.note_flushed()

    async def send(self) -> None:
        """Send what was kept."""
        if self._kept is None:
            return
        data, self._kept = self._change(b"".join(self._kept)), None
        pieces = [data] if self._pace is None else self._pace.cut(data)
        pause = 0.0 if self._pace is None else self._pace.seconds
        for number, piece in enumerate(pieces):
            if number and pause:
                self._connection.rest()
                await deferLater(self._connection.reactor, pause)
            self._connection.send(piece)

    def note_flushed(self, result: Any = None) -> Any:
        """Fire `flushed`, unless it has; return the argument."""
        if not self.flushed.called:
            self.flushed.callback(None)
        return result

    def flush_at_once(self) -> None:
        """Send what was kept, as a whole."""
        self._pace = None
        # Without a pace it does not wait.
        Deferred.fromCoroutine(self.flush())
