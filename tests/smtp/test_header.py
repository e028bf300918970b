"""`lazr_smtptest.smtp.header`: single fields off the bytes."""

from __future__ import annotations

import pytest

from lazr_smtptest.smtp.header import find_header


@pytest.mark.parametrize(
    ("content", "subject"),
    [
        (b"Subject: Hi\r\n\r\n", "Hi"),
        (b"A: b\r\nsubject :Hi", "Hi"),
        (b"Subject: one\r\n two\r\n\tthree\r\nTo: x\r\n", "one two\tthree"),
        (b"Subject:\r\n\r\n", ""),
        (b"Subject: first\r\nSubject: second\r\n", "first"),
        (b"X-Subject: no\r\n\r\nSubject: in the body\r\n", None),
        (b"To: x\nSubject: no line of its own\r\n", None),
        (b"Subject: \xff\r\n", "\ufffd"),
        (b"", None),
    ],
)
def test_a_field_is_found(content: bytes, subject: str | None) -> None:
    """The first one of the header, unfolded."""
    assert find_header(content, "Subject") == subject


def test_a_huge_header_is_not_looked_through() -> None:
    """Reception looks at a bounded part."""
    assert find_header(b"A: b\r\n" * 20000 + b"Subject: x\r\n", "Subject") is None


def test_a_field_with_a_longer_name_is_another_one() -> None:
    """It only begins with the same letters."""
    content = b"Subjects: 2\r\nSubject-Line: no\r\nSubject: Hi\r\n"
    assert find_header(content, "Subject") == "Hi"
