"""The result of a search, and the progress of the index."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from lazr_smtptest.stores.summary import Summary

__all__ = ["Found", "IndexProgress"]


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


class Found(list[Summary]):
    """The messages that a search found, newest first: a list of `Summary`.

    Attributes:
        missing: how many messages of the store were not indexed, and so not
            searched.
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
