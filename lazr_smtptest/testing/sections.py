"""Sections about servers for pytest's report of a failed test."""

from __future__ import annotations

import math
from collections.abc import Iterator

from lazr_smtptest.mailbox.box import Mailbox
from lazr_smtptest.mailbox.failure import shown_by
from lazr_smtptest.mailbox.used import used_since
from lazr_smtptest.testing.arrivals import write_arrivals
from lazr_smtptest.testing.notes import is_noted
from lazr_smtptest.testing.transcripts import write_sessions

__all__ = ["sections"]


def sections(
    began: float,
    moment: float,
    error: BaseException | None,
    bound: int,
    ended: float = math.inf,
) -> Iterator[tuple[str, str]]:
    """Yield the titles and the texts of sections.

    A section leaves out what the text of the error already contains.

    Args:
        began: when the test began, in seconds since 1970.
        moment: the same, in seconds of the monotonic clock.
        error: the error; ``None`` if it is not known.
        bound: the greatest number of lines of transcripts; 0: no transcript.
        ended: when the test failed, in seconds since 1970.
    """
    errors = _chain(error)
    shown: set[str] = set()
    for each in errors:
        shown |= shown_by(each) or set()
    ours = any(shown_by(each) is not None for each in errors)
    for mailbox in used_since(moment):
        if not ours and not any(map(is_noted, errors)):
            yield "smtptest mail", write_arrivals(mailbox, began, ended)
            activity = mailbox.activity.lines(besides=errors)
            if activity:
                yield "smtptest program", "".join(f"{line}\n" for line in activity)
        if bound:
            transcript = _transcript(mailbox, shown, bound)
            # The text of a mailbox failure says itself that no client connected.
            if transcript and not (ours and not len(mailbox.sessions)):
                yield "smtptest transcript", transcript
        faults = "" if ours else mailbox.faults.report()
        if faults:
            yield "smtptest faults", f"{faults}\n"


def _transcript(mailbox: Mailbox, shown: set[str], bound: int) -> str:
    if mailbox.settle is not None:
        mailbox.settle()
    sessions = list(mailbox.sessions)
    if not mailbox.address:
        # No server has ever used it.
        return ""
    if not sessions:
        return f"no client connected to {mailbox.address}\n"
    left = [each for each in sessions if each.id not in shown]
    return f"to {mailbox.address}\n{write_sessions(left, bound)}" if left else ""


def _chain(error: BaseException | None) -> list[BaseException]:
    """Return an error, and those that are shown with it."""
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found
