"""The thread that reports the changes of a database to those who watch it.

It runs only while somebody watches. A change that this store makes wakes it. Changes
by other processes are noticed by a number that is read ten times a second.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from lazr_smtptest.errors import StoreError
from lazr_smtptest.model.change import Change, Changes
from lazr_smtptest.stores import _changes
from lazr_smtptest.stores._sql import Database, Reading

__all__ = ["Watcher"]

log = logging.getLogger("lazr.smtptest")

# Seconds between two looks at the database.
_INTERVAL = 0.1

# The most changes that are read at once.
_AT_A_TIME = 100

_Function = Callable[[Change], object]


class Watcher:
    """Calls functions with the changes of a database, in a thread of its own.

    Args:
        connection: a connection to the database for this object alone.
        version: returns a value that is another one if something has changed.
    """

    def __init__(self, connection: Reading, version: Callable[[Any], object]) -> None:
        self._connection = connection
        self._version_of = version
        self._changed = threading.Condition()
        self._functions: list[_Function] = []
        self._thread: threading.Thread | None = None
        self._is_due = False
        # The number of the latest change that was reported.
        self._last = 0
        # The database's version at the latest look, and why it could not be looked at.
        self._version: object = None
        self._trouble = ""

    def add(self, function: _Function) -> Callable[[], None]:
        """Call a function with every change from now on.

        Returns:
            a function that ends the calls.

        Raises:
            StoreError: the database cannot be read.
        """
        last = self._connection.read(_last)
        # The thread may not have reported all of what there was before.
        entry = _Later(function, last)
        with self._changed:
            if self._thread is None:
                self._last = last
            self._functions.append(entry)
            self._start()
        return partial(self._remove, entry)

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(
                target=self._run, name="lazr.smtptest watcher", daemon=True
            )
            self._thread.start()

    def _remove(self, entry: _Function) -> None:
        with self._changed:
            if entry in self._functions:
                self._functions.remove(entry)
            self._changed.notify_all()

    @property
    def is_in_use(self) -> bool:
        """Return whether somebody watches."""
        return bool(self._functions)

    def wake(self) -> None:
        """Check for changes now; return at once."""
        if self._functions:
            with self._changed:
                self._is_due = True
                self._changed.notify_all()

    def close(self) -> None:
        """Report all changes until now, end all calls, and close the connection."""
        with self._changed:
            thread, functions = self._thread, self._functions
            self._functions = []
            self._changed.notify_all()
        if thread is not None and thread is not threading.current_thread():
            thread.join()
        if functions:
            self._report(functions)
        self._version = None
        self._connection.close()

    # In the thread

    def _run(self) -> None:
        while functions := self._wait():
            self._report(functions)

    def _wait(self) -> list[_Function]:
        """Wait until it is time to look; return none when the thread is to end."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._is_due or not self._functions, _INTERVAL
            )
            self._is_due = False
            if not self._functions:
                self._thread = None
            return list(self._functions)

    def _report(self, functions: list[_Function]) -> None:
        try:
            while True:
                found = self._connection.read(self._look)
                for change in found.changes:
                    for function in functions:
                        _call(function, change)
                self._last = found.last
                if found.is_complete:
                    break
            self._trouble = ""
        except StoreError as error:
            # It is tried again: a database that was removed is made anew.
            self._version = None
            if str(error) != self._trouble:
                self._trouble = str(error)
                log.error("changes cannot be reported: %s", error)

    def _look(self, connection: Database) -> Changes:
        """Return the changes that were not reported yet, some at a time."""
        version = self._version_of(connection)
        if version == self._version:
            return Changes(last=self._last)
        found = _changes.since(connection, self._last, _AT_A_TIME)
        if found.is_reset:
            # The database was made anew, or others made very many changes.
            oldest = _changes.oldest(connection)
            found = _changes.since(connection, oldest - 1, _AT_A_TIME)
        if found.is_complete:
            self._version = version
        return found


def _last(connection: Database) -> int:
    (last,) = connection.execute("SELECT changes FROM state").fetchone()
    return int(last)


class _Later:
    """A function that is called with the changes after a number."""

    def __init__(self, function: _Function, last: int) -> None:
        self._function = function
        self._last = last

    def __call__(self, change: Change) -> None:
        if change.number > self._last:
            self._function(change)


def _call(function: _Function, change: Change) -> None:
    try:
        function(change)
    except BaseException:
        log.exception("what watches a store raised")
