"""Mailpit's search grammar, translated into ours."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lazr_smtptest.query.parser import parse
from lazr_smtptest.readers.http.mailpit.queries import translate


@pytest.mark.parametrize(
    ("search", "query"),
    [
        ("", ""),
        ("   ", ""),
        ("hello", '*"hello"*'),
        ("Hello World", '*"hello"* *"world"*'),
        ('"Hello  World"', '*"hello world"*'),
        ("-hello", '-*"hello"*'),
        ("!hello", '-*"hello"*'),
        ('-"a b"', '-*"a b"*'),
        ("-", '*"-"*'),
        ("to:Ann", 'to:"ann"'),
        ("TO:ann", 'to:"ann"'),
        ("from:a@example.com", 'from:"a@example.com"'),
        ("cc:x", 'cc:"x"'),
        ("bcc:x", 'bcc:"x"'),
        ("reply-to:x", 'reply-to:"x"'),
        ("addressed:x", 'addressed:"x"'),
        ('subject:"Your Order"', 'subject:"Your Order"'),
        ('-subject:"a b"', '-subject:"a b"'),
        ("message-id:<1@example.com>", 'message-id:"1@example.com"'),
        ("message-id:Xy@smtptest", '(message-id:"Xy@smtptest" OR id:"Xy")'),
        ("message-id:test", '(message-id:"test" OR -header:message-id)'),
        ("tag:Welcome", 'tag:"welcome"'),
        ("tag:a/b", '(tag:"a/b" OR tag:"a b")'),
        ("-tag:a/b", '-(tag:"a/b" OR tag:"a b")'),
        ("tag:!", 'tag:"!"'),
        ("is:read", "is:read"),
        ("is:unread", "is:unread"),
        ("-is:read", "-is:read"),
        ("is:tagged", "is:tagged"),
        ("is:odd", '*"is:odd"*'),
        ("has:attachment", "has:attachment"),
        ("has:attachments", "has:attachment"),
        ("has:inline", "has:inline"),
        ("has:inlines", "has:inline"),
        ("larger:1.5m", 'larger:"1.5m"'),
        ("smaller:10kb", 'smaller:"10kb"'),
        ("larger:many", '*"larger:many"*'),
        ("to:", ""),
        ('to:""', ""),
        ("(hello)", '*"hello"*'),
        ("a,b;c", '(*"a b c"* OR *"a,b;c"*)'),
        ('-"a, b"', '-(*"a b"* OR *"a, b"*)'),
        ("a OR b", '*"a"* *"or"* *"b"*'),
        ("https://example.com", '*"https://example.com"*'),
        ("50%", '*"50%"*'),
        ("a_b", '*"a_b"*'),
    ],
)
def test_a_search_is_translated(search: str, query: str) -> None:
    """Term by term."""
    assert translate(search) == query


@pytest.mark.parametrize(
    ("search", "query"),
    [
        ("after:2024-06-01", 'after:"2024-05-31T22:00:00+00:00"'),
        ("before:2024-06-01", 'before:"2024-05-31T22:00:00+00:00"'),
        ('before:"2024-06-01 12:00"', 'before:"2024-06-01T10:00:00+00:00"'),
        ("-after:2024-06-01", 'before:"2024-05-31T22:00:00+00:00"'),
        ("-before:2024-06-01", 'after:"2024-05-31T22:00:00+00:00"'),
        ("after:someday", ""),
    ],
)
def test_a_date_is_in_the_zone_of_the_request(search: str, query: str) -> None:
    """And the opposite of a date includes it."""
    assert translate(search, ZoneInfo("Europe/Berlin")) == query


@settings(deadline=None)
@given(st.text(max_size=40))
def test_every_search_can_be_translated(search: str) -> None:
    """Nothing in it is an error."""
    parse(translate(search))


_SIGNS = ["ab", ":", "-", "!", '"', "()", "to:", "is:", "larger:", "after:", "*", "\\"]


@settings(deadline=None)
@given(st.lists(st.sampled_from([*_SIGNS, " "]), max_size=12))
def test_every_search_of_its_own_signs_can_be_translated(pieces: list[str]) -> None:
    """Nothing in it is an error."""
    parse(translate("".join(pieces)))
