"""`lazr_smtptest.mime.fields`: white space at the end of a field."""

from __future__ import annotations

import pytest

from lazr_smtptest.model.envelope import Envelope

SPACE = ("white space at the end of the field Subject",)


def message(field: bytes) -> Envelope:
    """Make a message with a field."""
    return Envelope(mail_from="", rcpt_tos=(), content=field + b"\r\n\r\nHi.\r\n")


@pytest.mark.parametrize(
    ("field", "subject", "trouble"),
    [
        (b"Subject: Welcome", "Welcome", ()),
        (b"Subject:  Welcome", "Welcome", ()),
        (b"Subject: Welcome ", "Welcome", SPACE),
        (b"Subject: Welcome\t", "Welcome", SPACE),
        (b"Subject: Welcome\r\n ", "Welcome", SPACE),
        (b"Subject: Welcome\r\n you", "Welcome you", ()),
        (b"Subject: ", "", ()),
        (b"Subject: =?utf-8?q?Welcome_?=", "Welcome ", ()),
    ],
)
def test_white_space_at_the_end_is_left_out_and_told(
    field: bytes, subject: str, trouble: tuple[str, ...]
) -> None:
    """It belongs to the field (RFC 5322 section 2.2), and nobody sees it."""
    envelope = message(field)
    assert (envelope.subject, envelope.trouble) == (subject, trouble)


def test_the_name_in_the_trouble_is_of_bounded_length() -> None:
    """A client may send any."""
    (trouble,) = message(b"x" * 1000 + b": a ").trouble
    assert len(trouble) < 120


def test_a_failure_names_the_white_space_that_a_field_cannot_have() -> None:
    """A test that wants it would never pass."""
    from lazr_smtptest.mailbox import Mailbox, NotReceived

    mailbox = Mailbox()
    mailbox.add(message(b"Subject: Welcome "))
    with pytest.raises(NotReceived) as caught:
        mailbox.assert_received(subject="Welcome ")
    assert "note: white space at the ends of a field is left out" in str(caught.value)
