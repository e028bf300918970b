"""The statements of PostgreSQL: arrays of rows, and full text search by tsvector."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain

from lazr_smtptest.query.tree import Node
from lazr_smtptest.stores import _changes
from lazr_smtptest.stores._compiler import Plan
from lazr_smtptest.stores._queries import Row
from lazr_smtptest.stores._sql import Dialect
from lazr_smtptest.stores._summary_rows import Indexed
from lazr_smtptest.stores.postgresql._adapter import Adapter
from lazr_smtptest.stores.postgresql._compiler import LONGEST, PostgreSQLCompiler
from lazr_smtptest.stores.postgresql._schema import PARTITIONED, TEXTS

__all__ = ["PostgreSQLDialect", "remove_from", "texts_row"]

# The most bytes of all words of a message in its `tsvector`, which has a megabyte.
_WORD_OCTETS = 1_000_000

# Messages above which tables are truncated, which waits until nobody reads them.
_MANY = 1000

_ADD_TEXTS = (
    f"INSERT INTO texts (number, words, is_cut, {', '.join(TEXTS)}) "
    f"VALUES (?, array_to_tsvector(?), ?, {', '.join('?' * len(TEXTS))})"
)


# One statement, because a batch waits for the answer to each. It waits for the row of
# `state`, as all that write.
_INSERT = """
WITH counted AS (
    UPDATE state SET
        newest = newest + %(count)s, messages = messages + %(count)s,
        octets = octets + %(octets)s, unread = unread + %(count)s,
        changes = changes + 1, named = named + %(count)s
    RETURNING newest - %(count)s AS last, changes, named
), messages AS (
    INSERT INTO message (number, id, kept_at, size, fields, change)
    SELECT
        last + generate_series(1, %(count)s), unnest(%(ids)b::text[]),
        unnest(%(kept)s::bigint[]), unnest(%(sizes)s::bigint[]),
        unnest(%(fields)b::text[]), changes
    FROM counted
), bodies AS (
    INSERT INTO body
    SELECT
        last + generate_series(1, %(count)s), unnest(%(codings)s::integer[]),
        unnest(%(contents)b::bytea[])
    FROM counted
), recipients AS (
    INSERT INTO recipient
    SELECT unnest(%(addresses)b::bytea[]), last + unnest(%(places)s::bigint[])
    FROM counted
), logged AS (
    INSERT INTO change
    SELECT changes, 'kept', concat(
        '[[', (
            SELECT string_agg((last + place)::text, ',')
            FROM generate_series(1, %(count)s) AS place
        ), '],', %(named)s::text, ']'
    ), named
    FROM counted
)
SELECT last, changes FROM counted
"""


class PostgreSQLDialect(Dialect):
    """The statements that only PostgreSQL understands."""

    def insert(self, connection: Adapter, rows: Sequence[Row]) -> None:
        """Insert messages, numbered after all earlier ones."""
        ids = [row.id for row in rows]
        recipients = [
            (key, place)
            for place, row in enumerate(rows, 1)
            for key in {*row.recipients}
        ]
        last, changes = connection.run(
            _INSERT,
            {
                "count": len(rows),
                "octets": sum(row.size for row in rows),
                "ids": ids,
                "kept": _numbers(row.kept_at for row in rows),
                "sizes": _numbers(row.size for row in rows),
                "fields": [row.fields for row in rows],
                "codings": _numbers(row.coding for row in rows),
                "contents": [row.octets for row in rows],
                "addresses": [key for key, _ in recipients],
                "places": _numbers(place for _, place in recipients),
                "named": _changes.to_json(ids),
            },
        ).fetchone()
        connection.inserted = list(enumerate(ids, last + 1))
        _changes.drop_sometimes(connection, changes)

    def add_texts(self, connection: Adapter, rows: Sequence[Indexed]) -> None:
        """Insert the texts of messages, which are searched."""
        connection.executemany(_ADD_TEXTS, map(texts_row, rows))

    def remove_contents(self, connection: Adapter, numbers: Sequence[int]) -> None:
        """Delete the contents and the texts of messages."""
        remove_from(connection, PARTITIONED, numbers)

    def empty(self, connection: Adapter, tables: Sequence[str]) -> None:
        """Delete all rows of some tables, and all texts."""
        (messages,) = connection.execute("SELECT messages FROM state").fetchone()
        if messages > _MANY:
            connection.execute(f"TRUNCATE texts, {', '.join(tables)}")
            return
        for table in ("texts", *tables):
            connection.execute(f"DELETE FROM {table}")

    def plan(self, connection: Adapter, node: Node, indexed: bool) -> Plan:
        """Compile a query; see `_compiler.compile_query`."""

        def has_trigrams() -> bool:
            row = connection.execute("SELECT trigrams FROM state").fetchone()
            return bool(row[0])

        return PostgreSQLCompiler(indexed, has_trigrams).plan(node)


def _numbers(numbers: Iterable[int]) -> str:
    """Return an array: one type for all, whatever the size of the numbers."""
    return f"{{{','.join(map(str, numbers))}}}"


def remove_from(
    connection: Adapter, tables: Sequence[str], numbers: Sequence[int]
) -> None:
    """Delete the rows of messages from some tables that may have partitions."""
    # As they are: PostgreSQL leaves out the partitions that have none of them, and
    # psycopg need not take hundreds of places apart.
    listed = ", ".join(map(str, numbers))
    for table in tables:
        connection.execute(f"DELETE FROM {table} WHERE number IN ({listed})")


def texts_row(row: Indexed) -> list[object]:
    """Return the values of the row of a message in ``texts``."""
    words, is_cut = _words_of(row.words)
    padded = [f" {words} " for words in row.words]
    return [row.number, words, is_cut, *padded, *row.heads]


def _words_of(texts: Iterable[str]) -> tuple[list[str], bool]:
    """Return the words to index, and whether there are more."""
    words: list[str] = []
    octets = 0
    for word in {word[:LONGEST] for word in chain(*map(str.split, texts))}:
        octets += len(word.encode()) + 1
        if octets > _WORD_OCTETS:
            return words, True
        words.append(word)
    return words, False
