"""Messages in files: their envelope."""

from __future__ import annotations

import pytest

from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.stores import _fields


def read(module, content: bytes) -> Envelope:
    """Return the message as the server reads what the page makes of it."""
    # As the page reads a file: what is no UTF-8 is replaced.
    fields = module("eml.js").call("envelopeOf", content.decode("utf-8", "replace"))
    return _fields.from_bytes(fields.encode("ascii") + content)


def test_the_header_gives_the_envelope(module):
    """Each recipient once; the bytes stay as they are."""
    content = (
        b"From: Shop <shop@example.com>\r\nTo: Anna <anna@example.com>,\r\n"
        b" bert@example.com\r\nCC: anna@example.com\r\n\r\nTo: not@this.example \xff\0"
    )
    found = read(module, content)
    assert found.mail_from == "shop@example.com"
    assert found.rcpt_tos == ("anna@example.com", "bert@example.com")
    assert found.content == content


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\r\n\r\n",
        b"no header",
        b"From: \xff@\xff\nTo: <>\n\nx",
        b"To: a\r\n@b: c",
    ],
)
def test_a_message_without_addresses_has_an_empty_envelope(module, content):
    """Its bytes stay as they are."""
    found = read(module, content)
    assert (found.mail_from, found.rcpt_tos) == ("", ())
    assert found.content == content


def test_an_exported_message_keeps_its_envelope(module):
    """It has one already."""
    envelope = Envelope(
        mail_from="a@b.example",
        rcpt_tos=("hidden@b.example",),
        content=b"To: shown@b.example\r\n\r\nHi\r\n",
        helo="client.example",
    )
    found = read(module, _fields.to_bytes(envelope, envelope.content, b"\r\n"))
    assert found.rcpt_tos == ("hidden@b.example",)
    assert found.content == envelope.content
