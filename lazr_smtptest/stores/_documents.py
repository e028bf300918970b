"""The documents of messages, made when they are needed and kept within a bound."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable

from lazr_smtptest.model.document import Document
from lazr_smtptest.stores._rows import Row

__all__ = ["Documents"]

# Estimated bytes of a document without its text, and of a string without its text.
_DOCUMENT, _STRING = 1000, 60


class Documents:
    """The documents that were used latest; any thread may use it.

    Args:
        bound: bytes of memory, estimated.

    Attributes:
        shortened: the numbers of the messages whose documents are shortened.
    """

    def __init__(self, bound: int = 32 * 1024 * 1024) -> None:
        self.shortened: set[int] = set()
        self._bound = bound
        self._lock = threading.Lock()
        # The documents with their bytes, those used latest last.
        self._known: OrderedDict[int, tuple[Document, int]] = OrderedDict()
        self._octets = 0
        self._used = False

    def __bool__(self) -> bool:
        """Return whether a document was ever asked for."""
        return self._used

    def get(self, row: Row, make: Callable[[], Document]) -> Document:
        """Return the document of a message; make it if it is not known.

        Args:
            row: the message.
            make: returns its document. It is called without a lock.
        """
        with self._lock:
            self._used = True
            entry = self._known.get(row.number)
            if entry is not None:
                self._known.move_to_end(row.number)
                return entry[0]
        document = make()
        self._keep(row, document)
        return document

    def _keep(self, row: Row, document: Document) -> None:
        size = _memory_of(document)
        with self._lock:
            if row.is_gone:
                return
            if document.shortened:
                self.shortened.add(row.number)
            if row.number in self._known or size > self._bound:
                return
            self._known[row.number] = (document, size)
            self._octets += size
            while self._octets > self._bound:
                self._octets -= self._known.popitem(last=False)[1][1]

    def discard(self, row: Row) -> None:
        """Drop the document of a message that is gone."""
        with self._lock:
            self.shortened.discard(row.number)
            self._octets -= self._known.pop(row.number, (None, 0))[1]

    def clear(self) -> None:
        """Drop all documents."""
        with self._lock:
            self.shortened.clear()
            self._known.clear()
            self._octets = 0


def _memory_of(document: Document) -> int:
    size = _DOCUMENT + _STRING + len(document.text)
    for name, body in document.headers:
        size += 2 * _STRING + len(name) + len(body)
    return size + _STRING * len(document.attachments)
