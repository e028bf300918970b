"""Messages that programs hand over, complete or not."""

from __future__ import annotations

import pytest

from lazr_smtptest.cli.local_message import LocalMessage, read_recipients
from lazr_smtptest.model.envelope import Envelope

WHOLE = (
    b"From: a@example.com\nDate: Sat, 28 Nov 2026 10:00:00 +0000\n"
    b"Message-ID: <1@example.com>\n"
)


def completed(data: bytes, author: str = "anna@host", name: str = "") -> Envelope:
    """Return a message after it was completed."""
    message = LocalMessage(data)
    message.complete(author, name, "host")
    return Envelope(mail_from="", rcpt_tos=(), content=message.content())


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_a_whole_message_stays_as_it_is(end: bytes) -> None:
    """Its lines end in CRLF."""
    data = WHOLE + b"X-Odd:  a\n\tb\n\nHello.\n\nBye.\n"
    mail = completed(data.replace(b"\n", end))
    assert mail.content == data.replace(b"\n", b"\r\n")


@pytest.mark.parametrize("name", ["From", "Date", "Message-ID"])
def test_a_missing_field_is_added(name: str) -> None:
    """It is needed, or all should have it (RFC 5322 section 3.6)."""
    lines = [
        each
        for each in WHOLE.splitlines(True)
        if not each.startswith(name.encode() + b":")
    ]
    assert completed(b"".join(lines) + b"\nHello.\n").header(name)


def test_the_author_of_an_added_field_is_the_user() -> None:
    """With the name that was given."""
    mail = completed(b"Subject: Hi\n\nHello.\n", "cron@host", "Cron Daemon")
    assert mail.header("from") == '"Cron Daemon" <cron@host>'


def test_a_name_that_is_not_ascii_is_encoded() -> None:
    """RFC 2047."""
    mail = completed(b"Subject: Hi\n\nHello.\n", "cron@host", "Jürgen")
    assert mail.header("from") == "Jürgen <cron@host>"
    assert mail.content.isascii()


def test_a_text_without_header_is_the_body() -> None:
    """As of ``echo ... | sendmail root``."""
    mail = completed(b"The disk is full: now.\nReally.\n")
    assert mail.content.endswith(b"\r\n\r\nThe disk is full: now.\r\nReally.\r\n")


def test_a_line_that_is_no_field_begins_the_body() -> None:
    """Nothing of it is lost."""
    mail = completed(WHOLE + b"Subject: Hi\nno field here\nmore\n")
    assert mail.subject == "Hi"
    assert mail.content.endswith(b"\r\n\r\nno field here\r\nmore\r\n")


def test_the_line_of_an_mbox_is_no_part_of_it() -> None:
    """A program may write it first."""
    mail = completed(b"From anna Sat Nov 28 10:00:00 2026\n" + WHOLE + b"\nHello.\n")
    assert mail.content.startswith(b"From: a@example.com\r\n")


def test_a_header_without_body_is_whole() -> None:
    """Its last line need not have an end."""
    mail = completed(WHOLE + b"Subject: Hi")
    assert mail.content.endswith(b"Subject: Hi\r\n\r\n")


def test_the_recipients_are_those_of_to_cc_and_bcc() -> None:
    """Each once, folded fields too."""
    message = LocalMessage(
        b"To: Anna <anna@example.com>,\n bob@example.com\n"
        b"Cc: anna@example.com\nBcc: carl@example.com\n\n"
    )
    found = ["anna@example.com", "bob@example.com", "carl@example.com"]
    assert message.recipients() == found


def test_a_message_that_was_sent_again_has_others() -> None:
    """RFC 5322 section 3.6.6."""
    message = LocalMessage(b"To: anna@example.com\nResent-To: bob@example.com\n\n")
    assert message.recipients() == ["bob@example.com"]


def test_bcc_is_removed() -> None:
    """With its folded lines (RFC 5322 section 3.6.3)."""
    message = LocalMessage(WHOLE + b"Bcc: a@example.com,\n b@example.com\nX: 1\n\n")
    message.remove_bcc()
    expected = (WHOLE + b"X: 1\n\n").replace(b"\n", b"\r\n")
    assert message.content() == expected


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (b"root", ["root"]),
        (b"root, anna@example.com", ["anna@example.com", "root"]),
        (b"Anna <anna@example.com>", ["anna@example.com"]),
        (b"", []),
    ],
)
def test_users_of_this_machine_have_no_domain(text: bytes, found: list[str]) -> None:
    """Cron writes to root."""
    assert read_recipients(text) == found
