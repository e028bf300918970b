"""Helpers for the tests of the read side."""

from __future__ import annotations

from typing import Any

from lazr_smtptest.model.session import Session
from lazr_smtptest.query.selection import Selection

from .envelopes import make_envelope

__all__ = [
    "ALL",
    "ended_session",
    "fill",
    "found",
    "mail",
    "numbered",
    "wait_for_index",
]

ALL = Selection(query="")

# Seconds that a loaded machine may take to index a few messages.
PATIENCE = 60.0


def numbered(*numbers: int) -> Selection:
    """Select messages by their numbers."""
    return Selection(numbers=numbers)


def fill(store: Any, count: int) -> list[int]:
    """Add so many messages, of the subjects ``message 0`` and so on; return numbers."""
    before = set(store.numbers())
    for number in range(count):
        store.add(make_envelope(number))
    return [number for number in store.numbers() if number not in before]


def mail(text: str, **changes: Any) -> Any:
    """Make an envelope with a content of these lines."""
    content = text.replace("\n", "\r\n").encode("utf-8", "surrogateescape")
    return make_envelope(content=content, **changes)


def wait_for_index(store: Any) -> None:
    """Wait until every message can be searched."""
    store.counts("nothing-has-this-word", timeout=PATIENCE)


def found(store: Any, query: str) -> list[int]:
    """Return the numbers of the messages that match, once all are indexed."""
    return list(store.numbers(query, timeout=PATIENCE))


def ended_session(id: str, **changes: Any) -> Session:
    """Make a session that has ended, and delivered a message."""
    session = Session(id=id, ended=2.0, **{"started": 1.0, "delivered": 1, **changes})
    session.transcript.at(1.0)
    session.transcript.client(b"NOOP hello from " + id.encode("ascii") + b"\r\n")
    session.close()
    return session
