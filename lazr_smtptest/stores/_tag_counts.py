"""The tags in use in a store that keeps its list in memory."""

from __future__ import annotations

from collections.abc import Iterable

from lazr_smtptest.query.tags import tag_key

__all__ = ["TagCounts"]


class TagCounts:
    """The tags in use, their spelling and how many messages have them.

    Its owner lets one thread at a time use it.
    """

    def __init__(self) -> None:
        # The spelling and the number of messages, by the key of the tag.
        self._tags: dict[str, tuple[str, int]] = {}

    def all(self) -> dict[str, int]:
        """Return each tag and the number of its messages, sorted by name."""
        return {tag: count for _, (tag, count) in sorted(self._tags.items())}

    def spelled(self, tags: Iterable[str]) -> tuple[str, ...]:
        """Return tags as they are spelled in the store."""
        return tuple(self._tags.get(tag_key(tag), (tag, 0))[0] for tag in tags)

    def respell(self, tag: str) -> None:
        """Let a tag in use be spelled like this from now on."""
        key = tag_key(tag)
        self._tags[key] = (tag, self._tags[key][1])

    def add(self, tags: Iterable[str]) -> None:
        """Count the tags of one message more."""
        for tag in tags:
            key = tag_key(tag)
            spelling, count = self._tags.get(key, (tag, 0))
            self._tags[key] = (spelling, count + 1)

    def discard(self, tags: Iterable[str]) -> None:
        """Count the tags of one message less; a tag without a message is removed."""
        for tag in tags:
            key = tag_key(tag)
            spelling, count = self._tags.pop(key)
            if count > 1:
                self._tags[key] = (spelling, count - 1)

    def clear(self) -> None:
        """Remove all tags."""
        self._tags.clear()
