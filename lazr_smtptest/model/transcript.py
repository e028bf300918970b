"""What a client and a server said to each other, line by line."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Literal

import attrs

from lazr_smtptest.model._packing import pack, unpack

__all__ = ["CLIENT", "SERVER", "Line", "Place", "Transcript"]

# What an event is. An event is two items of a list, its kind and what belongs to
# it: a record for each would take most of the memory that a message takes.
_TIME, CLIENT, _SECRET, SERVER, _CONTENT, _NOTE, _TLS = range(7)

# Octets that are kept of a line, and of a message at its beginning and its end.
_LINE = 2048
_HEAD = 160
_TAIL = 80

# Lines of a message that are shown at its beginning and at its end.
_HEAD_LINES = 4
_TAIL_LINES = 2

# Of these each session has its own, and the rest is the same in many; see `pack`.
_OWN = (float, bytes, bytes, None, tuple, None, None)

# Items after which what came is measured, and bytes that an event takes beside its own.
_STEP = 32
_EVENT = 60

# Items of a session that is left as it is at its end: some hundred events.
_LONG = 200

_MASK = b"********"
# A secret may stand in the command itself (RFC 4954 section 4), also in one that is
# refused for its form.
_INITIAL_RESPONSE = re.compile(rb"(?is)\A(\s*AUTH\s+\S+\s+)(?!=?\s*\Z).+")

Who = Literal["client", "server", "note"]

# A place in a transcript: a time, and how many items there were from then on.
Place = tuple[float, int]


@attrs.frozen
class Line:
    """One line of a transcript.

    Attributes:
        seconds: when it was said, since the session began.
        who: ``"client"``, ``"server"``, or ``"note"`` for what was not said but
            happened.
        text: the line, without its end. What is not printable is escaped.
        tls: whether it went over TLS.
    """

    seconds: float
    who: Who
    text: str
    tls: bool = False

    @property
    def refuses(self) -> bool:
        """Whether it is a reply of 4xx or 5xx."""
        return self.who == "server" and self.text[:1] in ("4", "5")

    def __str__(self) -> str:
        return f"{self.seconds:9.3f} {self._arrow()} {self.text}".rstrip()

    def _arrow(self) -> str:
        if self.who == "note":
            return "==="
        dash = "~" if self.tls else "-"
        if self.who == "client":
            return f" {dash}>"
        if self.refuses:
            return "<~*" if self.tls else "<**"
        return f"<{dash} "


class Transcript:
    """The conversation of one session.

    The reactor's thread writes it; any thread may read it, also while the session
    goes on. What clients send to log in is masked, and of a message only its size,
    its beginning and its end are kept.

    It has two bounds: of a session with more than that, the first half and the latest
    events are kept.

    Args:
        bound: how many events are kept; an event is a line, a reply, a message.
            0: none, and nothing is kept at all.
        size: bytes of memory that the events may take; what the latest sixteen
            take may be beyond it while the session goes on.

    Attributes:
        bound: likewise.
        size: likewise.
    """

    __slots__ = (
        *("_cut", "_head", "_kept", "_measured", "_next", "_steps", "_tail_size"),
        *("add", "bound", "size"),
    )

    # Of what was measured beyond the first half: the items and the bytes of each step.
    _steps: deque[tuple[int, int]]
    # Takes the two items of an event.
    add: Callable[[Iterable[Any]], None]

    def __init__(self, bound: int = 1000, size: int = 131_072) -> None:
        self.bound = bound
        self.size = size
        # After the end of the session what fills in its form, see `pack`.
        self._head: list[Any] | bytes = []
        # What is written to: the same, or a list of the latest beyond the bounds; then
        # the form.
        self._kept: Any = self._head
        self.add = self._head.extend if bound else _drop
        # How many items of that were measured, their bytes, and how many there are
        # before the others are.
        self._measured = self._tail_size = 0
        self._next = min(bound, _STEP)
        # Whether events between the first half and the latest are gone.
        self._cut = False

    # Writing, in the reactor's thread

    def at(self, seconds: float) -> None:
        """Say when the following was said, in seconds since the session began."""
        kept = self._kept
        if kept and kept[-2] == _TIME:
            # Nothing was said at that time: a long message comes in many pieces.
            kept[-1] = seconds
            return
        self.add((_TIME, seconds))
        if len(kept) > self._next:
            self._measure()

    def _measure(self) -> None:
        """Measure what is new by now, and keep to the bounds."""
        kept: list[Any] = self._kept
        new = kept[self._measured :]
        size = _size_of(new)
        self._tail_size += size
        if kept is not self._head:
            self._steps.append((len(new), size))
            self._drop_oldest(kept)
        # An event has two items: this is the half of the bound.
        elif len(kept) > self.bound or self._tail_size > self.size // 2:
            self._kept, self._tail_size = [], 0
            self._steps = deque()
            self.add = self._kept.extend
        self._measured = len(self._kept)
        self._next = self._measured + _STEP
        if self._kept is self._head:
            self._next = min(self._next, self.bound)

    def _drop_oldest(self, tail: list[Any]) -> None:
        """Remove the oldest steps of the latest events that are beyond the bounds."""
        most, gone = self._tail_bound(), 0
        while self._steps:
            length, size = self._steps[0]
            if self._tail_size <= self.size // 2 and len(tail) - gone - length < most:
                break
            self._steps.popleft()
            gone += length
            self._tail_size -= size
        if gone:
            # At once, for another thread may copy it at any time.
            del tail[:gone]
            self._cut = True

    def _tail_bound(self) -> int:
        return self.bound + self.bound % 2

    def client(self, line: bytes) -> None:
        """Keep a line of the client's, given without its end."""
        self.add((CLIENT, line[:_LINE]))

    def secret(self, line: bytes) -> None:
        """Keep a line of the client's that only it should know."""
        self.add((_SECRET, line[:_LINE]))

    def server(self, octets: bytes) -> None:
        """Keep a reply, as it goes over the wire."""
        self.add((SERVER, octets))

    def message(self, content: bytes, size: int) -> None:
        """Keep what there is to see of a message, up to its dot.

        Args:
            content: its octets, as far as they are there.
            size: how many there were.
        """
        shown = size, content[:_HEAD], content[-_TAIL:]
        self.add((_CONTENT, shown, CLIENT, b"."))

    def part(self, content: bytes, size: int) -> None:
        """Keep what there is to see of a chunk, or of a message without an end.

        Args:
            content: see `message`.
            size: see `message`.
        """
        self.add((_CONTENT, (size, content[:_HEAD], content[-_TAIL:])))

    def note(self, text: str) -> None:
        """Keep what happened."""
        self.add((_NOTE, text))

    def tls(self, text: str) -> None:
        """Keep that all that follows goes over TLS."""
        self.add((_TLS, text))

    def close(self) -> None:
        """Take less room: the session has ended, and is kept for long.

        Nothing is said behind its end: what comes is not kept.
        A long one stays as it is: it has many messages, and not much for each.
        """
        self.add = _drop
        items: list[Any] = self._kept
        if items is not self._head:
            # It has ended already, or went beyond its bounds.
            if isinstance(items, list):
                self._measure()
            return
        if not 0 < len(items) <= _LONG:
            return
        _trim(items)
        # In this order: another thread may read at any time.
        self._kept, self._head = pack(items, _OWN)

    def forget(self) -> None:
        """Keep nothing of a session that has ended: others have taken the room."""
        self.add = _drop
        rest = [_NOTE, "the transcript is gone: transcripts have a bound together"]
        # In this order: another thread may read at any time.
        self._head = rest
        self._kept = rest

    def __reduce__(self) -> tuple[Any, ...]:
        """Be copied as what was said: each copy is then written to by itself."""
        return _copied, (self.bound, self.size, self._items())

    # Reading

    @property
    def events(self) -> int:
        """How many events are kept; a time is one too."""
        kept, head = self._kept, self._head
        if kept is head or isinstance(head, bytes):
            return len(kept) // 2
        return (len(head) + min(len(kept), self._tail_bound())) // 2

    @property
    def memory(self) -> int:
        """The bytes that what is kept takes, about."""
        kept, head = self._kept, self._head
        if isinstance(head, bytes):
            return len(head)
        beside = _size_of(kept) if isinstance(kept, list) and kept is not head else 0
        return _size_of(head) + beside

    def end(self) -> Place:
        """Give the place up to which it is written now."""
        items = self._items()
        _trim(items)
        times = [what for kind, what in _events(items) if kind == _TIME]
        seconds = times[-1] if times else 0.0
        return seconds, len(items) - _first(items, seconds)

    def since(self, place: Place) -> Transcript:
        """Give what was said behind a place by now, in a transcript of its own.

        Args:
            place: what `end` gave.
        """
        seconds, said = place
        items = self._items()
        start = _first(items, seconds)
        if items[start : start + 2] == [_TIME, seconds]:
            start += said
        before, behind = items[:start], items[start:]
        rest = Transcript(self.bound, self.size)
        if before:
            rest.at(seconds)
            for kind, what in _events(before):
                if kind == _TLS:
                    rest.tls(what)
            rest.note("here lines are left out: they were said before the clearing")
        rest.add(behind)
        return rest

    def lines(self, *, secrets: bool = False) -> list[Line]:
        """Give the lines, oldest first.

        Args:
            secrets: whether to show what clients sent to log in.
        """
        return list(self._lines(secrets))

    def __iter__(self) -> Iterator[Line]:
        """Go through the lines that are there now, oldest first, secrets masked."""
        return self._lines(False)

    def __str__(self) -> str:
        """Write it down; ``->`` is said by the client, ``<-`` by the server.

        ``<**`` refuses, ``===`` happened, and ``~`` stands for ``-`` within TLS.
        """
        return self.text()

    def text(self, *, secrets: bool = False) -> str:
        """Do what `str` does.

        Args:
            secrets: see `lines`.
        """
        return "\n".join(map(str, self._lines(secrets)))

    def _lines(self, secrets: bool) -> Iterator[Line]:
        seconds, tls = 0.0, False
        for kind, what in _events(self._items()):
            if kind == _TIME:
                seconds = what
                continue
            who, texts = _shown(kind, what, secrets)
            for text in texts:
                yield Line(seconds, who, text, tls and who != "note")
            tls = tls or kind == _TLS

    def _items(self) -> list[Any]:
        """Give the items of all events, in a list of its own."""
        # In this order: while it is packed, and without a form as yet, what is
        # written to is all there is.
        kept, head = self._kept, self._head
        if isinstance(head, bytes):
            return unpack(kept, head)
        # Copied, for the reactor's thread goes on writing. What it adds comes in
        # pairs, and a copy is made at once.
        items = head.copy()
        if isinstance(kept, list) and kept is not head:
            rest = kept.copy()
            if self._cut or len(rest) > self._tail_bound():
                items += _NOTE, "here lines are left out: the transcript has its bound"
            items += rest[-self._tail_bound() :]
        return items


