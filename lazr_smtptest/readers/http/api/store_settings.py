"""The bounds and the tag rules of a store, as the API shows and changes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any

import attrs
import msgspec

from lazr_smtptest._quantities import parse_seconds, parse_size
from lazr_smtptest.interfaces import IAdjustableStore

__all__ = ["Adjustment", "BoundsChange", "StoreBounds", "StoreTags", "TagsChange"]

_Number = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
_Quantity = _Number | Annotated[str, msgspec.Meta(max_length=20)] | None
_Queries = Annotated[
    dict[str, Annotated[str, msgspec.Meta(max_length=1000)]],
    msgspec.Meta(max_length=100),
]


class StoreBounds(msgspec.Struct, frozen=True):
    """The most messages, bytes of them, and seconds to keep one; null is no bound."""

    max_count: int | None
    max_bytes: int | None
    max_age: float | None

    @classmethod
    def of(cls, store: Any) -> StoreBounds | None:
        """Return the bounds of a store; ``None`` if they cannot be changed."""
        if not IAdjustableStore.providedBy(store):
            return None
        found = store.bounds
        return cls(found.max_count, found.max_bytes, found.max_age)


class StoreTags(msgspec.Struct, frozen=True):
    """The rules that tag messages at arrival, see ``TagRules``."""

    header: bool
    plus_addresses: bool
    user: bool
    queries: dict[str, str]

    @classmethod
    def of(cls, store: Any) -> StoreTags | None:
        """Return the rules of a store; ``None`` if they cannot be changed."""
        if not IAdjustableStore.providedBy(store):
            return None
        rules = store.tag_rules
        return cls(rules.header, rules.plus_addresses, rules.user, dict(rules.queries))


class BoundsChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Bounds to change; 0 is no bound, and null the value of the start."""

    max_count: _Number | msgspec.UnsetType | None = msgspec.UNSET
    max_bytes: _Quantity | msgspec.UnsetType = msgspec.UNSET
    max_age: _Quantity | msgspec.UnsetType = msgspec.UNSET


class TagsChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Rules to change; null is the value of the start."""

    header: bool | msgspec.UnsetType | None = msgspec.UNSET
    plus_addresses: bool | msgspec.UnsetType | None = msgspec.UNSET
    user: bool | msgspec.UnsetType | None = msgspec.UNSET
    queries: _Queries | msgspec.UnsetType | None = msgspec.UNSET


class Adjustment:
    """Changes the bounds and the tag rules of a store.

    Args:
        store: an `IAdjustableStore`, as it was started.
    """

    def __init__(self, store: Any) -> None:
        self._store = store
        self._bounds, self._tags = store.bounds, store.tag_rules

    def prepare(self, bounds: BoundsChange, tags: TagsChange) -> Callable[[], object]:
        """Return the call that changes the store; it waits for a disk.

        Raises:
            QueryError: a query cannot be parsed.
            ValueError: another value is wrong; nothing is changed.
        """
        new_bounds = {
            name: _bound(name, value) if value is not None else start
            for name, value, start in _changed(bounds, self._bounds)
        }
        new_tags = {
            name: value if value is not None else start
            for name, value, start in _changed(tags, self._tags)
        }
        arguments: dict[str, Any] = {}
        if new_bounds:
            arguments["bounds"] = attrs.evolve(self._store.bounds, **new_bounds)
        if new_tags:
            arguments["tag_rules"] = attrs.evolve(self._store.tag_rules, **new_tags)
        return lambda: self._store.adjust(**arguments) if arguments else None


def _changed(change: msgspec.Struct, start: Any) -> list[tuple[str, Any, Any]]:
    """Return the name of each value to change, the value, and that of the start."""
    values: Mapping[str, Any] = msgspec.structs.asdict(change)
    return [
        (name, value, getattr(start, name))
        for name, value in values.items()
        if value is not msgspec.UNSET
    ]


_PARSERS = {"max_bytes": parse_size, "max_age": parse_seconds}


def _bound(name: str, value: int | str) -> int | None:
    if isinstance(value, int):
        return value or None
    try:
        return _PARSERS[name](value) or None
    except ValueError as error:
        raise ValueError(f"bad {name}: {error}, not {value!r}") from error
