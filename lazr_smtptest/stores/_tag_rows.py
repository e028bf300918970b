"""The SQL of flags and tags."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

from lazr_smtptest.model.marks import MessageMarks
from lazr_smtptest.model.summary import Flag
from lazr_smtptest.query.edit import Edit
from lazr_smtptest.query.tags import tag_key
from lazr_smtptest.stores import _changes
from lazr_smtptest.stores._changes import EACH
from lazr_smtptest.stores._sql import Database

__all__ = [
    "BITS",
    "TABLES",
    "add_tag",
    "apply",
    "apply_unchanged",
    "count_of",
    "flags_of",
    "forget_messages",
    "marks",
    "pages_with_tags",
    "rename",
    "tags",
    "tags_of",
    "touch",
]

# The bit of each flag in the column `flags`; the indexes of `_migrations` know them.
BITS: dict[Flag, int] = {
    "seen": 1,
    "answered": 2,
    "flagged": 4,
    "deleted": 8,
    "draft": 16,
}

TABLES = ("message_tag", "tag")

# The fields of `MessageMarks`.
_Marks: TypeAlias = tuple[int, str, frozenset[Flag], tuple[str, ...], int]

# The most messages to edit, or to read, by one statement.
_AT_A_TIME = 1000


@lru_cache(maxsize=32)
def flags_of(bits: int) -> frozenset[Flag]:
    """Return the flags of the column `flags`."""
    return frozenset(flag for flag, bit in BITS.items() if bits & bit)


def _bits(flags: Iterable[Flag]) -> int:
    return sum(BITS[flag] for flag in flags)


def apply(connection: Database, numbers: Sequence[int], edit: Edit) -> int:
    """Edit messages, in one transaction; return how many were changed."""
    changed: list[tuple[int, str]] = []
    for start in range(0, len(numbers), _AT_A_TIME):
        some = json.dumps(numbers[start : start + _AT_A_TIME])
        ids = _edit_flags(connection, some, edit)
        if edit.changes_tags:
            ids.update(_edit_tags(connection, some, edit))
        changed += sorted(ids.items())
    if changed:
        _changes.add(connection, "changed", changed)
    return len(changed)


def apply_unchanged(
    connection: Database, numbers: Sequence[int], since: int, edit: Edit
) -> list[int]:
    """Edit messages that have not changed since; return the numbers of the others."""
    rows = connection.execute(
        f"SELECT number FROM message WHERE number IN {EACH} AND change > ? "
        "ORDER BY number",
        (json.dumps(numbers), since),
    )
    left = [number for (number,) in rows]
    apply(connection, sorted({*numbers}.difference(left)), edit)
    return left


def touch(connection: Database, numbers: Sequence[int]) -> int:
    """Count messages as changed; return how many there are."""
    rows = connection.execute(
        f"SELECT number, id FROM message WHERE number IN {EACH} ORDER BY number",
        (json.dumps(numbers),),
    ).fetchall()
    if rows:
        _changes.add(connection, "changed", rows)
    return len(rows)


def _edit_flags(connection: Database, some: str, edit: Edit) -> dict[int, str]:
    """Change flags; return the number and the id of each message that had others."""
    on, off = _bits(edit.set_flags), _bits(edit.clear_flags)
    rows = connection.execute(
        "SELECT number, id, flags FROM message "
        f"WHERE number IN {EACH} AND (flags | ?) & ~? != flags",
        (some, on, off),
    ).fetchall()
    if rows:
        connection.execute(
            "UPDATE message SET flags = (flags | ?) & ~? "
            f"WHERE number IN {EACH} AND (flags | ?) & ~? != flags",
            (on, off, some, on, off),
        )
        seen = sum(bits & 1 for _, _, bits in rows)
        unread = seen if off & 1 else seen - len(rows) if on & 1 else 0
        connection.execute("UPDATE state SET unread = unread + ?", (unread,))
    return {number: id for number, id, _ in rows}


def _edit_tags(connection: Database, some: str, edit: Edit) -> dict[int, str]:
    """Change tags; return the number and the id of each message that had others."""
    rows = connection.execute(
        f"SELECT number, id FROM message WHERE number IN {EACH}", (some,)
    ).fetchall()
    had = tags_of(connection, some)
    added: defaultdict[str, list[int]] = defaultdict(list)
    removed: defaultdict[str, list[int]] = defaultdict(list)
    changed = {}
    for number, id in rows:
        before = {tag_key(name): name for name in had.get(number, ())}
        after = {tag_key(name): name for name in edit.tags_after(before.values())}
        if before.keys() != after.keys():
            changed[number] = id
        for key in after.keys() - before.keys():
            added[after[key]].append(number)
        for key in before.keys() - after.keys():
            removed[key].append(number)
    for name, messages in added.items():
        add_tag(connection, name, messages)
    for key, messages in removed.items():
        _remove(connection, key, messages)
    _drop_unused(connection)
    return changed


def add_tag(connection: Database, name: str, numbers: Sequence[int]) -> None:
    """Add a tag to messages that may have it already."""
    connection.execute(
        "INSERT INTO tag (key, name, messages) VALUES (?, ?, 0) ON CONFLICT DO NOTHING",
        (tag_key(name), name),
    )
    tag = _tag(connection, tag_key(name))
    added = connection.executemany(
        "INSERT INTO message_tag VALUES (?, ?) ON CONFLICT DO NOTHING",
        [(tag, number) for number in numbers],
    )
    _count(connection, tag, added.rowcount)


def _remove(connection: Database, key: str, numbers: Sequence[int]) -> None:
    """Remove a tag from messages that have it."""
    tag = _tag(connection, key)
    connection.executemany(
        "DELETE FROM message_tag WHERE tag = ? AND number = ?",
        [(tag, number) for number in numbers],
    )
    _count(connection, tag, -len(numbers))


def _tag(connection: Database, key: str) -> int | None:
    row = connection.execute("SELECT tag FROM tag WHERE key = ?", (key,)).fetchone()
    return None if row is None else int(row[0])


def _count(connection: Database, tag: int | None, messages: int) -> None:
    connection.execute(
        "UPDATE tag SET messages = messages + ? WHERE tag = ?", (messages, tag)
    )


def _drop_unused(connection: Database) -> None:
    connection.execute("DELETE FROM tag WHERE messages = 0")


def forget_messages(connection: Database, numbers: Sequence[int]) -> None:
    """Remove the tags of messages that are removed."""
    some = json.dumps(numbers)
    counts = connection.execute(
        f"SELECT tag, count(*) FROM message_tag WHERE number IN {EACH} GROUP BY tag",
        (some,),
    ).fetchall()
    if counts:
        connection.execute(f"DELETE FROM message_tag WHERE number IN {EACH}", (some,))
        for tag, count in counts:
            _count(connection, tag, -count)
        _drop_unused(connection)


def rename(connection: Database, old: str, new: str) -> int:
    """Rename a tag, or merge it into another; return how many messages had it."""
    tag = _tag(connection, tag_key(old))
    if tag is None:
        return 0
    messages = connection.execute(
        "SELECT message.number, id FROM message_tag "
        "JOIN message ON message.number = message_tag.number "
        "WHERE tag = ? ORDER BY message.number",
        (tag,),
    ).fetchall()
    other = _tag(connection, tag_key(new))
    if other in (None, tag):
        connection.execute(
            "UPDATE tag SET key = ?, name = ? WHERE tag = ?", (tag_key(new), new, tag)
        )
    else:
        added = connection.execute(
            "INSERT INTO message_tag SELECT ?, number FROM message_tag "
            "WHERE tag = ? ON CONFLICT DO NOTHING",
            (other, tag),
        )
        _count(connection, other, added.rowcount)
        connection.execute("DELETE FROM message_tag WHERE tag = ?", (tag,))
        connection.execute("DELETE FROM tag WHERE tag = ?", (tag,))
    _changes.add(connection, "changed", messages)
    return len(messages)


def tags(connection: Database) -> dict[str, int]:
    """Return each tag and the number of its messages, sorted."""
    return dict(
        connection.execute("SELECT name, messages FROM tag ORDER BY key").fetchall()
    )


def count_of(connection: Database, key: str) -> int:
    """Return the number of the messages with a tag."""
    row = connection.execute(
        "SELECT messages FROM tag WHERE key = ?", (key,)
    ).fetchone()
    return 0 if row is None else int(row[0])


def marks(connection: Database, numbers: Sequence[int]) -> list[MessageMarks]:
    """Return the flags and tags of messages; those that are gone are left out.

    Args:
        connection: the database.
        numbers: the numbers of the messages, ascending.
    """
    found: list[MessageMarks] = []
    for rows, _ in pages_with_tags(connection, numbers):
        found += [MessageMarks(*row) for row in rows]
    return found


def pages_with_tags(
    connection: Database, numbers: Sequence[int], further: str = ""
) -> Iterator[tuple[list[_Marks], list[tuple[Any, ...]]]]:
    """Yield messages in pages, without those that are gone.

    Args:
        connection: the database.
        numbers: the numbers of the messages, ascending.
        further: further columns to read, such as ``", size"``.

    Yields:
        the fields of the `MessageMarks` of each message, and its further columns.
    """
    for start in range(0, len(numbers), _AT_A_TIME):
        some = json.dumps(numbers[start : start + _AT_A_TIME])
        rows = connection.execute(
            f"SELECT number, id, flags, change{further} FROM message "
            f"WHERE number IN {EACH} ORDER BY number",
            (some,),
        ).fetchall()
        tags = tags_of(connection, some)
        marks = [
            (number, id, flags_of(bits), tuple(tags.get(number, ())), change)
            for number, id, bits, change, *_ in rows
        ]
        yield marks, [row[4:] for row in rows]


def tags_of(connection: Database, some: str) -> Mapping[int, Sequence[str]]:
    """Return the tags, sorted, of messages that have any.

    Args:
        connection: the database.
        some: the numbers of the messages, as a JSON list.
    """
    found: defaultdict[int, list[str]] = defaultdict(list)
    rows = connection.execute(
        "SELECT number, name FROM message_tag JOIN tag ON tag.tag = message_tag.tag "
        f"WHERE number IN {EACH} ORDER BY key",
        (some,),
    )
    for number, name in rows:
        found[number].append(name)
    return found
