"""SEARCH (RFC 3501 section 6.4.4 and its extensions)."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from itertools import chain
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazr_smtptest.readers.imap.errors import CommandError
from lazr_smtptest.readers.imap.search import (
    Scope,
    Search,
    parse_keys,
    parse_search,
)
from lazr_smtptest.readers.imap.structure import read_structure
from lazr_smtptest.readers.imap.texts import Texts, read_body, read_header

from .conftest import MOMENT, Stored, Unread, crlf

NOW = MOMENT + timedelta(seconds=100)
SCOPE = Scope(last=5, last_uid=50, saved=frozenset([11, 13]), now=NOW)
MAIL = crlf(
    """Date: Sat, 5 Feb 1994 23:30:00 -0800
From: =?utf-8?q?J=C3=B6rg?= <joerg@a.example>
To: Ann <ann@b.example>
Cc: c@c.example
Bcc: hidden@d.example
Subject: =?utf-8?b?R3LDvMOfZQ==?= from
 us
X-Empty:
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

Stra=DFe 5, soft=
ly broken
"""
)


def texts_of(content: bytes) -> Texts:
    return Texts(read_header(content), read_body(content, read_structure(content)))


TEXTS_OF_MAIL = texts_of(MAIL)


def matches(*keys: Any, content: bytes = MAIL, **facts: Any) -> bool | None:
    found = parse_search(keys, SCOPE)
    message = Stored(content, **facts)
    texts = TEXTS_OF_MAIL if content is MAIL else texts_of(content)
    result = found.matches(message, texts)
    without = found.matches(message)
    assert without is None or without is result
    return result


SEEN, RECENT = {"flags": [b"\\Seen"]}, {"flags": [b"\\recent"]}
# RFC 3501 section 6.4.4: keys, facts of the message, and whether it matches.
FACTS: list[tuple[list[Any], dict[str, Any], bool]] = [
    ([b"ALL"], {}, True),
    ([b"all"], {}, True),
    ([b"SEEN"], SEEN, True),
    ([b"SEEN"], RECENT, False),
    ([b"UNSEEN"], SEEN, False),
    ([b"UNSEEN"], RECENT, True),
    ([b"NEW"], RECENT, True),
    ([b"NEW"], {"flags": [b"\\Recent", b"\\Seen"]}, False),
    ([b"NEW"], {"flags": []}, False),
    ([b"OLD"], RECENT, False),
    ([b"OLD"], SEEN, True),
    ([b"RECENT"], RECENT, True),
    ([b"ANSWERED"], {"flags": [b"\\ANSWERED"]}, True),
    ([b"UNANSWERED"], {"flags": [b"\\ANSWERED"]}, False),
    ([b"DELETED"], SEEN, False),
    ([b"UNDELETED"], SEEN, True),
    ([b"DRAFT"], {"flags": [b"\\Draft"]}, True),
    ([b"UNDRAFT"], {"flags": [b"\\Draft"]}, False),
    ([b"FLAGGED"], {"flags": [b"\\Flagged"]}, True),
    ([b"UNFLAGGED"], {"flags": []}, True),
    ([b"KEYWORD", b"Tag"], {"flags": [b"tag"]}, True),
    ([b"KEYWORD", b"tag"], {"flags": [b"tags"]}, False),
    ([b"UNKEYWORD", b"tag"], {"flags": [b"tag"]}, False),
    ([b"UNKEYWORD", b"tag"], {"flags": []}, True),
    ([b"1"], {"sequence": 1}, True),
    ([b"2:4,*"], {"sequence": 1}, False),
    ([b"2:4,*"], {"sequence": 5}, True),
    ([b"9:*"], {"sequence": 5}, True),
    ([b"4:2"], {"sequence": 3}, True),
    ([b"UID", b"10:20"], {"uid": 15}, True),
    ([b"UID", b"10:20"], {"uid": 21}, False),
    ([b"UID", b"999:*"], {"uid": 50}, True),
    ([b"UID", b"999:*"], {"uid": 49}, False),
    # RFC 5182
    ([b"$"], {"uid": 11}, True),
    ([b"$"], {"uid": 12}, False),
    ([b"UID", b"$"], {"uid": 13}, True),
    ([b"UID", b"$"], {"uid": 14}, False),
    ([b"LARGER", b"%d" % (len(MAIL) - 1)], {}, True),
    ([b"LARGER", b"%d" % len(MAIL)], {}, False),
    ([b"SMALLER", b"%d" % (len(MAIL) + 1)], {}, True),
    ([b"SMALLER", b"%d" % len(MAIL)], {}, False),
    # the internal date is 7-Feb-1994 21:52:25 -0800
    ([b"BEFORE", b"8-Feb-1994"], {}, True),
    ([b"BEFORE", b"7-Feb-1994"], {}, False),
    ([b"ON", b"07-feb-1994"], {}, True),
    ([b"ON", b"8-Feb-1994"], {}, False),
    ([b"SINCE", b"7-Feb-1994"], {}, True),
    ([b"SINCE", b"8-Feb-1994"], {}, False),
    # RFC 5032
    ([b"YOUNGER", b"100"], {}, True),
    ([b"YOUNGER", b"99"], {}, False),
    ([b"OLDER", b"100"], {}, True),
    ([b"OLDER", b"101"], {}, False),
    ([b"YOUNGER", b"999999999999"], {}, True),
    # RFC 7162 section 3.1.5
    ([b"MODSEQ", b"7"], {}, True),
    ([b"MODSEQ", b"8"], {}, False),
    ([b"MODSEQ", b"/flags/\\draft", b"all", b"7"], {}, True),
    # RFC 8474 section 6
    ([b"THREADID", b"id-1"], {}, False),
    # RFC 3501 section 6.4.4: keys beside each other, NOT, OR and lists
    ([b"SEEN", b"UNSEEN"], SEEN, False),
    ([b"SEEN", b"UNFLAGGED"], SEEN, True),
    ([b"NOT", b"SEEN"], SEEN, False),
    ([b"NOT", b"NOT", b"SEEN"], SEEN, True),
    ([b"NOT", [b"SEEN", b"FLAGGED"]], SEEN, True),
    ([b"OR", b"SEEN", b"FLAGGED"], SEEN, True),
    ([b"OR", b"DRAFT", b"FLAGGED"], SEEN, False),
    ([b"OR", b"OR", b"DRAFT", b"SEEN", b"FLAGGED"], SEEN, True),
    ([b"OR", [b"SEEN", b"DRAFT"], b"1", b"UNDRAFT"], SEEN, True),
    ([[[b"ALL"]]], SEEN, True),
]


@pytest.mark.parametrize(("keys", "facts", "found"), FACTS)
def test_keys_that_need_no_content(
    keys: list[Any], facts: dict[str, Any], found: bool
) -> None:
    """They are decided without it."""
    search = parse_search(keys, SCOPE)
    assert search.matches(Stored(MAIL, **facts)) is found
    assert search.needs_body is False
    if not any(key in (b"LARGER", b"SMALLER") for key in keys if key != []):
        assert search.matches(Unread(None, **facts)) is found  # type: ignore[arg-type]


TEXTS: list[tuple[list[Any], bool]] = [
    ([b"FROM", "jörg".encode()], True),
    ([b"FROM", "JÖRG".encode()], True),
    ([b"FROM", b"joerg@A.EXAMPLE"], True),
    # RFC 8474 section 6: of the content.
    ([b"EMAILID", b"id-1"], True),
    ([b"EMAILID", b"id-2"], False),
    ([b"FROM", b"<joerg"], True),
    ([b"FROM", b"=?utf-8"], False),
    ([b"FROM", b"ann"], False),
    ([b"TO", b"ann"], True),
    ([b"CC", b"c@c"], True),
    ([b"BCC", b"hidden"], True),
    ([b"BCC", b"ann"], False),
    ([b"SUBJECT", "Grüsse FROM us".encode()], True),
    ([b"SUBJECT", b"from"], True),
    ([b"SUBJECT", b""], True),
    ([b"HEADER", b"x-empty", b""], True),
    ([b"HEADER", b"X-Empty", b"a"], False),
    ([b"HEADER", b"X-None", b""], False),
    ([b"HEADER", b"Content-Type", b"ISO-8859"], True),
    ([b"BODY", b"STRASSE 5"], True),
    ([b"BODY", b"softly"], True),
    ([b"BODY", b"ann@b"], False),
    ([b"TEXT", b"ann@b"], True),
    ([b"TEXT", "straße".encode()], True),
    ([b"TEXT", b"to: ann"], True),
    ([b"TEXT", b"nothing"], False),
    # the Date is Sat, 5 Feb 1994 23:30:00 -0800
    ([b"SENTON", b"5-Feb-1994"], True),
    ([b"SENTON", b"6-Feb-1994"], False),
    ([b"SENTBEFORE", b"6-Feb-1994"], True),
    ([b"SENTBEFORE", b"5-Feb-1994"], False),
    ([b"SENTSINCE", b"5-Feb-1994"], True),
    ([b"SENTSINCE", b"6-Feb-1994"], False),
    ([b"CHARSET", b"utf-8", b"FROM", "jörg".encode()], True),
    ([b"CHARSET", b"US-ASCII", b"FROM", b"joerg"], True),
    ([b"OR", b"FROM", b"ann", b"TO", b"ann"], True),
    ([b"NOT", b"FROM", b"ann"], True),
    ([b"TO", b"ann", b"FROM", b"ann"], False),
]


@pytest.mark.parametrize(("keys", "found"), TEXTS)
def test_keys_of_the_content(keys: list[Any], found: bool) -> None:
    """Strings are found in decoded text, whatever their letter case."""
    assert matches(*keys) is found
    assert parse_search(keys, SCOPE).matches(Stored(MAIL)) is None


# Searches that facts decide although they have keys of the content, and one that not.
SHORT: list[tuple[list[Any], bool | None]] = [
    ([b"FROM", b"a", b"UNSEEN"], False),
    ([b"UNSEEN", b"FROM", b"a"], False),
    ([b"OR", b"FROM", b"a", b"SEEN"], True),
    ([b"NOT", [b"BODY", b"a", b"UNSEEN"]], True),
    ([b"SEEN", b"BODY", b"a"], None),
]


@pytest.mark.parametrize(("keys", "found"), SHORT)
def test_content_is_read_only_if_it_decides(
    keys: list[Any], found: bool | None
) -> None:
    """The facts of the message are enough for most."""
    assert parse_search(keys, SCOPE).matches(Unread(b"")) is found


def test_sent_of_a_message_without_a_date() -> None:
    """It matches none of the three."""
    for key in (b"SENTON", b"SENTBEFORE", b"SENTSINCE"):
        assert matches(key, b"1-Jan-2000", content=b"X: a\r\n\r\n") is False


@pytest.mark.parametrize("key", [b"BODY", b"TEXT"])
def test_needs_body(key: bytes) -> None:
    """Only for keys of the body."""
    assert parse_search([b"NOT", [key, b"a"]], SCOPE).needs_body is True
    assert parse_search([b"FROM", b"a"], SCOPE).needs_body is False


def test_has_change() -> None:
    """The key MODSEQ asks for the highest number in the response."""
    assert parse_search([b"MODSEQ", b"1"], SCOPE).has_change is True
    assert parse_search([b"ALL"], SCOPE).has_change is False


RETURNS: list[tuple[list[Any], set[str] | None]] = [
    ([b"ALL"], None),
    ([b"RETURN", [], b"ALL"], {"ALL"}),
    ([b"return", [b"min", b"MAX"], b"ALL"], {"MIN", "MAX"}),
    ([b"RETURN", [b"SAVE"], b"CHARSET", b"UTF-8", b"ALL"], {"SAVE"}),
    ([b"RETURN", [b"ALL", b"COUNT"], b"ALL"], {"ALL", "COUNT"}),
]


@pytest.mark.parametrize(("arguments", "returns"), RETURNS)
def test_result_options(arguments: list[Any], returns: set[str] | None) -> None:
    """RFC 4731 section 3.1; an empty list is ALL."""
    assert parse_search(arguments, SCOPE).returns == returns


BAD: list[list[Any]] = [
    [],
    [[]],
    [b"NOT"],
    [b"OR", b"ALL"],
    [b"FROM"],
    [b"FROM", [b"a"]],
    [b"FROM", b"\xff"],
    [b"CHARSET", b"US-ASCII", b"FROM", "ä".encode()],
    [b"CHARSET"],
    [b"CHARSET", [b"UTF-8"], b"ALL"],
    [b"CHARSET", b"UTF-8"],
    [b"HEADER", b"a"],
    [b"NOTHING"],
    [b"\xff"],
    [b"0"],
    [b"1:"],
    [b"4294967296"],
    [b"UID"],
    [b"UID", b"x"],
    [b"UID", b"0"],
    [b"KEYWORD", b"\\Seen"],
    [b"KEYWORD", b""],
    [b"LARGER", b"x"],
    [b"LARGER", b"-1"],
    [b"LARGER", b"9999999999999999999"],
    [b"LARGER", b"99999999999999999999999"],
    [b"YOUNGER", b"0"],
    [b"OLDER", b"0"],
    [b"ON", b"30-Feb-1994"],
    [b"ON", b"1-Foo-1994"],
    [b"ON", b"1994-02-01"],
    [b"SENTON", b"0-Feb-1994"],
    [b"SENTON", b""],
    [b"MODSEQ", b"x"],
    [b"MODSEQ", b"/flags/x", b"none", b"1"],
    [b"MODSEQ", b"/flags/x", b"all"],
    [b"MODSEQ", b"/flags/x", b"all", b"x"],
    [b"SAVEDATESUPPORTED"],
    [b"RETURN", b"ALL", b"ALL"],
    [b"RETURN", [b"FOO"], b"ALL"],
    [b"RETURN", [[b"ALL"]], b"ALL"],
    [b"RETURN", [b"ALL"]],
    [b"NOT"] * 60 + [b"ALL"],
    [b"OR"] * 60 + [b"ALL"] * 61,
    [b"ALL"] * 1001,
]


@pytest.mark.parametrize("arguments", BAD)
def test_malformed(arguments: list[Any]) -> None:
    """It is BAD, in one line of ASCII."""
    with pytest.raises(CommandError) as caught:
        parse_search(arguments, SCOPE)
    assert (caught.value.status, caught.value.code) == ("BAD", "")
    assert caught.value.text.isascii()
    assert len(caught.value.text.splitlines()) == 1


def test_nesting_is_bounded() -> None:
    """A list in 60 lists is BAD."""
    keys: list[Any] = [b"ALL"]
    for _ in range(60):
        keys = [keys]
    with pytest.raises(CommandError, match="50 deep"):
        parse_search(keys, SCOPE)


@pytest.mark.parametrize("charset", [b"KOI8-R", b"\xff", b""])
def test_unknown_charset(charset: bytes) -> None:
    """NO with the charsets that are known (RFC 3501 section 6.4.4)."""
    for parse in (
        lambda: parse_search([b"CHARSET", charset, b"ALL"], SCOPE),
        lambda: parse_keys([b"ALL"], charset, SCOPE),
    ):
        with pytest.raises(CommandError) as caught:
            parse()
        assert caught.value.status == "NO"
        assert caught.value.code == "BADCHARSET (US-ASCII UTF-8)"


def test_no_charset_after_utf8_accept() -> None:
    """RFC 6855 section 3."""
    with pytest.raises(CommandError, match="UTF8=ACCEPT") as caught:
        parse_search([b"CHARSET", b"UTF-8", b"ALL"], SCOPE, is_utf8=True)
    assert caught.value.status == "BAD"


def test_numbers_in_an_empty_mailbox() -> None:
    """The last message is none."""
    scope = Scope(last=0, last_uid=0, saved=frozenset(), now=NOW)
    for key in ([b"*"], [b"UID", b"*"]):
        assert parse_search(key, scope).matches(Stored(MAIL)) is False


def test_internal_date_has_its_own_zone() -> None:
    """The day is that which INTERNALDATE shows."""
    moment = datetime(2026, 1, 1, 0, 30, tzinfo=timezone(timedelta(hours=9)))
    assert matches(b"ON", b"1-Jan-2026", received_at=moment) is True


_simple: st.SearchStrategy[list[Any]] = st.sampled_from(
    [[b"SEEN"], [b"DRAFT"], [b"FROM", b"ann"], [b"TO", b"ann"], [b"BODY", b"5"]]
)
_keys = st.recursive(
    _simple,
    lambda inner: st.one_of(
        inner.map(lambda key: [b"NOT", *key]),
        st.tuples(inner, inner).map(lambda keys: [b"OR", *keys[0], *keys[1]]),
        st.lists(inner, min_size=1, max_size=3).map(lambda keys: [list(chain(*keys))]),
    ),
    max_leaves=8,
)


def truth(keys: list[Any]) -> bool:
    """Return whether keys match a message that is seen and is to Ann."""
    words = list(keys)

    def key() -> bool:
        word = words.pop(0)
        if isinstance(word, list):
            return truth(word)
        if word == b"NOT":
            return not key()
        if word == b"OR":
            return bool(sum([key(), key()]))
        if word in (b"FROM", b"TO", b"BODY"):
            words.pop(0)
        return word in (b"SEEN", b"TO", b"BODY")

    found = True
    while words:
        found = key() and found
    return found


@given(_keys)
def test_nested_keys(keys: list[Any]) -> None:
    """They are combined as they are written, with and without texts."""
    assert matches(*keys, **SEEN) is truth(keys)


_tokens = st.sampled_from(
    [
        b"NOT",
        b"OR",
        b"ALL",
        b"FROM",
        b"1",
        b"UID",
        b"ON",
        b"5-Feb-1994",
        b"$",
        b"",
        b"7",
    ]
)
_arguments = st.recursive(
    _tokens, lambda inner: st.lists(inner, max_size=3), max_leaves=5
)


@given(st.lists(_arguments, max_size=8))
def test_any_arguments(arguments: list[Any]) -> None:
    """They are a search, or a CommandError."""
    try:
        found = parse_search(arguments, SCOPE)
    except CommandError:
        return
    assert isinstance(found, Search)
    assert found.matches(Stored(MAIL), TEXTS_OF_MAIL) in (True, False)
