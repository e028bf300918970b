"""The rows of the conformance tables of IMAP: what a client sends, and gets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

__all__ = [
    "EXAMINE",
    "LOGIN",
    "MESSAGES",
    "OPEN",
    "Row",
    "Step",
    "bad",
    "box",
    "flags",
    "inside",
    "no",
    "ok",
    "row",
]

# The messages of INBOX, unless a row has its own: 23, 45 and 93 bytes.
MESSAGES = (
    b"Subject: hi\r\n\r\nHello.\r\n",
    b"From: A <a@x.com>\r\nSubject: two\r\n\r\nBody two\r\n",
    b"To: bob@example.com\r\nCc: c@x.com\r\nSubject: Re: hi\r\n"
    b"Message-ID: <3@x>\r\nX-Tag: yes\r\n\r\nThird\r\n\r\n",
)

Reply = tuple[str, ...]
Step = tuple[str | bytes, Reply]


@attrs.frozen(kw_only=True)
class Row:
    """A session.

    Attributes:
        id: its name.
        rfc: the RFC and its section.
        steps: what the client sends, and the lines that it gets; ``*`` at the end of a
            line stands for anything.
        messages: the contents that are kept before.
        left: the numbers of the messages that are kept after it; ``None`` for any.
        closed: whether the server closes the connection.
        settings: settings of the IMAP side.
    """

    id: str
    rfc: str
    steps: tuple[Step, ...]
    messages: tuple[bytes, ...] = MESSAGES
    left: tuple[int, ...] | None = None
    closed: bool = False
    settings: Mapping[str, Any] = attrs.field(factory=dict)


def ok(command: str, *untagged: str, text: str = "*") -> Step:
    """Make a step of a command that succeeds."""
    return f"a {command}", (*untagged, f"a OK {text}")


def no(command: str, text: str = "*", *untagged: str) -> Step:
    """Make a step of a command that fails."""
    return f"a {command}", (*untagged, f"a NO {text}")


def bad(command: str, text: str = "*") -> Step:
    """Make a step of a command that is malformed."""
    return f"a {command}", (f"a BAD {text}",)


LOGIN = ok("LOGIN bob secret")
OPEN = (
    "a SELECT INBOX",
    (
        "* FLAGS (\\Answered \\Deleted \\Draft \\Flagged \\Seen)",
        "* 3 EXISTS",
        "* 0 RECENT",
        "* OK [PERMANENTFLAGS (\\Answered \\Deleted \\Draft \\Flagged \\Seen \\*)] *",
        "* OK [UIDVALIDITY *",
        "* OK [UIDNEXT 4] *",
        "* OK [HIGHESTMODSEQ 4] *",
        "* OK [MAILBOXID (inbox)] *",
        "* OK [UNSEEN 1] *",
        "a OK [READ-WRITE] *",
    ),
)
_READ_ONLY = tuple(
    {
        OPEN[1][3]: "* OK [PERMANENTFLAGS ()] *",
        OPEN[1][9]: "a OK [READ-ONLY] *",
    }.get(line, line)
    for line in OPEN[1]
)
EXAMINE = ("a EXAMINE INBOX", _READ_ONLY)


def row(id: str, rfc: str, *steps: Step, **fields: Any) -> Row:
    """Make a row."""
    return Row(id=id, rfc=rfc, steps=steps, **fields)


def inside(id: str, rfc: str, *steps: Step, **fields: Any) -> Row:
    """Make a row of a client that has logged in."""
    return row(id, rfc, LOGIN, *steps, **fields)


def box(id: str, rfc: str, *steps: Step, **fields: Any) -> Row:
    """Make a row of a client that has selected INBOX."""
    return row(id, rfc, LOGIN, OPEN, *steps, **fields)


def flags(number: int, *names: str) -> str:
    """Return the response about the flags of a message."""
    return f"* {number} FETCH (FLAGS ({' '.join(names)}))"
