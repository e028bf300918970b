"""A change of the flags and tags of messages."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import attrs

from lazr_smtptest.model.summary import FLAGS, Flag
from lazr_smtptest.query.tags import check_tags, joined_tags, tag_key

__all__ = ["Edit"]


@attrs.frozen(kw_only=True)
class Edit:
    """The change that `IMessageReader.change` makes to each message.

    Attributes:
        set_flags: flags to set.
        clear_flags: flags to clear; none of them is in `set_flags`.
        add_tags: valid tags to add, sorted.
        remove_tags: the keys of tags to remove, see `tag_key`.
        tags: valid tags that replace all others, before tags are removed and added;
            ``None`` to keep them.
    """

    set_flags: frozenset[Flag] = frozenset()
    clear_flags: frozenset[Flag] = frozenset()
    add_tags: tuple[str, ...] = ()
    remove_tags: frozenset[str] = frozenset()
    tags: tuple[str, ...] | None = None

    @classmethod
    def of(
        cls,
        *,
        set_flags: Collection[Flag] = (),
        clear_flags: Collection[Flag] = (),
        add_tags: Collection[str] = (),
        remove_tags: Collection[str] = (),
        tags: Collection[str] | None = None,
    ) -> Edit:
        """Return a checked edit.

        Raises:
            TypeError: a single str is given instead of a collection.
            ValueError: a flag or a tag is not valid, or a flag is to be set and
                cleared.
        """
        edit = cls(
            set_flags=_flags(set_flags),
            clear_flags=_flags(clear_flags),
            add_tags=check_tags(add_tags),
            remove_tags=frozenset(map(tag_key, check_tags(remove_tags))),
            tags=None if tags is None else check_tags(tags),
        )
        both = edit.set_flags & edit.clear_flags
        if both:
            raise ValueError(f"a flag cannot be set and cleared: {min(both)!r}")
        return edit

    def __bool__(self) -> bool:
        return self != Edit()

    @property
    def changes_tags(self) -> bool:
        """True if it may change tags."""
        return bool(self.add_tags or self.remove_tags) or self.tags is not None

    def flags_after(self, flags: frozenset[Flag]) -> frozenset[Flag]:
        """Return the flags of a message that had `flags`."""
        return flags - self.clear_flags | self.set_flags

    def tags_after(self, tags: Iterable[str]) -> tuple[str, ...]:
        """Return the tags, sorted, of a message that had `tags`."""
        kept = tags if self.tags is None else self.tags
        kept = [tag for tag in kept if tag_key(tag) not in self.remove_tags]
        return joined_tags(kept, self.add_tags)


def _flags(flags: Collection[Flag]) -> frozenset[Flag]:
    if isinstance(flags, str):
        raise TypeError(f"flags must be a collection of flags, not the str {flags!r}")
    for flag in flags:
        if flag not in FLAGS:
            raise ValueError(
                f"unknown flag {flag!r:.100}, use: {', '.join(sorted(FLAGS))}"
            )
    return frozenset(flags)
