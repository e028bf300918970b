"""The SQL of folders, which is the same in every database of a store.

A message is in INBOX, or in one folder of an account. It is named by its id, so that
it can be put into a folder before it is kept. The rows of messages that are gone stay
until the folder is read.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence

from lazr_smtptest.model.folder import Filed, Folder
from lazr_smtptest.stores._base import new_validity
from lazr_smtptest.stores._changes import EACH_ID
from lazr_smtptest.stores._sql import Database

__all__ = [
    "SCHEMA",
    "create",
    "delete",
    "filed",
    "folders",
    "forget",
    "messages",
    "place",
    "rename",
    "subscribe",
    "subscriptions",
    "unsubscribe",
]

SCHEMA = (
    # A number is never used again.
    """CREATE TABLE folder (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        owner TEXT NOT NULL,
        name TEXT NOT NULL,
        use TEXT NOT NULL,
        following INTEGER NOT NULL,
        UNIQUE (owner, name)
    )""",
    """CREATE TABLE filed (
        folder INTEGER NOT NULL,
        uid INTEGER NOT NULL,
        owner TEXT NOT NULL,
        id TEXT NOT NULL,
        PRIMARY KEY (folder, uid),
        UNIQUE (owner, id)
    ) WITHOUT ROWID""",
    "CREATE INDEX filed_by_id ON filed (id)",
    """CREATE TABLE subscription (
        owner TEXT NOT NULL,
        name TEXT NOT NULL,
        PRIMARY KEY (owner, name)
    ) WITHOUT ROWID""",
)


def folders(connection: Database, owner: str) -> list[Folder]:
    """Return the folders of an account, by name."""
    rows = connection.execute(
        "SELECT number, name, use, following FROM folder WHERE owner = ? ORDER BY name",
        (owner,),
    )
    return [
        Folder(number=number, owner=owner, name=name, use=use, following=following)
        for number, name, use, following in rows
    ]


def create(connection: Database, owner: str, name: str, use: str) -> Folder | None:
    """Make a folder; return ``None`` if there is one of the name."""
    row = connection.execute(
        "SELECT seq FROM sqlite_sequence WHERE name = 'folder'"
    ).fetchone()
    number = max(new_validity(), row[0] + 1 if row else 0)
    added = connection.execute(
        "INSERT INTO folder VALUES (?, ?, ?, ?, 1) ON CONFLICT DO NOTHING",
        (number, owner, name, use),
    )
    if not added.rowcount:
        return None
    return Folder(number=number, owner=owner, name=name, use=use)


def delete(connection: Database, number: int) -> list[str]:
    """Remove a folder; return the ids of the messages that were in it."""
    ids = [each.id for each in messages(connection, number)]
    connection.execute("DELETE FROM filed WHERE folder = ?", (number,))
    connection.execute("DELETE FROM folder WHERE number = ?", (number,))
    return ids


def rename(connection: Database, owner: str, old: str, new: str) -> bool:
    """Rename a folder and those below it; return false if a name is taken."""
    known = folders(connection, owner)
    renamed = [
        (new + each.name[len(old) :], each.number)
        for each in known
        if each.name == old or each.name.startswith(f"{old}/")
    ]
    if {each.name for each in known}.intersection(name for name, _ in renamed):
        return False
    connection.executemany("UPDATE folder SET name = ? WHERE number = ?", renamed)
    return True


def messages(connection: Database, number: int) -> list[Filed]:
    """Return the messages in a folder, ascending."""
    rows = connection.execute(
        "SELECT uid, id FROM filed WHERE folder = ? ORDER BY uid", (number,)
    )
    return [Filed(uid, id) for uid, id in rows]


def filed(connection: Database, owner: str) -> list[str]:
    """Return the ids of the messages in all folders of an account."""
    rows = connection.execute("SELECT id FROM filed WHERE owner = ?", (owner,))
    return [id for (id,) in rows]


def place(connection: Database, number: int, ids: Sequence[str]) -> list[int] | None:
    """Put messages into a folder, out of any other one of the account.

    Returns:
        their numbers there, in order; ``None`` if there is no such folder.
    """
    row = connection.execute(
        "SELECT owner, following FROM folder WHERE number = ?", (number,)
    ).fetchone()
    if row is None:
        return None
    owner, following = row
    forget(connection, owner, ids)
    uids = list(range(following, following + len(ids)))
    connection.executemany(
        "INSERT INTO filed VALUES (?, ?, ?, ?)",
        [(number, uid, owner, id) for uid, id in zip(uids, ids, strict=True)],
    )
    connection.execute(
        "UPDATE folder SET following = ? WHERE number = ?",
        (following + len(ids), number),
    )
    return uids


def forget(connection: Database, owner: str, ids: Collection[str]) -> None:
    """Take messages out of the folders of an account."""
    connection.execute(
        f"DELETE FROM filed WHERE owner = ? AND id IN {EACH_ID}",
        (owner, json.dumps(list(ids))),
    )


def subscriptions(connection: Database, owner: str) -> list[str]:
    """Return the names that an account has subscribed to."""
    rows = connection.execute(
        "SELECT name FROM subscription WHERE owner = ? ORDER BY name", (owner,)
    )
    return [name for (name,) in rows]


def subscribe(connection: Database, owner: str, name: str) -> None:
    """Subscribe to a name."""
    connection.execute(
        "INSERT INTO subscription VALUES (?, ?) ON CONFLICT DO NOTHING", (owner, name)
    )


def unsubscribe(connection: Database, owner: str, name: str) -> None:
    """End a subscription."""
    connection.execute(
        "DELETE FROM subscription WHERE owner = ? AND name = ?", (owner, name)
    )
