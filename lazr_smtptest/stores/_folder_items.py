"""The messages of a folder or file, and those that its index knows.

Where the two differ, the process that is the first to notice it updates the index, and
reports the change. The others read both in the index.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from typing import Any

import attrs

from lazr_smtptest.model.summary import Flag
from lazr_smtptest.stores import _index_file as _tables
from lazr_smtptest.stores._changelog import ChangeLog
from lazr_smtptest.stores._index_file import Known, Meta
from lazr_smtptest.stores._rows import Row

__all__ = ["Item", "known_of", "take_out_of_index", "update_index"]


@attrs.frozen
class Item:
    """A message in a folder or file.

    Attributes:
        key: names the message as long as it exists.
        id: the id of its envelope.
        source: where to read it.
        kept_at: the time at which it was kept, seconds since 1970.
        flags: its flags.
    """

    key: str
    id: str
    source: Any
    kept_at: float
    flags: frozenset[Flag]


def update_index(
    connection: sqlite3.Connection,
    log: ChangeLog,
    meta: Meta,
    stored: dict[str, Known],
    items: list[Item],
) -> None:
    """Make an index like the folder, and report what was different.

    Args:
        connection: the index, in a transaction.
        log: the log to report to.
        meta: the numbers that go on; those of new messages are taken from it.
        stored: the messages in the index by their keys; it is updated, too.
        items: the messages that are there, oldest first.
    """
    present = {item.key: item for item in items}
    log.add("removed", take_out_of_index(connection, stored, present))
    new = {}
    for item in items:
        if item.key not in stored:
            meta.number += 1
            row = Row(meta.number, item.id, None, 0.0)
            log.add_one("kept", row)
            new[item.key] = Known(row.number, row.id, item.flags, (), row.change)
    _tables.add_messages(connection, new.items())
    changed = {
        key: known._replace(id=present[key].id, flags=present[key].flags)
        for key, known in stored.items()
        if known.flags != present[key].flags
    }
    # What an older version has added is not known to be different.
    reported = {
        key: _row_of(each)
        for key, each in changed.items()
        if stored[key].flags is not None
    }
    log.add("changed", list(reported.values()))
    for key, row in reported.items():
        changed[key] = changed[key]._replace(change=row.change)
    _tables.write_marks(connection, changed.values())
    stored |= {**new, **changed}


def take_out_of_index(
    connection: sqlite3.Connection,
    stored: dict[str, Known],
    present: Collection[str],
) -> list[Row]:
    """Remove the messages that are gone from an index; return rows for a report.

    Args:
        connection: the index, in a transaction.
        stored: the messages in the index by their keys; it is updated, too.
        present: the keys of the messages that are there.
    """
    gone = [key for key in stored if key not in present]
    rows = [_row_of(stored.pop(key)) for key in gone]
    _tables.remove_messages(connection, [row.number for row in rows])
    return rows


def known_of(row: Row) -> Known:
    """Return what the index knows of a message in the list."""
    return Known(row.number, row.id, row.flags, row.tags, row.change)


def _row_of(known: Known) -> Row:
    """Return a row for a report."""
    return Row(known.number, known.id, None, 0.0)
