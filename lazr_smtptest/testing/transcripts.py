"""Transcripts in the report of a failed test."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lazr_smtptest.mailbox.excerpt import folded
from lazr_smtptest.mailbox.verdict import tls_failure
from lazr_smtptest.model.session import Session

__all__ = ["write_sessions"]

# Characters that are shown of a line.
_WIDTH = 200


def write_sessions(sessions: Iterable[Session], bound: int) -> str:
    """Return the transcripts of sessions, oldest first; only the latest lines.

    Args:
        sessions: the sessions, oldest first.
        bound: the greatest number of lines.

    Returns:
        lines, each of which ends in LF.
    """
    lines: list[str] = []
    for session in reversed(list(sessions)):
        lines[:0] = _lines(session)
        if len(lines) > bound:
            lines[:-bound] = ["[... earlier lines are left out ...]"]
            break
    return "".join(f"{line[:_WIDTH]}\n" for line in lines)


def _lines(session: Session) -> Iterator[str]:
    name = f" ({session.helo})" if session.helo else ""
    goes_on = ", still connected" if session.ended is None else ""
    host, port = session.peer
    yield (
        f"session {session.number}, {host}:{port}{name}: accepted "
        f"{session.delivered}, refused {session.refusals}{goes_on}"
    )
    failure = tls_failure(session)
    if failure:
        yield f"  {failure}"
    yield from folded(session.transcript.lines())
