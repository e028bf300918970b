"""The results of a search, and the progress of the index."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from lazr_smtptest.model.summary import Summary

__all__ = ["Counts", "Found", "IndexProgress"]


@attrs.frozen(kw_only=True)
class IndexProgress:
    """How many messages of a store can be searched.

    Attributes:
        messages: the number of messages in the store.
        missing: how many of them are not indexed yet, so that no search finds them.
        shortened: how many of them are indexed in part: only the first 65,536
            characters of each of their indexed fields can be searched.
    """

    messages: int
    missing: int
    shortened: int

    @property
    def complete(self) -> bool:
        """Return true if every message can be found."""
        return self.missing == 0


@attrs.frozen(kw_only=True)
class Counts:
    """The numbers of messages of a store.

    Attributes:
        messages: all messages.
        unread: those without the flag ``"seen"``.
        matching: those that match the query; ``messages`` for the empty query.
        missing: how many messages were not searched for `matching`.
    """

    messages: int
    unread: int
    matching: int
    missing: int = 0

    @property
    def complete(self) -> bool:
        """Return true if every message was searched."""
        return self.missing == 0


class Found(list[Summary]):
    """The messages that a search found: a list of `Summary`.

    Attributes:
        missing: how many messages of the store were not searched: they are not
            indexed yet, or the query needs more work than one answer may take.
        shortened: how many messages of the store were searched in part; see
            `IndexProgress`.
    """

    def __init__(
        self, summaries: Iterable[Summary], *, missing: int, shortened: int
    ) -> None:
        super().__init__(summaries)
        self.missing = missing
        self.shortened = shortened

    @property
    def complete(self) -> bool:
        """Return true if every message kept before the search was searched."""
        return self.missing == 0
