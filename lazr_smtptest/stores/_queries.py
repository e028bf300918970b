"""The SQL of messages: keep, read and remove them.

Functions that change something are called within a transaction. Messages are
referred to by their numbers, which increase in the order of arrival, whatever a
clock said.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

import attrs

from lazr_smtptest.stores import _changes, _tag_rows
from lazr_smtptest.stores._codec import address_key
from lazr_smtptest.stores._sql import Database, Dialect

__all__ = [
    "ENDS",
    "NEWEST",
    "Row",
    "State",
    "clear",
    "count_new",
    "downwards",
    "ends",
    "ids",
    "message",
    "missing",
    "newest",
    "number_of",
    "numbered",
    "numbers_of",
    "oldest",
    "remove",
    "shortened",
    "state",
    "to",
    "unindexed",
    "upwards",
]

# SQLite allows 32,766 variables; lists shorter than that save memory.
_AT_A_TIME = 500
_ROWS = 64

# The greatest number that a message ever had; no row, if there was none.
NEWEST = "SELECT seq FROM sqlite_sequence WHERE name = 'message'"
# What a search has to know, in one statement: a database may be far away.
ENDS = (
    f"SELECT (SELECT min(number) FROM message), ifnull(({NEWEST}), 0), indexed "
    "FROM state"
)

# The tables with one row for each indexed message, but for the tables of text.
_INDEXED = ("facts", "summary", "shortened")


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


@attrs.frozen
class State:
    """The totals of a store.

    Attributes:
        messages: the number of messages.
        ``octets``: the sum of the sizes of their contents, in bytes.
        indexed: the number of the last indexed message.
        unread: the number of messages without the flag ``"seen"``.
        changes: the number of the latest change.
        validity: see `IMessageReader`.
    """

    messages: int
    octets: int
    indexed: int
    unread: int
    changes: int
    validity: int


def state(connection: Database) -> State:
    """Return the totals."""
    return State(
        *connection.execute(
            "SELECT messages, octets, indexed, unread, changes, validity FROM state"
        ).fetchone()
    )


def count_new(connection: Database, rows: Sequence[Row]) -> None:
    """Add new messages to the totals, and count their change."""
    # All totals at once: each statement counts where clients come one by one.
    connection.execute(
        "UPDATE state SET messages = messages + ?, octets = octets + ?, "
        "unread = unread + ?, changes = changes + 1, named = named + ?",
        (len(rows), sum(row.size for row in rows), len(rows), len(rows)),
    )


def _count(connection: Database, messages: int, octets: int, unread: int) -> None:
    """Add to the totals."""
    connection.execute(
        "UPDATE state SET messages = messages + ?, octets = octets + ?, "
        "unread = unread + ?",
        (messages, octets, unread),
    )


def newest(connection: Database) -> int:
    """Return the greatest number that a message ever had; 0 if there was none."""
    row = connection.execute(NEWEST).fetchone()
    return 0 if row is None else int(row[0])


def ends(connection: Database) -> tuple[int, int, int]:
    """Return the least number of a message, the newest, and the last that is indexed.

    The newest is one that a message had. Without messages they are 1, 0 and 0.
    """
    oldest, newest, indexed = connection.execute(ENDS).fetchone()
    return (oldest, newest, indexed) if oldest else (1, 0, 0)


def oldest(connection: Database) -> Iterator[tuple[int, int, int]]:
    """Iterate over the messages, oldest first: number, kept_at, size."""
    after = 0
    while rows := connection.execute(
        "SELECT number, kept_at, size FROM message WHERE number > ? "
        "ORDER BY number LIMIT ?",
        (after, _ROWS),
    ).fetchall():
        yield from rows
        after = rows[-1][0]


def remove(connection: Database, numbers: Sequence[int], dialect: Dialect) -> int:
    """Remove the messages with these numbers; return how many there were."""
    return sum(
        _remove(connection, numbers[start : start + _AT_A_TIME], dialect)
        for start in range(0, len(numbers), _AT_A_TIME)
    )


def _remove(connection: Database, numbers: Sequence[int], dialect: Dialect) -> int:
    listed = (json.dumps(numbers),)
    rows = connection.execute(
        f"SELECT number, id, size, fields, flags & 1 FROM message "
        f"WHERE number IN {_changes.EACH} ORDER BY number",
        listed,
    ).fetchall()
    if not rows:
        return 0
    connection.executemany(
        "DELETE FROM recipient WHERE address = ? AND number = ?",
        [
            (address_key(address), number)
            for number, _, _, fields, _ in rows
            for address in json.loads(fields).get("rcpt_tos", ())
        ],
    )
    _tag_rows.forget_messages(connection, numbers)
    connection.execute(
        f"DELETE FROM filed WHERE id IN {_changes.EACH_ID}",
        (json.dumps([id for _, id, *_ in rows]),),
    )
    dialect.remove_contents(connection, numbers)
    for table in (*_INDEXED, "message"):
        connection.execute(
            f"DELETE FROM {table} WHERE number IN {_changes.EACH}", listed
        )
    _count(
        connection,
        -len(rows),
        -sum(size for _, _, size, _, _ in rows),
        unread=-sum(not seen for _, _, _, _, seen in rows),
    )
    _changes.add(connection, "removed", [(number, id) for number, id, *_ in rows])
    return len(rows)


def clear(connection: Database, dialect: Dialect) -> None:
    """Remove all messages; their numbers are not used again."""
    if not state(connection).messages:
        return
    dialect.empty(
        connection,
        ("message", "body", "recipient", "filed", *_INDEXED, *_tag_rows.TABLES),
    )
    connection.execute(
        "UPDATE state SET messages = 0, octets = 0, unread = 0, indexed = ?",
        (newest(connection),),
    )
    _changes.add(connection, "cleared")


# Reading


def number_of(connection: Database, id: str) -> int | None:
    """Return the number of the message with an id, the oldest of several."""
    row = connection.execute(
        "SELECT number FROM message WHERE id = ? ORDER BY number LIMIT 1", (id,)
    ).fetchone()
    return None if row is None else int(row[0])


def numbers_of(connection: Database, ids: Sequence[str]) -> list[int]:
    """Return the numbers of all messages with one of some ids, ascending."""
    rows = connection.execute(
        f"SELECT number FROM message WHERE id IN {_changes.EACH_ID} ORDER BY number",
        (json.dumps(ids),),
    )
    return [number for (number,) in rows]


def numbered(connection: Database, ids: Sequence[str]) -> dict[str, int]:
    """Return the numbers of messages by their ids, those of the oldest of several."""
    return dict(
        connection.execute(
            "SELECT id, min(number) FROM message "
            f"WHERE id IN {_changes.EACH_ID} GROUP BY id",
            (json.dumps(ids),),
        )
    )


def ids(connection: Database) -> frozenset[str]:
    """Return the ids of all messages."""
    return frozenset(id for (id,) in connection.execute("SELECT id FROM message"))


def to(connection: Database, address: str) -> list[int]:
    """Return the numbers of the messages to an address, and maybe a few others."""
    rows = connection.execute(
        "SELECT number FROM recipient WHERE address = ? ORDER BY number",
        (address_key(address),),
    )
    return [number for (number,) in rows]


def upwards(
    connection: Database, after: int, until: int, limit: int = _AT_A_TIME
) -> list[int]:
    """Return numbers above `after`, up to `until`, in ascending order."""
    rows = connection.execute(
        "SELECT number FROM message WHERE number > ? AND number <= ? "
        "ORDER BY number LIMIT ?",
        (after, until, limit),
    )
    return [number for (number,) in rows]


def downwards(connection: Database, before: int) -> list[int]:
    """Return some of the numbers below `before`, in descending order."""
    rows = connection.execute(
        "SELECT number FROM message WHERE number < ? ORDER BY number DESC LIMIT ?",
        (before, _AT_A_TIME),
    )
    return [number for (number,) in rows]


def message(
    connection: Database, number: int
) -> tuple[str, str, int, int, bytes] | None:
    """Return id, fields, size, coding and content; ``None`` if it is gone."""
    row: tuple[str, str, int, int, bytes] | None = connection.execute(
        "SELECT id, fields, size, coding, octets FROM message "
        "JOIN body ON body.number = message.number WHERE message.number = ?",
        (number,),
    ).fetchone()
    return row


# Number, id, fields, size, coding and encoded content.
Unindexed = tuple[int, str, str, int, int, bytes]


def unindexed(
    connection: Database, after: int, limit: int, octets: int
) -> list[Unindexed]:
    """Return messages above a number, in ascending order.

    It returns at most `limit` messages, and stops after the one with which their
    contents have `octets` bytes or more.
    """
    last = after
    for number, size in connection.execute(
        "SELECT number, size FROM message WHERE number > ? ORDER BY number LIMIT ?",
        (after, limit),
    ).fetchall():
        last = number
        octets -= size
        if octets <= 0:
            break
    return connection.execute(
        "SELECT message.number, id, fields, size, coding, octets FROM message "
        "JOIN body ON body.number = message.number "
        "WHERE message.number > ? AND message.number <= ? "
        # A database with partitions reads those of these numbers only.
        "AND body.number > ? AND body.number <= ? ORDER BY message.number",
        (after, last, after, last),
    ).fetchall()


def small_message(
    connection: Database, number: int, largest: int
) -> tuple[str, str, int, int, bytes | None] | None:
    """Return what `message` does, without a content of over `largest` bytes."""
    row: tuple[str, str, int, int, bytes | None] | None = connection.execute(
        "SELECT id, fields, size, coding, CASE WHEN size <= ? THEN octets END "
        "FROM message JOIN body ON body.number = message.number "
        "WHERE message.number = ?",
        (largest, number),
    ).fetchone()
    return row


def missing(connection: Database) -> int:
    """Count the messages that are not indexed."""
    return count_between(connection, state(connection).indexed + 1, newest(connection))


def shortened(connection: Database) -> int:
    """Count the messages that are indexed in part."""
    (count,) = connection.execute("SELECT count(*) FROM shortened").fetchone()
    return int(count)


def count_between(connection: Database, low: int, high: int) -> int:
    """Count the messages with numbers from `low` to `high`."""
    least, messages = connection.execute(
        "SELECT (SELECT min(number) FROM message), messages FROM state"
    ).fetchone()
    if least is None:
        return 0
    if newest(connection) - least + 1 == messages:
        # None is missing between the first and the last, so nothing has to be read.
        return int(max(0, min(high, least + messages - 1) - max(low, least) + 1))
    (count,) = connection.execute(
        "SELECT count(*) FROM message WHERE number BETWEEN ? AND ?", (low, high)
    ).fetchone()
    return int(count)
