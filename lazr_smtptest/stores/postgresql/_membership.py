"""The nodes of a database: this one reports itself, and reads what others report.

A node writes its row every few seconds, in a thread of its own and without the lock
that writers wait for: a node that waits for its turn to write is alive. All times are
those of the database, so the clocks of the machines do not matter.
"""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from typing import Any

from lazr_smtptest.errors import StoreError
from lazr_smtptest.model.node import Node
from lazr_smtptest.stores._sql import Database
from lazr_smtptest.stores.postgresql._connection import Connection
from lazr_smtptest.stores.throughput import Throughput
from lazr_smtptest.version import __version__

__all__ = ["DEAD_AFTER", "INTERVAL", "Membership"]

log = logging.getLogger("lazr.smtptest")

# Seconds between two reports, and without one until a node counts as dead.
INTERVAL = 2.0
DEAD_AFTER = 8.0

# Seconds to wait for the last report when the store is closed.
_PATIENCE = 5.0

_SILENT = f"seen < clock_timestamp() - interval '{DEAD_AFTER} seconds'"

# A node that was started again takes the place of the dead one of its name; one that
# never comes back is listed for a day.
_REMOVE_DEAD = (
    f"DELETE FROM node WHERE {_SILENT} AND ((name = ? AND id != ?) "
    "OR seen < clock_timestamp() - interval '1 day')"
)
_REPORT = (
    "INSERT INTO node "
    "(id, name, process, version, started, seen, messages, rate, lag, waits) "
    "VALUES (?, ?, ?, ?, clock_timestamp(), clock_timestamp(), ?, ?, ?, ?) "
    "ON CONFLICT (id) DO UPDATE SET seen = excluded.seen, "
    "messages = excluded.messages, rate = excluded.rate, lag = excluded.lag, "
    "waits = excluded.waits"
)
_OTHERS_WAIT = (
    f"SELECT EXISTS (SELECT 1 FROM node WHERE waits AND id != ? AND NOT {_SILENT})"
)
_SELECT = (
    "SELECT id, CAST(extract(epoch FROM started) AS float8), "
    "CAST(extract(epoch FROM seen) AS float8), "
    f"name, process, version, messages, rate, lag, {_SILENT} "
    "FROM node ORDER BY name, started, id"
)


class Membership:
    """Reports this node to the others, from `start` to `stop`; any thread may call it.

    Args:
        connection: a connection for this object alone.
        name: the name of the node; ``""`` for that of the machine.
        throughput: counts its messages.
        lag: returns the seconds that its messages have waited since the last call.
        waits: returns whether somebody waits for messages here.
        others_wait: called after each report with whether somebody waits elsewhere.
    """

    def __init__(
        self,
        connection: Connection,
        name: str,
        throughput: Throughput,
        lag: Callable[[], float],
        waits: Callable[[], bool],
        others_wait: Callable[[bool], object],
    ) -> None:
        self._connection = connection
        self._name = name or socket.gethostname()
        self._throughput = throughput
        self._lag = lag
        self._waits = waits
        self._others_wait = others_wait
        # Whether the others know that somebody waits here.
        self._is_known_to_wait = False
        # Another one after each start: a process may be forked.
        self._id = ""
        self._is_ending = False
        self._woken = threading.Event()
        self._thread: threading.Thread | None = None
        self._trouble = ""

    def start(self) -> None:
        """Begin to report; return at once."""
        if self._thread is None:
            self._id = secrets.token_hex(8)
            self._is_ending = self._is_known_to_wait = False
            self._woken.clear()
            self._thread = threading.Thread(
                target=self._run, name="lazr.smtptest node", daemon=True
            )
            self._thread.start()

    def stop(self) -> None:
        """End the reports: the others see at once that this node has ended."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._is_ending = True
            self._woken.set()
            thread.join(_PATIENCE)

    def announce(self) -> None:
        """Let the others know soon that somebody waits here, unless they do."""
        if not self._is_known_to_wait:
            self._woken.set()

    def nodes(self, connection: Database) -> Sequence[Node]:
        """Return the nodes, by their names."""
        return [self._node(*row) for row in connection.execute(_SELECT)]

    def _node(self, id: str, started: float, seen: float, *rest: Any) -> Node:
        name, process, version, messages, rate, lag, is_silent = rest
        return Node(
            name=name,
            process=process,
            version=version,
            is_alive=not is_silent,
            is_this=id == self._id,
            started_at=datetime.fromtimestamp(started, timezone.utc),
            seen_at=datetime.fromtimestamp(seen, timezone.utc),
            messages=messages,
            rate=rate,
            lag=lag,
        )

    # In the thread

    def _run(self) -> None:
        while not self._is_ending:
            self._try_to_report()
            self._woken.wait(INTERVAL)
            self._woken.clear()
        try:
            self._connection.call(self._leave, "write to")
        except StoreError as error:
            log.debug("this node is listed as dead from now on: %s", error)
        self._connection.close()

    def _try_to_report(self) -> None:
        try:
            self._connection.call(self._report, "write to")
        except StoreError as error:
            if not self._trouble:
                log.error("other nodes do not see this one: %s", error)
            self._trouble = str(error)
        else:
            if self._trouble:
                self._trouble = ""
                log.info("other nodes see this one again")

    def _report(self, connection: Database) -> None:
        waits = self._waits()
        connection.execute(_REMOVE_DEAD, (self._name, self._id))
        connection.execute(
            _REPORT,
            (
                *(self._id, self._name, os.getpid(), __version__),
                *(self._throughput.messages, self._throughput.rate()),
                *(self._lag(), waits),
            ),
        )
        self._is_known_to_wait = waits
        (others_wait,) = connection.execute(_OTHERS_WAIT, (self._id,)).fetchone()
        self._others_wait(others_wait)

    def _leave(self, connection: Database) -> None:
        connection.execute("DELETE FROM node WHERE id = ?", (self._id,))
