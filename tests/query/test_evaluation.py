"""Queries that are evaluated for a message in memory."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import attrs
import pytest

from lazr_smtptest.model.document import Document
from lazr_smtptest.model.summary import HeaderMailbox, Summary
from lazr_smtptest.query.evaluation import matches
from lazr_smtptest.query.parser import parse
from lazr_smtptest.query.tree import (
    Everything,
    Field,
    HasTags,
    Substring,
    Words,
    leaves,
)

BOB = HeaderMailbox("Bob Müller", "bob@x.example")
ANN = HeaderMailbox("", "Ann@Y.example")
SUMMARY = Summary(
    number=7,
    id="5e-1f",
    received_at=datetime(2024, 6, 1, 12, tzinfo=timezone.utc),
    mail_from="bounce@x.example",
    rcpt_tos=("ann@y.example", "carl@z.example"),
    sender=(BOB,),
    to=(ANN,),
    cc=(HeaderMailbox("Cc", "c@x"),),
    bcc=(HeaderMailbox("", "carl@z.example"),),
    reply_to=(HeaderMailbox("Help", "help@x.example"),),
    subject="Your Invoice: 100% 東京都",
    message_id="1234.AB@x.example",
    size=2048,
    attachments=1,
    inlines=0,
    flags=frozenset(("seen", "flagged")),
    tags=("Urgent", "very old"),
    user="Bob",
    session_id="5e-1",
    warnings=1,
)
DOCUMENT = Document(
    sender=SUMMARY.sender,
    to=SUMMARY.to,
    subject=SUMMARY.subject,
    headers=(
        ("from", "Bob Müller <bob@x.example> (at work)"),
        ("subject", SUMMARY.subject),
        ("x-mailer", "The  Mailer 3"),
        ("x-empty", ""),
    ),
    text="Dear Ann,\nplease pay the café.\nNo. 4711 \N{PARTY POPPER}",
    attachments=("bill_2024.pdf",),
    inlines=("logo.png",),
)


@attrs.frozen
class Message:
    summary: Summary = SUMMARY
    document: Document = DOCUMENT


def found(query: str, message: Any = None) -> bool:
    now = datetime(2024, 6, 2, tzinfo=timezone.utc)
    node = parse(query, now=now, zone=timezone.utc)
    return matches(node, message or Message())


@pytest.mark.parametrize(
    "query",
    [
        "",
        # The four texts
        *("invoice", "INVOICE", "bounce", "carl", "müller", "MULLER", "4711", "café"),
        *("bill", "2024", "logo.png", '"at work"', "cafe", "pay"),
        *("inv*", '"please pa"*', '"dear ann please"', "bob@x.example"),
        *("*nvoi*", '*"ear ann, pl"*', "*100%*", "🎉", "*bill_2024*", "*CAFÉ*"),
        *("東", "京都", "東京都", "都"),
        *("invoice pay", "pay OR nothing", "nothing OR pay", "-nothing"),
        *("(pay OR x) (y OR invoice)", "-(pay nothing)", "-(zero OR nothing)"),
        # Fields
        *("from:bob", "from:MULLER", "from:b@x.ex", 'from:"bob müller <bob@"'),
        *("to:ann@y", "cc:c@x", "bcc:carl", "reply-to:help"),
        *("addressed:bob", "addressed:ann", "addressed:carl", "addressed:help"),
        *("addressed:c@x", 'subject:"invoice: 100%"', "subject:nvoi", "subject:京"),
        *("message-id:1234.ab", "message-id:<1234.AB@x.example>"),
        *("header:X-Mailer", "header:x-mailer:mailer", "header:X-Empty"),
        *('header:"X-Mailer: the mailer"', "header:subject:100"),
        *("tag:urgent", "tag:URGENT", 'tag:"very  OLD"'),
        *("rcpt:ann@y.example", "rcpt:carl@Z.EXAMPLE", "rcpt:<carl@z.example>"),
        *("user:Bob", "session:5e-1", "id:5e-1f"),
        # States
        *("is:read", "is:seen", "is:flagged", "is:tagged", "-is:unread"),
        *("-is:draft", "-is:deleted", "-is:answered"),
        *("has:attachment", "has:warning", "-has:inline"),
        # Sizes and times
        *("larger:2047", "larger:1.9k", "smaller:2049", "smaller:1m", "-larger:2k"),
        *("before:2024-06-02", "after:2024-06-01", "-before:2024-06-01", "after:1d"),
        *("before:2024-06-01T12:00", "after:2024-06-01T12:00", "-after:11h"),
    ],
)
def test_a_query_matches(query: str) -> None:
    """Each term of the language."""
    assert found(query)
    assert not found(f"-({query})" if query else "-pay")


@pytest.mark.parametrize(
    "query",
    [
        *(
            "invoic",
            "nvoice",
            "z9",
            "ann pay nothing",
            '"pay please"',
            "nv*",
            "ann*pay",
        ),
        *('"100 bounce"', '"ann carl"', "京東", '*"pay the café no 4711"*', "🎈"),
        *("*pngbill*", "header", "x-mailer"),
        *("from:ann", "to:bob", "to:carl", "cc:bob", "bcc:ann", "reply-to:bob"),
        *("addressed:bounce", "addressed:x-mailer", "subject:100x", "subject:100_"),
        *("header:X-Other", "header:X-Mailer:bob", "header:X-Empty:x", "header:mailer"),
        *("tag:urgen", "tag:very", "rcpt:ann", "rcpt:Ann@y.example", "rcpt:bob@x"),
        *("user:bob", "session:5e", "session:5e-1f", "id:5e-1", "id:5E-1F"),
        *("larger:2048", "smaller:2048", "larger:2k", "smaller:2k"),
        *("before:2024-06-01", "after:2024-06-02", "after:11h"),
    ],
)
def test_a_query_does_not_match(query: str) -> None:
    """Nearly the same terms."""
    assert not found(query)
    assert found(f"-({query})")


EMPTY = Message(
    Summary(id="x", received_at=None, mail_from="", rcpt_tos=(), subject="", size=0),
    Document(),
)


@pytest.mark.parametrize(
    "query",
    [
        *("a", "*a*", "from:a", "to:a", "subject:a", "message-id:a", "header:a"),
        *("tag:a", "is:read", "is:tagged", "has:attachment", "has:inline"),
        *("has:warning", "larger:0", "before:2024", "after:2024", "user:a", "rcpt:a"),
        *("session:a",),
    ],
)
def test_a_message_without_anything_matches_only_the_opposite(query: str) -> None:
    """A time, say, that is not there is neither before nor after."""
    assert not found(query, EMPTY)
    assert found(f"-{query}", EMPTY)


class Unread:
    """A message whose document must not be read."""

    summary = SUMMARY

    @property
    def document(self) -> Document:
        raise AssertionError("the document was read")


def test_the_document_is_not_read_for_what_the_summary_says() -> None:
    """It costs time."""
    query = (
        "from:bob subject:invoice tag:urgent is:read has:attachment larger:1 after:2024"
        " rcpt:ann@y.example user:Bob id:5e-1f session:5e-1 message-id:1234"
    )
    assert found(query, Unread())


def test_the_leaves_of_a_query_are_its_terms() -> None:
    """In order."""
    assert list(leaves(parse("a (from:b OR -is:tagged) -(*c* -)"))) == [
        Words("a"),
        Field("from", "b"),
        HasTags(),
        Substring("c"),
        Substring("-"),
    ]
    assert list(leaves(parse(""))) == [Everything()]
