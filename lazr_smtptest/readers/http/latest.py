"""The newest message, where a request names it ``latest`` in a list of ids."""

from __future__ import annotations

from typing import Any

from lazr_smtptest.query.selection import Selection
from lazr_smtptest.stores.deferred_reader import DeferredReader

__all__ = ["LATEST", "with_latest"]

# The name of the newest message in paths and in lists of ids.
LATEST = "latest"


async def with_latest(reader: DeferredReader, selection: Selection) -> Selection:
    """Return a selection with the id of the newest message for ``latest``.

    In an empty store ``latest`` is an id that does not exist, and is ignored as one.

    Args:
        reader: the store.
        selection: the selection, as the request names it.
    """
    if LATEST not in (selection.ids or ()):
        return selection
    found: Selection = await reader.ask(_with_latest, selection)
    return found


def _with_latest(store: Any, selection: Selection) -> Selection:
    """Return what `with_latest` does; in a thread."""
    newest = [each.id for each in store.page(limit=1)]
    others = [id for id in selection.ids or () if id != LATEST]
    return Selection(ids=[*others, *newest])
