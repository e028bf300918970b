"""The SQL of the log of changes, which is written with each change itself."""

from __future__ import annotations

import json
from collections.abc import Sequence

from lazr_smtptest.model.change import Change, ChangeKind, Changes
from lazr_smtptest.stores._sql import Database

__all__ = [
    "EACH",
    "EACH_ID",
    "add",
    "drop_sometimes",
    "log",
    "oldest",
    "since",
    "to_json",
]

# The elements of a list in JSON: numbers, and ids.
EACH = "(SELECT value FROM json_each(?))"
EACH_ID = "(SELECT value AS id FROM json_each(?))"

# The most changes in the log, and messages that they name together. Older ones are
# dropped from time to time.
_CHANGES = 100_000
_NAMED = 1_000_000
_EVERY = 64

# The most messages of one change, see `Change`.
_MESSAGES = 1000

# `json.dumps` would make an encoder for each batch of messages.
to_json = json.JSONEncoder(separators=(",", ":")).encode


def add(
    connection: Database,
    kind: ChangeKind,
    messages: Sequence[tuple[int, str]] = (),
) -> None:
    """Add a change to the log, or several if it is large.

    Args:
        connection: the database, in the transaction of the change.
        kind: see `Change`.
        messages: the number and the id of each message, by number.
    """
    for start in range(0, len(messages) or 1, _MESSAGES):
        some = messages[start : start + _MESSAGES]
        connection.execute(
            "UPDATE state SET changes = changes + 1, named = named + ?", (len(some),)
        )
        log(connection, kind, some)


def log(
    connection: Database,
    kind: ChangeKind,
    some: Sequence[tuple[int, str]],
    number: int | None = None,
) -> None:
    """Add a change that is counted in ``state`` already, of 1000 messages at most.

    The messages that have changed get its number; new ones have it.

    Args:
        connection: the database, in the transaction of the change.
        kind: see `Change`.
        some: the number and the id of each message, by number.
        number: the number of the change; ``None``: it is read.
    """
    numbers_and_ids = list(zip(*some, strict=True))
    if kind == "changed":
        connection.execute(
            "UPDATE message SET change = (SELECT changes FROM state) "
            f"WHERE number IN {EACH}",
            (json.dumps(numbers_and_ids[0]),),
        )
    connection.execute(
        "INSERT INTO change SELECT changes, ?, ?, named FROM state",
        (kind, to_json(numbers_and_ids)),
    )
    if number is None:
        (number,) = connection.execute("SELECT changes FROM state").fetchone()
    drop_sometimes(connection, number)


def drop_sometimes(connection: Database, number: int) -> None:
    """Drop what is too old from the log, after some of its changes.

    Args:
        connection: the database, in the transaction of the change.
        number: the number of the change.
    """
    if number % _EVERY == 0:
        _drop_oldest(connection)


def _drop_oldest(connection: Database) -> None:
    connection.execute(
        "DELETE FROM change WHERE number <= (SELECT changes FROM state) - ?",
        (_CHANGES,),
    )
    # Reads no more than what it deletes: `named` grows with the number.
    connection.execute(
        "DELETE FROM change WHERE number < (SELECT number FROM change "
        "WHERE named > (SELECT named FROM state) - ? ORDER BY number LIMIT 1)",
        (_NAMED,),
    )


def since(connection: Database, number: int, limit: int) -> Changes:
    """Return the changes after a number; see `IMessageReader.changes`."""
    if number < 0 or limit < 0:
        raise ValueError(f"since and limit must be 0 or more, not {number} and {limit}")
    rows = connection.execute(
        "SELECT number, kind, messages FROM change WHERE number > ? "
        "ORDER BY number LIMIT ?",
        (number, limit + 1),
    ).fetchall()
    (last,) = connection.execute("SELECT changes FROM state").fetchone()
    if number > last or number < oldest(connection) - 1:
        return Changes(last=last, is_reset=True)
    changes = tuple(_change(*row) for row in rows[:limit])
    return Changes(
        changes=changes,
        last=changes[-1].number if changes else number,
        is_complete=len(rows) <= limit,
    )


def oldest(connection: Database) -> int:
    """Return the number of the oldest change that is known; 1 if there was none."""
    (number,) = connection.execute("SELECT min(number) FROM change").fetchone()
    return number or 1


def _change(number: int, kind: ChangeKind, messages: str) -> Change:
    numbers, ids = json.loads(messages) or ((), ())
    return Change(number=number, kind=kind, messages=tuple(numbers), ids=tuple(ids))
