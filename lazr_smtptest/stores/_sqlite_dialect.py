"""The statements of SQLite: bulk inserts, and full text search by FTS5."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from functools import partial

from lazr_smtptest.query.tree import Node
from lazr_smtptest.stores import _changes
from lazr_smtptest.stores._compiler import Plan, compile_query
from lazr_smtptest.stores._migrations import MERGE_LATER, TABLES_OF_TEXT
from lazr_smtptest.stores._queries import NEWEST, Row, count_new
from lazr_smtptest.stores._sql import Dialect
from lazr_smtptest.stores._summary_rows import Indexed, insert_rows

__all__ = ["SQLiteDialect", "completions"]

# The rows of a large statement, and the most of one that is made for its very number.
_ROWS = 64
_EXACTLY = 32

# The most words by which a query replaces a beginning.
_COMPLETIONS = 256

# Sorts before every character that a word may contain.
_BEFORE_ANY_LETTER = "\x01"


class SQLiteDialect(Dialect):
    """The statements that only SQLite understands."""

    def insert(self, connection: sqlite3.Connection, rows: Sequence[Row]) -> None:
        """Insert messages, numbered after all earlier ones."""
        last, changes = connection.execute(
            f"SELECT ifnull(({NEWEST}), 0), changes FROM state"
        ).fetchone()
        numbered = list(enumerate(rows, last + 1))
        _insert(
            connection,
            "INSERT INTO message (number, id, kept_at, size, fields, change) VALUES",
            [
                (n, row.id, row.kept_at, row.size, row.fields, changes + 1)
                for n, row in numbered
            ],
        )
        _insert(
            connection,
            "INSERT INTO body VALUES",
            [(n, row.coding, row.octets) for n, row in numbered],
        )
        _insert(
            connection,
            "INSERT OR IGNORE INTO recipient VALUES",
            [(key, n) for n, row in numbered for key in row.recipients],
        )
        count_new(connection, rows)
        kept = [(n, row.id) for n, row in numbered]
        _changes.log(connection, "kept", kept, changes + 1)

    def add_texts(
        self, connection: sqlite3.Connection, rows: Sequence[Indexed]
    ) -> None:
        """Insert the texts of messages, which are searched."""
        for table in TABLES_OF_TEXT:
            insert_rows(
                connection,
                f"{table} ({_COLUMNS[table]})",
                [(row.number, *getattr(row, table)) for row in rows],
            )

    def remove_contents(
        self, connection: sqlite3.Connection, numbers: Sequence[int]
    ) -> None:
        """Delete the contents and the texts of messages."""
        marks = ", ".join("?" * len(numbers))
        connection.execute(f"DELETE FROM body WHERE number IN ({marks})", numbers)
        for table in TABLES_OF_TEXT:
            connection.execute(f"DELETE FROM {table} WHERE rowid IN ({marks})", numbers)

    def empty(self, connection: sqlite3.Connection, tables: Sequence[str]) -> None:
        """Delete all rows of some tables, and all texts."""
        for table in tables:
            connection.execute(f"DELETE FROM {table}")
        # Deleting the words of each message would take as long as indexing them.
        for table, schema in TABLES_OF_TEXT.items():
            connection.execute(f"DROP TABLE {table}")
            connection.execute(schema)
            connection.execute(MERGE_LATER.format(table))

    def plan(self, connection: sqlite3.Connection, node: Node, indexed: bool) -> Plan:
        """Compile a query; see `_compiler.compile_query`."""
        complete = partial(completions, connection, limit=_COMPLETIONS)
        return compile_query(node, complete, indexed=indexed)


_COLUMNS = {
    "words": "rowid, subject, addresses, text, attachments",
    "heads": 'rowid, "from", "to", cc, bcc, reply_to, subject, message_id',
}


def _insert(
    connection: sqlite3.Connection, statement: str, rows: Sequence[Sequence[object]]
) -> None:
    """Insert rows, many by one statement.

    Python's lock is released for each statement, and it may take milliseconds to get
    it back from the reactor's thread.
    """
    start = 0
    while start < len(rows):
        left = len(rows) - start
        count = _ROWS if left >= _ROWS else min(left, _EXACTLY)
        some = rows[start : start + count]
        marks = f"({', '.join('?' * len(some[0]))})"
        values = [value for row in some for value in row]
        connection.execute(f"{statement} {', '.join([marks] * count)}", values)
        start += count


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
