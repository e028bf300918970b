"""Texts that PostgreSQL has bounds for are kept and found as everywhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from lazr_smtptest.query.selection import Selection
from lazr_smtptest.query.tag_rules import TagRules
from lazr_smtptest.stores import PostgreSQLStore

from ..envelopes import make_envelope
from ..reading_helpers import found, mail, wait_for_index


def test_bytes_that_are_no_text_come_back_as_they_were(store: Any) -> None:
    """In a content, in addresses and in names."""
    envelope = make_envelope(
        mail_from="a\udcff\0@example.com",
        rcpt_tos=("b\ud800@example.com", "b\0@example.com"),
        content=b"Subject: \0\xff\r\n\r\n\0\xed\xa0\x80\r\n" + bytes(range(256)),
        helo="x\0",
        user="\0\udc80",
    )
    store.add(envelope)
    (kept,) = store
    assert kept == envelope
    assert kept.content == envelope.content
    assert [each.user for each in store.page()] == ["\0\udc80"]


def test_a_phrase_is_found_at_the_end_of_a_long_text(store: Any) -> None:
    """The index of words has no more than 16,383 positions."""
    text = " ".join(f"w{number % 7}" for number in range(20_000))
    store.add(mail(f"Subject: long\n\n{text} needle in hay\n"))
    assert found(store, '"needle in hay"') == [1]
    assert found(store, '"hay in needle"') == []


def test_a_phrase_is_found_after_many_of_its_words(store: Any) -> None:
    """The index of words has no more than 256 positions of one."""
    store.add(mail(f"Subject: many\n\n{'aa ' * 1000}bb aa {'aa ' * 10}cc\n"))
    assert found(store, '"bb aa"') == [1]
    assert found(store, '"aa cc"') == [1]
    assert found(store, '"bb cc"') == []


def test_words_do_not_follow_each_other_across_columns(store: Any) -> None:
    """A phrase is in the subject, or in the text."""
    store.add(mail("Subject: one two\n\nthree four\n"))
    assert found(store, '"three four"') == [1]
    assert found(store, '"two three"') == []


def test_a_very_long_word_is_found(store: Any) -> None:
    """The index has the beginnings of words only."""
    long = "x" * 5000
    store.add(mail(f"Subject: long\n\n{long}1 after\n"))
    store.add(mail(f"Subject: long\n\n{long}2\n"))
    assert found(store, f"{long}1") == [1]
    assert found(store, f"{long}*") == [1, 2]
    assert found(store, f"{long}2*") == [2]
    assert found(store, f'"{long}1 after"') == [1]


def test_more_words_than_the_index_takes_are_found(store: Any) -> None:
    """Then the texts are searched."""
    # Four texts of as many characters as are indexed, of four bytes each.
    letters = "".join(chr(0x20000 + number) for number in range(40_000))
    body = f"{letters}\n"
    store.add(
        mail(
            f"Subject: {letters}\nFrom: {letters} <a@example.com>\n"
            "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"
            f"Content-Transfer-Encoding: 8bit\n\n{body}"
        )
    )
    wait_for_index(store)
    for at in (0, 20_000, 39_990):
        assert found(store, letters[at : at + 2]) == [1]
    assert found(store, "zebra") == []


@pytest.mark.parametrize("text", ["50%", "a_b", "back\\slash", "%", "_", "\\"])
def test_characters_of_patterns_are_characters(store: Any, text: str) -> None:
    """They stand for nothing else."""
    store.add(mail(f"Subject: {text}\n\n.\n"))
    store.add(mail("Subject: 50x acb backXslash\n\n.\n"))
    quoted = text.replace("\\", "\\\\")
    assert found(store, f'subject:"{quoted}"') == [1]


def test_a_user_with_a_long_name_is_found(store: Any) -> None:
    """No index has room for such a key, unless it is hashed."""
    user = "anna" * 2000
    store.add(make_envelope(1, user=user))
    store.add(make_envelope(2, user="anna"))
    assert found(store, f"user:{user}") == [1]


def test_a_message_to_a_very_long_address_is_found(store: Any) -> None:
    """Its index has the beginnings of addresses."""
    address = f"{'x' * 5000}@example.com"
    store.add(make_envelope(1, rcpt_tos=(address,)))
    store.add(make_envelope(2, rcpt_tos=(f"{'x' * 5000}@example.org",)))
    assert [each.rcpt_tos for each in store.find_all(recipient=address)] == [(address,)]
    assert store.delete(store.page()[-1].id)
    assert len(store) == 1


def test_parts_of_words_are_found_without_the_extension(postgresql: str) -> None:
    """In the order of the messages."""
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute("DROP SCHEMA IF EXISTS plain CASCADE")
        store = PostgreSQLStore(postgresql, schema="plain", tag_rules=TagRules())
        connection.execute("DROP INDEX plain.texts_trigrams")
        connection.execute("UPDATE plain.state SET trigrams = FALSE")
        for subject in ("Order 1", "Border", "other"):
            store.add(mail(f"Subject: {subject}\n\nTea.\n"))
        assert found(store, "*rder*") == [1, 2]
        assert found(store, "subject:rde -subject:bord") == [1]
        store.close()
        connection.execute("DROP SCHEMA plain CASCADE")


LOOKED_FOR: dict[str, Callable[[Any, str], object]] = {
    "a message": lambda store, name: store.get(name),
    "a session": lambda store, name: store.session(name),
    "a tag": lambda store, name: found(store, f'tag:"{name}"'),
    "a word": lambda store, name: found(store, f'"{name}"'),
    "a user": lambda store, name: found(store, f'user:"{name}"'),
    "a selection": lambda store, name: store.remove(Selection(ids=[name])),
}


@pytest.mark.parametrize("what", LOOKED_FOR)
@pytest.mark.parametrize("name", ["\0", "a\0b", "\\u0000"])
def test_a_name_with_a_nul_is_that_of_nothing(store: Any, what: str, name: str) -> None:
    """PostgreSQL refuses such a text."""
    store.add(mail("Subject: one\n\ntwo\n"))
    wait_for_index(store)
    assert not LOOKED_FOR[what](store, name)
