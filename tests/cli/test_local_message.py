"""Messages that programs hand over, complete or not."""

from __future__ import annotations

import pytest

from lazr_smtptest.cli.local_message import (
    AddressError,
    LocalMessage,
    read_arguments,
    read_recipients,
    read_sender,
)
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


@pytest.mark.parametrize("marks", [[b""], [b">"], [b"", b""], [b"", b">", b">"]])
def test_the_lines_of_an_mbox_are_no_part_of_it(marks: list[bytes]) -> None:
    """A program may write some first, and mark those that were there."""
    lines = [mark + b"From anna Sat Nov 28 10:00:00 2026\n" for mark in marks]
    mail = completed(b"".join(lines) + WHOLE + b"\nHello.\n")
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
        (b"root, anna@example.com", ["root", "anna@example.com"]),
        (b"Anna <root>", ["root"]),
        (b"Anna <anna@example.com>", ["anna@example.com"]),
        (b"", []),
    ],
)
def test_users_of_this_machine_have_no_domain(text: bytes, found: list[str]) -> None:
    """Cron writes to root."""
    assert read_recipients(text) == found


@pytest.mark.parametrize(
    "text",
    [
        *("foo@", "@", "@example.com", "<>", "<foo@>", "a@example.com <foo@>"),
        *("x y", "x y z@example.com", "Anna anna@example.com", "a@example.com>x"),
    ],
)
def test_what_is_no_address_is_named(text: str) -> None:
    """None of the list is read."""
    with pytest.raises(AddressError) as caught:
        read_recipients(f"{text}, b@example.com".encode())
    assert str(caught.value) == f"{text!r} is no address"


def test_all_that_are_no_addresses_are_named() -> None:
    """In one line."""
    with pytest.raises(AddressError) as caught:
        read_recipients(b"foo@, b@example.com, x y")
    assert str(caught.value) == "'foo@', 'x y' are no addresses"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (b"Team: a@example.com, root; b@example.com", ["a@", "root", "b@"]),
        (b"Nobody:;", []),
        (b"a@example.com (home), b@example.com.", ["a@", "b@"]),
        (b"a @ example.com", ["a@"]),
        (b"a@example.com b@example.com", ["a@", "b@"]),
        ("Jürgen <b@example.com>,".encode(), ["b@"]),
    ],
)
def test_irregular_lists_are_read(text: bytes, found: list[str]) -> None:
    """Groups, comments, white space, dots and commas at the end."""
    short = [each.removesuffix("example.com") for each in read_recipients(text)]
    assert short == found


def test_a_list_may_be_long() -> None:
    """Nobody is left out."""
    names = [f"r{number}@example.com" for number in range(1500)]
    message = LocalMessage(f"To: {', '.join(names)}\n\n".encode())
    assert message.recipients() == names


@pytest.mark.parametrize("text", ["", "a b", "a@x.example\r\nRCPT", "a@", "Nobody:;"])
def test_an_argument_that_is_no_address_is_named(text: str) -> None:
    """An empty one, too."""
    with pytest.raises(AddressError) as caught:
        read_arguments(["a@example.com", text])
    assert str(caught.value) == f"{text!r} is no address"


@pytest.mark.parametrize(
    ("text", "sender"),
    [("", ""), ("<>", ""), ("cron", "cron"), ("Anna <a@example.com>", "a@example.com")],
)
def test_a_sender_may_be_null(text: str, sender: str) -> None:
    """Or a user of this machine."""
    assert read_sender(text) == sender


@pytest.mark.parametrize(
    "text", ["a b", "a@, b@", "a@x.example, b@x.example", "b>\r\nRCPT TO:<a@x.example"]
)
def test_a_sender_is_one_address(text: str) -> None:
    """Nothing of it is left out."""
    with pytest.raises(AddressError, match="no address"):
        read_sender(text)
