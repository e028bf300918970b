"""Finding messages by their words; the SQL of that.

How long it takes must not grow with the messages. `fts5` goes through the places of a
whole word from the newest on, and stops when it has enough. For the beginning of a
word it gathers all places of all words that begin so first. So a query has the words
themselves where they are few. Where they are many, most messages have one of them: so
the newest that have the other words are searched alone, and all of them only if that
was not enough.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from functools import partial

from lazr_smtptest.stores._queries import Listed
from lazr_smtptest.stores._words import Sought, query_of

__all__ = ["completions", "search"]

# So many words stand in a query for their beginning.
_COMPLETIONS = 64

# The newest messages are so many for each that is wanted, but no more than that:
# their words have to be read again.
_FOR_EACH = 4
_NEWEST = 400

# Sorts before every sign that a word may have.
_BEFORE_ANY_LETTER = "\x01"

_COLUMNS = "subject, addresses, text, attachments"


def search(
    connection: sqlite3.Connection, sought: Sequence[Sought], before: int, limit: int
) -> list[Listed]:
    """List messages below a number that have all of some words, newest first."""
    query = query_of(sought, partial(completions, connection, limit=_COMPLETIONS))
    depth = min(_FOR_EACH * limit, _NEWEST)
    if query.is_wide and limit <= depth:
        with _newest(connection, query.narrow, before, depth) as count:
            found = _matching(connection, "newest", query.text, before, limit)
        if len(found) == limit or count < depth:
            return found
    return _matching(connection, "words", query.text, before, limit)


def completions(
    connection: sqlite3.Connection, beginning: str, limit: int
) -> list[str] | None:
    """Give the words that begin so; ``None`` if they are more than `limit`."""
    words: list[str] = []
    at = beginning
    while True:
        # One statement for all would go through all the places of each.
        rows = connection.execute(
            "SELECT term FROM place WHERE term >= ? ORDER BY term LIMIT 1", (at,)
        ).fetchall()
        if not rows or not rows[0][0].startswith(beginning):
            return words
        if len(words) == limit:
            return None
        words.append(rows[0][0])
        at = words[-1] + _BEFORE_ANY_LETTER


@contextlib.contextmanager
def _newest(
    connection: sqlite3.Connection, query: str, before: int, depth: int
) -> Iterator[int]:
    """Have in ``newest`` what ``words`` has of some messages; give how many.

    The table is in memory, and for this connection; nothing else is written.

    Args:
        connection: the database.
        query: what the messages have to match; ``""``: nothing.
        before: they have smaller numbers than that.
        depth: how many at most.
    """
    condition, values = ("words MATCH ? AND", [query]) if query else ("", [])
    connection.execute("BEGIN")
    try:
        connection.execute(f"CREATE VIRTUAL TABLE temp.newest USING fts5 ({_COLUMNS})")
        connection.execute(
            f"INSERT INTO newest (rowid, {_COLUMNS}) SELECT rowid, {_COLUMNS} "
            f"FROM words WHERE {condition} rowid < ? ORDER BY rowid DESC LIMIT ?",
            (*values, before, depth),
        )
        (count,) = connection.execute("SELECT count(*) FROM newest").fetchone()
        yield count
    finally:
        # SQLite has done it itself after some errors.
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _matching(
    connection: sqlite3.Connection, table: str, query: str, before: int, limit: int
) -> list[Listed]:
    return connection.execute(
        f"SELECT number, id, fields, size, {table}.subject FROM {table} "
        f"JOIN message ON number = {table}.rowid "
        f"WHERE {table} MATCH ? AND {table}.rowid < ? "
        f"ORDER BY {table}.rowid DESC LIMIT ?",
        (query, before, limit),
    ).fetchall()
