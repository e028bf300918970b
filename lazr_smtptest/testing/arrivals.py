"""The messages that arrived during a test, for its report."""

from __future__ import annotations

import math
from collections.abc import Iterator

from lazr_smtptest.mailbox.box import Mailbox
from lazr_smtptest.mailbox.difference import title
from lazr_smtptest.mailbox.lines import more, short
from lazr_smtptest.model.envelope import Envelope

__all__ = ["write_arrivals"]

_LISTED = 10

# Seconds. A greater difference is not the time of a test: the wall clock was set
# meanwhile, or the server has a clock of its own.
_A_DAY = 86400.0


def write_arrivals(mailbox: Mailbox, began: float, ended: float = math.inf) -> str:
    """Return the messages of a mailbox and their times of arrival, a line each.

    Args:
        mailbox: a `Mailbox`.
        began: when the test began, in seconds since 1970.
        ended: when it failed.
    """
    return "".join(f"{line}\n" for line in _lines(mailbox, began, ended))


def _lines(mailbox: Mailbox, began: float, ended: float) -> Iterator[str]:
    envelopes = list(mailbox)
    at = f" at {mailbox.address}" if mailbox.address else ""
    if not envelopes:
        yield f"no message arrived{at}"
        return
    plural = "" if len(envelopes) == 1 else "s"
    yield f"{len(envelopes)} message{plural} arrived{at}:"
    for envelope in envelopes[:_LISTED]:
        subject = short(repr(envelope.subject))
        yield f"  {_when(envelope, began, ended)}{title(envelope)}, subject {subject}"
    yield from more(len(envelopes) - _LISTED, "  ")


def _when(envelope: Envelope, began: float, ended: float) -> str:
    if envelope.received_at is None:
        return ""
    seconds = envelope.received_at.timestamp() - began
    session = envelope.session
    early = session is not None and -_A_DAY < session.started - began < 0
    before = ", by a session that began before the test, " if early else ""
    late = ", when the test had failed, " if seconds > ended - began else ""
    known = 0 <= seconds < _A_DAY
    return f"after {seconds:.3f} s{late or before or ' '}" if known else ""
