"""Summaries of messages, and the messages themselves."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from lazr_smtptest.model.session import Session
from lazr_smtptest.model.summary import HeaderMailbox

from ..envelopes import make_envelope
from ..reading_helpers import mail, wait_for_index

TIME = datetime(2026, 11, 27, 12, 30, 15, 123456, tzinfo=timezone.utc)

MESSAGE = mail(
    """\
From: =?utf-8?q?Zo=C3=AB?= <zoe@example.com>
To: Ann <ann@example.com>, bob@example.com
Cc: "Cleo, C." <cleo@example.com>
Bcc: dan@example.com
Reply-To: Help <help@example.com>
Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=
Message-ID: <1234@example.com>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=outer

--outer
Content-Type: multipart/related; boundary=inner

--inner
Content-Type: text/html; charset=utf-8

<p>Hello   <b>Ann</b></p><img src="cid:logo">
--inner
Content-Type: image/png
Content-ID: <logo>
Content-Disposition: inline; filename=logo.png

xxxx
--inner--
--outer
Content-Type: application/pdf
Content-Disposition: attachment; filename=bill.pdf

xxxx
--outer--
""",
    id="message-1",
    mail_from="bounce@example.com",
    rcpt_tos=("ann@example.com", "dan@example.com"),
    user="zoe",
    tls=True,
    received_at=TIME,
)

EXPECTED = {
    "id": "message-1",
    "received_at": TIME,
    "mail_from": "bounce@example.com",
    "rcpt_tos": ("ann@example.com", "dan@example.com"),
    "sender": (HeaderMailbox("Zoë", "zoe@example.com"),),
    "to": (
        HeaderMailbox("Ann", "ann@example.com"),
        HeaderMailbox("", "bob@example.com"),
    ),
    "cc": (HeaderMailbox("Cleo, C.", "cleo@example.com"),),
    "bcc": (HeaderMailbox("", "dan@example.com"),),
    "reply_to": (HeaderMailbox("Help", "help@example.com"),),
    "subject": "Grüße",
    "message_id": "1234@example.com",
    "size": MESSAGE.size,
    "attachments": 1,
    "inlines": 1,
    "snippet": "Hello Ann",
    "flags": frozenset(),
    "tags": (),
    "user": "zoe",
    "tls": True,
    "warnings": 0,
}

HOSTILE = {
    "empty": b"",
    "blank": b"\r\n\r\n",
    "binary": bytes(range(256)) * 20,
    "nul": b"Subject: a\0b\r\nX-Tags: \0\r\n\r\na\0b\r\n",
    "surrogates": b"Subject: =?utf-8?q?=ED=A0=80?=\r\n\r\n\xed\xa0\x80\r\n",
    "no-end-of-header": b"Subject: endless" + b"x" * 200_000,
    "many-fields": b"X: y\r\n" * 20_000 + b"\r\n",
    "many-addresses": b"To: " + b"a@example.com, " * 20_000 + b"\r\n\r\n",
    "broken-addresses": b'To: <<<""((,;:@\r\nFrom: \xff\xfe\r\n\r\n',
    "unknown-charset": b"Content-Type: text/plain; charset=no-such\r\n\r\n\xff\r\n",
    "bad-multipart": b"Content-Type: multipart/mixed\r\n\r\n--\r\n",
    "nested": b"Content-Type: message/rfc822\r\n\r\n" * 300 + b"x\r\n",
    "bad-base64": b"Content-Transfer-Encoding: base64\r\n\r\n===x\r\n",
    "open-html": b"Content-Type: text/html\r\n\r\n" + b"<div>" * 20_000 + b"\r\n",
}


@pytest.fixture
def summary(store: Any) -> Any:
    """Return the summary of the message above."""
    store.add(MESSAGE)
    wait_for_index(store)
    return store.summary("message-1")


@pytest.mark.parametrize("name", EXPECTED)
def test_a_summary_has_every_property_of_the_message(summary: Any, name: str) -> None:
    """Decoded, and without reading the content again."""
    assert getattr(summary, name) == EXPECTED[name]


def test_a_page_has_the_same_summary(store: Any, summary: Any) -> None:
    """As the one that is asked for by id."""
    assert list(store.page()) == [summary]


def test_a_summary_by_number_is_the_one_by_id(store: Any, summary: Any) -> None:
    """The number is that of the summary."""
    assert store.summary(summary.number) == summary


def test_a_message_is_read_by_its_id_and_its_number(store: Any, summary: Any) -> None:
    """Whole, with its envelope."""
    assert store.envelope("message-1") == MESSAGE
    assert store.envelope(summary.number) == MESSAGE


def test_a_message_has_its_id_and_time(store: Any, summary: Any) -> None:
    """`Envelope` does not compare them."""
    envelope = store.envelope(summary.number)
    assert (envelope.id, envelope.received_at) == ("message-1", TIME)


def test_a_message_without_anything_has_a_summary(store: Any) -> None:
    """Of defaults."""
    store.add(make_envelope(content=b"", mail_from="", rcpt_tos=(), id="bare"))
    wait_for_index(store)
    summary = store.summary("bare")
    assert (summary.subject, summary.sender, summary.snippet) == ("", (), "")
    assert (summary.mail_from, summary.rcpt_tos, summary.received_at) == ("", (), None)
    assert (summary.user, summary.tls, summary.session_id) == (None, False, "")


def test_a_summary_names_the_session(store: Any) -> None:
    """That delivered the message."""
    store.add(make_envelope(session=Session(id="session-7"), id="a"))
    assert store.summary("a").session_id == "session-7"


def test_a_snippet_is_one_line_of_two_hundred_characters(store: Any) -> None:
    """Whatever white space the text has."""
    store.add(mail("Subject: x\n\n" + "word \n\t" * 200, id="a"))
    wait_for_index(store)
    assert store.summary("a").snippet == ("word " * 40).strip() + "..."


def test_irregularities_are_counted(store: Any) -> None:
    """Those that the envelope names."""
    envelope = make_envelope(content=b"Subject: x\r\n\r\nbare\nlf\r\n", id="a")
    store.add(envelope)
    wait_for_index(store)
    assert store.summary("a").warnings == len(envelope.warnings) > 0


@pytest.mark.slow
@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_message_has_a_summary(store: Any, content: bytes) -> None:
    """It can be listed, read, searched beside and removed like any other."""
    store.add(make_envelope(content=content, id="a"))
    store.add(make_envelope(1, id="b"))
    wait_for_index(store)
    summary = store.summary("a")
    assert summary.size == len(content)
    assert len(summary.snippet) <= 203
    _encode(summary)
    assert store.envelope("a").content == content
    assert [each.id for each in store.page()] == ["b", "a"]


def _encode(summary: Any) -> None:
    """Check that all text of the header can be sent as UTF-8 and has no NUL."""
    texts = [summary.subject, summary.snippet, summary.message_id, *summary.tags]
    for name in ("sender", "to", "cc", "bcc", "reply_to"):
        for mailbox in getattr(summary, name):
            texts += [mailbox.name, mailbox.address]
    for text in texts:
        assert b"\0" not in text.encode("utf-8")
