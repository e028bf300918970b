"""The folders of a store, and the messages in them: they are not in INBOX any more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lazr_smtptest.stores.folders import Folders

__all__ = ["filed_ids", "folders_of"]


def folders_of(reader: Any) -> Folders | None:
    """Return the folders of a store; ``None`` if it has none: one of the user's own."""
    found: Folders | None = getattr(reader, "folders", None)
    return found


def filed_ids(reader: Any, owner: str) -> frozenset[str]:
    """Return the ids of the messages in all folders of an account; in a thread.

    Args:
        reader: the store; one without folders has none.
        owner: the account, see `Folder`.
    """
    folders = folders_of(reader)
    return frozenset() if folders is None else folders.filed(owner)
