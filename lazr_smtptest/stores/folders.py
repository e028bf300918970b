"""The folders of a store."""

from __future__ import annotations

import sqlite3
import threading
import weakref
from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Any

from lazr_smtptest.model.folder import Filed, Folder
from lazr_smtptest.stores import _folder_rows as _tables
from lazr_smtptest.stores._sql import Database

__all__ = ["Folders", "folders_in_memory"]

# Calls a function with a connection, in a transaction; returns its result.
Run = Callable[[Callable[[Database], Any]], Any]


class Folders:
    """Folders that readers make, and the messages in them; INBOX is none of them.

    A message that was captured is in INBOX until it is put into a folder; it stays in
    the store. Any thread may use it; every method may wait for a disk, and raises a
    StoreError if the store cannot be read or written.

    Args:
        read: calls a function with a connection to read from.
        write: calls a function with a connection, in a transaction.
    """

    def __init__(self, read: Run, write: Run) -> None:
        self._read = read
        self._write = write

    def all(self, owner: str) -> list[Folder]:
        """Return the folders of an account, by name."""
        found: list[Folder] = self._read(partial(_tables.folders, owner=owner))
        return found

    def find(self, owner: str, name: str) -> Folder | None:
        """Return a folder; ``None`` if there is none of the name."""
        return next((each for each in self.all(owner) if each.name == name), None)

    def create(self, owner: str, name: str, use: str = "") -> Folder | None:
        """Make a folder; return ``None`` if there is one of the name."""
        made: Folder | None = self._write(
            partial(_tables.create, owner=owner, name=name, use=use)
        )
        return made

    def delete(self, number: int) -> list[str]:
        """Remove a folder; return the ids of the messages that were in it."""
        ids: list[str] = self._write(partial(_tables.delete, number=number))
        return ids

    def rename(self, owner: str, old: str, new: str) -> bool:
        """Rename a folder and those below it; return false if a name is taken."""
        return bool(self._write(partial(_tables.rename, owner=owner, old=old, new=new)))

    def messages(self, number: int) -> list[Filed]:
        """Return the messages in a folder, ascending; some may be gone."""
        found: list[Filed] = self._read(partial(_tables.messages, number=number))
        return found

    def filed(self, owner: str) -> frozenset[str]:
        """Return the ids of the messages in all folders of an account."""
        return frozenset(self._read(partial(_tables.filed, owner=owner)))

    def place(self, number: int, ids: Sequence[str]) -> list[int] | None:
        """Put messages into a folder, out of any other one of the account.

        They may be kept later.

        Returns:
            their numbers there, in order; ``None`` if there is no such folder.
        """
        uids: list[int] | None = self._write(
            partial(_tables.place, number=number, ids=ids)
        )
        return uids

    def forget(self, owner: str, ids: Collection[str]) -> None:
        """Take messages out of the folders of an account."""
        self._write(partial(_tables.forget, owner=owner, ids=ids))

    def subscriptions(self, owner: str) -> list[str]:
        """Return the names that an account has subscribed to, sorted."""
        names: list[str] = self._read(partial(_tables.subscriptions, owner=owner))
        return names

    def subscribe(self, owner: str, name: str) -> None:
        """Subscribe to a name."""
        self._write(partial(_tables.subscribe, owner=owner, name=name))

    def unsubscribe(self, owner: str, name: str) -> None:
        """End a subscription."""
        self._write(partial(_tables.unsubscribe, owner=owner, name=name))


def folders_in_memory() -> Folders:
    """Return folders that are kept in this process only."""
    connection = sqlite3.connect(
        ":memory:", isolation_level=None, check_same_thread=False
    )
    for statement in _tables.SCHEMA:
        connection.execute(statement)
    lock = threading.Lock()

    def run(function: Callable[[Database], Any]) -> Any:
        with lock:
            connection.execute("BEGIN")
            try:
                return function(connection)
            finally:
                # A function of `_folder_rows` fails before it changes something.
                connection.execute("COMMIT")

    folders = Folders(run, run)
    # A store in memory need not be closed by whoever made it.
    weakref.finalize(folders, connection.close)
    return folders
