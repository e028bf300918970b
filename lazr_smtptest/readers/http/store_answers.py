"""Answers that are made of nothing but a store, and kept until it changes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import attrs

from lazr_smtptest.query.parser import parse
from lazr_smtptest.query.tree import After, Before, leaves
from lazr_smtptest.readers.http.answer import Answer
from lazr_smtptest.readers.http.call import Call
from lazr_smtptest.readers.http.conditional import (
    change_tag,
    check_wanted,
    is_known,
    not_modified,
    with_tag,
)
from lazr_smtptest.stores.deferred_reader import DeferredReader

__all__ = ["Made", "StoreAnswers", "is_timeless"]

# The most answers that are kept, and the most bytes of their bodies.
_MOST, _MOST_BYTES = 64, 1_048_576

# The validity of a store, and the number of its latest change.
_Version = tuple[int, int]


@attrs.frozen
class Made:
    """An answer that was made in a thread.

    Attributes:
        answer: the answer; its body is bytes.
        lasts: whether it stays the same until the store changes.
    """

    answer: Answer
    lasts: bool = True


@attrs.frozen
class _Kept:
    """An answer that is kept.

    Attributes:
        version: the version of the store.
        answer: the answer.
        tag: its tag; ``""`` for none: it does not last.
        tagged: the answer with its tag.
        size: bytes of its body.
    """

    version: _Version
    answer: Answer
    tag: str
    tagged: Answer
    size: int


def is_timeless(query: str) -> bool:
    """Return whether only a change of the store changes what a query finds.

    Raises:
        QueryError: the query is wrong.
    """
    if not query:
        return True
    tree = parse(query, now=datetime.now(timezone.utc), zone=None)
    return not any(isinstance(node, (Before, After)) for node in leaves(tree))


class StoreAnswers:
    """Makes answers of a store, with one call of a thread for each.

    The latest answers are kept. One is used again while the store has not changed: a
    store in memory is asked at once, another one in a thread. Its methods are called in
    the reactor's thread.

    Args:
        reader: the store.
    """

    def __init__(self, reader: DeferredReader) -> None:
        self._reader = reader
        # By the path and the query of the URL, the one used last at the end.
        self._kept: OrderedDict[object, _Kept] = OrderedDict()
        self._size = 0

    async def get(
        self, call: Call, make: Callable[[Any], Made], *, lasts: bool = True
    ) -> Answer:
        """Return the answer to a request.

        Args:
            call: the request. Nothing but its path and its query decides the answer.
            make: makes the answer of the store; called in a thread.
            lasts: whether it may be kept until the store changes.
        """
        key = _key(call)
        kept = self._fresh(key) or await self._make(key, make, lasts)
        return kept.answer

    async def get_tagged(
        self, call: Call, make: Callable[[Any], Made], *, lasts: bool = True
    ) -> Answer:
        """Return an answer with its tag, without its body if the client has it.

        Raises:
            HTTPError: 412, see `check_wanted`.
        """
        key = _key(call)
        kept = self._fresh(key) or await self._make(key, make, lasts)
        if kept.tag:
            check_wanted(call, kept.tag)
        if kept.tag and is_known(call, kept.tag):
            return not_modified(kept.tagged)
        return kept.tagged

    def _fresh(self, key: object) -> _Kept | None:
        """Return the answer that is kept, if it is known at once that it is right."""
        kept = self._kept.get(key)
        if kept is None or kept.version != self._reader.version_at_once():
            return None
        self._kept.move_to_end(key)
        return kept

    async def _make(
        self, key: object, make: Callable[[Any], Made], lasts: bool
    ) -> _Kept:
        kept = self._kept.get(key)
        self._drop(key)
        version, made = await self._reader.ask(_made, make, kept and kept.version)
        if made is not None:
            kept = _kept(version, made.answer, lasts and made.lasts)
        assert kept is not None
        if kept.tag:
            self._keep(key, kept)
        return kept

    def _keep(self, key: object, kept: _Kept) -> None:
        if kept.size > _MOST_BYTES:
            return
        # Another request may have made it meanwhile.
        self._drop(key)
        self._kept[key] = kept
        self._size += kept.size
        while len(self._kept) > _MOST or self._size > _MOST_BYTES:
            self._drop(next(iter(self._kept)))

    def _drop(self, key: object) -> None:
        kept = self._kept.pop(key, None)
        if kept is not None:
            self._size -= kept.size


def _key(call: Call) -> object:
    """Return what stands for a request: its path, and the query of its URL."""
    return (call.path, *[(name, *each) for name, each in call.query.items()])


def _kept(version: _Version, answer: Answer, lasts: bool) -> _Kept:
    assert isinstance(answer.body, bytes)
    tag = change_tag(*version) if lasts else ""
    tagged = with_tag(answer, tag) if tag else answer
    return _Kept(version, answer, tag, tagged, len(answer.body))


def _made(
    store: Any, make: Callable[[Any], Made], known: _Version | None
) -> tuple[_Version, Made | None]:
    """Return the version of a store and the answer, ``None`` if its version is known.

    It runs in a thread.
    """
    # Before the answer is made: what changes in between makes it once more.
    version = (store.validity, store.last_change())
    return version, None if version == known else make(store)
