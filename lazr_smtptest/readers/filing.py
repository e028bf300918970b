"""Messages that clients have put into folders: they are not in INBOX any more."""

from __future__ import annotations

from typing import Any

__all__ = ["filed_ids"]


def filed_ids(reader: Any, owner: str) -> frozenset[str]:
    """Return the ids of the messages in all folders of an account; in a thread.

    Args:
        reader: the store; one without folders has none.
        owner: the account, see `Folder`.
    """
    folders = getattr(reader, "folders", None)
    found: frozenset[str] = frozenset()
    return found if folders is None else folders.filed(owner)
