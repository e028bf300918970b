"""The process of the command as a node of a store that several share."""

from __future__ import annotations

from typing import Any

from twisted.application.service import MultiService, Service

from lazr_smtptest.interfaces import ISharedStore

__all__ = ["join_nodes"]


def join_nodes(store: object, parent: MultiService) -> None:
    """Let a process be a node of its store while it runs, if the store has nodes.

    Args:
        store: any store; closing it leaves the nodes.
        parent: the service of the process.
    """
    if ISharedStore.providedBy(store):
        _NodeService(store).setServiceParent(parent)


class _NodeService(Service):
    """Joins the nodes of a store."""

    def __init__(self, store: Any) -> None:
        self._store = store

    def startService(self) -> None:
        """Join, after the fork of a daemon."""
        super().startService()
        self._store.join()
