"""Searches in Mailpit's grammar: the messages that each term finds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from urllib.parse import quote

import pytest

from lazr_smtptest.query.selection import Selection

from ..conftest import Mail

PERCENT = "Subject: percent\n\n50% off, and a_b\n"
PLAIN = "Subject: plain\n\n50x off, and axb\n"
LARGE = f"Subject: large\n\n{'x' * 70 + chr(10)}" + f"{'x' * 70}\n" * 30
FILES = """\
Subject: files
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain

see below
--b
Content-Type: application/pdf; name="bill.pdf"
Content-Disposition: attachment; filename="bill.pdf"

x
--b
Content-Type: image/png; name="logo.png"
Content-Disposition: inline; filename="logo.png"

x
--b--
"""
NOON = datetime(2026, 1, 31, 12, tzinfo=timezone.utc)
MESSAGES = {
    "percent": PERCENT,
    "plain": PLAIN,
    "large": LARGE,
    "files": FILES,
}


@pytest.fixture(scope="module")
def mail() -> Iterator[Mail]:
    """Four messages, one of them with tags, and one that was read."""
    mail = Mail()
    ids = {
        name: mail.add(text, received_at=NOON.replace(hour=9 + hour))
        for hour, (name, text) in enumerate(MESSAGES.items())
    }
    mail.store.change(Selection(ids=[ids["plain"]]), tags=["Order", "two words"])
    mail.store.change(Selection(ids=[ids["large"]]), set_flags=["seen"])
    yield mail
    mail.reader.close()


def found(mail: Mail, search: str, **arguments: str) -> set[str]:
    """Return the subjects of the messages that a search finds."""
    more = "".join(f"&{name}={quote(each)}" for name, each in arguments.items())
    answer = mail.client.get(f"/api/v1/search?query={quote(search)}{more}")
    assert answer.status == 200, answer.text
    return {each["Subject"] for each in answer.json["messages"]}


ALL = set(MESSAGES)
ROWS: list[tuple[str, set[str]]] = [
    # No wildcards.
    ("50%", {"percent"}),
    ("%", {"percent"}),
    ("a_b", {"percent"}),
    ("_", {"percent"}),
    ("*", set()),
    ("50%,", {"percent"}),
    ('"off and"', set()),
    ('-"off, and"', ALL - {"percent", "plain"}),
    ("-%", ALL - {"percent"}),
    ("subject:p%t", set()),
    # All terms are needed.
    ("off 50x", {"plain"}),
    ("off !50x", {"percent"}),
    ('"off, and a_b"', {"percent"}),
    # Tags, without regard to case, and whole.
    ("tag:order", {"plain"}),
    ("tag:ORDER", {"plain"}),
    ("tag:ord", set()),
    ('tag:"two words"', {"plain"}),
    ("-tag:order", ALL - {"plain"}),
    ("is:tagged", {"plain"}),
    ("-is:tagged", ALL - {"plain"}),
    # Flags.
    ("is:read", {"large"}),
    ("is:unread", ALL - {"large"}),
    ("!is:read", ALL - {"large"}),
    # Files, and their names.
    ("has:attachment", {"files"}),
    ("has:attachments", {"files"}),
    ("has:inline", {"files"}),
    ("-has:attachment", ALL - {"files"}),
    ("bill.pdf", {"files"}),
    # Sizes in units of 1024 bytes.
    ("larger:2k", {"large"}),
    ("larger:2kb", {"large"}),
    ("larger:2000", {"large"}),
    ("larger:0.001m", {"large"}),
    ("smaller:2k", ALL - {"large"}),
    ("-larger:2k", ALL - {"large"}),
    ("larger:1m", set()),
    ("larger:many", set()),
    # Times; both ends belong to it.
    ("after:2026-01-31", ALL),
    ("before:2026-01-31", set()),
    ("after:2026-02-01", set()),
    ("before:2026-02-01", ALL),
    ('after:"2026-01-31T11:00:00Z"', {"large", "files"}),
    ('before:"2026-01-31T10:00:00Z"', {"percent", "plain"}),
    ('-after:"2026-01-31T10:00:00Z"', {"percent", "plain"}),
    ('-before:"2026-01-31T11:00:00Z"', {"large", "files"}),
    ("after:someday", ALL),
    # Addresses.
    ("from:ann@example.com", set()),
    ("bcc:bob@example.com", ALL),
    ("addressed:bob", ALL),
]


@pytest.mark.parametrize(("search", "subjects"), ROWS, ids=[row[0] for row in ROWS])
def test_a_search_finds(mail: Mail, search: str, subjects: set[str]) -> None:
    """And nothing else."""
    assert found(mail, search, tz="UTC") == subjects


@pytest.mark.parametrize(
    ("zone", "subjects"),
    [
        ("UTC", {"large", "files"}),
        ("Europe/Berlin", ALL - {"percent"}),
        ("America/New_York", set()),
    ],
)
def test_a_date_is_in_the_zone_of_the_request(
    mail: Mail, zone: str, subjects: set[str]
) -> None:
    """It names the zone by ``tz``."""
    assert found(mail, 'after:"2026-01-31 11:00"', tz=zone) == subjects


def test_messages_are_removed_in_the_zone_of_the_request() -> None:
    """As they are found."""
    mail = Mail()
    mail.add(PERCENT, received_at=NOON.replace(hour=10))
    path = f"/api/v1/search?query={quote('after:') + quote('2026-01-31T11:00')}&tz="
    mail.client.request("DELETE", f"{path}UTC")
    assert len(mail.store) == 1
    mail.client.request("DELETE", f"{path}{quote('Europe/Berlin')}")
    assert len(mail.store) == 0
    mail.reader.close()
