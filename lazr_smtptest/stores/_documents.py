"""The documents of messages, made when they are needed and kept within a bound."""

from __future__ import annotations

import threading
from collections.abc import Callable
from heapq import heappop, heappush

from lazr_smtptest.model.document import Document
from lazr_smtptest.stores._rows import Row

__all__ = ["Documents"]

# Estimated bytes of a document without its text, and of a string without its text.
_DOCUMENT, _STRING = 1000, 60


class Documents:
    """The documents of the newest messages that were looked at; thread-safe.

    A search looks at all messages in turn. If the documents used latest were kept, each
    search would drop those that the next one needs first.

    Args:
        bound: bytes of memory, estimated.

    Attributes:
        shortened: the numbers of the messages whose documents are shortened.
    """

    def __init__(self, bound: int = 32 * 1024 * 1024) -> None:
        self.shortened: set[int] = set()
        self._bound = bound
        self._lock = threading.Lock()
        # The documents with their bytes, and a heap of their numbers and old ones.
        self._known: dict[int, tuple[Document, int]] = {}
        self._numbers: list[int] = []
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
        self._used = True
        known = self._known.get(row.number)
        if known is not None:
            return known[0]
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
            if size <= self._bound and row.number not in self._known:
                self._known[row.number] = document, size
                heappush(self._numbers, row.number)
                self._octets += size
            while self._octets > self._bound:
                self._drop(heappop(self._numbers))

    def _drop(self, number: int) -> None:
        self._octets -= self._known.pop(number, (None, 0))[1]

    def discard(self, row: Row) -> None:
        """Drop the document of a message that is gone."""
        with self._lock:
            self.shortened.discard(row.number)
            self._drop(row.number)
            if len(self._numbers) > 2 * len(self._known) + 100:
                self._numbers = sorted(self._known)


def _memory_of(document: Document) -> int:
    size = _DOCUMENT + _STRING + len(document.text)
    for name, body in document.headers:
        size += 2 * _STRING + len(name) + len(body)
    return size + _STRING * len(document.attachments)
