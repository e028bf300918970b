"""Back-pressure: stops reading from a client that is too far ahead."""

from __future__ import annotations

from lazr_smtptest.smtp.framing import Framer
from lazr_smtptest.smtp.reply_queue import ReplyQueue

__all__ = ["Brake"]


class Brake:
    """The part of an `Engine` that pauses reading from its client.

    Args:
        replies: the queue of replies, which has the transport.
        framer: has the bytes that were not handled yet.
        backlog: the most of them, in bytes.

    Attributes:
        is_blocked: whether no commands are handled: the client does not read its
            replies.
        is_paused: whether reading is paused.
    """

    __slots__ = (
        *("_backlog", "_framer", "_replies", "_resting", "is_blocked", "is_paused"),
    )

    def __init__(self, replies: ReplyQueue, framer: Framer, backlog: int) -> None:
        self._replies = replies
        self._framer = framer
        self._backlog = backlog
        self._resting = self.is_blocked = self.is_paused = False

    def adjust(self) -> None:
        """Pause or resume reading: pause while the client is too far ahead."""
        ahead = self.is_blocked or self._resting or self._framer.pending > self._backlog
        if ahead == self.is_paused:
            return
        self.is_paused = ahead
        if ahead:
            self._replies.transport.pauseProducing()
        else:
            self._replies.transport.resumeProducing()

    def pause_reading(self, resting: bool) -> None:
        """Pause reading from the client, or resume it."""
        self._resting = resting
        self.adjust()
