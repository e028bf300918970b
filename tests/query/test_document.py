"""What is read from a message for lists and searches."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazr_smtptest._spool import SpooledContent
from lazr_smtptest.model.document import Document
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.summary import HeaderMailbox
from lazr_smtptest.query.document import (
    LONGEST_TEXT,
    columns_of,
    document_of,
    documents_of,
    read_documents_with,
    read_headers,
)


def envelope(content: Any, **changes: Any) -> Envelope:
    if isinstance(content, str):
        content = content.replace("\n", "\r\n").encode()
    values: dict[str, Any] = {"mail_from": "", "rcpt_tos": (), "content": content}
    return Envelope(**{**values, **changes})


def read(content: str | bytes, **changes: Any) -> Document:
    return document_of(envelope(content, **changes))


def part(fields: str, body: str = "x") -> str:
    return f"--b\n{fields}\n\n{body}\n"


def multipart(*parts: str, kind: str = "mixed") -> str:
    start = f"Content-Type: multipart/{kind}; boundary=b\n\n"
    return f"{start}{''.join(parts)}--b--\n"


@pytest.mark.parametrize(
    ("body", "mailboxes"),
    [
        ("bob@x.example", [("", "bob@x.example")]),
        ("Bob <bob@x.example>", [("Bob", "bob@x.example")]),
        ('"Bob, \\"B\\"" <bob@x.example>', [('Bob, "B"', "bob@x.example")]),
        ("=?utf-8?q?J=C3=B6rg?= <j@x>", [("Jörg", "j@x")]),
        ('"=?utf-8?q?J=C3=B6rg?=" <j@x>', [("Jörg", "j@x")]),
        ("Jörg <j@x>", [("Jörg", "j@x")]),
        ("a@x, B <b@x>", [("", "a@x"), ("B", "b@x")]),
        ("Team: a@x, B <b@x>;", [("", "a@x"), ("B", "b@x")]),
        ("undisclosed-recipients:;", []),
        ("Nobody at all", [("Nobody at all", "")]),
        ("", []),
    ],
)
def test_mailboxes_have_names_and_addresses(
    body: str, mailboxes: list[tuple[str, str]]
) -> None:
    """A text without an address is a name."""
    document = read(f"From: {body}\nTo: {body}\n\n")
    expected = tuple(HeaderMailbox(*each) for each in mailboxes)
    assert document.sender == document.to == expected


def test_every_address_field_is_read() -> None:
    """All of the fields that a query names."""
    document = read("Cc: c@x\nBcc: b@x\nReply-To: r@x\nCc: d@x\n\n")
    assert [each.address for each in document.cc] == ["c@x", "d@x"]
    assert [each.address for each in document.bcc] == ["b@x"]
    assert [each.address for each in document.reply_to] == ["r@x"]


def test_recipients_that_no_field_names_are_blind() -> None:
    """As a Bcc that was removed before the message was sent."""
    document = read("To: a@x\nBcc: b@x\n\n", rcpt_tos=("a@X", "b@x", "hidden@x", "A@x"))
    assert [str(each) for each in document.bcc] == ["b@x", "hidden@x", "A@x"]


@pytest.mark.parametrize(
    ("mailbox", "text"),
    [
        (HeaderMailbox("Bob", "bob@x"), "Bob <bob@x>"),
        (HeaderMailbox("", "bob@x"), "bob@x"),
        (HeaderMailbox("Bob", ""), "Bob"),
    ],
)
def test_a_mailbox_is_shown_as_in_a_header(mailbox: HeaderMailbox, text: str) -> None:
    """Without brackets where they hold nothing."""
    assert str(mailbox) == text


def test_the_header_is_decoded() -> None:
    """Each field in order, its name in lower case."""
    document = read(
        "Subject: =?utf-8?b?5p2x5Lqs?=\nMessage-ID: <1@x>\nX-Foo: a\n b\nX-Foo: c\n\n"
    )
    assert (document.subject, document.message_id) == ("東京", "1@x")
    assert document.headers == (
        ("subject", "東京"),
        ("message-id", "<1@x>"),
        ("x-foo", "a b"),
        ("x-foo", "c"),
    )


def alternative(plain: str, html: str) -> Document:
    content = multipart(
        part("Content-Type: text/plain", plain),
        part("Content-Type: text/html", html),
        kind="alternative",
    )
    return read(content)


def test_the_text_and_the_html_are_searched() -> None:
    """They may say different things."""
    assert alternative("plain\ntext", "<p>html").text == "plain\ntext\nhtml"


def test_html_that_says_the_same_is_searched_once() -> None:
    """Whatever its lines are."""
    assert alternative("plain\ntext", "<p>plain text").text == "plain\ntext"


def test_the_links_of_the_html_are_searched() -> None:
    """Unless the text has them."""
    links = "".join(f"<a href='https://x/{name}'>t</a>" for name in "abb")
    assert alternative("t https://x/a", links).text == "t https://x/a\nttt\nhttps://x/b"


def test_the_snippet_is_that_of_the_html() -> None:
    """If there is any text in it."""
    assert alternative("plain", "<p>html<br>text").snippet == "html text"
    assert alternative("plain", "<img src=x>").snippet == "plain"


def test_html_is_read_for_its_visible_text() -> None:
    """If there is no other text."""
    document = read("Content-Type: text/html\n\n<style>x</style><p>A<p>B <b>C</b>\n")
    assert document.text == "A\nB C"


def test_a_message_without_text_has_none() -> None:
    """Only a file."""
    document = read("Content-Type: application/pdf; name=a.pdf\n\nx\n")
    assert (document.text, document.snippet) == ("", "")
    assert document.attachments == ("a.pdf",)


@pytest.mark.parametrize(
    ("fields", "is_inline"),
    [
        ("Content-Disposition: attachment; filename=f\nContent-ID: <1>", False),
        ("Content-Disposition: inline; filename=f", True),
        ("Content-ID: <1>\nContent-Description: f", True),
        ("Content-Description: f", True),
    ],
)
def test_an_image_is_attached_or_inline(fields: str, is_inline: bool) -> None:
    """By its disposition; inline without one."""
    check_file("image/png", fields, is_inline)


@pytest.mark.parametrize(
    ("content_type", "fields", "is_inline"),
    [
        ("application/pdf", "Content-Description: f", False),
        ("application/pdf", "Content-ID: <1>", True),
        ("application/pdf", "Content-Disposition: inline", True),
        ("application/octet-stream", "Content-Disposition: inline", False),
        ("application/octet-stream", "Content-ID: <1>", False),
    ],
)
def test_another_file_is_attached_or_inline(
    content_type: str, fields: str, is_inline: bool
) -> None:
    """By its disposition, or by the id that the HTML refers to."""
    check_file(content_type, fields, is_inline)


def check_file(content_type: str, fields: str, is_inline: bool) -> None:
    """Check how a file after a text is counted."""
    content = multipart(
        part("Content-Type: text/plain"),
        part(f"Content-Type: {content_type}; name=f\n{fields}"),
    )
    document = read(content)
    names = (document.attachments, document.inlines)
    assert names == (((), ("f",)) if is_inline else (("f",), ()))


@pytest.mark.parametrize(
    ("text", "snippet"),
    [
        ("\n\n A  line\n and\tanother ", "A line and another"),
        ("a\x1b[31mb\u200bc\u034fd", "a [31mb c d"),
        ("x" * 200, "x" * 200),
        ("x" * 201, "x" * 200 + "..."),
        ("y" * 199 + " z", "y" * 199 + "..."),
    ],
)
def test_a_snippet_is_one_line(text: str, snippet: str) -> None:
    """Of at most 200 printable characters, and dots if there are more."""
    assert read(f"\n{text}\n").snippet == snippet


def test_the_irregularities_are_counted() -> None:
    """Of the commands and of the message."""
    assert read(b"\n\xff\n", warnings=("other",)).warnings == 3


def test_text_that_no_database_accepts_is_replaced() -> None:
    """Wherever it stands."""
    document = read(
        b"Subject: a\0b\r\nFrom: x\0 <y\0@z>\r\nX-A: \0\r\n\r\na\0b\r\n",
        rcpt_tos=("\ud800@x",),
    )
    assert "\0" not in repr(document)
    repr(columns_of("\0", ("\ud800",), document)).encode()
    repr(document).encode()


@pytest.mark.parametrize(
    "content",
    [
        "\n" + "x" * (LONGEST_TEXT + 1),
        "Content-Type: text/html\n\n" + "<p>x" * LONGEST_TEXT,
        "A:\n" * 1001 + "\n",
        "X" * 300 + ": y\n\n",
        multipart(
            *(part(f"Content-Type: a/b; name={'x' * 300}{n}") for n in range(300))
        ),
    ],
)
def test_all_is_bounded(content: str) -> None:
    """The document says if something is missing."""
    document = read(content)
    assert document.shortened
    assert len(repr(document)) < 5 * LONGEST_TEXT


@pytest.mark.parametrize(
    "content",
    [
        "Subject: =?utf-8?q?gr=C3=BC=C3=9Fe?=\n folded\nX-A: \n\nx",
        "A:\n" * 1001 + "\n",
        "X" * 300 + ": y\nB: c\n\n",
        "A: " + "x" * (LONGEST_TEXT + 1) + "\n\n",
        "no header",
        "",
    ],
)
def test_the_header_can_be_read_alone(content: str) -> None:
    """With the same fields, within the same bounds."""
    message = envelope(content)
    assert read_headers(message.content) == document_of(message).headers


def test_a_message_within_the_bounds_is_whole() -> None:
    """Even at the bound."""
    document = read("A: b\n\n" + "x" * LONGEST_TEXT)
    assert not document.shortened
    assert len(document.text) == LONGEST_TEXT


def test_an_envelope_keeps_nothing_of_what_was_read() -> None:
    """A store in memory keeps many."""
    message = envelope("Subject: a\n\nb")
    document_of(message)
    assert not message.__dict__


def test_a_process_chooses_where_documents_are_read() -> None:
    """Until it has ended that."""
    elsewhere = Document(subject="read elsewhere")
    end = read_documents_with(lambda envelopes: [elsewhere for _ in envelopes])
    try:
        assert read("Subject: a\n\n") is elsewhere
    finally:
        end()
    assert read("Subject: a\n\n").subject == "a"


def test_many_messages_are_read_in_order() -> None:
    """By one call."""
    documents = documents_of([envelope(f"Subject: {n}\n\n") for n in range(3)])
    assert [document.subject for document in documents] == ["0", "1", "2"]


def test_a_message_in_a_file_is_read() -> None:
    """It is not in memory, where it was large."""
    content = SpooledContent()
    content.append(b"Subject: a\r\n\r\nb\r\n")
    assert document_of(envelope(content)).subject == "a"


@pytest.mark.slow
@given(st.binary(), st.lists(st.text(max_size=5), max_size=3))
def test_nothing_is_raised_for_a_content(content: bytes, rcpt_tos: list[str]) -> None:
    """Whatever it is."""
    read(content, rcpt_tos=tuple(rcpt_tos))
