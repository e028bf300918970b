"""The lines of a transcript, as they are shown."""

from __future__ import annotations

import re
from typing import Any, Literal

import attrs

__all__ = [
    "CLIENT",
    "CLIENT_CLOSED",
    "CONTENT",
    "ENDS",
    "LONGEST",
    "LOST",
    "NOTE",
    "SECRET",
    "SERVER",
    "SERVER_CLOSED",
    "TIME",
    "TLS",
    "TLS_IS_ON",
    "Line",
    "masked",
    "shown",
]

# The kinds of events. An event is two items of a list, its kind and its value: an
# object for each would take most of the memory that a message takes.
TIME, CLIENT, SECRET, SERVER, CONTENT, NOTE, TLS = range(7)

# Notes on how a connection ended, the last of them with a reason behind it, and on TLS.
ENDS = CLIENT_CLOSED, SERVER_CLOSED, LOST = (
    "the client closed the connection",
    "the server closed the connection",
    "the connection was lost",
)
TLS_IS_ON = "TLS is on"

# Bytes that are kept of a line.
LONGEST = 2048

# Lines of a message that are shown of its beginning and of its end.
_HEAD_LINES = 4
_TAIL_LINES = 2

_MASK = b"********"
# A secret may be in the command itself (RFC 4954 section 4), even in one that is
# refused for its syntax.
_INITIAL_RESPONSE = re.compile(rb"(?is)\A(\s*AUTH\s+\S+\s+)(?!=?\s*\Z).+")

# In IMAP a line begins with a tag, which may be a number.
_REFUSAL = re.compile(r"[45](?!\S* OK\b)|(?!2\d\d )\S+ (?:NO|BAD)\b|-ERR")

Who = Literal["client", "server", "note"]


@attrs.frozen
class Line:
    """One line of a transcript.

    Attributes:
        seconds: the time since the session began.
        who: ``"client"``, ``"server"``, or ``"note"`` for an event that is not part
            of the conversation.
        text: the line, without its end. Unprintable characters are escaped.
        tls: whether it was sent over TLS.
    """

    seconds: float
    who: Who
    text: str
    tls: bool = False

    @property
    def refuses(self) -> bool:
        """True for a reply of 4xx or 5xx; of NO, BAD or -ERR to a client that reads."""
        return self.who == "server" and bool(_REFUSAL.match(self.text))

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


def masked(kind: int, what: Any) -> Any:
    """Return the value of an event, masked if a client sent it to log in."""
    if kind == CLIENT:
        return _INITIAL_RESPONSE.sub(rb"\1" + _MASK, what)
    return _MASK if kind == SECRET and what != b"*" else what


def shown(kind: int, what: Any, secrets: bool) -> tuple[Who, list[str]]:
    """Return who sent an event, and its lines.

    Args:
        kind: the kind of the event.
        what: its value.
        secrets: whether to show what clients sent to log in.
    """
    if not secrets:
        what = masked(kind, what)
    if kind in (CLIENT, SECRET):
        return "client", [_text(what[:LONGEST])]
    if kind == SERVER:
        return "server", [_text(line) for line in what.split(b"\r\n")[:-1]]
    if kind == CONTENT:
        return "client", _message(*what)
    return "note", [_visible(what)]


def _message(size: int, head: bytes, tail: bytes) -> list[str]:
    """Return the lines that show the beginning, the end and the size of a message."""
    missing = size - len(head)
    if missing <= len(tail):
        # All of it is here: the end overlaps the beginning, or follows it.
        first = _split(head + tail[len(tail) - missing :])
        if len(first) <= _HEAD_LINES + _TAIL_LINES:
            return [*map(_text, first)]
        last = first
    else:
        # Either side of the gap may be half a line.
        first = _split(head)
        first, last = first[:-1] or first, _split(tail)[1:]
    return [
        *map(_text, first[:_HEAD_LINES]),
        f"[... {size} octets in all ...]",
        *map(_text, last[-_TAIL_LINES:]),
    ]


def _split(data: bytes) -> list[bytes]:
    lines = data.split(b"\r\n")
    return lines if lines[-1] else lines[:-1]


def _text(data: bytes) -> str:
    return _visible(data.decode("utf-8", "backslashreplace"))


def _visible(text: str) -> str:
    """Escape unprintable characters."""
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode("ascii")
        for each in text
    )
