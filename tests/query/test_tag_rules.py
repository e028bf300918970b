"""The rules that tag messages at arrival, each switchable."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazr_smtptest.errors import QueryError
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.query.selection import Selection
from lazr_smtptest.query.tag_rules import TagRules
from lazr_smtptest.stores import MemoryStore

MESSAGE = Envelope(
    mail_from="bounce+ann=example.com@example.com",
    rcpt_tos=("ann+One@example.com",),
    user="ann@example.com",
    content=(
        b"From: shop+sales@example.com\r\n"
        b"To: Ann <ann+two+three@example.com>\r\n"
        b"Cc: bob+four@example.com\r\n"
        b"Subject: bill 4711\r\n"
        b"X-Tags: header\r\n"
        b"\r\n"
        b"1+1=2\r\n"
    ),
)


def tags(rules: TagRules, envelope: Envelope = MESSAGE) -> tuple[str, ...]:
    """Return the tags that a message gets in a store with these rules."""
    store = MemoryStore(tag_rules=rules)
    store.add(envelope)
    return tuple(store.tags())


RULES: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "default": ({}, ("four", "header", "One", "sales", "three", "two")),
    "header": ({"plus_addresses": False}, ("header",)),
    "plus-addresses": ({"header": False}, ("four", "One", "sales", "three", "two")),
    "user": (
        {"header": False, "plus_addresses": False, "user": True},
        ("ann@example.com",),
    ),
    "none": ({"header": False, "plus_addresses": False}, ()),
    "query": (
        {
            "header": False,
            "plus_addresses": False,
            "queries": {"Bill": "subject:bill", "late": "tag:late", "big": "larger:1k"},
        },
        ("Bill",),
    ),
}


@pytest.mark.parametrize("case", RULES)
def test_each_rule_tags_by_itself(case: str) -> None:
    """And can be switched off."""
    given, expected = RULES[case]
    assert tags(TagRules(**given)) == expected


def test_rules_that_are_all_off_are_false() -> None:
    """A store need not look at messages."""
    assert not TagRules(header=False, plus_addresses=False)
    assert TagRules()


def test_a_folded_and_encoded_header_is_read() -> None:
    """As any other field."""
    content = b"X-TAGS: one,\r\n =?utf-8?q?gr=C3=BCn?=\r\nX-Tags: three\r\n\r\n"
    envelope = Envelope(mail_from="", rcpt_tos=(), content=content)
    assert tags(TagRules(), envelope) == ("grün", "one", "three")


def test_a_field_in_the_text_is_none_of_the_header() -> None:
    """The header ends before it."""
    content = b"Subject: x\r\n\r\nX-Tags: a\r\nTo: b+c@example.com\r\n"
    envelope = Envelope(mail_from="", rcpt_tos=(), content=content)
    assert tags(TagRules(), envelope) == ()


def test_a_quoted_local_part_is_read_without_its_quotes() -> None:
    """They are not part of a tag."""
    envelope = Envelope(mail_from="", rcpt_tos=('"ann+a b"@example.com',), content=b"")
    assert tags(TagRules(), envelope) == ("a b",)


def test_other_characters_of_a_tag_become_spaces() -> None:
    """Of a header, of an address and of a user."""
    envelope = Envelope(
        mail_from="",
        rcpt_tos=("ann+run/7@example.com",),
        user="bob\\home",
        content=b"X-Tags: a/b!c, !, ?\r\n\r\n",
    )
    assert tags(TagRules(user=True), envelope) == ("a b c", "bob home", "run 7")


@pytest.mark.parametrize("line_end", ["\r\n", "\n"])
def test_a_plus_address_may_be_folded(line_end: str) -> None:
    """Before the at sign (RFC 5322 section 4.4)."""
    lines = [
        "Date: Sun, 29 Nov 2026 01:02:03 +0000",
        "To: ann+one",
        " @example.com",
        "",
    ]
    content = line_end.join([*lines, ""]).encode()
    envelope = Envelope(mail_from="", rcpt_tos=(), content=content)
    assert tags(TagRules(), envelope) == ("one",)


def test_the_time_zone_of_a_date_is_no_plus_address() -> None:
    """Nearly all messages have one, and are not looked at any further."""
    content = b"Date: Sun, 29 Nov 2026 01:02:03 +0000\r\nFrom: a@example.com\r\n\r\n"
    envelope = Envelope(mail_from="", rcpt_tos=("b@example.com",), content=content)
    assert not TagRules().may_tag(envelope)


HEADER_PIECES = st.sampled_from(
    [b"+", b"@", b"\r", b"\n", b"\r\n", b" ", b"\t", b"a", b"X-Tags:", b"x-tagS"]
)


def may_be_tagged(header: bytes) -> bool:
    """Return whether a field of a header, unfolded, has a plus before an at sign."""
    fields = re.sub(rb"\r?\n(?=[ \t])", b"", header).split(b"\n")
    has_address = any(0 <= each.find(b"+") < each.rfind(b"@") for each in fields)
    return has_address or b"x-tags" in header.lower()


@given(st.lists(HEADER_PIECES, max_size=30).map(b"".join), st.booleans())
def test_a_field_is_looked_at_as_if_it_were_unfolded(
    header: bytes, has_text: bool
) -> None:
    """Whatever its line ends are, and not beyond the empty line."""
    content = header + b"\r\n\r\n+@ X-Tags" if has_text else header
    envelope = Envelope(mail_from="", rcpt_tos=(), content=content)
    expected = may_be_tagged(content.partition(b"\r\n\r\n")[0])
    assert TagRules().may_tag(envelope) is expected


@pytest.mark.parametrize("size", [65_533, 65_534])
def test_a_header_is_looked_at_up_to_a_bound(size: int) -> None:
    """An address that ends beyond 65,536 bytes is no address."""
    content = b"a" * size + b"+a@"
    envelope = Envelope(mail_from="", rcpt_tos=(), content=content)
    assert TagRules().may_tag(envelope) is (size + 3 <= 65_536)


def test_a_message_without_a_login_gets_no_tag_of_a_user() -> None:
    """By a rule that looks for one."""
    envelope = Envelope(mail_from="", rcpt_tos=(), content=b"")
    assert not TagRules(user=True).may_tag(envelope)


def test_a_rule_of_the_user_alone_is_true() -> None:
    """A store has to look at messages."""
    assert TagRules(header=False, plus_addresses=False, user=True)


def test_a_rule_that_cannot_be_parsed_is_an_error_where_it_is_written() -> None:
    """Not when the first message arrives."""
    with pytest.raises(QueryError):
        TagRules(queries={"a": '"open'})


def test_a_rule_for_something_that_is_no_tag_is_an_error() -> None:
    """As everywhere."""
    with pytest.raises(ValueError, match="a tag must"):
        TagRules(queries={"a,b": "word"})


def test_tags_by_rule_are_given_before_a_change() -> None:
    """A change of tags is not undone by a rule that comes too late."""
    store = MemoryStore()
    store.add(MESSAGE)
    store.change(Selection(query=""), tags=["mine"])
    assert tuple(store.tags()) == ("mine",)
