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

# Errors of which only the server knows.
OF_THE_SERVER = ("'*'", "instead of", "a letter, a digit", "text to look for")


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


def test_the_choices_are_those_of_the_server(module):
    """The same holds for values of is: and has:."""
    choices = module("query.js").run("m.CHOICES")
    assert {name: set(each) for name, each in choices.items()} == {
        name: set(each) for name, each in CHOICES.items()
    }


def test_an_error_stands_where_the_server_says(module):
    """The browser finds an error at the position of the server's answer."""
    queries = made_up(1)
    problems = module("query.js").run("args[0].map(m.problemOf)", queries)
    for query, problem in zip(queries, problems, strict=True):
        error = error_of(query)
        if problem is not None:
            assert error is not None, (query, problem)
        elif error is not None:
            assert any(each in error[1] for each in OF_THE_SERVER), (query, error)
        if problem is not None and not any(each in error[1] for each in OF_THE_SERVER):
            assert problem["position"] == error[0], (query, problem, error)


def test_most_errors_are_seen_in_the_browser(module):
    """The comparison above is not one of nothing with nothing."""
    problems = module("query.js").run("args[0].map(m.problemOf)", made_up(2))
    keys = {problem["key"] for problem in problems if problem}
    assert keys >= {
        *("query.quote", "query.empty-quotes", "query.open", "query.close"),
        *("query.or-before", "query.or-after", "query.empty-group"),
        *("query.value", "query.one-value", "query.choice"),
    }
    assert any(problem is None for problem in problems)


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
    ("query", "index", "rest"),
    [
        ("a b c", 1, "a c"),
        ("a OR b c", 0, "b c"),
        ("a OR b c", 2, "a c"),
        ('is:unread "x y"', 0, '"x y"'),
    ],
)
def test_a_chip_can_be_removed(module, query, index, rest):
    """An OR that then joins nothing goes with it."""
    assert module("query.js").call("withoutChip", query, index) == rest


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


@pytest.mark.parametrize(
    ("query", "position", "pieces"),
    [
        ("form:bob x", 0, ["", "form:bob", " x"]),
        ("a )", 2, ["a ", ")", ""]),
        ("a", 1, ["a", "", ""]),
        ("a", 99, ["a", "", ""]),
    ],
)
def test_a_query_is_split_at_an_error(module, query, position, pieces):
    """The wrong term is the piece in the middle."""
    assert module("query.js").call("splitAt", query, position) == pieces


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_problem_and_term_has_a_text_in_every_language(module, language):
    """Errors of queries and explanations of terms can be read."""
    texts = load_texts(language)
    problems = module("query.js").run("args[0].map(m.problemOf)", made_up(4))
    keys = {problem["key"] for problem in problems if problem}
    keys |= {f"query.name.{name}" for name in NAMES}
    assert keys <= texts.keys()
