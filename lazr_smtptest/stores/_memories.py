"""Documents and facts of messages in an index file, so that none is read again."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Iterator
from typing import Any

from lazr_smtptest.errors import StoreError
from lazr_smtptest.model.document import Document
from lazr_smtptest.query.document import document_of
from lazr_smtptest.stores._index_file import IndexFile
from lazr_smtptest.stores._index_rows import Remembered, add_documents, remembered
from lazr_smtptest.stores._rows import Row
from lazr_smtptest.stores._subject import Subject

__all__ = ["Memories"]

log = logging.getLogger("lazr.smtptest")

# The most messages that wait to be written, and bytes of them.
_WAITING = 500
_OCTETS = 4 * 1024 * 1024


class Memories:
    """Remembers the documents of messages, and the facts of their envelopes.

    Any thread may use it, without the lock. What was read is written when much of it
    waits, and at the end of the call that read it. If it cannot be written, the
    messages are read again another time.

    Args:
        index: the file.
        lock: the lock under which one thread at a time uses the file.
    """

    def __init__(self, index: IndexFile, lock: threading.Lock) -> None:
        self._index = index
        self._lock = lock
        self._waiting: dict[int, Remembered] = {}
        self._octets = 0

    def facts(self, row: Row) -> dict[str, Any] | None:
        """Return the properties of a summary that come from the envelope, if known."""
        found = self._find(row)
        return None if found is None else found.of_envelope()

    def document(self, subject: Subject) -> Document:
        """Return the document of a message; read and remember it if it is not known.

        Raises:
            GoneError: the message is gone.
        """
        found = self._find(subject.row)
        if found is not None:
            return found.document()
        document = document_of(subject.envelope)
        if not document.failure:
            self._add(subject.row, Remembered.of(subject.read_facts(), document))
        return document

    def _find(self, row: Row) -> Remembered | None:
        with self._lock:
            if row.number in self._waiting:
                return self._waiting[row.number]
            with self._index.reading() as connection:
                return remembered(connection, row.number)

    def _add(self, row: Row, known: Remembered) -> None:
        with self._lock:
            self._waiting[row.number] = known
            self._octets += len(known.facts) + len(known.packed)
            is_much = len(self._waiting) >= _WAITING or self._octets >= _OCTETS
        if is_much:
            self.keep()

    @contextlib.contextmanager
    def kept(self) -> Iterator[None]:
        """Write what was read within a block."""
        yield
        self.keep()

    def keep(self) -> None:
        """Write what waits to be written."""
        with self._lock:
            waiting, self._waiting, self._octets = self._waiting, {}, 0
            if not waiting:
                return
            try:
                with self._index.transaction() as connection:
                    add_documents(connection, waiting.items())
            except StoreError as error:
                log.warning("messages will have to be read again: %s", error)
