"""ENVELOPE (RFC 3501 section 7.4.2, RFC 9051 section 7.5.2)."""

from __future__ import annotations

import time
from email import message_from_bytes, policy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazr_smtptest.mime.fields import read_fields
from lazr_smtptest.readers.imap.envelope import NO_ENVELOPE, read_envelope

from .conftest import tree

ANN = [None, None, b"ann", b"a.example"]
END = [None, None, None, None]
NAMES = [
    "date",
    "subject",
    "from",
    "sender",
    "reply-to",
    "to",
    "cc",
    "bcc",
    "in-reply-to",
    "message-id",
]


def envelope(header: bytes) -> dict[str, Any]:
    octets = header + b"\r\n\r\n"
    (values,) = tree(read_envelope(read_fields(octets, 0, len(octets))))
    return dict(zip(NAMES, values, strict=True))


ADDRESSES = {
    b"ann@a.example": [ANN],
    b"<ann@a.example>": [ANN],
    b" ann @ a.example ": [ANN],
    b"Ann <ann@a.example>": [[b"Ann", *ANN[1:]]],
    b"ann@a.example (Ann (the first))": [[b"Ann (the first)", *ANN[1:]]],
    b'"Ann \\"A\\", B" <ann@a.example>': [[b'Ann "A", B', *ANN[1:]]],
    b"Ann\r\n B\r\n\t<ann@a.example>": [[b"Ann B", *ANN[1:]]],
    b"=?utf-8?q?=C3=A4?= <ann@a.example>": [[b"=?utf-8?q?=C3=A4?=", *ANN[1:]]],
    b"\xc3\xa4 <ann@a.example>": [[b"\xc3\xa4", *ANN[1:]]],
    b"\xe4\xff <ann@a.example>": [[b"\xe4\xff", *ANN[1:]]],
    b"ann@a.example, bob@b.example": [ANN, [None, None, b"bob", b"b.example"]],
    b", ann@a.example,,": [ANN],
    # quoting is removed
    b'"a b"@c.example': [[None, None, b"a b", b"c.example"]],
    b'<"a\\"b@c"@d.example>': [[None, None, b'a"b@c', b"d.example"]],
    b'"a"."b"@c.example': [[None, None, b"a.b", b"c.example"]],
    # the at-domain-list of RFC 5322 section 4.4
    b"<@x.example,@y.example:ann@a.example>": [
        [None, b"@x.example,@y.example", *ANN[2:]]
    ],
    b"ann@[192.0.2.1]": [[None, None, b"ann", b"[192.0.2.1]"]],
    b"ann@[IPv6:2001:db8::1]": [[None, None, b"ann", b"[IPv6:2001:db8::1]"]],
    # groups
    b"Team: ann@a.example;": [[None, None, b"Team", None], ANN, END],
    b"undisclosed-recipients:;": [
        [None, None, b"undisclosed-recipients", None],
        END,
    ],
    b"T: ann@a.example; , ann@a.example": [
        [None, None, b"T", None],
        ANN,
        END,
        ANN,
    ],
    b"T: ann@a.example": [[None, None, b"T", None], ANN, END],
    b'"a: b": ann@a.example;': [[None, None, b"a: b", None], ANN, END],
    b"A: B: ann@a.example;": [
        [None, None, b"A", None],
        END,
        [None, None, b"B", None],
        ANN,
        END,
    ],
    b"ann@a.example;": [ANN],
    # what is no address is not NIL in its host: that would begin a group
    b"root": [[None, None, b"root", b""]],
    b"Ann B": [[None, None, b"Ann B", b""]],
    b"Ann <>": [[b"Ann", None, b"", b""]],
    b"<root>": [[None, None, b"root", b""]],
    b'""': [[None, None, b"", b""]],
    b"ann@a.example: b": [[None, None, b"ann", b"a.example:b"]],
    b"": None,
    b"(nobody)": None,
    b";": None,
    # brackets and quotes that are not closed
    b"<ann@a.example": [[None, None, b"<ann", b"a.example"]],
    b'"ann@a.example': [[None, None, b'"ann', b"a.example"]],
    b"(ann@a.example": [[None, None, b"(ann", b"a.example"]],
    b"ann@[a.example": [[None, None, b"ann", b"[a.example"]],
    b"a\\<b@c.example": [[None, None, b"a<b", b"c.example"]],
}


@pytest.mark.parametrize("body", ADDRESSES)
def test_addresses(body: bytes) -> None:
    """An address is its name, source route, local part and domain."""
    assert envelope(b"To: " + body)["to"] == ADDRESSES[body]


