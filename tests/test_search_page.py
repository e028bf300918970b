"""The page of the manual on searching is true, and complete."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from lazr_smtptest import Envelope, Session, open_store
from lazr_smtptest.model.summary import FLAGS
from lazr_smtptest.parsing.worker import Bounds
from lazr_smtptest.query.parser import DEEPEST, LONGEST, MOST_TERMS, parse
from lazr_smtptest.query.selection import Selection
from lazr_smtptest.query.terms import CHOICES, NAMES

from .test_documentation import rows_of_table

PAGE = (Path(__file__).parents[1] / "doc" / "queries.rst").read_text()
TERMS = rows_of_table("Terms", PAGE)
EXAMPLES = [example for _, _, example in TERMS]
WORDS = PAGE.partition("What a word is\n")[2].partition("Messages that take")[0]


@pytest.fixture
def store() -> Any:
    """A store with the message of the page."""
    block = re.search(r"^\.\. the message\n\n::\n\n(.*?)^\S", PAGE, re.M | re.S)
    assert block is not None
    lines = dedent(block[1]).rstrip().splitlines()
    content = "".join(f"{line}\r\n" for line in lines).encode()
    assert f"this message, of {len(content)} bytes." in PAGE
    store = open_store("memory")
    store.add(
        Envelope(
            mail_from="bounce@shop.example",
            rcpt_tos=("anna@example.com", "carl@example.com"),
            content=content,
            user="shop",
            id="5e-1f",
            received_at=datetime(2024, 6, 1, 12, tzinfo=timezone.utc),
            session=Session(id="5e-1"),
        )
    )
    store.change(Selection(query=""), set_flags=FLAGS, add_tags=["urgent"])
    return store


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_example_of_a_term_finds_the_message(example: str, store: Any) -> None:
    """And its opposite does not."""
    assert store.counts(example).matching == 1
    assert store.counts(f"-{example}").matching == 0


def test_every_term_has_an_example() -> None:
    """The table is complete, and has nothing else."""
    names = [term[:-1] for term, _, _ in TERMS if term.endswith(":")]
    assert sorted(names) == sorted(NAMES)
    for name, example in zip(names, EXAMPLES[-len(names) :], strict=True):
        assert example.startswith(f"{name}:")


@pytest.mark.parametrize("name", sorted(CHOICES))
def test_every_choice_of_a_term_is_named(name: str) -> None:
    """But for plurals."""
    [text] = [text for term, text, _ in TERMS if term == f"{name}:"]
    choices = {choice.removesuffix("s") for choice in CHOICES[name]}
    assert set(re.findall(r"`(\w+)`", f"`{text}`")) == choices


@pytest.mark.parametrize(
    "query", [row[0] for row in rows_of_table("Combinations", PAGE)]
)
def test_a_combination_can_be_parsed(query: str) -> None:
    """Each of the table."""
    parse(query)


@pytest.mark.parametrize(
    "date",
    [
        date.strip("`")
        for row in rows_of_table("Dates", PAGE)
        for date in row[0].split(", `")
    ],
)
def test_a_date_can_be_parsed(date: str) -> None:
    """Each of the table."""
    parse(f"after:{date}")


@pytest.mark.parametrize("query", ["muller", "MÜLLER", "bob@shop.example", "€", "京都"])
def test_the_page_is_right_about_words(query: str, store: Any) -> None:
    """They are found in the message of the page."""
    assert query in WORDS or query == "MÜLLER"
    assert store.counts(query).matching == 1


def test_the_page_names_the_bounds_for_a_message() -> None:
    """In a child process."""
    bounds = Bounds()
    assert bounds.memory == 1 << 30
    text = f"{bounds.cpu:g} seconds of CPU time, {bounds.time:g} seconds, or 1 GiB"
    assert text in " ".join(PAGE.split())


def test_the_page_names_the_bounds_of_a_query() -> None:
    """As the error does for a query that exceeds one."""
    bounds = f"{LONGEST} characters, {MOST_TERMS} terms, and {DEEPEST} parentheses"
    assert bounds in PAGE
