"""The process of the command as a node of a store that several share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
from twisted.application.service import MultiService, Service
from twisted.internet.defer import Deferred

from lazr_smtptest.interfaces import ISharedStore

if TYPE_CHECKING:
    from lazr_smtptest.faults.shared import SharedRules
    from lazr_smtptest.readers.http.api.shared_settings import SharedSettings
    from lazr_smtptest.server.servers import Server
    from lazr_smtptest.stores.shared_state import SharedState

__all__ = ["Shared", "join_nodes"]


@attrs.frozen
class Shared:
    """The parts of a process that belong to all nodes of its store.

    Attributes:
        rules: the fault rules.
        settings: the settings that are changed while it runs.
    """

    rules: SharedRules
    settings: SharedSettings


def join_nodes(
    store: object, parent: MultiService, reactor: Any, server: Server | None = None
) -> Shared | None:
    """Let a process be a node of its store while it runs, if the store has nodes.

    Args:
        store: any store; closing it leaves the nodes.
        parent: the service of the process.
        reactor: the reactor.
        server: the server of the process; ``None`` for none.

    Returns:
        what it has together with the other nodes; ``None``: there are none.
    """
    if not ISharedStore.providedBy(store):
        return None
    from lazr_smtptest.faults.rules import Faults
    from lazr_smtptest.faults.shared import SharedRules
    from lazr_smtptest.readers.http.api.shared_settings import SharedSettings
    from lazr_smtptest.stores.shared_state import SharedState

    state = SharedState(store, reactor)
    _NodeService(store, state).setServiceParent(parent)
    faults = Faults() if server is None else server.faults
    live = None if server is None else server.file_settings
    return Shared(
        rules=SharedRules(faults, state),
        settings=SharedSettings(live, store, state, reactor),
    )


class _NodeService(Service):
    """Joins the nodes of a store."""

    def __init__(self, store: Any, state: SharedState) -> None:
        self._store = store
        self._state = state

    def startService(self) -> None:
        """Join, after the fork of a daemon."""
        super().startService()
        self._store.join()
        self._state.start()

    def stopService(self) -> Deferred[Any]:
        """End what it does with the other nodes; the store is closed later."""
        super().stopService()
        return self._state.stop()
