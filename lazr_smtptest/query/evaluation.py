"""Evaluates a query for one message."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any, Protocol

from lazr_smtptest.mime.addresses import address_key
from lazr_smtptest.model.document import Document
from lazr_smtptest.model.summary import HeaderMailbox, Summary
from lazr_smtptest.query.document import columns_of
from lazr_smtptest.query.tags import tag_key
from lazr_smtptest.query.tree import (
    After,
    And,
    Before,
    Equal,
    Everything,
    Field,
    Flagged,
    Has,
    HasTags,
    Header,
    Larger,
    Node,
    Not,
    Or,
    Smaller,
    Substring,
    Words,
)
from lazr_smtptest.query.words import Sought, cleaned, fold, fold_line, split_folded

__all__ = ["Evaluation", "Searchable", "field_text", "matches"]


class Searchable(Protocol):
    """A message that a query can be evaluated for.

    Its document is read only for `Words`, `Substring` and `Header`.
    """

    @property
    def summary(self) -> Summary:
        """The summary."""

    @property
    def document(self) -> Document:
        """The document."""


def matches(node: Node, message: Searchable) -> bool:
    """Return whether a query matches a message."""
    return Evaluation(message).of(node)


def field_text(value: str | Iterable[HeaderMailbox]) -> str:
    """Return the folded text in which the text of a `Field` is searched.

    Args:
        value: a text, or the mailboxes of an address field: each is a line.
    """
    if isinstance(value, str):
        return fold_line(value)
    return "\n".join(fold_line(str(mailbox)) for mailbox in value)


class Evaluation:
    """Evaluates queries for one message.

    What several queries need is made once, so that many of them take little longer
    than one.

    Args:
        message: the message.
    """

    def __init__(self, message: Searchable) -> None:
        self._message = message
        # By the names of `_FIELDS` and `_VALUES`.
        self._texts: dict[str, str] = {}
        self._values: dict[str, frozenset[str]] = {}

    def of(self, node: Node) -> bool:
        """Return whether a query matches the message."""
        return _EVALUATE[type(node)](self, node)

    @property
    def _summary(self) -> Summary:
        return self._message.summary

    @cached_property
    def _columns(self) -> tuple[str, ...]:
        summary = self._summary
        columns = columns_of(
            summary.mail_from, summary.rcpt_tos, self._message.document
        )
        return tuple(map(fold, columns))

    @cached_property
    def _lines(self) -> tuple[str, ...]:
        return tuple(" ".join(column.split()) for column in self._columns)

    def _and(self, node: And) -> bool:
        return all(map(self.of, node.nodes))

    def _or(self, node: Or) -> bool:
        return any(map(self.of, node.nodes))

    def _not(self, node: Not) -> bool:
        return not self.of(node.node)

    def _words(self, node: Words) -> bool:
        sought = Sought(node.words, node.is_beginning)
        words = node.words.split(" ")
        return any(
            # Splitting takes longer than finding out that it is not needed.
            all(word in column for word in words) and sought.is_in(split_folded(column))
            for column in self._columns
        )

    def _substring(self, node: Substring) -> bool:
        return any(node.text in line for line in self._lines)

    def _field(self, node: Field) -> bool:
        text = self._texts.get(node.name)
        if text is None:
            text = field_text(_FIELDS[node.name](self._summary))
            self._texts[node.name] = text
        return node.text in text

    def _header(self, node: Header) -> bool:
        return any(
            name == node.name and (not node.text or node.text in fold_line(body))
            for name, body in self._message.document.headers
        )

    def _equal(self, node: Equal) -> bool:
        return node.text in self.values(node.name)

    def values(self, name: str) -> frozenset[str]:
        """Return the values of the message that an `Equal` is compared with.

        Args:
            name: the name of the `Equal`.
        """
        values = self._values.get(name)
        if values is None:
            values = frozenset(map(cleaned, _VALUES[name](self._summary)))
            self._values[name] = values
        return values

    def _has(self, node: Has) -> bool:
        return _COUNTS[node.kind](self._summary) > 0

    def _before(self, node: Before) -> bool:
        time = self._summary.received_at
        return time is not None and time <= node.time

    def _after(self, node: After) -> bool:
        time = self._summary.received_at
        return time is not None and time >= node.time


_FIELDS: dict[str, Callable[[Summary], str | tuple[HeaderMailbox, ...]]] = {
    "from": lambda summary: summary.sender,
    "to": lambda summary: summary.to,
    "cc": lambda summary: summary.cc,
    "bcc": lambda summary: summary.bcc,
    "reply-to": lambda summary: summary.reply_to,
    "subject": lambda summary: summary.subject,
    "message-id": lambda summary: summary.message_id,
}
_VALUES: dict[str, Callable[[Summary], Iterable[str]]] = {
    "rcpt": lambda summary: map(address_key, summary.rcpt_tos),
    "tag": lambda summary: map(tag_key, summary.tags),
    "user": lambda summary: () if summary.user is None else (summary.user,),
    "session": lambda summary: (summary.session_id,),
    "id": lambda summary: (summary.id,),
}
_COUNTS: dict[str, Callable[[Summary], int]] = {
    "attachment": lambda summary: summary.attachments,
    "inline": lambda summary: summary.inlines,
    "warning": lambda summary: summary.warnings,
}
_EVALUATE: dict[type[Node], Callable[[Evaluation, Any], bool]] = {
    Everything: lambda self, node: True,
    And: Evaluation._and,
    Or: Evaluation._or,
    Not: Evaluation._not,
    Words: Evaluation._words,
    Substring: Evaluation._substring,
    Field: Evaluation._field,
    Header: Evaluation._header,
    Equal: Evaluation._equal,
    Flagged: lambda self, node: node.flag in self._summary.flags,
    HasTags: lambda self, node: bool(self._summary.tags),
    Has: Evaluation._has,
    Larger: lambda self, node: self._summary.size > node.size,
    Smaller: lambda self, node: self._summary.size < node.size,
    Before: Evaluation._before,
    After: Evaluation._after,
}
