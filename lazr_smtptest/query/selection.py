"""The messages that a change is made to."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

__all__ = ["Selection"]


def _frozen(values: Iterable[object] | None) -> tuple[object, ...] | None:
    if isinstance(values, str):
        raise TypeError(f"ids and numbers must be collections, not the str {values!r}")
    return None if values is None else tuple(values)


@attrs.frozen(kw_only=True)
class Selection:
    """Some messages of a store: by their ids, by their numbers, or by a query.

    Args:
        ids: the ids of envelopes; unknown ones are ignored.
        numbers: numbers of messages; unknown ones are ignored.
        query: a search query; ``""`` selects all messages.

    Raises:
        TypeError: `ids` is a single str.
        ValueError: not exactly one of the three is given.
    """

    ids: tuple[str, ...] | None = attrs.field(default=None, converter=_frozen)
    numbers: tuple[int, ...] | None = attrs.field(default=None, converter=_frozen)
    query: str | None = None

    def __attrs_post_init__(self) -> None:
        given = [self.ids, self.numbers, self.query]
        if sum(each is not None for each in given) != 1:
            raise ValueError(
                "a selection needs exactly one of ids, numbers and query, not "
                f"ids={self.ids!r}, numbers={self.numbers!r}, query={self.query!r}"
            )
