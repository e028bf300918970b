"""A message as it is sent on."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from lazr_smtptest.outbound.release import released

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=timezone.utc)
HEADER = (
    b"Return-Path: <old@example.com>\r\nFrom: Ann\r\n <ann@example.com>\r\n"
    b"bcc: hidden@example.com,\r\n\tother@example.com\r\nDate: long ago\r\n"
    b"Message-ID: <1@example.com>\r\nSubject: hi\r\n"
)
CONTENT = HEADER + b"\r\nBcc: text\r\nFrom: text\r\n"


def fields(content: bytes = CONTENT, **options: Any) -> dict[bytes, bytes]:
    """Return the header of a message that is sent on, in lower-case names."""
    header = released(content, now=NOW, **options).partition(b"\r\n\r\n")[0]
    lines = header.replace(b"\r\n ", b" ").replace(b"\r\n\t", b" ").split(b"\r\n")
    pairs = [line.split(b": ", 1) for line in lines]
    assert len(pairs) == len({name.lower() for name, _ in pairs})
    return {name.lower(): body for name, body in pairs}


def test_bcc_is_removed() -> None:
    assert b"hidden" not in released(CONTENT, now=NOW)
    assert b"other@" not in released(CONTENT, now=NOW)


def test_the_date_is_now() -> None:
    assert fields()[b"date"] == b"Sat, 31 Jan 2026 12:00:00 +0000"


def test_the_message_id_is_another_one() -> None:
    one, other = fields()[b"message-id"], fields()[b"message-id"]
    assert len({one, other, b"<1@example.com>"}) == 3


def test_the_message_id_may_stay() -> None:
    kept = fields(preserves_message_id=True)
    assert kept[b"message-id"] == b"<1@example.com>"


def test_the_return_path_may_be_another_one() -> None:
    assert fields()[b"return-path"] == b"<old@example.com>"
    assert fields(return_path="new@example.com")[b"return-path"] == b"<new@example.com>"


def test_from_may_be_another_one() -> None:
    changed = fields(override_from="team@example.com")
    assert changed[b"from"] == b"team@example.com"
    assert changed[b"x-original-from"] == b"Ann <ann@example.com>"


def test_the_text_stays() -> None:
    content = released(CONTENT, now=NOW, override_from="x@example.com")
    assert content.endswith(b"\r\n\r\nBcc: text\r\nFrom: text\r\n")


@pytest.mark.parametrize(
    ("content", "rest"),
    [
        (b"", b"\r\n\r\n"),
        (b"\r\nText", b"\r\n\r\nText"),
        (b"Subject: a", b"Subject: a\r\n\r\n"),
        (b"Subject: a\r\n", b"Subject: a\r\n\r\n"),
        (b"Subject: a\n\nText", b"Subject: a\n\nText"),
    ],
)
def test_a_message_without_header_or_text(content: bytes, rest: bytes) -> None:
    assert released(content, now=NOW).endswith(rest)
