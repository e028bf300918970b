"""What is done with the tables of the database: SQL, but for schema and search.

Functions that change something are called within a transaction. Messages go by
their numbers here: those of later ones are greater, whatever a clock said.
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

# SQLite takes 32,766 variables; and so long a list is long enough to hold.
_AT_A_TIME = 500
_ROWS = 64

# Each commit adds a segment to the index of words, and segments are merged: at four of
# a kind where nothing else is set, which takes a third more time than at eight.
MERGE_LATER = "INSERT INTO words (words, rank) VALUES ('automerge', 8)"


@attrs.frozen
class Row:
    """A message to be inserted.

    Attributes:
        id: that of its envelope.
        kept_at: microseconds since 1970.
        size: octets of its content.
        fields: the envelope, see `_record`.
        coding: of the octets, see `_record`.
        octets: the content, coded.
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
    """Give how many messages there are, their octets, and the last number read."""
    count, octets, indexed = connection.execute("SELECT * FROM state").fetchone()
    return count, octets, indexed


def insert(connection: sqlite3.Connection, rows: Sequence[Row]) -> None:
    """Add messages."""
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

    Between two statements Python's lock is given up, and it takes the reactor's
    thread milliseconds to give it back. The powers of two are few enough to be
    prepared once.
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
    """Give the greatest number that a message ever had; 0: there was none."""
    row = connection.execute(
        "SELECT seq FROM sqlite_sequence WHERE name = 'message'"
    ).fetchone()
    return 0 if row is None else int(row[0])


def oldest(connection: sqlite3.Connection) -> Iterator[tuple[int, int, int]]:
    """Go through the messages from the oldest on: number, kept_at, size."""
    return connection.execute(
        "SELECT number, kept_at, size FROM message ORDER BY number"
    )


def remove(connection: sqlite3.Connection, numbers: Sequence[int]) -> None:
    """Remove messages."""
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
    # To delete the words of each would take as long as it took to find them.
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
    """Make messages searchable, unless another process has done so.

    Args:
        connection: the database.
        known: the last number that was indexed when these were looked for.
        words: the number of each message, and what is indexed of it.
    """
    moved = connection.execute(
        "UPDATE state SET indexed = ? WHERE indexed = ?", (words[-1][0], known)
    )
    if moved.rowcount:
        # What was deleted meanwhile stays so.
        connection.executemany(
            "INSERT INTO words (rowid, subject, addresses, text, attachments) "
            "SELECT ?1, ?2, ?3, ?4, ?5 "
            "WHERE EXISTS (SELECT 1 FROM message WHERE number = ?1)",
            ((number, *each.columns) for number, each in words),
        )
        connection.executemany(
            "INSERT INTO shortened SELECT number FROM message WHERE number = ?",
            [(number,) for number, each in words if each.shortened],
        )


# Reading


def number_of(connection: sqlite3.Connection, id: str) -> int | None:
    """Give the number of the message with an id, the oldest if there are several."""
    row = connection.execute(
        "SELECT number FROM message WHERE id = ? ORDER BY number LIMIT 1", (id,)
    ).fetchone()
    return None if row is None else int(row[0])


def numbers_of(connection: sqlite3.Connection, id: str) -> list[int]:
    """Give the numbers of all messages with an id."""
    rows = connection.execute("SELECT number FROM message WHERE id = ?", (id,))
    return [number for (number,) in rows]


def to(connection: sqlite3.Connection, address: str) -> list[int]:
    """Give the numbers of the messages to an address, and perhaps of some others."""
    rows = connection.execute(
        "SELECT number FROM recipient WHERE address = ? ORDER BY number",
        (address_key(address),),
    )
    return [number for (number,) in rows]


def upwards(
    connection: sqlite3.Connection, after: int, until: int, limit: int = _AT_A_TIME
) -> list[int]:
    """Give some numbers beyond one and up to another, the first first."""
    rows = connection.execute(
        "SELECT number FROM message WHERE number > ? AND number <= ? "
        "ORDER BY number LIMIT ?",
        (after, until, limit),
    )
    return [number for (number,) in rows]


def downwards(connection: sqlite3.Connection, before: int) -> list[int]:
    """Give some numbers below one, the last first."""
    rows = connection.execute(
        "SELECT number FROM message WHERE number < ? ORDER BY number DESC LIMIT ?",
        (before, _AT_A_TIME),
    )
    return [number for (number,) in rows]


def message(
    connection: sqlite3.Connection, number: int
) -> tuple[str, str, int, int, bytes] | None:
    """Give id, fields, size, coding and octets; ``None``: it is not there."""
    row: tuple[str, str, int, int, bytes] | None = connection.execute(
        "SELECT id, fields, size, coding, octets FROM message "
        "JOIN body ON body.number = message.number WHERE message.number = ?",
        (number,),
    ).fetchone()
    return row


# Number, id, fields, size, coding and octets.
Unread = tuple[int, str, str, int, int, bytes]


def unread(
    connection: sqlite3.Connection, after: int, limit: int, octets: int
) -> list[Unread]:
    """Return messages beyond a number, the first first.

    Args:
        connection: the database.
        after: the number.
        limit: the most messages.
        octets: the bytes of their contents after which there are no more.
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


# Number, id, fields, size, and the subject if the message has been read already.
Listed = tuple[int, str, str, int, "str | None"]


def page(connection: sqlite3.Connection, before: int, limit: int) -> list[Listed]:
    """List messages below a number, newest first."""
    return connection.execute(
        "SELECT number, id, fields, size, words.subject FROM message "
        "LEFT JOIN words ON words.rowid = number "
        "WHERE number < ? ORDER BY number DESC LIMIT ?",
        (before, limit),
    ).fetchall()
