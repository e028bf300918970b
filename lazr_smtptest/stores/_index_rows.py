"""The SQL of what an index file remembers of messages: documents, and changes.

Functions are called within a transaction of an `IndexFile`.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import attrs

from lazr_smtptest.model.change import Change, ChangeKind
from lazr_smtptest.model.document import Document
from lazr_smtptest.parsing.functions import FUNCTIONS

__all__ = [
    "Remembered",
    "add_changes",
    "add_documents",
    "changes_after",
    "last_change",
    "remembered",
]

# The most bytes of the documents in the file, compressed; those of the oldest messages
# are dropped.
_OCTETS = 256 * 1024 * 1024

# The most changes in the file, and messages that they name together.
_CHANGES = 10_000
_NAMED = 100_000

_DOCUMENT = FUNCTIONS["document"]


@attrs.frozen
class Remembered:
    """The facts and the document of a message, encoded.

    Attributes:
        facts: the properties of a summary that come from the envelope, JSON.
        packed: the document, JSON, compressed.
    """

    facts: str
    packed: bytes

    @classmethod
    def of(cls, facts: dict[str, Any], document: Document) -> Remembered:
        """Encode what is known of a message."""
        time = facts["received_at"]
        said = {**facts, "received_at": time and time.isoformat()}
        # ASCII: the bytes that a client sent may not be text.
        encoded = json.dumps(_DOCUMENT.encode(document)).encode("ascii")
        return cls(json.dumps(said), zlib.compress(encoded, 1))

    def of_envelope(self) -> dict[str, Any]:
        """Return the properties of a summary that come from the envelope."""
        facts: dict[str, Any] = json.loads(self.facts)
        time = facts["received_at"]
        facts["received_at"] = time and datetime.fromisoformat(time)
        facts["rcpt_tos"] = tuple(facts["rcpt_tos"])
        return facts

    def document(self) -> Document:
        """Return the document."""
        document: Document = _DOCUMENT.decode(json.loads(zlib.decompress(self.packed)))
        return document


def remembered(connection: sqlite3.Connection, number: int) -> Remembered | None:
    """Return what is remembered of a message; ``None`` for nothing."""
    row = connection.execute(
        "SELECT facts, packed FROM document WHERE number = ?", (number,)
    ).fetchone()
    return None if row is None else Remembered(*row)


def add_documents(
    connection: sqlite3.Connection, rows: Iterable[tuple[int, Remembered]]
) -> None:
    """Remember messages by their numbers, of those that are in the index."""
    connection.executemany(
        "INSERT OR IGNORE INTO document SELECT number, ?, ? FROM message "
        "WHERE number = ?",
        [(each.facts, each.packed, number) for number, each in rows],
    )
    _drop_documents(connection)


def _drop_documents(connection: sqlite3.Connection) -> None:
    """Drop the documents of the oldest messages, as far as all are too large."""
    while (octets := _octets(connection)) > _OCTETS:
        doomed = []
        sizes = connection.execute(
            "SELECT number, length(facts) + length(packed) FROM document "
            "ORDER BY number LIMIT 100"
        ).fetchall()
        for number, size in sizes:
            if octets <= _OCTETS:
                break
            doomed.append((number,))
            octets -= size
        connection.executemany("DELETE FROM document WHERE number = ?", doomed)


def _octets(connection: sqlite3.Connection) -> int:
    (octets,) = connection.execute("SELECT octets FROM state").fetchone()
    return int(octets)


def changes_after(connection: sqlite3.Connection, number: int) -> list[Change]:
    """Return the changes after one, by number."""
    rows = connection.execute(
        "SELECT number, kind, messages FROM change WHERE number > ? ORDER BY number",
        (number,),
    )
    return [_change(*row) for row in rows]


def _change(number: int, kind: ChangeKind, messages: str) -> Change:
    numbers, ids = json.loads(messages)
    return Change(number=number, kind=kind, messages=tuple(numbers), ids=tuple(ids))


def last_change(connection: sqlite3.Connection) -> int:
    """Return the number of the latest change in the file; 0 if there is none."""
    (number,) = connection.execute("SELECT max(number) FROM change").fetchone()
    return number or 0


def add_changes(connection: sqlite3.Connection, changes: Sequence[Change]) -> None:
    """Add changes, whose numbers are greater than those of all others."""
    if not changes:
        return
    (named,) = connection.execute("SELECT max(named) FROM change").fetchone()
    rows = []
    named = named or 0
    for change in changes:
        named += len(change.messages)
        text = json.dumps([change.messages, change.ids], separators=(",", ":"))
        rows.append((change.number, change.kind, text, named))
    connection.executemany("INSERT INTO change VALUES (?, ?, ?, ?)", rows)
    connection.executemany(
        "UPDATE message SET change = ? WHERE number = ?",
        [
            (change.number, number)
            for change in changes
            if change.kind == "changed"
            for number in change.messages
        ],
    )
    connection.execute(
        "DELETE FROM change WHERE number <= ? OR named <= ?",
        (changes[-1].number - _CHANGES, named - _NAMED),
    )
