"""The condition that messages have to meet, and a message as it looks at it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import attrs

from lazr_smtptest.model.document import Document
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.summary import Summary
from lazr_smtptest.query.criteria import Criteria
from lazr_smtptest.query.document import document_now
from lazr_smtptest.query.evaluation import Evaluation
from lazr_smtptest.query.tree import And, Equal, Node

__all__ = ["AT_A_TIME", "Arrived", "ArrivedInMemory", "Condition", "arrived_after"]

# The most messages that are looked at in one call of a thread.
AT_A_TIME = 500

# The name of the `Equal` of a recipient.
RECIPIENT = "rcpt"

# An address that a query can name as it is.
_ADDRESS = re.compile(r"[\w.+-]+@[\w.-]+")


class Arrived:
    """A message, as a condition looks at it; what a condition needs is made once.

    Args:
        store: an `IMessageReader`.
        summary: the summary of the message.
    """

    def __init__(self, store: Any, summary: Summary) -> None:
        self._store = store
        self.number = summary.number
        self.summary = summary

    @cached_property
    def envelope(self) -> Envelope:
        """The message.

        Raises:
            KeyError: it was removed.
        """
        envelope: Envelope | None = self._store.envelope(self.number)
        if envelope is None:
            raise KeyError(self.number)
        return envelope

    @cached_property
    def document(self) -> Document:
        """Its document."""
        return document_now(self.envelope)

    @cached_property
    def evaluation(self) -> Evaluation:
        """Return the object that evaluates all queries for it."""
        return Evaluation(self)


class ArrivedInMemory:
    """The same of a store in memory, which is parsed when a condition needs that.

    Args:
        subject: the message.
    """

    def __init__(self, subject: Any) -> None:
        self._subject = subject
        self.number: int = subject.row.number
        self.evaluation = Evaluation(subject)

    @cached_property
    def summary(self) -> Summary:
        """The summary."""
        summary: Summary = self._subject.full_summary()
        return summary

    @property
    def envelope(self) -> Envelope:
        """The message."""
        envelope: Envelope = self._subject.envelope
        return envelope


def arrived_after(
    store: Any, number: int, limit: int
) -> Sequence[Arrived | ArrivedInMemory]:
    """Return the oldest messages after a number; in a thread."""
    subjects = getattr(store, "subjects", None)
    if subjects is not None:
        return list(map(ArrivedInMemory, subjects(number, limit)))
    page = store.page(after=number, limit=limit, oldest_first=True)
    return [Arrived(store, summary) for summary in page]


@attrs.frozen(eq=False, slots=False)
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

    @cached_property
    def recipient(self) -> str:
        """The recipient that each message has which meets it; ``""`` for any."""
        nodes = self.tree.nodes if isinstance(self.tree, And) else (self.tree,)
        for node in nodes:
            if isinstance(node, Equal) and node.name == RECIPIENT:
                return node.text
        return ""

    def matches(self, arrived: Arrived | ArrivedInMemory) -> bool:
        """Return whether a message meets it; in a thread.

        Raises:
            KeyError: the message was removed in the meantime.
        """
        return arrived.evaluation.of(self.tree) and (
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
