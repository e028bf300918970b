"""`lazr_smtptest.cli.mail_log`: a line for each mail."""

from __future__ import annotations

import time
from typing import Any

import pytest

from lazr_smtptest.cli.mail_log import MailLog, timestamp
from lazr_smtptest.model.delivery_event import MailEvent


class Lines:
    """Stands for a `LineWriter`."""

    def __init__(self) -> None:
        self.written: list[str] = []

    def write(self, line: str) -> None:
        self.written.append(line)


def line_of(**fields: Any) -> str:
    """Return the line of an event, without its time."""
    lines = Lines()
    event = {
        "seconds": 0.0,
        "session": "7",
        "outcome": "accepted",
        "sender": "a@example.com",
        "recipients": ("b@example.com", "c@example.com"),
        "size": 30,
        "subject": "Hello",
        "reply": "250",
    }
    log = MailLog(lines)  # type: ignore[arg-type]
    log.show(MailEvent(**{**event, **fields}))
    [line] = lines.written
    return line.partition(" ")[2]


def test_an_accepted_message_has_its_envelope_subject_and_size() -> None:
    """And the session that it came in."""
    assert line_of() == (
        "accepted: from=<a@example.com> to=<b@example.com>,<c@example.com> "
        "subject='Hello' size=30 session=7"
    )


def test_a_refused_sender_has_the_reply() -> None:
    """There are no recipients and no message yet."""
    refused = {"outcome": "refused", "recipients": (), "size": None, "subject": None}
    assert line_of(**refused, reply="550 5.7.1 no") == (
        "refused: from=<a@example.com> reply='550 5.7.1 no' session=7"
    )


def test_a_message_without_a_subject_has_its_size() -> None:
    """Nothing stands for the subject."""
    assert "subject" not in line_of(subject=None)


@pytest.mark.parametrize("character", ["\n", "\r", "\x1b", "\u202e", "\u2028", "\x85"])
@pytest.mark.parametrize("field", ["subject", "sender", "reply"])
def test_no_character_of_a_client_moves_the_cursor(character: str, field: str) -> None:
    """Nor forges a line or turns the direction of writing."""
    line = line_of(outcome="refused", **{field: f"x{character}y"})
    assert line.isprintable()
    assert "x" in line


def test_a_time_has_the_zone() -> None:
    """It is local time (ISO 8601)."""
    now = time.time()
    shown = time.strptime(timestamp(now), "%Y-%m-%dT%H:%M:%S%z")
    assert time.mktime((*shown[:8], -1)) == int(now)
