"""The statements of PostgreSQL: COPY, and full text search by tsvector."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain

from lazr_smtptest.query.tree import Node
from lazr_smtptest.stores import _changes
from lazr_smtptest.stores._compiler import Plan
from lazr_smtptest.stores._queries import Row, count_new
from lazr_smtptest.stores._sql import Dialect
from lazr_smtptest.stores._summary_rows import Indexed
from lazr_smtptest.stores.postgresql._adapter import Adapter
from lazr_smtptest.stores.postgresql._compiler import LONGEST, PostgreSQLCompiler
from lazr_smtptest.stores.postgresql._schema import TEXTS

__all__ = ["PostgreSQLDialect"]

# The most bytes of all words of a message in its `tsvector`, which has a megabyte.
_WORD_OCTETS = 1_000_000

# Messages above which tables are truncated, which waits until nobody reads them.
_MANY = 1000

_ADD_TEXTS = (
    f"INSERT INTO texts (number, words, is_cut, {', '.join(TEXTS)}) "
    f"VALUES (?, array_to_tsvector(?), ?, {', '.join('?' * len(TEXTS))})"
)


class PostgreSQLDialect(Dialect):
    """The statements that only PostgreSQL understands."""

    def insert(self, connection: Adapter, rows: Sequence[Row]) -> None:
        """Insert messages, numbered after all earlier ones."""
        last, changes = connection.execute(
            "UPDATE state SET newest = newest + ? RETURNING newest, changes",
            (len(rows),),
        ).fetchone()
        numbered = list(enumerate(rows, last - len(rows) + 1))
        connection.copy(
            "message (number, id, kept_at, size, fields, change)",
            ("int8", "text", "int8", "int8", "text", "int8"),
            (
                (n, row.id, row.kept_at, row.size, row.fields, changes + 1)
                for n, row in numbered
            ),
        )
        connection.copy(
            "body",
            ("int8", "int4", "bytea"),
            ((n, row.coding, row.octets) for n, row in numbered),
        )
        connection.copy(
            "recipient",
            ("bytea", "int8"),
            ((key, n) for n, row in numbered for key in {*row.recipients}),
        )
        count_new(connection, rows)
        connection.inserted = [(n, row.id) for n, row in numbered]
        _changes.log(connection, "kept", connection.inserted)

    def add_texts(self, connection: Adapter, rows: Sequence[Indexed]) -> None:
        """Insert the texts of messages, which are searched."""
        connection.executemany(_ADD_TEXTS, map(_texts, rows))

    def remove_texts(self, connection: Adapter, numbers: Sequence[int]) -> None:
        """Delete the texts of messages."""
        marks = ", ".join("?" * len(numbers))
        connection.execute(f"DELETE FROM texts WHERE number IN ({marks})", numbers)

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
        (has_trigrams,) = connection.execute("SELECT trigrams FROM state").fetchone()
        return PostgreSQLCompiler(indexed, has_trigrams).plan(node)


def _texts(row: Indexed) -> list[object]:
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
