"""Changing and removing the messages of a store in a database."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property, partial
from typing import Any

from lazr_smtptest.query.edit import Edit
from lazr_smtptest.query.parser import parse
from lazr_smtptest.query.selection import Selection
from lazr_smtptest.query.tag_rules import TagRules
from lazr_smtptest.query.tags import check_tag
from lazr_smtptest.stores import _queries as _tables
from lazr_smtptest.stores import _tag_rows
from lazr_smtptest.stores._editor import Editor
from lazr_smtptest.stores._sql import Dialect
from lazr_smtptest.stores._sql_reader import GREATEST, SQLReader, is_number
from lazr_smtptest.stores.folders import Folders

__all__ = ["SQLEditor"]

# Seconds to wait for tags by rule, where a burst of messages is not indexed yet.
_TAGGING_TIMEOUT = 5.0

# The most messages that are removed in one transaction: others wait for it.
_REMOVED_AT_ONCE = 200


class SQLEditor(Editor, SQLReader):
    """The part of a store in a database that changes messages; see `IMessageReader`.

    Attributes that a subclass sets: ``_dialect``, ``_tag_rules``.
    """

    _dialect: Dialect
    _tag_rules: TagRules

    @abstractmethod
    def _change(self, function: Callable[[Any], Any], synchronous: str = "") -> Any:
        """Call a function in a transaction, in the writer thread; return its result.

        Args:
            function: makes the change.
            synchronous: ``"NORMAL"`` for a change that need not be durable at once.
        """

    def _edit(self, selection: Selection, edit: Edit) -> int:
        numbers = self._selected(selection)
        if not (edit and numbers):
            return 0
        if edit.changes_tags:
            self._tag_by_rule()
        changed = self._change(partial(_tag_rows.apply, numbers=numbers, edit=edit))
        return int(changed)

    def change_unchanged(
        self, numbers: Collection[int], since: int, edit: Edit
    ) -> Sequence[int]:
        """Change messages that have not changed since; see `IMessageReader`."""
        if edit.changes_tags:
            self._tag_by_rule()
        left: list[int] = self._change(
            partial(
                _tag_rows.apply_unchanged,
                numbers=self._selected(Selection(numbers=list(numbers))),
                since=min(since, GREATEST),
                edit=edit,
            )
        )
        return left

    def touch(self, selection: Selection) -> int:
        """Count messages as changed; see `IMessageReader`."""
        numbers = self._selected(selection)
        return int(self._change(partial(_tag_rows.touch, numbers=numbers)))

    @cached_property
    def folders(self) -> Folders:
        """The folders; see `IMessageReader`."""
        return Folders(self._catalog.read_with, self._change)

    def remove(self, selection: Selection) -> int:
        """Remove messages; return how many there were.

        Many are removed in several transactions, between which messages are kept.
        """
        numbers = self._selected(selection)
        removed = 0
        for start in range(0, len(numbers), _REMOVED_AT_ONCE):
            some = numbers[start : start + _REMOVED_AT_ONCE]
            # The last one makes those before it durable, too.
            is_last = start + len(some) == len(numbers)
            removed += self._change(
                partial(_tables.remove, numbers=some, dialect=self._dialect),
                "" if is_last else "NORMAL",
            )
        return removed

    def _selected(self, selection: Selection) -> Sequence[int]:
        """Return the numbers of messages, ascending."""
        if selection.ids is not None:
            ids = selection.ids
            numbers: Sequence[int] = self._catalog.read_with(
                partial(_tables.numbers_of, ids=ids)
            )
            return numbers
        if selection.numbers is not None:
            return sorted(set(filter(is_number, selection.numbers)))
        node = parse(selection.query or "")
        return list(self._catalog.numbers(node, self._wait(node, None)))

    def delete(self, id: str) -> bool:
        """Remove the message with that `id`; return whether it existed."""
        return bool(self.remove(Selection(ids=[id])))

    def clear(self) -> None:
        """Remove all messages."""
        self._change(partial(_tables.clear, dialect=self._dialect))

    def tags(self, *, timeout: float | None = _TAGGING_TIMEOUT) -> Mapping[str, int]:
        """Return each tag in use; see `IMessageReader`."""
        if timeout is not None:
            self._tag_by_rule(timeout)
        found: dict[str, int] = self._catalog.read_with(_tag_rows.tags)
        return found

    def rename_tag(self, old: str, new: str) -> int:
        """Rename a tag, or merge it into another; see `IMessageReader`."""
        name = check_tag(new)
        self._tag_by_rule()
        return int(self._change(partial(_tag_rows.rename, old=old, new=name)))

    def _tag_by_rule(self, timeout: float = _TAGGING_TIMEOUT) -> None:
        """Wait until the indexer has tagged all messages by rule, or for some time."""
        newest = self._catalog.newest()
        if self._tag_rules and self._catalog.indexed() < newest:
            self._indexer.catch_up(lambda: self._catalog.indexed() >= newest, timeout)
