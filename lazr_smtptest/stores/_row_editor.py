"""Changing and removing the messages of a list in memory."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Collection, Sequence

from lazr_smtptest.model.summary import Flag
from lazr_smtptest.query.edit import Edit
from lazr_smtptest.query.selection import Selection
from lazr_smtptest.query.tags import check_tag, tag_key
from lazr_smtptest.stores._editor import Editor
from lazr_smtptest.stores._row_reader import RowReader
from lazr_smtptest.stores._rows import Row

__all__ = ["RowEditor"]


class RowEditor(Editor, RowReader):
    """Changes and removes messages in memory; see `IMessageReader`."""

    @abstractmethod
    def _discard(self, rows: Sequence[Row]) -> None:
        """Remove some messages that are there; called while `_changing`."""

    def _selected(self, selection: Selection) -> list[Row]:
        """Return the rows of a selection, ascending."""
        if selection.query is not None:
            rows = self._matching_rows(selection.query)
            # Before a change, which a rule that comes later would undo.
            self._tag_new()
            return rows
        if selection.ids is not None:
            ids = set(selection.ids)
            return [row for row in self._listed() if row.id in ids]
        return self._among(selection.numbers or ())

    def _edit(self, selection: Selection, edit: Edit) -> int:
        rows = self._selected(selection)
        return self._edit_all(
            rows if edit else [],
            lambda row: (
                edit.flags_after(row.flags),
                self._tags.spelled(edit.tags_after(row.tags)),
            ),
        )

    def change_unchanged(
        self, numbers: Collection[int], since: int, edit: Edit
    ) -> list[int]:
        """Change messages that have not changed since; see `IMessageReader`."""
        left: list[int] = []

        def result(row: Row) -> tuple[frozenset[Flag], tuple[str, ...]]:
            if row.change > since:
                if not row.is_gone:
                    left.append(row.number)
                return row.flags, row.tags
            tags = self._tags.spelled(edit.tags_after(row.tags))
            return edit.flags_after(row.flags), tags

        self._edit_all(self._selected(Selection(numbers=list(numbers))), result)
        return left

    def _edit_all(
        self,
        rows: list[Row],
        result: Callable[[Row], tuple[frozenset[Flag], tuple[str, ...]]],
    ) -> int:
        """Change messages that are still there; return how many changed."""
        with self._changing():
            edits = []
            for row in rows:
                flags, tags = result(row)
                if not row.is_gone and (flags, tags) != (row.flags, row.tags):
                    edits.append((row, flags, tags))
            self._apply(edits)
            self._log.add("changed", [row for row, _, _ in edits])
        self._log.tell()
        return len(edits)

    def touch(self, selection: Selection) -> int:
        """Count messages as changed; see `IMessageReader`."""
        rows = self._selected(selection)
        with self._changing():
            rows = [row for row in rows if not row.is_gone]
            self._log.add("changed", rows)
        self._log.tell()
        return len(rows)

    def remove(self, selection: Selection) -> int:
        """Remove messages; return how many there were."""
        rows = self._selected(selection)
        with self._changing():
            rows = [row for row in rows if not row.is_gone]
            self._discard(rows)
            self._log.add("removed", rows)
        self._log.tell()
        return len(rows)

    def rename_tag(self, old: str, new: str) -> int:
        """Rename a tag, or merge it into another; see `IMessageReader`."""
        new, key = check_tag(new), tag_key(old)
        rows = [row for row in self._listed() if key in map(tag_key, row.tags)]
        edit = Edit.of(add_tags=[new], remove_tags=[old] if tag_key(new) != key else [])
        with self._lock:
            if rows and not edit.remove_tags:
                self._tags.respell(new)
        self._edit_all(
            rows,
            lambda row: (row.flags, self._tags.spelled(edit.tags_after(row.tags))),
        )
        return len(rows)
