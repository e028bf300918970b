"""FETCH (RFC 3501 sections 6.4.5 and 7.4.2)."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazr_smtptest._spool import SpooledContent
from lazr_smtptest.readers.imap.errors import CommandError
from lazr_smtptest.readers.imap.fetch import internal_date, parse_items, render

from .conftest import Stored, Unread, crlf, tree
from .test_structure import NESTED

HELLO = crlf("Subject: hi\n\nHello.\n")


def fetched(*words: bytes, content: Any = HELLO, cls: type = Stored) -> dict[Any, Any]:
    data = b"".join(render(parse_items([list(words)]), cls(content)))
    star, number, fetch, values = tree(data)
    assert (star, number, fetch) == (b"*", b"1", b"FETCH")
    assert data.endswith(b")\r\n")
    return dict(zip(values[::2], values[1::2], strict=True))


# What a macro or an item has in its response.
ITEMS: list[tuple[Any, list[bytes]]] = [
    (b"ALL", [b"FLAGS", b"INTERNALDATE", b"RFC822.SIZE", b"ENVELOPE"]),
    (b"fast", [b"FLAGS", b"INTERNALDATE", b"RFC822.SIZE"]),
    (b"Full", [b"FLAGS", b"INTERNALDATE", b"RFC822.SIZE", b"ENVELOPE", b"BODY"]),
    (b"uid", [b"UID"]),
    ([b"UID", b"uid", b"FLAGS"], [b"UID", b"FLAGS"]),
    ([b"BODY[]", b"BODY.PEEK[]"], [b"BODY[]", b"BODY[]"]),
    ([b"BODY[]", b"body[]"], [b"BODY[]"]),
    (b"RFC822", [b"RFC822"]),
    ([b"RFC822.HEADER", b"RFC822.TEXT"], [b"RFC822.HEADER", b"RFC822.TEXT"]),
    (b"BODYSTRUCTURE", [b"BODYSTRUCTURE"]),
    ([b"EMAILID", b"THREADID", b"MODSEQ"], [b"EMAILID", b"THREADID", b"MODSEQ"]),
]


@pytest.mark.parametrize(("argument", "names"), ITEMS)
def test_items(argument: Any, names: list[bytes]) -> None:
    """Each is in the response once."""
    data = b"".join(render(parse_items([argument]), Stored(HELLO)))
    assert tree(data)[3][::2] == names


VALUES = {
    b"FLAGS": [b"\\Seen", b"tag"],
    b"UID": b"11",
    b"INTERNALDATE": b" 7-Feb-1994 21:52:25 -0800",
    b"RFC822.SIZE": b"%d" % len(HELLO),
    b"MODSEQ": [b"7"],
    b"EMAILID": [b"id-1"],
    b"THREADID": None,
    b"RFC822": HELLO,
    b"RFC822.HEADER": b"Subject: hi\r\n\r\n",
    b"RFC822.TEXT": b"Hello.\r\n",
    b"BODY[]": HELLO,
    b"BODY[2]": None,
    b"BODY[HEADER.FIELDS (SUBJECT)]": b"Subject: hi\r\n\r\n",
    b"BINARY[1]": b"Hello.\r\n",
    b"BINARY.SIZE[1]": b"8",
    b"BINARY.SIZE[2]": b"0",
}


@pytest.mark.parametrize("name", VALUES)
def test_values(name: bytes) -> None:
    """Of a simple message."""
    assert fetched(name) == {name: VALUES[name]}


def test_structures() -> None:
    """BODY is BODYSTRUCTURE without the extension data."""
    found = fetched(b"ENVELOPE", b"BODY", b"BODYSTRUCTURE")
    assert found[b"ENVELOPE"][1] == b"hi"
    assert found[b"BODYSTRUCTURE"][: len(found[b"BODY"])] == found[b"BODY"]
    assert len(found[b"BODYSTRUCTURE"]) == len(found[b"BODY"]) + 4


def test_section_is_a_literal() -> None:
    """Its count is that of its bytes, whatever they are."""
    for content in (b"", b"a\nb\rc\0\xff", HELLO):
        data = b"".join(render(parse_items([b"BODY[]"]), Stored(content)))
        assert data == b"* 1 FETCH (BODY[] {%d}\r\n%s)\r\n" % (len(content), content)


@pytest.mark.parametrize(
    ("body", "sent"), [(b"AGE=", b"~{2}\r\n\0a"), (b"YWI=", b"{2}\r\nab")]
)
def test_binary_with_nul_is_a_literal8(body: bytes, sent: bytes) -> None:
    """No other string can have NUL (RFC 3516 section 4.2)."""
    content = b"Content-Transfer-Encoding: base64\r\n\r\n" + body
    data = b"".join(render(parse_items([b"BINARY[1]"]), Stored(content)))
    assert data == b"* 1 FETCH (BINARY[1] %s)\r\n" % sent


@pytest.mark.parametrize(("content", "tilde"), [(b"a: b\0", b"~"), (b"a: b", b"")])
def test_binary_of_a_slice(content: bytes, tilde: bytes) -> None:
    """It is a literal8 too, if it has NUL."""
    data = b"".join(render(parse_items([b"BINARY[]"]), Stored(content)))
    assert b"BINARY[] %s{" % tilde in data


def test_facts_do_not_read_the_content() -> None:
    """Nor its structure."""
    words = [b"FLAGS", b"UID", b"INTERNALDATE", b"RFC822.SIZE", b"MODSEQ"]
    items = parse_items([words])
    assert not items.needs_content
    assert not items.needs_structure
    assert set(fetched(*words, content=None, cls=Unread)) == set(words)


# Whether an item sets \Seen, needs the content, and the structure.
NEEDS = {
    b"FLAGS": (False, False, False),
    b"ENVELOPE": (False, False, True),
    b"BODY": (False, False, True),
    b"BODYSTRUCTURE": (False, False, True),
    b"BODY[]": (True, True, False),
    b"BODY.PEEK[]": (False, True, False),
    b"BODY[TEXT]": (True, True, True),
    b"BODY[1]<0.1>": (True, True, True),
    b"RFC822": (True, True, False),
    b"RFC822.HEADER": (False, True, True),
    b"RFC822.TEXT": (True, True, True),
    b"BINARY[1]": (True, True, True),
    b"BINARY.PEEK[1]": (False, True, True),
    b"BINARY.SIZE[1]": (False, True, True),
}


@pytest.mark.parametrize("name", NEEDS)
def test_needs(name: bytes) -> None:
    r"""A section without PEEK sets \Seen, and only sections read the content."""
    items = parse_items([name])
    found = (items.sets_seen, items.needs_content, items.needs_structure)
    assert found == NEEDS[name]


def test_including() -> None:
    """UID FETCH has UID first, once."""
    items = parse_items([[b"FLAGS", b"UID"]])
    assert items.including("UID").names == ("UID", "FLAGS")


def test_changed_since() -> None:
    """It adds MODSEQ (RFC 7162 section 3.1.4.1)."""
    items = parse_items([b"FLAGS", [b"ChangedSince", b"12345"]])
    assert items.changed_since == 12345
    assert items.names == ("FLAGS", "MODSEQ")


BAD: list[list[Any]] = [
    [],
    [[]],
    [b"NONE"],
    [b"\xff"],
    [[b"ALL"]],
    [[b"FLAGS", [b"UID"]]],
    [[b"FLAGS"] * 1001],
    [b"BODY[0]"],
    [b"FLAGS", b"UID"],
    [b"FLAGS", []],
    [b"FLAGS", [b"CHANGEDSINCE"]],
    [b"FLAGS", [b"CHANGEDSINCE", b"x"]],
    [b"FLAGS", [b"CHANGEDSINCE", [b"1"]]],
    [b"FLAGS", [b"VANISHED", b"1"]],
    [b"FLAGS", [b"CHANGEDSINCE", b"1"], b"UID"],
]


@pytest.mark.parametrize("arguments", BAD)
def test_malformed(arguments: list[Any]) -> None:
    """It is BAD."""
    with pytest.raises(CommandError) as caught:
        parse_items(arguments)
    assert caught.value.status == "BAD"
    assert caught.value.text.isascii()


def test_unknown_encoding_fails_before_the_first_piece() -> None:
    """So that the session can still reply NO."""
    content = b"Content-Transfer-Encoding: x-odd\r\n\r\na"
    with pytest.raises(CommandError):
        render(parse_items([[b"BODY[]", b"BINARY[1]"]]), Stored(content))


def test_large_content_is_sent_in_pieces() -> None:
    """Read from its file one after the other."""
    spooled = SpooledContent()
    spooled.append(b"a" * 1_000_000)
    pieces = list(render(parse_items([[b"BODY[]", b"UID"]]), Stored(spooled)))
    assert max(map(len, pieces)) < 300_000
    assert b"".join(pieces) == (
        b"* 1 FETCH (UID 11 BODY[] {1000000}\r\n" + b"a" * 1_000_000 + b")\r\n"
    )


DATES = [
    (
        datetime(2026, 12, 31, 1, 2, 3, tzinfo=timezone.utc),
        b"31-Dec-2026 01:02:03 +0000",
    ),
    (
        datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=5, minutes=30))),
        b" 1-Jan-0001 00:00:00 +0530",
    ),
]


@pytest.mark.parametrize(("moment", "shown"), DATES)
def test_internal_date(moment: datetime, shown: bytes) -> None:
    """The day has two places, the year four."""
    assert internal_date(moment) == shown


_SECTIONS = [b"", b"HEADER", b"TEXT", b"1", b"2.1", b"2.MIME", b"3.HEADER", b"9"]


@pytest.mark.slow
@given(
    st.lists(st.sampled_from(_SECTIONS), min_size=1, unique=True),
    st.sets(st.sampled_from([b"UID", b"ENVELOPE", b"BODYSTRUCTURE", b"BODY"])),
    st.binary(max_size=30),
)
def test_a_client_can_parse_any_response(
    sections: list[bytes], names: set[bytes], octets: bytes
) -> None:
    """Whatever the message has, literals have the right counts."""
    words = [*names, *(b"BODY[%s]" % section for section in sections)]
    for content in (octets, NESTED, NESTED.replace(b"inner", octets)):
        assert set(fetched(*words, content=content)) == set(words)
