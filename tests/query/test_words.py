"""The words of texts."""

from __future__ import annotations

import sqlite3
import sys
import unicodedata
from collections import defaultdict
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazr_smtptest.query.words import (
    cleaned,
    fold,
    fold_line,
    index_words,
    sought_words,
)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("ABC", "abc"),
        ("Größe", "grosse"),
        ("ÉCOLE", "ecole"),
        ("e\u0301cole", "ecole"),
        ("Việt", "viet"),
        ("ΣΟΦΟΣ", "σοφοσ"),
        ("ёлка", "елка"),
        ("İstanbul", "istanbul"),
        ("ﬁn", "fin"),
        ("\uff21\uff22", "ab"),
        ("ｶﾞ", "ガ"),
        ("が", "が"),
        ("한국", "한국"),
        ("שָׁלוֹם", "שלום"),
        ("مُحَمَّد", "محمد"),
        ("हिन्दी", "हिन्दी"),
    ],
)
def test_case_accents_and_forms_are_folded(text: str, folded: str) -> None:
    """What does not matter to a reader does not matter to a search."""
    assert fold(text) == folded


@given(st.characters())
def test_a_folded_character_stays_what_it_is(char: str) -> None:
    """Folding once is enough."""
    assert fold(fold(char)) == fold(char)


def test_a_folded_line_has_single_spaces() -> None:
    """A text may be folded over lines."""
    assert fold_line(" A\r\n\t b\u3000 C ") == "a b c"


def test_characters_that_databases_refuse_are_replaced() -> None:
    """One by one, so that positions stay."""
    assert cleaned("a\0b\ud800c") == "a\ufffdb\ufffdc"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ""),
        (" -- ", ""),
        ("The number: 4711.", "the number 4711"),
        ("bob_smith@example.com", "bob smith example com"),
        ("don't", "don t"),
        ("東京", "東京 京"),
        ("東京 都", "東京 京 都"),
        ("東京2020年", "東京 京 2020 年"),
        ("iPhoneの色", "iphone の色 色"),
    ],
)
def test_a_text_is_split_into_these_words(text: str, words: str) -> None:
    """Runs without spaces are split into pairs of characters."""
    assert index_words(text) == words


@pytest.mark.parametrize(
    ("sought", "text"),
    [
        ("number", "the Number: 4711"),
        ("example.com", "bob@example.com"),
        ("number 4711", "the number: 4711"),
        ("京", "東京都"),
        ("都", "東京都"),
        ("京都", "東京都です"),
        ("東京都", "東京都"),
        ("都です", "東京都です"),
        ("iPhoneの", "iPhoneの色"),
        ("色 2020", "赤色2020"),
        ("カナ", "ﾊﾝｶｸｶﾅ"),
        ("국어", "한국어를"),
    ],
)
def test_words_are_found(sought: str, text: str) -> None:
    """Next to each other; anywhere inside of a run without spaces."""
    assert sought_words(sought).is_in(index_words(text))


@pytest.mark.parametrize(
    ("sought", "text"),
    [
        ("numb", "the number"),
        ("umber", "the number"),
        ("number the", "the number"),
        ("the 4711", "the number 4711"),
        ("京東", "東京"),
        ("東都", "東京都"),
        ("京 2020", "京都2020"),
        ("が", "か"),
    ],
)
def test_other_words_are_not_found(sought: str, text: str) -> None:
    """Words are whole, and in this order."""
    assert not sought_words(sought).is_in(index_words(text))


def test_the_beginning_of_a_word_is_found() -> None:
    """Of the last word only."""
    words = index_words("the number 4711")
    assert sought_words("the num", is_beginning=True).is_in(words)
    assert not sought_words("th num", is_beginning=True).is_in(words)


@given(st.text("aé東京都カﾞ한 .-1", max_size=8), st.data(), st.text("x東 .", max_size=3))
def test_every_part_of_a_run_is_found(run: str, data: st.DataObject, rest: str) -> None:
    """Where it is not cut inside of a word."""
    text = f"{rest} {run} {rest}"
    assert sought_words(run).is_in(index_words(text)) or not sought_words(run).words


def all_characters() -> list[str]:
    """Return every character that is assigned, without surrogates."""
    return [
        char
        for char in map(chr, range(sys.maxunicode + 1))
        if unicodedata.category(char) not in ("Cn", "Co", "Cs")
    ]


@pytest.mark.slow
def test_sqlite_splits_and_compares_these_words_in_the_same_way() -> None:
    """Every character: so a search in SQLite finds what one in memory finds."""
    characters = all_characters()
    words = {number: index_words(char) for number, char in enumerate(characters)}
    found: defaultdict[int, list[str]] = defaultdict(list)
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute(
            "CREATE VIRTUAL TABLE text USING fts5 "
            "(words, tokenize = 'unicode61 remove_diacritics 0')"
        )
        database.execute("CREATE VIRTUAL TABLE word USING fts5vocab (text, instance)")
        database.executemany(
            "INSERT INTO text(rowid, words) VALUES (?, ?)", words.items()
        )
        for term, number in database.execute(
            "SELECT term, doc FROM word ORDER BY doc, offset"
        ):
            found[number].append(term)
    assert {
        characters[number]: (text, found[number])
        for number, text in words.items()
        if text.split() != found[number]
    } == {}


@pytest.mark.parametrize("marks", ["\u0316\u0301", "\u0344", "\u093c\u064b"])
def test_a_long_run_of_marks_takes_no_long_time(marks: str) -> None:
    """Normalization would take the square of its length: minutes for this one."""
    assert fold("a" + marks * 200_000 + "b") == fold("a" + (marks * 15)[:30] + "b")
