"""The fault phases of the commands of IMAP."""

from __future__ import annotations

from lazr_smtptest.readers.imap.errors import CommandError
from lazr_smtptest.readers.imap.framing import Frame
from lazr_smtptest.readers.imap.syntax import Literal, values_of
from lazr_smtptest.readers.session_faults import user_in_plain

__all__ = ["line_of", "phase_of", "user_of"]

# The phases of commands that share one; see `READER_PHASES`.
_SHARED = {
    b"AUTHENTICATE": "LOGIN",
    b"LSUB": "LIST",
    b"EXAMINE": "SELECT",
    b"SORT": "SEARCH",
    b"THREAD": "SEARCH",
    b"CLOSE": "EXPUNGE",
    b"CHECK": "NOOP",
}
_OWN = (
    *("CAPABILITY", "STARTTLS", "LOGIN", "LIST", "STATUS", "SELECT", "FETCH", "SEARCH"),
    *("STORE", "COPY", "MOVE", "EXPUNGE", "APPEND", "IDLE", "NOOP", "LOGOUT"),
)
_PHASES = {**_SHARED, **{name.encode(): name for name in _OWN}}


def phase_of(frame: Frame) -> str:
    """Return the name of the phase of a command."""
    name = frame.name
    if name == b"UID":
        name = frame.parts[0].partition(b" ")[0].upper()
    return f"IMAP {_PHASES.get(name, 'OTHER')}"


def line_of(frame: Frame) -> bytes:
    """Return a command as a line, with the sizes of its literals in their places."""
    words = [
        b"{%d}" % len(part) if isinstance(part, Literal) else part
        for part in frame.parts
    ]
    return b" ".join([frame.tag, frame.name, b"".join(words)]).rstrip()


def user_of(frame: Frame) -> str | None:
    """Return who tries to log in, if a command tells that."""
    if frame.name not in (b"LOGIN", b"AUTHENTICATE"):
        return None
    try:
        first, *rest = values_of(frame.parts)
    except (CommandError, ValueError):
        return None
    if isinstance(first, list) or not rest or isinstance(rest[0], list):
        return None
    if frame.name == b"LOGIN":
        return bytes(first).decode("utf-8", "replace")
    return user_in_plain(bytes(rest[0])) if first.upper() == b"PLAIN" else None
