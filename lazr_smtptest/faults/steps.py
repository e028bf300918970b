"""What a rule does: small records, which the wire runs one after the other.

Each has one method, see `IFaultStep`. The time that one takes comes from the
factory's reactor.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import attrs
from zope.interface import implementer

from lazr_smtptest.faults.transforms import Pace, Way
from lazr_smtptest.interfaces import IFaultStep
from lazr_smtptest.model.fault_context import Moment
from lazr_smtptest.model.reply import Reply

__all__ = [
    "Answer",
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

Words = Reply | bytes | Callable[[Moment], Reply] | None


class Step:
    """One thing that is done.

    Attributes:
        final: whether nothing can follow.
    """

    final = False

    def run(self, wire: Any) -> Awaitable[object] | None:
        """Do it; see `IFaultStep`."""
        raise NotImplementedError


@implementer(IFaultStep)
@attrs.frozen
class Answer(Step):
    """Answer the client.

    A reply of 2xx or 3xx is said in place of the server's own, which does what
    it was asked; after one of 4xx or 5xx it does not.

    Attributes:
        words: the reply, or its very octets, or what makes it of the moment;
            ``None``: the server's own.
        ways: what is done to it, in this order.
        pace: in which pieces it is sent; ``None``: as a whole.
    """

    words: Words = None
    ways: tuple[Way, ...] = ()
    pace: Pace | None = None

    @property
    def final(self) -> bool:  # type: ignore[override]
        """Whether nothing can follow: the connection ends after it."""
        return any(way.closes for way in self.ways)

    def change(self, octets: bytes) -> bytes:
        """Give what is sent in place of a reply."""
        for way in self.ways:
            octets = way.change(octets)
        return octets

    def run(self, wire: Any) -> Awaitable[object]:
        """Answer; see `IFaultStep`."""
        words = self.words(wire.moment) if callable(self.words) else self.words
        answer: Awaitable[object] = wire.answer(
            words, self.change, self.pace, closes=self.final
        )
        return answer


@implementer(IFaultStep)
@attrs.frozen
class Delay(Step):
    """Do nothing for so many seconds."""

    seconds: float

    def run(self, wire: Any) -> Awaitable[object]:
        """Wait; see `IFaultStep`."""
        waiting: Awaitable[object] = wire.wait(self.seconds)
        return waiting


@implementer(IFaultStep)
@attrs.frozen
class StopReading(Step):
    """Read nothing for so many seconds; ``None``: never again."""

    seconds: float | None

    @property
    def final(self) -> bool:  # type: ignore[override]
        """Whether nothing can follow."""
        return self.seconds is None

    def run(self, wire: Any) -> Awaitable[object]:
        """Stop; see `IFaultStep`."""
        stopped: Awaitable[object] = wire.stop_reading(self.seconds)
        return stopped


@implementer(IFaultStep)
@attrs.frozen
class Window(Step):
    """Give the socket a receive buffer of so many octets: a small TCP window."""

    octets: int

    def run(self, wire: Any) -> None:
        """Set it; see `IFaultStep`."""
        wire.window(self.octets)


@implementer(IFaultStep)
@attrs.frozen
class Raw(Step):
    """Send octets, whatever the client waits for."""

    octets: bytes

    def run(self, wire: Any) -> None:
        """Send them; see `IFaultStep`."""
        wire.send(self.octets)


@implementer(IFaultStep)
@attrs.frozen
class Hold(Step):
    """Do nothing any more, and leave the connection open."""

    final = True

    def run(self, wire: Any) -> Awaitable[object]:
        """Wait for ever; see `IFaultStep`."""
        waiting: Awaitable[object] = wire.hold()
        return waiting


@implementer(IFaultStep)
@attrs.frozen
class Drop(Step):
    """Close the connection.

    Attributes:
        close_notify: whether TLS says good-bye, if it is on (RFC 8446 section
            6.1).
    """

    close_notify: bool = True
    final = True

    def run(self, wire: Any) -> None:
        """Close it; see `IFaultStep`."""
        wire.drop(close_notify=self.close_notify)


@implementer(IFaultStep)
@attrs.frozen
class Reset(Step):
    """Break the connection off: TCP sends RST, and what waits is lost."""

    final = True

    def run(self, wire: Any) -> None:
        """Break it off; see `IFaultStep`."""
        wire.reset()


@implementer(IFaultStep)
@attrs.frozen
class Keep(Step):
    """Keep the message so many times; 0: not at all."""

    copies: int

    def run(self, wire: Any) -> None:
        """Note it; see `IFaultStep`."""
        wire.keep(self.copies)


@implementer(IFaultStep)
@attrs.frozen
class Discard(Step):
    """Throw the message away for the recipients that match; ``None``: for all."""

    recipient: Callable[[str], bool] | None

    def run(self, wire: Any) -> None:
        """Note it; see `IFaultStep`."""
        wire.discard(self.recipient)


@implementer(IFaultStep)
@attrs.frozen
class Idle(Step):
    """End the session once the client was silent for so many seconds.

    Attributes:
        seconds: how long.
        reply: the last one; ``None``: the connection is only closed.
    """

    seconds: float
    reply: Reply | None

    def run(self, wire: Any) -> None:
        """Set it; see `IFaultStep`."""
        wire.idle(self.seconds, self.reply)


@implementer(IFaultStep)
@attrs.frozen
class RefuseConnections(Step):
    """Close the listening port for so many seconds."""

    seconds: float

    def run(self, wire: Any) -> None:
        """Close it; see `IFaultStep`."""
        wire.refuse_connections(self.seconds)