def _size_of(items: Sequence[Any]) -> int:
    """Return the bytes that events take."""
    # This runs for every few events of a session, most of which are times and lines.
    values = items[1::2]
    contents = [value[1] + value[2] for value in values if type(value) is tuple]
    texts = [value for value in values if type(value) is bytes or type(value) is str]
    return len(values) * _EVENT + sum(map(len, texts)) + sum(map(len, contents))


def _trim(items: list[Any]) -> None:
    """Remove a time at the end: nothing was said, and the next would replace it."""
    if items[-2:-1] == [_TIME]:
        del items[-2:]


def _events(items: list[Any]) -> Iterator[tuple[int, Any]]:
    return zip(items[::2], items[1::2], strict=False)


def _first(items: list[Any], seconds: float) -> int:
    """Say where the first event of a time or of a later one is."""
    times = (
        2 * number
        for number, (kind, what) in enumerate(_events(items))
        if kind == _TIME and what >= seconds
    )
    return next(times, len(items))


def _copied(bound: int, size: int, items: list[Any]) -> Transcript:
    transcript = Transcript(bound, size)
    transcript.add(items)
    return transcript


def _drop(event: Iterable[Any]) -> None:
    """Keep nothing."""


def _shown(kind: int, what: Any, secrets: bool) -> tuple[Who, list[str]]:
    if kind == CLIENT:
        line = what if secrets else _INITIAL_RESPONSE.sub(rb"\1" + _MASK, what)
        return "client", [_text(line[:_LINE])]
    if kind == _SECRET:
        return "client", [_text(what if secrets or what == b"*" else _MASK)]
    if kind == SERVER:
        return "server", [_text(line) for line in what.split(b"\r\n")[:-1]]
    if kind == _CONTENT:
        return "client", _message(*what)
    return "note", [_visible(what)]


def _message(size: int, head: bytes, tail: bytes) -> list[str]:
    """Show the beginning and the end of a message, and how much there was."""
    missing = size - len(head)
    if missing <= len(tail):
        # All of it is here: the end goes on where the beginning stops, or before.
        first = _split(head + tail[len(tail) - missing :])
        if len(first) <= _HEAD_LINES + _TAIL_LINES:
            return [*map(_text, first)]
        last = first
    else:
        # Half a line may be at the break on either side.
        first = _split(head)
        first, last = first[:-1] or first, _split(tail)[1:]
    return [
        *map(_text, first[:_HEAD_LINES]),
        f"[... {size} octets in all ...]",
        *map(_text, last[-_TAIL_LINES:]),
    ]


def _split(octets: bytes) -> list[bytes]:
    lines = octets.split(b"\r\n")
    return lines if lines[-1] else lines[:-1]


def _text(octets: bytes) -> str:
    return _visible(octets.decode("utf-8", "backslashreplace"))


def _visible(text: str) -> str:
    """Escape what is not printable."""
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode("ascii")
        for each in text
    )
