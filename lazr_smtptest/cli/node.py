"""The process of the command as a node of a store that several share."""

from __future__ import annotations

from twisted.application.service import Service

from lazr_smtptest.interfaces import ISharedStore

__all__ = ["NodeService"]


class NodeService(Service):
    """Joins the nodes of a store while the process runs; closing the store leaves them.

    Args:
        store: any store; one that is not shared has no nodes.
    """

    def __init__(self, store: object) -> None:
        self._store = store

    def startService(self) -> None:
        """Join, after the fork of a daemon."""
        super().startService()
        if ISharedStore.providedBy(self._store):
            self._store.join()
