"""How long it takes to ask a store in PostgreSQL that `filling` has filled."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from time import perf_counter

from lazr_smtptest.stores.postgresql import PostgreSQLStore

from ..scenario import Ceiling, Column
from .filling import FIRST

__all__ = ["COLUMNS", "GOALS", "ask"]

_LISTS = (
    Column("page", "ms for a page", 1e-3, 1),
    Column("next", "ms for the page after a message", 1e-3, 1),
    Column("total", "ms for how many there are", 1e-3, 1),
    Column("unread", "ms for how many are unread", 1e-3, 1),
    Column("unread-page", "ms for a page of those that are unread", 1e-3, 1),
    Column("recipient", "ms for one to a recipient", 1e-3, 1),
    Column("rcpt", "ms for a page of those to a recipient", 1e-3, 1),
)
_TEXTS = (
    Column("one", "ms for a page of a word of one", 1e-3, 1),
    Column("thousandth", "ms for a page of two words of a thousandth", 1e-3, 1),
    Column("eighth", "ms for a page of a word of an eighth", 1e-3, 1),
    Column("two", "ms for a page of a word of all and one of an eighth", 1e-3, 1),
    Column("phrase", "ms for a page of a phrase of a thousandth", 1e-3, 1),
    Column("none", "ms for a page of a word of none", 1e-3, 1),
    Column("count", "ms for how many have a word of an eighth", 1e-3, 1),
)

COLUMNS = (*_LISTS, *_TEXTS)

GOALS = (
    *(Ceiling(column.key, 50) for column in _LISTS),
    *(Ceiling(column.key, 250) for column in _TEXTS),
)

_TIMES = 7


def ask(url: str, schema: str, messages: int) -> dict[str, float]:
    """Return the median of the seconds that each question takes.

    Args:
        url: the database.
        schema: the schema that is filled.
        messages: how many it has.
    """
    store = PostgreSQLStore(url, schema=schema, make=False)
    try:
        return {
            name: median(_time(question) for _ in range(_TIMES))
            for name, question in _questions(store, messages).items()
        }
    finally:
        store.close()


def _questions(
    store: PostgreSQLStore, messages: int
) -> dict[str, Callable[[], object]]:
    number = FIRST + messages // 2
    recipient = f"recipient-{number}-0@example.com"
    [middle] = store.page(f"rcpt:{recipient}")
    return {
        "page": lambda: store.page(),
        "next": lambda: store.page(after=middle.id),
        "total": lambda: len(store),
        "unread": lambda: store.counts("is:unread"),
        "unread-page": lambda: store.page("is:unread"),
        "recipient": lambda: store.find(recipient=recipient),
        "rcpt": lambda: store.page(f"rcpt:{recipient}"),
        "one": lambda: store.page(f"u{number}@example.com"),
        "thousandth": lambda: store.page("shelf 500"),
        "eighth": lambda: store.page("invoice"),
        "two": lambda: store.page("about invoice"),
        "phrase": lambda: store.page('"shelf 500"'),
        "none": lambda: store.page("nothing"),
        "count": lambda: store.counts("invoice"),
    }


def _time(question: Callable[[], object]) -> float:
    begun = perf_counter()
    question()
    return perf_counter() - begun
