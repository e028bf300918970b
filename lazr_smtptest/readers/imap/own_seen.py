r"""A store whose flag \Seen is that of IMAP alone."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, TypeVar

import attrs

from lazr_smtptest.model.marks import MessageFacts, MessageMarks
from lazr_smtptest.model.runs import Runs
from lazr_smtptest.query.edit import Edit
from lazr_smtptest.query.selection import Selection

__all__ = ["DELETED", "SEEN_TAG", "UNSEEN", "OwnSeen", "numbers_of"]

# Conditions for messages, as queries of a store.
UNSEEN, DELETED = "is:unread", "is:deleted"

# The tag of messages that have \Seen.
SEEN_TAG = "imap-seen"

_AnyMarks = TypeVar("_AnyMarks", bound=MessageMarks)


class OwnSeen:
    r"""A store in which \Seen is a tag, and not the flag that the page shows as read.

    It has the methods of an `IMessageReader`, for the commands of IMAP.

    Args:
        store: the store.
    """

    def __init__(self, store: Any) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        """Return what is as in the store."""
        return getattr(self._store, name)

    def marks(self, numbers: Collection[int]) -> list[MessageMarks]:
        """Return the flags and tags of messages; see `IMessageReader`."""
        return list(map(_with_own, self._store.marks(numbers)))

    def facts(self, numbers: Collection[int]) -> list[MessageFacts]:
        """Return the marks, times and sizes of messages; see `IMessageReader`."""
        return list(map(_with_own, self._store.facts(numbers)))

    def unseen(self, query: str, limit: int | None = None) -> Sequence[int]:
        """Return the numbers of messages without the tag.

        Args:
            query: the messages are among those that it matches.
            limit: see `IMessageReader.numbers`.
        """
        # A message that is not indexed has no tag, and no query about tags finds it.
        seen = self._store.numbers(f"{query} tag:{SEEN_TAG}".strip())
        return Runs(self._store.numbers(query)).without(seen)[:limit]

    def tags(self, *, timeout: float | None = None) -> dict[str, int]:
        """Return each other tag in use; see `IMessageReader`."""
        return {
            name: count
            for name, count in self._store.tags(timeout=timeout).items()
            if name != SEEN_TAG
        }

    def change(self, selection: Selection, **changes: Collection[Any]) -> int:
        """Change flags and tags of messages; see `IMessageReader`."""
        edit = _in_store(Edit.of(**changes))
        return int(
            self._store.change(
                selection,
                set_flags=edit.set_flags,
                clear_flags=edit.clear_flags,
                add_tags=edit.add_tags,
                remove_tags=edit.remove_tags,
            )
        )

    def change_unchanged(
        self, numbers: Collection[int], since: int, edit: Edit
    ) -> Sequence[int]:
        """Change messages that have not changed since; see `IMessageReader`."""
        left: Sequence[int]
        left = self._store.change_unchanged(numbers, since, _in_store(edit))
        return left


def numbers_of(
    reader: Any, query: str, condition: str, limit: int | None = None
) -> Sequence[int]:
    """Return the numbers of messages in a store, ascending.

    Args:
        reader: the store, or an `OwnSeen`.
        query: the query of a mailbox.
        condition: `UNSEEN`, `DELETED`, or ``""`` for all that it matches.
        limit: the most numbers, the least ones; ``None`` for all.
    """
    if condition == UNSEEN and isinstance(reader, OwnSeen):
        return reader.unseen(query, limit)
    numbers: Sequence[int]
    numbers = reader.numbers(f"{query} {condition}".strip(), limit=limit)
    return numbers


def _with_own(marks: _AnyMarks) -> _AnyMarks:
    """Return the marks of a message as IMAP shows them."""
    flags = marks.flags - {"seen"}
    if SEEN_TAG in marks.tags:
        flags |= {"seen"}
    tags = tuple(tag for tag in marks.tags if tag != SEEN_TAG)
    return attrs.evolve(marks, flags=flags, tags=tags)


def _in_store(edit: Edit) -> Edit:
    """Return the edit that has the effect of one of IMAP."""
    added = {SEEN_TAG} if "seen" in edit.set_flags else set()
    removed = {SEEN_TAG} if "seen" in edit.clear_flags else set()
    return attrs.evolve(
        edit,
        set_flags=edit.set_flags - {"seen"},
        clear_flags=edit.clear_flags - {"seen"},
        add_tags=tuple(sorted({*edit.add_tags, *added})),
        remove_tags=edit.remove_tags | removed,
    )
