"""SORT, and base subjects (RFC 5256)."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazr_smtptest.readers.imap.errors import CommandError
from lazr_smtptest.readers.imap.results import Match
from lazr_smtptest.readers.imap.search import Scope
from lazr_smtptest.readers.imap.sort import Entry, parse_sort, sort_response
from lazr_smtptest.readers.imap.subjects import base_subject, collation_key
from lazr_smtptest.readers.imap.texts import read_header

from .conftest import MOMENT, Stored

SCOPE = Scope(last=9, last_uid=99, saved=frozenset(), now=MOMENT)

# RFC 5256 section 2.1: a subject, what is left of it, and whether it is a reply.
SUBJECTS = {
    "": ("", False),
    "a": ("a", False),
    "  a \t b  ": ("a b", False),
    "Re: a": ("a", True),
    "RE:a": ("a", True),
    "re : a": ("a", True),
    "Fw: a": ("a", True),
    "FWD: a": ("a", True),
    "Fwdd: a": ("Fwdd: a", False),
    "Re: Fwd: RE: a": ("a", True),
    "Re[2]: a": ("a", True),
    "Re [list]: a": ("a", True),
    "[list] a": ("a", False),
    "[list] [other] a": ("a", False),
    "[list] Re: a": ("a", True),
    "Re: [list] Re: a": ("a", True),
    "[list]": ("[list]", False),
    "[a] [b]": ("[b]", False),
    "Re: [list]": ("[list]", True),
    "a (fwd)": ("a", True),
    "a (FWD) (fwd)  ": ("a", True),
    "(fwd)": ("", True),
    "a (fwd) b": ("a (fwd) b", False),
    "[Fwd: a]": ("a", True),
    "[fwd: Re: a (fwd)]": ("a", True),
    "Re: [Fwd: [Fwd: a]]": ("a", True),
    "[Fwd: a] b": ("b", False),
    "Re:": ("", True),
    "Re: Re: ": ("", True),
    "Re a": ("Re a", False),
    "Regarding: a": ("Regarding: a", False),
    "[[a] b": ("[[a] b", False),
    "AW: a": ("AW: a", False),
}


@pytest.mark.parametrize("subject", SUBJECTS)
def test_base_subject(subject: str) -> None:
    """Marks of replies, of forwards and of lists are removed."""
    found = base_subject(subject)
    assert (found.text, found.is_reply) == SUBJECTS[subject]


@pytest.mark.parametrize(
    "unit", ["[a]", "Re: ", "(fwd)", " ", "[", "]", "re[a]", "[fwd:", "[a] re "]
)
def test_hostile_subjects(unit: str) -> None:
    """They take no seconds."""
    begin = time.process_time()
    base_subject(unit * 20_000)
    base_subject(unit * 20_000 + "x" + "]" * 20_000)
    assert time.process_time() - begin < 30


@given(st.text("ref:[] (wd)a", max_size=30))
def test_base_subject_of_a_base_subject(subject: str) -> None:
    """A reply to a message has its base subject, unless nothing is left."""
    assert base_subject(f"Re: {subject}").text == base_subject(subject).text


@pytest.mark.parametrize(
    ("one", "other"), [("a", "A"), ("ä", "Ä"), ("ä", "a\u0308"), ("ﬁ", "ﬁ"), ("ß", "ß")]
)
def test_collation(one: str, other: str) -> None:
    """Letter case and composition do not matter (RFC 5051)."""
    assert collation_key(one) == collation_key(other)


def entry(sequence: int, header: str, **facts: Any) -> Entry:
    content = header.replace("\n", "\r\n").encode() + b"\r\n\r\n"
    return Entry(Stored(content, sequence=sequence, **facts), read_header(content))


MESSAGES = [
    entry(
        1,
        "From: b@a.example\nTo: z@a.example\nSubject: Re: B\n"
        "Date: 3 Jan 2026 00:00:00 +0000",
        received_at=MOMENT + timedelta(3),
    ),
    entry(
        2,
        "From: Zoe <A@a.example>\nCc: c@a.example\nSubject: a\n"
        "Date: 1 Jan 2026 00:00:00 +0000",
        received_at=MOMENT + timedelta(2),
    ),
    entry(
        3,
        "From: c@a.example\nTo: y@a.example\nSubject: [list] b\n"
        "Date: 1 Jan 2026 10:00:00 +1100",
        received_at=MOMENT + timedelta(1),
    ),
    entry(4, "X: " + "a" * 500, received_at=MOMENT + timedelta(1)),
]
# Criteria, and the numbers of the messages in their order.
ORDERS = {
    "ARRIVAL": [3, 4, 2, 1],
    "reverse arrival": [1, 2, 3, 4],
    "DATE": [4, 3, 2, 1],
    "FROM": [4, 2, 1, 3],
    "TO": [2, 4, 3, 1],
    "CC": [1, 3, 4, 2],
    "SUBJECT": [4, 2, 1, 3],
    "SUBJECT DATE": [4, 2, 3, 1],
    "SUBJECT REVERSE DATE": [4, 2, 1, 3],
    "REVERSE SUBJECT FROM": [1, 3, 2, 4],
    "REVERSE SIZE": [4, 3, 2, 1],
    "SIZE": [1, 2, 3, 4],
}


def criteria(text: str) -> list[bytes]:
    return text.encode().split()


@pytest.mark.parametrize("text", ORDERS)
def test_order(text: str) -> None:
    """Equal messages stay in the order of the mailbox."""
    sort = parse_sort([criteria(text), b"UTF-8", b"ALL"], SCOPE)
    found = [each.message.sequence for each in sort.order(reversed(MESSAGES))]
    assert found == ORDERS[text]


@pytest.mark.parametrize(
    ("text", "needed"), [("ARRIVAL REVERSE SIZE", False), ("SIZE DATE", True)]
)
def test_needs_header(text: str, needed: bool) -> None:
    """ARRIVAL and SIZE are facts of the message."""
    sort = parse_sort([criteria(text), b"UTF-8", b"ALL"], SCOPE)
    assert sort.needs_header is needed


def test_search_keys() -> None:
    """They select the messages."""
    sort = parse_sort([[b"DATE"], b"utf-8", b"2", b"SEEN"], SCOPE)
    assert sort.search.matches(Stored(b"", sequence=2)) is True
    assert sort.search.matches(Stored(b"", sequence=3)) is False


BAD: list[list[Any]] = [
    [],
    [[b"DATE"]],
    [[b"DATE"], b"UTF-8"],
    [b"DATE", b"UTF-8", b"ALL"],
    [[], b"UTF-8", b"ALL"],
    [[b"DATE"], [b"UTF-8"], b"ALL"],
    [[b"REVERSE"], b"UTF-8", b"ALL"],
    [[b"REVERSE", b"REVERSE", b"DATE"], b"UTF-8", b"ALL"],
    [[[b"DATE"]], b"UTF-8", b"ALL"],
    [[b"DISPLAYFROM"], b"UTF-8", b"ALL"],
    [[b"\xff"], b"UTF-8", b"ALL"],
    [[b"DATE"] * 21, b"UTF-8", b"ALL"],
    [[b"DATE"], b"UTF-8", b"NONE"],
]


@pytest.mark.parametrize("arguments", BAD)
def test_malformed(arguments: list[Any]) -> None:
    """It is BAD."""
    with pytest.raises(CommandError) as caught:
        parse_sort(arguments, SCOPE)
    assert caught.value.status == "BAD"
    assert caught.value.text.isascii()


def test_unknown_charset() -> None:
    """NO with the charsets that are known."""
    with pytest.raises(CommandError) as caught:
        parse_sort([[b"DATE"], b"KOI8-R", b"ALL"], SCOPE)
    assert (caught.value.status, caught.value.code[:10]) == ("NO", "BADCHARSET")


def test_response() -> None:
    """It is sent even if it is empty (RFC 5256 section 4)."""
    matches = [Match(3, 7), Match(1, 9)]
    assert sort_response(matches) == b"* SORT 3 1\r\n"
    assert sort_response(matches, has_change=True) == b"* SORT 3 1 (MODSEQ 9)\r\n"
    assert sort_response([]) == b"* SORT\r\n"