STRINGS = {
    b"Subject: a": b"a",
    b"Subject:": b"",
    b"Subject: ": b"",
    b"X: a": None,
    b'Subject: a "b" \\': b'a "b" \\',
    b"Subject: =?utf-8?q?=C3=A4?=": b"=?utf-8?q?=C3=A4?=",
    b"Subject: \xe4\xff": b"\xe4\xff",
    b"Subject: a\0b\rc": b"abc",
    b"Subject: a\r\n b": b"a b",
    b"Subject: a\n\tb": b"a\tb",
    b"Subject: a\r\nSubject: b": b"a",
    b"Subject: " + b"a" * 5000: b"a" * 5000,
}


@pytest.mark.parametrize("header", STRINGS)
def test_subject(header: bytes) -> None:
    """A missing field is NIL, an empty one empty; nothing is decoded."""
    assert envelope(header)["subject"] == STRINGS[header]


@pytest.mark.parametrize("name", ["date", "in-reply-to", "message-id"])
def test_other_strings(name: str) -> None:
    """They are sent as they are."""
    header = name.title().encode() + b": <a@b> (c)"
    assert envelope(header)[name] == b"<a@b> (c)"


@pytest.mark.parametrize("name", ["sender", "reply-to"])
@pytest.mark.parametrize("value", [b"", b": ", b": ,"])
def test_missing_sender_is_from(name: str, value: bytes) -> None:
    """Sender and Reply-To default to From, also if they are empty."""
    field = b"\r\n" + name.encode() + value if value else b""
    assert envelope(b"From: ann@a.example" + field)[name] == [ANN]


@pytest.mark.parametrize("name", ["sender", "reply-to"])
def test_sender_is_its_own(name: str) -> None:
    """Where the field is there."""
    header = b"From: bob@b.example\r\n" + name.encode() + b": ann@a.example"
    assert envelope(header)[name] == [ANN]


def test_other_addresses_do_not_default() -> None:
    """Only Sender and Reply-To do."""
    found = envelope(b"From: ann@a.example")
    assert [found[name] for name in ("to", "cc", "bcc")] == [None] * 3


def test_fields_of_one_name_are_one_list() -> None:
    """RFC 5322 allows one, and programs send more."""
    assert envelope(b"Cc: ann@a.example\r\nCc: ann@a.example")["cc"] == [ANN, ANN]


def test_no_header() -> None:
    """All is NIL."""
    assert read_envelope(read_fields(b"", 0, 0)) == NO_ENVELOPE


def test_addresses_are_bounded() -> None:
    """A field has at most 1000."""
    assert len(envelope(b"To: " + b"a@b.c," * 2000)["to"]) == 1000
    assert len(envelope(b"\r\n".join([b"To: " + b"a@b.c," * 700] * 2))["to"]) == 1000


@pytest.mark.slow
@pytest.mark.parametrize(
    "unit",
    [b"<", b'"', b"(", b"[", b"\\", b'\\"', b'<\\"', b":", b";", b"a@", b'<"a', b"@["],
)
def test_time_is_linear(unit: bytes) -> None:
    """A header of 64 KiB takes no seconds."""
    begin = time.process_time()
    envelope(b'To: "' + unit * (60_000 // len(unit)))
    assert time.process_time() - begin < 30


@pytest.mark.slow
@given(st.binary(max_size=200))
def test_any_octets_are_well_formed(octets: bytes) -> None:
    """Whatever a header has, an envelope is one list of ten."""
    for name in (b"To", b"From", b"Subject", b"Date"):
        envelope(name + b": " + octets)


@given(st.text('<>()[]",;:@\\ a.', max_size=40))
def test_any_list_is_well_formed(text: str) -> None:
    """The ends of groups and their beginnings pair."""
    is_open = False
    for _, _, mailbox, host in envelope(b"To: " + text.encode())["to"] or []:
        if host is None:
            assert is_open is (mailbox is None)
            is_open = not is_open
    assert not is_open


_words = st.text("abcdefgh", min_size=1, max_size=8)
_mailboxes = st.tuples(st.none() | _words, _words, _words)


@pytest.mark.slow
@given(st.lists(_mailboxes, min_size=1, max_size=4), _words)
def test_ordinary_mail_is_read_as_by_the_email_package(
    mailboxes: list[tuple[str | None, str, str]], subject: str
) -> None:
    """Of the same header."""
    shown = [
        f'"{name}, {name}" <{local}@{host}.example>'
        if name
        else f"{local}@{host}.example"
        for name, local, host in mailboxes
    ]
    header = f"Subject: {subject}\r\nTo: {', '.join(shown)}".encode()
    theirs = message_from_bytes(header + b"\r\n\r\n", policy=policy.default)
    ours = envelope(header)
    assert ours["subject"].decode() == theirs["subject"]
    assert [
        ((name or b"").decode(), mailbox.decode(), host.decode())
        for name, _, mailbox, host in ours["to"]
    ] == [
        (each.display_name, each.username, each.domain)
        for each in theirs["to"].addresses
    ]
