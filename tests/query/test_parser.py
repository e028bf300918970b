"""The search language, from text to tree."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lazr_smtptest.errors import QueryError
from lazr_smtptest.query.parser import DEEPEST, LONGEST, MOST_TERMS, parse
from lazr_smtptest.query.tree import (
    After,
    And,
    Before,
    Equal,
    Everything,
    Field,
    Flagged,
    Has,
    HasTags,
    Header,
    Larger,
    Node,
    Not,
    Or,
    Smaller,
    Substring,
    Words,
)

from .queries import queries

NOW = datetime(2024, 6, 15, 12, 30, tzinfo=timezone.utc)
EAST = timezone(timedelta(hours=2))
A, B, C = Words("a"), Words("b"), Words("c")


def parsed(text: str) -> Node:
    return parse(text, now=NOW, zone=timezone.utc)


def utc(*numbers: int) -> datetime:
    return datetime(*numbers, tzinfo=timezone.utc)  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("", Everything()),
        (" \t\u3000", Everything()),
        # Words
        ("Invoice", Words("invoice")),
        ("Größe", Words("grosse")),
        ("résumé", Words("resume")),
        ("bob@example.com", Words("bob example com")),
        ("4711,", Words("4711")),
        ("inv*", Words("inv", True)),
        ("bob@ex*", Words("bob ex", True)),
        ("inv**", Words("inv", True)),
        ("a*b", Words("a b")),
        ("*art*", Substring("art")),
        ("*Art-Nr.*", Substring("art-nr.")),
        ('"*art*"', Words("art")),
        ('*"a b"*', Substring("a b")),
        ('"your invoice"', Words("your invoice")),
        ('"your inv"*', Words("your inv", True)),
        ('"tab\tand  space"', Words("tab and space")),
        ('foo"bar baz"', Words("foobar baz")),
        (r'"say \"hi\" \\ twice"', Words("say hi twice")),
        ('"from:bob"', Words("from bob")),
        ('from":bob"', Words("from bob")),
        ('"OR"', Words("or")),
        ("or", Words("or")),
        ("ORDER", Words("order")),
        ('"AND"', Words("and")),
        ("ANDY NOTE", And((Words("andy"), Words("note")))),
        # Runs of Chinese, Japanese and Korean
        ("東京", Words("東京")),
        ("東", Words("東", True)),
        ("東京都", Words("東京 京都")),
        ("東京2020", Words("東京 京 2020")),
        ("한국어", Words("한국 국어")),
        ("ﾄｳｷｮｳ", Words("トウ ウキ キョ ョウ")),
        # Symbols
        ("🎉", Substring("🎉")),
        ("&", Substring("&")),
        ("-", Substring("-")),
        ("*", Substring("*")),
        ("**", Substring("**")),
        ("*%*", Substring("%")),
        ('"%"*', Substring("%")),
        ("--", Substring("--")),
        ("->", Substring("->")),
        ("!=", Substring("!=")),
        (":-/", Substring(":-/")),
        ('"100 %"', Words("100")),
        # Not
        ("-a", Not(A)),
        ("!a", Not(A)),
        ("-🎉", Not(Substring("🎉"))),
        ('-"a b"', Not(Words("a b"))),
        ('-"-"', Not(Substring("-"))),
        ("--a", Not(A)),
        ("-subject:x", Not(Field("subject", "x"))),
        ('-subject:"a b"', Not(Field("subject", "a b"))),
        ("-is:unread", Not(Not(Flagged("seen")))),
        ("-(a b)", Not(And((A, B)))),
        ("a-b", Words("a b")),
        # And, or
        ("a b", And((A, B))),
        ("a (b c)", And((A, B, C))),
        ("a OR b", Or((A, B))),
        ("a OR b OR c", Or((A, B, C))),
        ("a OR (b OR c)", Or((A, B, C))),
        ("a OR b c", And((Or((A, B)), C))),
        ("a b OR c", And((A, Or((B, C))))),
        ("a OR (b c)", Or((A, And((B, C))))),
        ("(a)OR(b)", Or((A, B))),
        ("a OR -b", Or((A, Not(B)))),
        ("((a))", A),
        ("f(x)", Words("f x")),
        ("(f(x) OR a)", Or((Words("f x"), A))),
        # Text with a colon
        ("http://x.example/y", Words("http x example y")),
        ("form://x", Words("form x")),
        ("12:30", Words("12 30")),
        ("foo:bar", Words("foo bar")),
        ("re:", Words("re")),
        # Fields
        ("from:Bob", Field("from", "bob")),
        ("FROM:bob", Field("from", "bob")),
        ("from:*bob*", Field("from", "bob")),
        ('from:"*"', Field("from", "*")),
        ('from:"Bob  B\u00fc"', Field("from", "bob bu")),
        ("from:bob@example.com", Field("from", "bob@example.com")),
        ("to:x", Field("to", "x")),
        ("cc:x", Field("cc", "x")),
        ("bcc:x", Field("bcc", "x")),
        ("reply-to:x", Field("reply-to", "x")),
        (
            "addressed:x",
            Or(
                (
                    Field("from", "x"),
                    Field("to", "x"),
                    Field("cc", "x"),
                    Field("bcc", "x"),
                    Field("reply-to", "x"),
                )
            ),
        ),
        ("subject:a:b", Field("subject", "a:b")),
        ('subject:"say \\"hi\\""', Field("subject", 'say "hi"')),
        ("subject:100%_", Field("subject", "100%_")),
        ("message-id:<A@b>", Field("message-id", "a@b")),
        ("header:X-Foo", Header("x-foo")),
        ("header:X-Foo:Bar", Header("x-foo", "bar")),
        ('header:X-Foo:"Bar baz"', Header("x-foo", "bar baz")),
        ('header:"X-Foo: Bar baz"', Header("x-foo", "bar baz")),
        ("header:X-Url:http://x", Header("x-url", "http://x")),
        ("tag:Urgent", Equal("tag", "urgent")),
        ('tag:"very urgent"', Equal("tag", "very urgent")),
        ("rcpt:Bob@EXAMPLE.com", Equal("rcpt", "Bob@example.com")),
        ("rcpt:<bob@example.com>", Equal("rcpt", "bob@example.com")),
        ("user:Bob", Equal("user", "Bob")),
        ("session:5e-1", Equal("session", "5e-1")),
        ("id:5e-1f", Equal("id", "5e-1f")),
        # States
        ("is:read", Flagged("seen")),
        ("is:seen", Flagged("seen")),
        ("is:unread", Not(Flagged("seen"))),
        ("is:Tagged", HasTags()),
        ("is:answered", Flagged("answered")),
        ("is:flagged", Flagged("flagged")),
        ("is:deleted", Flagged("deleted")),
        ("is:draft", Flagged("draft")),
        ("has:attachment", Has("attachment")),
        ("has:attachments", Has("attachment")),
        ("has:inline", Has("inline")),
        ("has:inlines", Has("inline")),
        ("has:warning", Has("warning")),
        # Sizes
        ("larger:10", Larger(10)),
        ("larger:10k", Larger(10240)),
        ("larger:10KB", Larger(10240)),
        ("smaller:1.5m", Smaller(1_572_864)),
        ("smaller:1mb", Smaller(1_048_576)),
        ("larger:1.0001k", Larger(1024)),
        ("smaller:1.0001k", Smaller(1025)),
        ("larger:99999999999999999999", Larger(2**63 - 1)),
        # Dates
        ("after:2024-06-01", After(utc(2024, 6, 1))),
        ("before:2024-06-01", Before(utc(2024, 6, 1))),
        ('after:"2024-06-01 12:00"', After(utc(2024, 6, 1, 12))),
        ("after:2024-06-01T12:00:30Z", After(utc(2024, 6, 1, 12, 0, 30))),
        ("after:2024-06-01T12:00+02:00", After(utc(2024, 6, 1, 10))),
        ("after:2024-06-01T12:00-0130", After(utc(2024, 6, 1, 13, 30))),
        ("after:2024-06-01T12:00:00.5", After(utc(2024, 6, 1, 12, 0, 0, 500_000))),
        ("after:20240601T1230", After(utc(2024, 6, 1, 12, 30))),
        ("after:20240601", After(utc(2024, 6, 1))),
        ("after:2024/06/01", After(utc(2024, 6, 1))),
        ("after:2024.6.1", After(utc(2024, 6, 1))),
        ("after:2024-06", After(utc(2024, 6, 1))),
        ("after:2024", After(utc(2024, 1, 1))),
        ("after:01.06.2024", After(utc(2024, 6, 1))),
        ("after:06/01/2024", After(utc(2024, 6, 1))),
        ('after:"1 Jun 2024"', After(utc(2024, 6, 1))),
        ('after:"June 1, 2024 5:30 pm"', After(utc(2024, 6, 1, 17, 30))),
        ('after:"Sat, 1 Jun 2024 12:00:00 +0200"', After(utc(2024, 6, 1, 10))),
        ("after:1717200000", After(utc(2024, 6, 1))),
        ("after:30m", After(utc(2024, 6, 15, 12, 0))),
        ("after:1h", After(utc(2024, 6, 15, 11, 30))),
        ("after:7d", After(utc(2024, 6, 8, 12, 30))),
        ("after:2w", After(utc(2024, 6, 1, 12, 30))),
        ("after:today", After(utc(2024, 6, 15))),
        ("after:yesterday", After(utc(2024, 6, 14))),
        ("-after:2024", Not(After(utc(2024, 1, 1)))),
    ],
)
def test_a_query_has_this_tree(text: str, tree: Node) -> None:
    """The whole language, form by form."""
    assert parsed(text) == tree


@pytest.mark.parametrize(
    ("text", "position", "expected"),
    [
        ('"a', 2, "a '\"' for the one at character 1"),
        ('a "', 3, "a '\"' for the one at character 3"),
        ('subject:"a b', 12, "a '\"' for the one at character 9"),
        ('""', 1, "a text between the quotes"),
        ("(a", 2, "a ')' for the '(' at character 1"),
        ("(a (b)", 6, "a ')' for the '(' at character 1"),
        ("a)", 1, "no ')' without its '('"),
        ("a ) b", 2, "no ')' without its '('"),
        ("()", 1, "a term between the parentheses"),
        ("-()", 2, "a term between the parentheses"),
        ("OR a", 0, "a term before OR"),
        ("a OR OR b", 5, "a term before OR"),
        ("a OR", 4, "a term after OR"),
        ("(a OR) b", 5, "a term after OR"),
        ("*a", 0, "a '*' also after the text"),
        ("from:", 5, "a value directly after 'from:', such as bob@example.com"),
        ("from: bob", 5, "a value directly after 'from:'"),
        ("a header:", 9, "a value directly after 'header:'"),
        ('from:" "', 6, "a text between the quotes"),
        ("from:(a OR b)", 5, "one value after 'from:'"),
        ("from:**", 5, "a text to look for"),
        ("message-id:<>", 11, "a message id"),
        ("is:foo", 3, "one of read, unread, tagged, seen"),
        ("a has:foo", 6, "one of attachment, attachments, inline, inlines, warning"),
        ("larger:big", 7, "a size such as 500, 10k, 1.5m"),
        ("smaller:-1", 8, "a size"),
        ("larger:1t", 7, "a size"),
        ("before:soon", 7, "a date such as 2024-06-01"),
        ("before:2024-13-01", 7, "a date"),
        ("before:2024-02-30", 7, "a date"),
        ("before:2024-06-01T25:00", 7, "a date"),
        ("after:999999999w", 6, "a date"),
        ('after:"June 1, 2024 13:30 pm"', 6, "a date"),
        ("header:X-Foo:", 13, "a text to look for"),
        ('header:"X Foo: bar"', 7, "the name of a header field"),
        ("rcpt:*@example.com", 5, "a whole value after 'rcpt:', without a '*'"),
        ("tag:urg*", 4, "a whole value after 'tag:'"),
        ("form:bob", 0, "'from:' instead of 'form:', or quotes around a text"),
        ("a -Subjct:x", 3, "'subject:' instead of 'Subjct:'"),
        ("tags:x", 0, "'tag:' instead of 'tags:'"),
        ("recipient:x@b.example", 0, "'rcpt:' instead of 'recipient:'"),
        ("a Sender:x@b.example", 2, "'from:' instead of 'Sender:'"),
        ("a recipients:x@b.example", 2, "'rcpt:' instead of 'recipients:'"),
        ("rcpt-to:x@b.example", 0, "'rcpt:' instead of 'rcpt-to:'"),
        ("text:code", 0, "the word alone instead of 'text:word'"),
        ("a -Body:code", 3, "the word alone instead of 'Body:word'"),
        ("a AND b", 2, "a space instead of AND"),
        ("NOT a", 0, "-word instead of NOT word"),
        ("(a NOT(b))", 3, "-word instead of NOT word"),
        ("\u0301", 0, "a letter, a digit or a symbol"),
    ],
)
def test_a_wrong_query_is_an_error(text: str, position: int, expected: str) -> None:
    """It names the position and what is allowed there."""
    with pytest.raises(QueryError) as caught:
        parsed(text)
    assert (caught.value.query, caught.value.position) == (text, position)
    assert expected in caught.value.expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a" * (LONGEST + 1), f"at most {LONGEST} characters"),
        ("a " * (MOST_TERMS + 1), f"at most {MOST_TERMS} terms"),
        ("(" * (DEEPEST + 1), f"at most {DEEPEST} parentheses"),
    ],
)
def test_a_query_has_bounds(text: str, expected: str) -> None:
    """What it costs to evaluate one is bounded."""
    with pytest.raises(QueryError, match=expected):
        parsed(text)


def test_a_query_up_to_the_bounds_is_allowed() -> None:
    """The bounds are the largest allowed numbers."""
    parsed("a " * MOST_TERMS)
    parsed("(" * DEEPEST + "a" + ")" * DEEPEST)
    parsed("a" * LONGEST)


def test_dates_are_in_the_given_zone() -> None:
    """A day begins at another time elsewhere."""
    tree = parse("after:2024-06-01 before:today", now=NOW, zone=EAST)
    assert tree == And((After(utc(2024, 5, 31, 22)), Before(utc(2024, 6, 14, 22))))


def test_dates_are_in_the_local_zone_by_default() -> None:
    """It is that of the reader."""
    local = datetime(2024, 6, 1).astimezone(timezone.utc)
    assert parse("after:2024-06-01") == After(local)


def test_times_ago_count_back_from_the_present_by_default() -> None:
    """The clock is read once, by the parser."""
    before = datetime.now(timezone.utc)
    tree = parse("after:1h")
    after = datetime.now(timezone.utc)
    assert isinstance(tree, After)
    assert before <= tree.time + timedelta(hours=1) <= after


@given(queries)
def test_a_generated_query_has_its_tree(query: tuple[str, Node]) -> None:
    """Terms of all kinds, within each other."""
    text, tree = query
    assert parsed(text) == tree


QUERIES = st.text(
    st.one_of(
        st.sampled_from('"()-!:*\\ \tORaé東🎉\ud800\0\u0301/.@<>1'),
        st.characters(),
    )
)
PIECES = st.lists(
    st.one_of(
        st.sampled_from(
            [
                *("from:", "is:", "has:", "larger:", "before:", "after:", "header:"),
                *("tag:", "rcpt:", " OR ", "(", ")", "-", '"', "*", " ", "2024-", "x"),
            ]
        ),
        st.text(max_size=5),
    )
).map("".join)


@given(st.one_of(QUERIES, PIECES))
@example("after:0000")
@example("after:0001-01-01T00:00+23:59")
@example("larger:\u0663")
@example("from:\ud800")
def test_nothing_but_a_query_error_is_raised(text: str) -> None:
    """Whatever the text is, and the position is in it."""
    error = None
    try:
        parse(text, now=NOW, zone=EAST)
    except QueryError as caught:
        error = caught
    if error is not None:
        assert 0 <= error.position <= len(text)
        assert error.expected
        assert len(str(error).splitlines()) == 1
