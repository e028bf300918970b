"""The conversation of a client and a server, line by line."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from lazr_smtptest.model._packing import pack, unpack
from lazr_smtptest.model.transcript_line import (
    CLIENT,
    CONTENT,
    LONGEST,
    NOTE,
    SECRET,
    SERVER,
    TIME,
    TLS,
    Line,
    masked,
    shown,
)

__all__ = ["CLIENT", "SERVER", "SHORT", "Line", "Place", "Transcript"]

# Bytes that are kept of the beginning and the end of a message.
_HEAD = 160
_TAIL = 80

# By kind, the values that differ between sessions; the others repeat, see `pack`.
_OWN = (float, bytes, bytes, None, tuple, None, None)

# Items after which the size of new events is added up, in a transcript of the usual
# bound and in a small one; and bytes of long events after which it is.
_STEP, _SMALL_STEP = 128, 32
_MUCH = 16 * 1024
# Bytes of an event beside its value; and of a value that `charge` is not called for.
_EVENT = 60
SHORT = 44

# Items above which a session is not packed at its end: some hundred events.
_LONG = 200

# A place in a transcript: a time, and the number of items from that time on.
Place = tuple[float, int]


class Transcript:
    """The conversation of one session.

    The reactor's thread writes it; any thread may read it, even while the session
    is open. What clients send to log in is masked, and of a message only its size,
    its beginning and its end are kept.

    It has two bounds: of a session that exceeds one, the first half and the latest
    events are kept.

    Args:
        bound: the most events that are kept; an event is a line, a reply or a
            message. 0 keeps nothing at all.
        size: bytes of memory that the events may take; while the session is open,
            the latest sixty-four, or 16 KiB of long ones, may exceed it.

    Attributes:
        bound: the same.
        size: the same.
    """

    __slots__ = (
        *("_beyond", "_cut", "_head", "_kept", "_measured", "_next", "_steps"),
        *("_step", "_tail_size", "add", "bound", "size"),
    )

    # For the measured part after the first half: items and bytes of each step.
    _steps: deque[tuple[int, int]]
    # Appends the two items of an event; for a value above `SHORT` call `charge` too.
    add: Callable[[Iterable[Any]], None]

    def __init__(self, bound: int = 1000, size: int = 131_072) -> None:
        self.bound = bound
        self.size = size
        # After the end of the session, the bytes that fill in its form, see `pack`.
        self._head: list[Any] | bytes = []
        # The list to append to: the same, or the latest events beyond the bounds; after
        # the end of the session, its form.
        self._kept: Any = self._head
        self.add = self._head.extend if bound else _drop
        # The measured items of that list, their bytes, and the number of items at which
        # to measure again.
        self._measured = self._tail_size = 0
        self._step = _STEP if size >= _STEP * 1024 else _SMALL_STEP
        self._next = min(bound, self._step)
        # Bytes above `SHORT` of the events that are not measured yet.
        self._beyond = 0
        # Whether events between the first half and the latest were removed.
        self._cut = False

    # Writing, in the reactor's thread

    def at(self, seconds: float) -> None:
        """Set the time of the following events, in seconds since the session began."""
        kept = self._kept
        if kept and kept[-2] == TIME:
            # No event has that time: a long message comes in many pieces.
            kept[-1] = seconds
            return
        self.add((TIME, seconds))
        if len(kept) > self._next:
            self._measure()

    def _measure(self) -> None:
        """Measure the new events, and enforce the bounds."""
        kept: list[Any] = self._kept
        count = len(kept) - self._measured
        # An upper bound: this runs often, and does not look at the values.
        size = count // 2 * (_EVENT + SHORT) + self._beyond
        self._beyond = 0
        self._tail_size += size
        if kept is not self._head:
            self._steps.append((count, size))
            self._drop_oldest(kept)
        # An event has two items, so this is half of the bound.
        elif len(kept) > self.bound or self._tail_size > self.size // 2:
            self._kept, self._tail_size = [], 0
            self._steps = deque()
            self.add = self._kept.extend
        self._measured = len(self._kept)
        self._next = self._measured + self._step
        if self._kept is self._head:
            self._next = min(self._next, self.bound)

    def _drop_oldest(self, tail: list[Any]) -> None:
        """Remove the oldest of the latest events, if they exceed the bounds."""
        most, gone = self._tail_bound(), 0
        while self._steps:
            length, size = self._steps[0]
            if self._tail_size <= self.size // 2 and len(tail) - gone - length < most:
                break
            self._steps.popleft()
            gone += length
            self._tail_size -= size
        if gone:
            # In one operation, because another thread may copy the list at any time.
            del tail[:gone]
            self._cut = True

    def _tail_bound(self) -> int:
        return self.bound + self.bound % 2

    def charge(self, size: int) -> None:
        """Count the bytes of an event whose value has more than `SHORT`."""
        self._beyond += max(size - SHORT, 0)
        if self._beyond > _MUCH:
            # Measure at the next change of the time.
            self._next = 0

    def client(self, line: bytes) -> None:
        """Add a line of the client, without its line end."""
        self._add(CLIENT, line[:LONGEST])

    def secret(self, line: bytes) -> None:
        """Add a line of the client that is masked when shown."""
        self._add(SECRET, line[:LONGEST])

    def server(self, reply: bytes) -> None:
        """Add a reply, as it was sent."""
        self._add(SERVER, reply)

    def _add(self, kind: int, value: bytes | str) -> None:
        self.add((kind, value))
        if len(value) > SHORT:
            self.charge(len(value))

    def message(self, content: bytes, size: int) -> None:
        """Add the visible part of a message, and its final dot.

        Args:
            content: the bytes of the message, as far as they are known.
            size: the size of the whole message in bytes.
        """
        self.add((CONTENT, (size, content[:_HEAD], content[-_TAIL:]), CLIENT, b"."))
        self._beyond += _HEAD + _TAIL

    def part(self, content: bytes, size: int) -> None:
        """Add the visible part of a chunk, or of a message without an end.

        Args:
            content: see `message`.
            size: see `message`.
        """
        self.add((CONTENT, (size, content[:_HEAD], content[-_TAIL:])))
        self._beyond += _HEAD + _TAIL

    def note(self, text: str) -> None:
        """Add a note about an event."""
        self._add(NOTE, text)

    def tls(self, text: str) -> None:
        """Add a note that TLS begins; all later lines are over TLS."""
        self._add(TLS, text)

    def close(self) -> None:
        """Pack the events of a session that has ended, and add no more.

        A long transcript stays unpacked: it has many messages, and little memory for
        each.
        """
        self.add = _drop
        items: list[Any] = self._kept
        if items is not self._head:
            # It is closed already, or has exceeded its bounds.
            if isinstance(items, list):
                self._measure()
            return
        if not 0 < len(items) <= _LONG:
            return
        _trim(items)
        # In this order, because another thread may read at any time.
        self._kept, self._head = pack(items, _OWN)

    def forget(self) -> None:
        """Remove all events of a session that has ended, to free memory."""
        self.add = _drop
        rest = [NOTE, "the transcript is gone: transcripts have a bound together"]
        # In this order, because another thread may read at any time.
        self._head = rest
        self._kept = rest

    def masked_items(self) -> list[Any]:
        """Return the items of all events, to be stored without secrets.

        `Transcript.add` takes them.
        """
        items = self._items()
        items[1::2] = map(masked, items[::2], items[1::2])
        return items

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy or pickle the events; the copy is independent of this transcript."""
        return _copied, (self.bound, self.size, self._items())

    # Reading

    @property
    def events(self) -> int:
        """The number of events that are kept; a change of the time counts too."""
        kept, head = self._kept, self._head
        if kept is head or isinstance(head, bytes):
            return len(kept) // 2
        return (len(head) + min(len(kept), self._tail_bound())) // 2

    @property
    def memory(self) -> int:
        """The estimated bytes of memory that the events take."""
        kept, head = self._kept, self._head
        if isinstance(head, bytes):
            return len(head)
        beside = _size_of(kept) if isinstance(kept, list) and kept is not head else 0
        return _size_of(head) + beside

    def end(self) -> Place:
        """Return the present end, for `since`."""
        items = self._items()
        _trim(items)
        times = [what for kind, what in _events(items) if kind == TIME]
        seconds = times[-1] if times else 0.0
        return seconds, len(items) - _first(items, seconds)

    def since(self, place: Place) -> Transcript:
        """Return a new transcript of the events after a place.

        Args:
            place: a result of `end`.
        """
        seconds, said = place
        items = self._items()
        start = _first(items, seconds)
        if items[start : start + 2] == [TIME, seconds]:
            start += said
        before, behind = items[:start], items[start:]
        rest = Transcript(self.bound, self.size)
        if before:
            rest.at(seconds)
            for kind, what in _events(before):
                if kind == TLS:
                    rest.tls(what)
            rest.note("here lines are left out: they were said before the clearing")
        rest.add(behind)
        rest._beyond += _size_of(behind)
        return rest

    def lines(self, *, secrets: bool = False) -> list[Line]:
        """Return the lines, oldest first.

        Args:
            secrets: whether to show what clients sent to log in.
        """
        return list(self._lines(secrets))

    def __iter__(self) -> Iterator[Line]:
        """Iterate over the lines present at the call, oldest first, secrets masked."""
        return self._lines(False)

    def __str__(self) -> str:
        """Format the transcript; ``->`` is from the client, ``<-`` from the server.

        ``<**`` marks a refusal, ``===`` a note, and ``~`` replaces ``-`` within TLS.
        """
        return self.text()

    def text(self, *, secrets: bool = False) -> str:
        """Format the transcript, see `str`.

        Args:
            secrets: see `lines`.
        """
        return "\n".join(map(str, self._lines(secrets)))

    def _lines(self, secrets: bool) -> Iterator[Line]:
        seconds, tls = 0.0, False
        for kind, what in _events(self._items()):
            if kind == TIME:
                seconds = what
                continue
            who, texts = shown(kind, what, secrets)
            for text in texts:
                yield Line(seconds, who, text, tls and who != "note")
            tls = tls or kind == TLS

    def _items(self) -> list[Any]:
        """Return the items of all events, in a new list."""
        # In this order: while `close` packs the events, the list that is appended to
        # holds all of them.
        kept, head = self._kept, self._head
        if isinstance(head, bytes):
            return unpack(kept, head)
        # Copied, because the reactor's thread may append. It appends pairs, and copying
        # a list is atomic.
        items = head.copy()
        if isinstance(kept, list) and kept is not head:
            rest = kept.copy()
            if self._cut or len(rest) > self._tail_bound():
                items += NOTE, "here lines are left out: the transcript has its bound"
            items += rest[-self._tail_bound() :]
        return items


def _size_of(items: Sequence[Any]) -> int:
    """Return the estimated bytes of memory that events take."""
    values = items[1::2]
    contents = [value[1] + value[2] for value in values if type(value) is tuple]
    texts = [value for value in values if type(value) is bytes or type(value) is str]
    return len(values) * _EVENT + sum(map(len, texts)) + sum(map(len, contents))


def _trim(items: list[Any]) -> None:
    """Remove a time at the end: no event has it, and the next would replace it."""
    if items[-2:-1] == [TIME]:
        del items[-2:]


def _events(items: list[Any]) -> Iterator[tuple[int, Any]]:
    return zip(items[::2], items[1::2], strict=False)


def _first(items: list[Any], seconds: float) -> int:
    """Return the index of the first event at or after a time."""
    times = (
        2 * number
        for number, (kind, what) in enumerate(_events(items))
        if kind == TIME and what >= seconds
    )
    return next(times, len(items))


def _copied(bound: int, size: int, items: list[Any]) -> Transcript:
    transcript = Transcript(bound, size)
    transcript.add(items)
    transcript._beyond = _size_of(items)
    return transcript


def _drop(event: Iterable[Any]) -> None:
    """Ignore an event."""
