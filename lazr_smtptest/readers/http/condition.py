"""The condition that messages have to meet, and a message as it looks at it."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any

import attrs

from lazr_smtptest.model.document import Document
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.summary import Summary
from lazr_smtptest.query.criteria import Criteria
from lazr_smtptest.query.document import document_of
from lazr_smtptest.query.evaluation import matches
from lazr_smtptest.query.tree import Node

__all__ = ["AT_A_TIME", "Arrived", "Condition"]

# The most messages that are looked at in one call of a thread.
AT_A_TIME = 500

# An address that a query can name as it is.
_ADDRESS = re.compile(r"[\w.+-]+@[\w.-]+")


class Arrived:
    """A message, as a condition looks at it; what a condition needs is made once."""

    def __init__(self, store: Any, summary: Summary) -> None:
        self._store = store
        self.summary = summary

    @cached_property
    def envelope(self) -> Envelope:
        """The message."""
        envelope: Envelope | None = self._store.envelope(self.summary.number)
        if envelope is None:
            raise KeyError(self.summary.number)
        return envelope

    @cached_property
    def document(self) -> Document:
        """Its document."""
        return document_of(self.envelope)


@attrs.frozen(eq=False)
class Condition:
    """The condition that messages have to meet: a query, criteria, or both.

    Attributes:
        text: the query.
        tree: the same, parsed.
        criteria: the criteria; ``None`` for none.
    """

    text: str
    tree: Node
    criteria: Criteria | None = None

    @property
    def key(self) -> object:
        """Equal for conditions that the same messages meet."""
        return self.tree if self.criteria is None else self

    def matches(self, arrived: Arrived) -> bool:
        """Return whether a message meets it; in a thread.

        Raises:
            KeyError: the message was removed in the meantime.
        """
        return matches(self.tree, arrived) and (
            self.criteria is None or self.criteria(arrived.envelope)
        )

    def search(
        self, store: Any, *, since: int, count: int, timeout: float | None
    ) -> list[Summary]:
        """Return the oldest messages that meet it; in a thread.

        Args:
            store: the store.
            since: only messages with greater numbers count.
            count: at most how many.
            timeout: seconds to wait for the index.
        """
        found: list[Summary] = []
        size = count if self.criteria is None else AT_A_TIME
        query = " ".join(filter(None, [self.text, self.indexed]))
        while len(found) < count:
            page = store.page(
                query, after=since, limit=size, oldest_first=True, timeout=timeout
            )
            found += [each for each in page if self._meets(store, each)]
            if len(page) < size:
                break
            since = page[-1].number
        return found[:count]

    def _meets(self, store: Any, summary: Summary) -> bool:
        if self.criteria is None:
            return True
        try:
            return self.criteria(Arrived(store, summary).envelope)
        except KeyError:
            return False

    @property
    def indexed(self) -> str:
        """A query that finds all messages which meet the criteria; ``""`` for none."""
        for each in () if self.criteria is None else self.criteria.criteria:
            wanted = each.plain or ""
            if each.name == "recipient" and _ADDRESS.fullmatch(wanted):
                return f"rcpt:{wanted}"
        return ""
