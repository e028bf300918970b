"""`lazr_smtptest.smtp.content_lines`: contents as lines for an `IMessage`."""

from __future__ import annotations

from lazr_smtptest.smtp.content_lines import lines_of


def test_a_header_may_stand_alone() -> None:
    """The message has no line of its own."""
    assert list(lines_of(b"Received: by a", [])) == [b"Received: by a"]


def test_the_lines_of_a_header_follow_each_other() -> None:
    """The line that the server adds is the first of the header."""
    found = lines_of(b"Received: by a", [b"Subj", b"ect: x\r\n\r\nHi\r\n"])
    assert list(found) == [b"Received: by a", b"Subject: x", b"", b"Hi"]


def test_a_message_without_a_header_gets_an_empty_line() -> None:
    """Its first line does not join the header."""
    found = lines_of(b"Received: by a", [b"Hi\r\n"])
    assert list(found) == [b"Received: by a", b"", b"Hi"]
