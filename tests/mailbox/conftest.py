"""Fixtures for the tests of the mailbox."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lazr_smtptest.mailbox import Mailbox
from lazr_smtptest.model.envelope import Envelope

MULTIPART = (
    b"Subject: Report\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: text/plain\r\n\r\nOne.\r\nTwo.\r\nThree.\r\n"
    b"--b\r\nContent-Type: text/html\r\nContent-Disposition: inline\r\n\r\n"
    b"<p>Four.</p>\r\n"
    b"--b\r\nContent-Type: application/pdf\r\n"
    b'Content-Disposition: attachment; filename="a.pdf"\r\n\r\nPDF\r\n--b--\r\n'
)


@pytest.fixture
def make() -> Callable[..., Envelope]:
    """Makes an envelope."""

    def make(subject: str = "Hello", **changes: object) -> Envelope:
        fields = {
            "mail_from": "ann@example.com",
            "rcpt_tos": ("bob@example.com",),
            "content": f"Subject: {subject}\r\nX-Run: 17\r\n\r\nHi.\r\n".encode(),
            "helo": "client.example.com",
        }
        return Envelope(**{**fields, **changes})

    return make


@pytest.fixture
def report(make: Callable[..., Envelope]) -> Envelope:
    """Give a message with a text, HTML and an attachment."""
    return make(content=MULTIPART)


@pytest.fixture
def mailbox() -> Mailbox:
    """Give an empty mailbox."""
    return Mailbox()
