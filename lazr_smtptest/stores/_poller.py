"""The thread that notices what other programs do to a folder."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from lazr_smtptest.errors import StoreError

__all__ = ["Poller"]

log = logging.getLogger("lazr.smtptest")

# Seconds between two looks at the folder.
_INTERVAL = 0.25


class Poller:
    """Compares a list with its folder, again and again while somebody watches.

    Any thread may use it.

    Args:
        refresh: compares them and reports the changes; raises a StoreError if it
            cannot.
        is_watched: returns whether somebody watches.
        name: what the folder is called in the log.
    """

    def __init__(
        self, refresh: Callable[[], object], is_watched: Callable[[], bool], name: str
    ) -> None:
        self._refresh = refresh
        self._is_watched = is_watched
        self._name = name
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closing = threading.Event()
        # Why changes cannot be reported, as it was logged; "" if they can.
        self._trouble = ""

    def report(self) -> None:
        """Report the changes, if somebody watches; an error is logged, not raised."""
        if not self._is_watched():
            return
        try:
            self._refresh()
            self._trouble = ""
        except StoreError as error:
            if str(error) != self._trouble:
                self._trouble = str(error)
                log.error("%s: changes cannot be reported: %s", self._name, error)

    def start(self) -> None:
        """Start to check the folder at intervals, until it has no subscribers."""
        with self._lock:
            if self._thread is None:
                self._closing.clear()
                self._thread = threading.Thread(
                    target=self._poll, name="lazr.smtptest watcher", daemon=True
                )
                self._thread.start()

    def stop(self) -> None:
        """End the thread, and wait until it has ended."""
        with self._lock:
            thread, self._thread = self._thread, None
            self._closing.set()
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def _poll(self) -> None:
        while not self._closing.wait(_INTERVAL):
            self.report()
            with self._lock:
                if not self._is_watched():
                    self._thread = None
                    return
