"""The steps of a rule: small records that the wire runs one after the other.

Each implements `IFaultStep`. Delays are timers of the factory's reactor.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import attrs
from twisted.internet.defer import Deferred
from zope.interface import implementer

from lazr_smtptest.faults.transforms import Pace, Way
from lazr_smtptest.interfaces import IFaultStep
from lazr_smtptest.model.fault_context import FaultContext, NotDueError
from lazr_smtptest.model.reply import Reply
from lazr_smtptest.model.status_reply import StatusReply

__all__ = [
    "Answer",
    "Claim",
    "Delay",
    "Discard",
    "Drop",
    "Hold",
    "Idle",
    "Keep",
    "Raw",
    "RefuseConnections",
    "Reset",
    "Step",
    "StopReading",
    "Window",
    "Words",
]

Words = Reply | StatusReply | bytes | Callable[[FaultContext], Reply] | None


class Step:
    """One step.

    Attributes:
        final: whether no step can follow.
    """

    final = False

    def run(self, wire: Any) -> Awaitable[object] | None:
        """Run the step; see `IFaultStep`."""
        raise NotImplementedError


@implementer(IFaultStep)
@attrs.frozen
class Claim(Step):
    """Count that a rule fires, where several nodes count together.

    Attributes:
        claim: see `Rule.claim`.
        fires: called with how often the rule has fired, this time included.
    """

    claim: Callable[[], Deferred[int]]
    fires: Callable[[int], object]

    def run(self, wire: Any) -> Awaitable[object]:
        """Wait for the count; see `IFaultStep`."""

        def counted(number: int) -> None:
            if not number:
                raise NotDueError("it has fired at another server, or was removed")
            self.fires(number)

        return self.claim().addCallback(counted)


@implementer(IFaultStep)
@attrs.frozen
class Answer(Step):
    """Send a reply.

    A reply of 2xx or 3xx is sent in place of the server's own, and the server
    carries out the command; after one of 4xx or 5xx it does not.

    Attributes:
        words: the reply, its exact bytes, or a function that returns it for a
            context; ``None``: the server's own.
        ways: the changes that are made to it, in order.
        pace: the division into pieces; ``None``: it is sent as a whole.
    """

    words: Words = None
    ways: tuple[Way, ...] = ()
    pace: Pace | None = None

    @property
    def final(self) -> bool:  # type: ignore[override]
        """Return whether no step can follow: the connection is closed after it."""
        return any(way.closes for way in self.ways)

    def change(self, data: bytes) -> bytes:
        """Return the bytes to send in place of a reply."""
        for way in self.ways:
            data = way.change(data)
        return data

    def run(self, wire: Any) -> Awaitable[object]:
        """Send the reply; see `IFaultStep`."""
        words = self.words(wire.context) if callable(self.words) else self.words
        answer: Awaitable[object] = wire.answer(
            words, self.change, self.pace, closes=self.final
        )
        return answer


@implementer(IFaultStep)
@attrs.frozen
class Delay(Step):
    """Wait for some seconds."""

    seconds: float

    def run(self, wire: Any) -> Awaitable[object]:
        """Wait; see `IFaultStep`."""
        waiting: Awaitable[object] = wire.wait(self.seconds)
        return waiting


@implementer(IFaultStep)
@attrs.frozen
class StopReading(Step):
    """Stop reading for some seconds; ``None``: for the rest of the connection."""

    seconds: float | None

    @property
    def final(self) -> bool:  # type: ignore[override]
        """Return whether no step can follow."""
        return self.seconds is None

    def run(self, wire: Any) -> Awaitable[object]:
        """Stop reading; see `IFaultStep`."""
        stopped: Awaitable[object] = wire.stop_reading(self.seconds)
        return stopped


@implementer(IFaultStep)
@attrs.frozen
class Window(Step):
    """Set the socket's receive buffer, in bytes: a small TCP window."""

    size: int

    def run(self, wire: Any) -> None:
        """Set the buffer; see `IFaultStep`."""
        wire.window(self.size)


@implementer(IFaultStep)
@attrs.frozen
class Raw(Step):
    """Send bytes, whatever the client waits for."""

    data: bytes

    def run(self, wire: Any) -> None:
        """Send the bytes; see `IFaultStep`."""
        wire.send(self.data)


@implementer(IFaultStep)
@attrs.frozen
class Hold(Step):
    """Send nothing more, and leave the connection open."""

    final = True

    def run(self, wire: Any) -> Awaitable[object]:
        """Wait until the connection ends; see `IFaultStep`."""
        waiting: Awaitable[object] = wire.hold()
        return waiting


@implementer(IFaultStep)
@attrs.frozen
class Drop(Step):
    """Close the connection.

    Attributes:
        close_notify: whether TLS, if it is active, sends close_notify first (RFC
            8446 section 6.1).
    """

    close_notify: bool = True
    final = True

    def run(self, wire: Any) -> None:
        """Close the connection; see `IFaultStep`."""
        wire.drop(close_notify=self.close_notify)


@implementer(IFaultStep)
@attrs.frozen
class Reset(Step):
    """Abort the connection: TCP sends RST, and pending output is lost."""

    final = True

    def run(self, wire: Any) -> None:
        """Abort the connection; see `IFaultStep`."""
        wire.reset()


@implementer(IFaultStep)
@attrs.frozen
class Keep(Step):
    """Keep a number of copies of the message; 0: discard it."""

    copies: int

    def run(self, wire: Any) -> None:
        """Store the number; see `IFaultStep`."""
        wire.keep(self.copies)


@implementer(IFaultStep)
@attrs.frozen
class Discard(Step):
    """Discard the message for the recipients that match; ``None``: for all."""

    recipient: Callable[[str], bool] | None

    def run(self, wire: Any) -> None:
        """Store the recipients; see `IFaultStep`."""
        wire.discard(self.recipient)


@implementer(IFaultStep)
@attrs.frozen
class Idle(Step):
    """End the session when the client sends nothing for some seconds.

    Attributes:
        seconds: the idle limit.
        reply: the last reply; ``None``: the connection is closed without one.
    """

    seconds: float
    reply: Reply | None

    def run(self, wire: Any) -> None:
        """Set the limit; see `IFaultStep`."""
        wire.idle(self.seconds, self.reply)


@implementer(IFaultStep)
@attrs.frozen
class RefuseConnections(Step):
    """Close the listening port for some seconds."""

    seconds: float

    def run(self, wire: Any) -> None:
        """Close the port; see `IFaultStep`."""
        wire.refuse_connections(self.seconds)
