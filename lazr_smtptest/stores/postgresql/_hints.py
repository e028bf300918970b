"""Hints among the nodes of a database: something has changed, look now.

A hint is a NOTIFY of PostgreSQL. Commits that notify wait for each other in the whole
server, so no transaction that writes messages does: a thread with a connection of its
own sends a hint after the commit, a few a second at most, and only while another node
waits. Nothing depends on them: a watcher looks at the database ten times a second.
"""

from __future__ import annotations

import contextlib
import logging
import selectors
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg
from psycopg import sql

from lazr_smtptest.errors import StoreError
from lazr_smtptest.stores.postgresql._place import Place

__all__ = ["Hints"]

log = logging.getLogger("lazr.smtptest")

# The least seconds between two hints, and those until a lost connection is made again.
_INTERVAL, _PAUSE = 0.25, 5.0


class Hints:
    """Sends hints to other nodes and hears theirs, from `start` to `stop`.

    Any thread may call it.

    Args:
        place: the database.
        heard: called with each hint of another node, in a thread of this object.

    Attributes:
        is_wanted: whether another node waits; without one no hint is sent.
    """

    def __init__(self, place: Place, heard: Callable[[], object]) -> None:
        self.is_wanted = False
        self._place = place
        self._channel = f"smtptest_{place.schema}"
        self._heard = heard
        self._is_due = False
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None
        # A byte ends the thread's wait.
        self._waker: socket.socket | None = None

    def start(self) -> None:
        """Begin to send and to hear; return at once."""
        if self._thread is None:
            self._ending.clear()
            self._waker, woken = socket.socketpair()
            self._thread = threading.Thread(
                target=self._run,
                args=(woken,),
                name="lazr.smtptest hints",
                daemon=True,
            )
            self._thread.start()

    def stop(self) -> None:
        """End, and wait until the connection is closed."""
        thread, self._thread = self._thread, None
        if thread is not None and self._waker is not None:
            self._ending.set()
            self._waker.close()
            thread.join()

    def send(self) -> None:
        """Let other nodes look, if one waits; return at once."""
        if self.is_wanted and not self._is_due and self._waker is not None:
            self._is_due = True
            with contextlib.suppress(OSError):
                self._waker.send(b"!")

    # In the thread

    def _run(self, woken: socket.socket) -> None:
        with woken:
            while not self._ending.is_set():
                try:
                    with contextlib.closing(self._place.connect()) as connection:
                        self._exchange(connection, woken)
                except (psycopg.Error, StoreError) as error:
                    log.debug("no hints come from other nodes: %s", error)
                    self._ending.wait(_PAUSE)

    def _exchange(
        self, connection: psycopg.Connection[Any], woken: socket.socket
    ) -> None:
        """Send and hear hints until the end; an error ends it, too."""
        own = connection.info.backend_pid

        def heard(hint: psycopg.Notify) -> None:
            if hint.pid != own:
                self._heard()

        connection.add_notify_handler(heard)
        listen = sql.SQL("LISTEN {}").format(sql.Identifier(self._channel))
        connection.execute(listen)
        next_at = 0.0
        with selectors.DefaultSelector() as selector:
            selector.register(connection.fileno(), selectors.EVENT_READ)
            selector.register(woken, selectors.EVENT_READ)
            while not self._ending.is_set():
                wait = next_at - time.monotonic()
                if self._is_due and wait <= 0.0:
                    self._is_due = False
                    next_at = time.monotonic() + _INTERVAL
                    connection.execute("SELECT pg_notify(%s, '')", (self._channel,))
                    continue
                ready = selector.select(wait if self._is_due else None)
                for key, _ in ready:
                    if key.fileobj is woken:
                        woken.recv(4096)
                    else:
                        # It calls the function above with what has come.
                        connection.execute("SELECT 1")
