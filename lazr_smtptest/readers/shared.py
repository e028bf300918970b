"""All that a process has together with the other nodes of its store."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, succeed

from lazr_smtptest.errors import StateError
from lazr_smtptest.faults.rules import Faults
from lazr_smtptest.faults.shared import SharedRules
from lazr_smtptest.readers.http.api.shared_mailboxes import SharedMailboxes
from lazr_smtptest.readers.http.api.shared_settings import SharedSettings
from lazr_smtptest.stores.shared_state import SharedState

__all__ = ["Shared"]


class Shared:
    """The fault rules, settings and mailboxes of all nodes, in one process.

    Several services of the process use it: each calls `start`, and `stop` at its end.
    All is called in the reactor's thread, or before the reactor runs.

    Args:
        store: an `ISharedStore`; closing it leaves the nodes.
        faults: the rules of the server in this process; new ones if it has none.
        live: changes the settings of the server, see `FileSettings`; ``None`` without
            one.

    Attributes:
        rules: the fault rules.
        settings: the settings that are changed while the servers run.
        mailboxes: the disposable mailboxes.
    """

    def __init__(
        self, store: Any, faults: Faults | None = None, live: Any = None
    ) -> None:
        self._store = store
        self._state = SharedState(store)
        self.rules = SharedRules(Faults() if faults is None else faults, self._state)
        self.settings = SharedSettings(live, store, self._state)
        self.mailboxes = SharedMailboxes(self._state)
        self._reactor: Any = None
        self._users = 0

    def start(self, reactor: Any, pool: Any = None) -> None:
        """Become a node, unless it is one, and follow the others; return at once.

        Args:
            reactor: the reactor of all that use it.
            pool: see `DeferredReader`.

        Raises:
            StateError: it was started on another reactor.
        """
        if self._users and self._reactor is not reactor:
            raise StateError(
                "the server runs on another reactor: read its store instead of it"
            )
        self._users += 1
        if self._users == 1:
            self._reactor = reactor
            self._store.join()
            self._state.start(reactor, pool)

    def stop(self) -> Deferred[Any]:
        """End for one of those that use it; the store is closed later.

        Returns:
            a Deferred that fires when the database is not used any more.
        """
        self._users -= 1
        return succeed(None) if self._users else self._state.stop()
