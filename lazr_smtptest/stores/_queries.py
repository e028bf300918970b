"""The SQL of the database, except its schema and the search.

Functions that change something are called within a transaction. Messages are
referred to by their numbers, which increase in the order of arrival, whatever a
clock said.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterator, Sequence

import attrs

from lazr_smtptest.stores._codec import address_key
from lazr_smtptest.stores._words import Words

__all__ = [
    "MERGE_LATER",
    "Listed",
    "Row",
    "add_words",
    "clear",
    "downwards",
    "insert",
    "message",
    "missing",
    "newest",
    "number_of",
    "numbers_of",
    "oldest",
    "page",
    "remove",
    "shortened",
    "state",
    "to",
    "unread",
    "upwards",
]

# SQLite allows 32,766 variables; lists shorter than that save memory.
_AT_A_TIME = 500
_ROWS = 64

# Each commit adds a segment to the word index, and segments are merged: by default at
# four of a level, which takes a third more time than at eight.
MERGE_LATER = "INSERT INTO words (words, rank) VALUES ('automerge', 8)"


@attrs.frozen
class Row:
    """A message to be inserted.

    Attributes:
        id: the id of its envelope.
        kept_at: microseconds since 1970.
        size: bytes of its content.
        fields: the envelope, see `_codec.fields_of`.
        coding: the coding of `octets`, see `_codec.Compressor`.
        ``octets``: the encoded content.
        recipients: the keys of its recipients' addresses.
    """

    id: str
    kept_at: int
    size: int
    fields: str
    coding: int
    octets: bytes
    recipients: Sequence[bytes]


def state(connection: sqlite3.Connection) -> tuple[int, int, int]:
    """Return the number of messages, their bytes, and the last indexed number."""
    count, octets, indexed = connection.execute("SELECT * FROM state").fetchone()
    return count, octets, indexed


def insert(connection: sqlite3.Connection, rows: Sequence[Row]) -> None:
    """Insert messages, numbered after all earlier ones."""
    numbered = list(enumerate(rows, newest(connection) + 1))
    _insert(
        connection,
        "INSERT INTO message VALUES",
        [(n, row.id, row.kept_at, row.size, row.fields) for n, row in numbered],
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
    connection.execute(
        "UPDATE state SET messages = messages + ?, octets = octets + ?",
        (len(rows), sum(row.size for row in rows)),
    )


def _insert(
    connection: sqlite3.Connection, statement: str, rows: Sequence[Sequence[object]]
) -> None:
    """Insert rows, many by one statement.

    Python's lock is released between two statements, and it takes milliseconds to
    get it back from the reactor's thread. Batches have a power of two as their
    size, so that few different statements have to be prepared.
    """
    start = 0
    while start < len(rows):
        count = min(1 << (len(rows) - start).bit_length() - 1, _ROWS)
        some = rows[start : start + count]
        marks = f"({', '.join('?' * len(some[0]))})"
        values = [value for row in some for value in row]
        connection.execute(f"{statement} {', '.join([marks] * count)}", values)
        start += count


def newest(connection: sqlite3.Connection) -> int:
    """Return the greatest number that a message ever had; 0 if there was none."""
    row = connection.execute(
        "SELECT seq FROM sqlite_sequence WHERE name = 'message'"
    ).fetchone()
    return 0 if row is None else int(row[0])


def oldest(connection: sqlite3.Connection) -> Iterator[tuple[int, int, int]]:
    """Iterate over the messages, oldest first: number, kept_at, size."""
    return connection.execute(
        "SELECT number, kept_at, size FROM message ORDER BY number"
    )


def remove(connection: sqlite3.Connection, numbers: Sequence[int]) -> None:
    """Remove the messages with these numbers."""
    for start in range(0, len(numbers), _AT_A_TIME):
        _remove(connection, numbers[start : start + _AT_A_TIME])


def _remove(connection: sqlite3.Connection, numbers: Sequence[int]) -> None:
    marks = ", ".join("?" * len(numbers))
    rows = connection.execute(
        f"SELECT number, size, fields FROM message WHERE number IN ({marks})", numbers
    ).fetchall()
    connection.executemany(
        "DELETE FROM recipient WHERE address = ? AND number = ?",
        [
            (address_key(address), number)
            for number, _, fields in rows
            for address in json.loads(fields).get("rcpt_tos", ())
        ],
    )
    connection.execute(f"DELETE FROM words WHERE rowid IN ({marks})", numbers)
    for table in ("shortened", "body", "message"):
        connection.execute(f"DELETE FROM {table} WHERE number IN ({marks})", numbers)
    connection.execute(
        "UPDATE state SET messages = messages - ?, octets = octets - ?",
        (len(rows), sum(size for _, size, _ in rows)),
    )


def clear(connection: sqlite3.Connection) -> None:
    """Remove all messages; their numbers are not used again."""
    for table in ("message", "body", "recipient", "shortened"):
        connection.execute(f"DELETE FROM {table}")
    # Deleting the words of each message would take as long as indexing them.
    (schema,) = connection.execute(
        "SELECT sql FROM sqlite_master WHERE name = 'words'"
    ).fetchone()
    connection.execute("DROP TABLE words")
    connection.execute(schema)
    connection.execute(MERGE_LATER)
    connection.execute(
        "UPDATE state SET messages = 0, octets = 0, indexed = ?",
        (newest(connection),),
    )


def add_words(
    connection: sqlite3.Connection, known: int, words: Sequence[tuple[int, Words]]
) -> None:
    """Make messages searchable, unless another process has indexed them.

    Args:
        connection: the database.
        known: the last indexed number when these messages were read.
        words: the number of each message, and its indexed text.
    """
    moved = connection.execute(
        "UPDATE state SET indexed = ? WHERE indexed = ?", (words[-1][0], known)
    )
    if moved.rowcount:
        # A message that was deleted since then gets no words.
        connection.executemany(
            "INSERT INTO words (rowid, subject, addresses, text, attachments) "
            "SELECT ?, ?, ?, ?, ? WHERE EXISTS "
            "(SELECT 1 FROM message WHERE number = ?)",
            ((number, *each.columns, number) for number, each in words),
        )
        connection.executemany(
            "INSERT INTO shortened SELECT number FROM message WHERE number = ?",
            [(number,) for number, each in words if each.shortened],
        )


# Reading


def number_of(connection: sqlite3.Connection, id: str) -> int | None:
    """Return the number of the message with an id, the oldest of several."""
    row = connection.execute(
        "SELECT number FROM message WHERE id = ? ORDER BY number LIMIT 1", (id,)
    ).fetchone()
    return None if row is None else int(row[0])


def numbers_of(connection: sqlite3.Connection, id: str) -> list[int]:
    """Return the numbers of all messages with an id."""
    rows = connection.execute("SELECT number FROM message WHERE id = ?", (id,))
    return [number for (number,) in rows]


def to(connection: sqlite3.Connection, address: str) -> list[int]:
    """Return the numbers of the messages to an address, and maybe a few others."""
    rows = connection.execute(
        "SELECT number FROM recipient WHERE address = ? ORDER BY number",
        (address_key(address),),
    )
    return [number for (number,) in rows]


def upwards(
    connection: sqlite3.Connection, after: int, until: int, limit: int = _AT_A_TIME
) -> list[int]:
    """Return numbers above `after`, up to `until`, in ascending order."""
    rows = connection.execute(
        "SELECT number FROM message WHERE number > ? AND number <= ? "
        "ORDER BY number LIMIT ?",
        (after, until, limit),
    )
    return [number for (number,) in rows]


def downwards(connection: sqlite3.Connection, before: int) -> list[int]:
    """Return some of the numbers below `before`, in descending order."""
    rows = connection.execute(
        "SELECT number FROM message WHERE number < ? ORDER BY number DESC LIMIT ?",
        (before, _AT_A_TIME),
    )
    return [number for (number,) in rows]


def message(
    connection: sqlite3.Connection, number: int
) -> tuple[str, str, int, int, bytes] | None:
    """Return id, fields, size, coding and content; ``None`` if it is gone."""
    row: tuple[str, str, int, int, bytes] | None = connection.execute(
        "SELECT id, fields, size, coding, octets FROM message "
        "JOIN body ON body.number = message.number WHERE message.number = ?",
        (number,),
    ).fetchone()
    return row


# Number, id, fields, size, coding and encoded content.
Unread = tuple[int, str, str, int, int, bytes]


def unread(
    connection: sqlite3.Connection, after: int, limit: int, octets: int
) -> list[Unread]:
    """Return messages above a number, in ascending order.

    It returns at most `limit` messages, and stops after the one with which their
    contents have `octets` bytes or more.
    """
    rows = connection.execute(
        "SELECT message.number, id, fields, size, coding, octets FROM message "
        "JOIN body ON body.number = message.number WHERE message.number > ? "
        "ORDER BY message.number LIMIT ?",
        (after, limit),
    )
    found: list[Unread] = []
    with contextlib.closing(rows):
        for row in rows:
            found.append(row)
            octets -= row[3]
            if octets <= 0:
                break
    return found


def missing(connection: sqlite3.Connection) -> int:
    """Count the messages that are not indexed."""
    (count,) = connection.execute(
        "SELECT count(*) FROM message WHERE number > (SELECT indexed FROM state)"
    ).fetchone()
    return int(count)


def shortened(connection: sqlite3.Connection) -> int:
    """Count the messages that are indexed in part."""
    (count,) = connection.execute("SELECT count(*) FROM shortened").fetchone()
    return int(count)


# Number, id, fields, size, and the subject if the message has been indexed.
Listed = tuple[int, str, str, int, "str | None"]


def page(connection: sqlite3.Connection, before: int, limit: int) -> list[Listed]:
    """List messages below a number, newest first."""
    return connection.execute(
        "SELECT number, id, fields, size, words.subject FROM message "
        "LEFT JOIN words ON words.rowid = number "
        "WHERE number < ? ORDER BY number DESC LIMIT ?",
        (before, limit),
    ).fetchall()
