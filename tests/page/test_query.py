"""The search language in the search field: the same as the server's."""

from __future__ import annotations

import random

import pytest

from lazr_smtptest.errors import QueryError
from lazr_smtptest.query.parser import parse
from lazr_smtptest.query.terms import CHOICES, NAMES
from lazr_smtptest.readers.http.page.files import load_texts

# What hostile and hurried users type, in pieces.
PIECES = [
    *("from:", "is:", "has:unread", "is:unread", "tag:x", "from:(a)", 'from:"b c"'),
    *(" ", " ", " ", "OR", " OR ", "(", ")", "-", "!", '"', '""', '"a b"', "a", "b*"),
    *("\\", '\\"', "http://x", "12:30", "OR(", "ORder", "x(y)z", "->", "is:nonsense"),
]


def error_of(text):
    """Return where the server says that a query is wrong, and what it expects."""
    try:
        parse(text)
    except QueryError as error:
        return error.position, error.expected
    return None


def made_up(seed, number=3000):
    """Return queries that are made of pieces, most of them wrong."""
    chance = random.Random(seed)
    return [
        "".join(chance.choices(PIECES, k=chance.randint(1, 9))) for _ in range(number)
    ]


def test_the_terms_are_those_of_the_server(module):
    """No name is missing in the completion, and none is made up."""
    names = module("query.js").run("Object.keys(m.NAMES)")
    assert set(names) == NAMES


def test_the_suggested_choices_are_those_of_the_server(module):
    """The server takes each of them, and none is missing but its synonyms."""
    suggested = module("query.js").run("m.SUGGESTED")
    for name, choices in CHOICES.items():
        assert set(suggested[name]) <= set(choices)
        synonyms = {"seen", "attachments", "inlines", "warnings"}
        assert set(choices) - set(suggested[name]) <= synonyms


def test_the_chips_are_the_whole_query(module):
    """A query becomes chips and a text again without any change."""
    queries = made_up(3)
    joined = module("query.js").run(
        "args[0].map((each) => m.chipsOf(each).map((chip) => chip.text).join(''))",
        queries,
    )
    assert joined == queries


def test_chips_have_kinds(module):
    """A field, a word, an operator, and the space between."""
    chips = module("query.js").call("chipsOf", '-to:"a b" OR (x)')
    assert [(each["text"], each["kind"]) for each in chips] == [
        ('-to:"a b"', "field"),
        (" ", "space"),
        ("OR", "operator"),
        (" ", "space"),
        ("(", "operator"),
        ("x", "text"),
        (")", "operator"),
    ]


@pytest.mark.parametrize(
    ("query", "options"),
    [
        ("su", ["subject:"]),
        ("-su", ["subject:"]),
        ("a (fr", ["from:"]),
        ("SE", ["session:"]),
        ("is:un", ["unread"]),
        ("is:unread", []),
        ("tag:u", ["urgent", '"until today"']),
        ('tag:"u', ["urgent", '"until today"']),
        ("rcpt:an", ["anna@example.com"]),
        ("larger:", ["100k", "1M", "10M"]),
        ("header:x", ["X-Mailer:"]),
        ("12", []),
        ("", []),
        ("subject:x", []),
    ],
)
def test_a_term_is_completed_at_the_cursor(module, query, options):
    """Names of terms, and values that are known."""
    known = {"tags": ["urgent", "until today", "x"], "addresses": ["anna@example.com"]}
    found = module("query.js").call("completionsOf", query, len(query), known)
    assert [each["text"] for each in found["options"]] == options


def test_a_completion_replaces_the_term_at_the_cursor(module):
    """The text around it stays, and the cursor is after it."""
    done = module("query.js").run(
        "(() => { const c = m.completionsOf('a is:un b', 7);"
        " return m.completed('a is:un b', c, c.options[0]) })()"
    )
    assert done == {"text": "a is:unread b", "cursor": 11}


def test_every_completion_is_a_query(module):
    """A value that needs quotes gets them, with whatever is in it."""
    for value in ['a"b', "x y", "(x)", "back\\slash", "-x", "*"]:
        quoted = module("query.js").call("quoted", value)
        assert error_of(f"subject:{quoted}") is None or value == "*"


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_term_has_a_text_in_every_language(language):
    """Explanations of terms can be read."""
    assert {f"query.name.{name}" for name in NAMES} <= load_texts(language).keys()
