"""The SQL that finds messages by their words.

The time of a search must not grow with the number of messages. For a whole word,
`fts5` reads its occurrences from the newest on, and stops when it has enough. For
the beginning of a word it first collects all occurrences of all words that begin so.
So the query lists the words themselves where they are few. Where they are many,
most messages have one of them: so only the newest messages that have the other words
are searched first, and all messages only if that found too few.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from functools import partial

from lazr_smtptest.stores._queries import Listed
from lazr_smtptest.stores._words import Sought, query_of

__all__ = ["completions", "search"]

# The most words by which a query replaces a beginning.
_COMPLETIONS = 64

# The newest messages to search first: so many for each result wanted, up to a bound,
# because their words have to be indexed again.
_FOR_EACH = 4
_NEWEST = 400

# Sorts before every character that a word may contain.
_BEFORE_ANY_LETTER = "\x01"

_COLUMNS = "subject, addresses, text, attachments"


def search(
    connection: sqlite3.Connection, sought: Sequence[Sought], before: int, limit: int
) -> list[Listed]:
    """Return messages below a number that have all of some words, newest first."""
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
    """Return the indexed words with a beginning; ``None`` for more than `limit`."""
    words: list[str] = []
    at = beginning
    while True:
        # A single statement for all would read every occurrence of each.
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
    """Copy the words of some messages into the table ``newest``; yield their number.

    The table is temporary, in memory, and private to this connection.

    Args:
        connection: the database.
        query: the query that the messages have to match; ``""`` for all messages.
        before: only messages with smaller numbers.
        depth: the most messages.
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
        # After some errors SQLite has rolled back by itself.
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
