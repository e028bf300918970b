"""The decoded texts that SEARCH, SORT and THREAD read."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazr_smtptest.readers.imap.structure import read_structure
from lazr_smtptest.readers.imap.texts import Header, read_body, read_header

from .conftest import crlf
from .test_structure import HOSTILE, NESTED


def header(text: str) -> Header:
    return read_header(crlf(text + "\n\n"))


def body(content: bytes) -> str:
    return read_body(content, read_structure(content))


DATES = {
    "Mon, 7 Feb 1994 21:52:25 -0800": ((1994, 2, 7), 760686745),
    "7 Feb 94 21:52:25 PST (c)": ((1994, 2, 7), 760686745),
    "7 Feb 1994 21:52:25": ((1994, 2, 7), 760657945),
    "Thu, 1 Jan 1970 00:00 +0000": ((1970, 1, 1), 0),
    "31 Feb 1994 00:00:00 +0000": (None, None),
    "yesterday": (None, None),
    "": (None, None),
    "," * 300: (None, None),
}


@pytest.mark.parametrize("text", DATES)
def test_date(text: str) -> None:
    """Its day is as it is written, its time in UTC."""
    found = header(f"Date: {text}")
    assert (found.day, found.sent) == DATES[text]


IDS: dict[str, tuple[bytes, ...]] = {
    "References: <a@b> <c@d>": (b"a@b", b"c@d"),
    "References: <a@b>\n <c@d>": (b"a@b", b"c@d"),
    "References: a <b": (),
    "References: none\nIn-Reply-To: <a@b> <c@d>": (b"a@b",),
    "In-Reply-To: Your mail of today <a@b>": (b"a@b",),
    "References: <a@b>\nIn-Reply-To: <c@d>": (b"a@b",),
    'References: <"01KF8JCEOCBS0045PS"@x.example>': (b"01KF8JCEOCBS0045PS@x.example",),
    "X: <a@b>": (),
}


@pytest.mark.parametrize("text", IDS)
def test_references(text: str) -> None:
    """In-Reply-To counts if References has no id (RFC 5256 section 3)."""
    assert header(text).references == IDS[text]


@pytest.mark.parametrize(
    ("text", "found"),
    [("Message-ID: <a@b>", b"a@b"), ("X: a", b""), ("Message-ID: a", b"")],
)
def test_message_id(text: str, found: bytes) -> None:
    """Without its brackets."""
    assert header(text).message_id == found


LOCAL_PARTS = {
    "From: Ann <ann@a.example>, b@b.example": "ann",
    "From: Team: ann@a.example;": "Team",
    "From: jörg@a.example": "jörg",
    "From:": "",
    "X: a": "",
}


@pytest.mark.parametrize("text", LOCAL_PARTS)
def test_local_part(text: str) -> None:
    """Of the first address."""
    assert header(text).sender == LOCAL_PARTS[text]


def test_subject() -> None:
    """It is decoded."""
    assert header("Subject: =?utf-8?q?a=C3=A4?=").subject == "aä"
    assert header("X: a").subject == ""


def test_body_of_nested_parts() -> None:
    """All texts, and the headers of messages within it."""
    found = body(NESTED)
    words = ["one", "<p>", "subject: inner", "subject: digested", "text", "last"]
    assert [word for word in words if word in found] == words
    assert [found.index(word) for word in words] == sorted(map(found.index, words))
    assert "ann@a.example" not in found
    assert "preamble" not in found


def test_files_are_no_texts() -> None:
    """An image is not searched."""
    assert body(crlf("Content-Type: image/png\n\nabc")) == ""


def test_body_is_decoded() -> None:
    """By its transfer encoding, and its charset."""
    head = "Content-Type: text/html; charset=koi8-r\nContent-Transfer-Encoding: base64"
    assert body(crlf(f"{head}\n\nxNc=")) == "дв"


def test_body_is_bounded() -> None:
    """The first 4 Mi characters are searched."""
    part = b"--b\r\n\r\n" + b"a" * 3_000_000 + b"\r\n"
    content = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + part * 3
    assert body(content).count("a") == 1 << 22


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_messages(name: str) -> None:
    """They take no seconds."""
    begin = time.process_time()
    body(HOSTILE[name])
    read_header(HOSTILE[name])
    assert time.process_time() - begin < 30


@pytest.mark.parametrize("unit", [b"<", b'<"', b"<a", b'<"\\"', b"<a@b>", b"Feb "])
def test_hostile_headers(unit: bytes) -> None:
    """They neither."""
    begin = time.process_time()
    for name in (b"References: ", b"Date: ", b"From: ", b"Message-ID: "):
        read_header(name + unit * (60_000 // len(unit)))
    assert time.process_time() - begin < 30


@given(st.binary(max_size=100))
def test_any_header(octets: bytes) -> None:
    """It is read, whatever it has."""
    for name in (b"Date: ", b"References: ", b"From: ", b""):
        read_header(name + octets)
