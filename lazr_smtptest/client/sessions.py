"""The sessions of a server, as a mailbox shows them."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

from lazr_smtptest.client.api import API
from lazr_smtptest.model.session import Mark, Session
from lazr_smtptest.model.session_list import SessionList
from lazr_smtptest.stores.session_log import Counters

__all__ = ["RemoteSessions", "counters_of"]


class RemoteSessions(SessionList):
    """The sessions of a server since they were last cleared here, oldest first.

    It asks the server at each use. Any thread may use it.

    Args:
        api: the calls of the server.
    """

    def __init__(self, api: API) -> None:
        self._api = api
        self._lock = threading.Lock()
        # All that are known, by id; and the ids of those that were cleared.
        self._known: dict[str, Session] = {}
        self._hidden: frozenset[str] = frozenset()
        # The state of those that were open when they were cleared.
        self._marks: dict[str, Mark] = {}

    def clear(self) -> None:
        """Show none of the sessions so far; the server keeps them.

        Of those that are open, what is said later is shown.
        """
        marks = {each.id: each.mark() for each in self._api.open_sessions()}
        self.read()
        with self._lock:
            self._hidden = frozenset(self._known)
            self._marks = marks

    def read(self) -> Mapping[str, Session]:
        """Return the sessions of the server by id, oldest first."""
        with self._lock:
            before = self._known
        fresh = []
        for session in self._api.all_sessions():
            if session.id in before:
                break
            fresh.append(session)
        with self._lock:
            # A copy, because others may read the one before.
            known = dict(self._known)
            for session in reversed(fresh):
                if session.id not in known:
                    session.number = session.number or len(known) + 1
                    known[session.id] = session
            self._known = known
            return known

    def current(self) -> Mapping[str, Session]:
        """Return the ended and the open sessions of the server, by id."""
        # In this order: one that ends in between is in both.
        still_open = {each.id: each for each in self._api.open_sessions()}
        ended = self.read()
        return {**ended, **{k: v for k, v in still_open.items() if k not in ended}}

    def _all(self) -> list[Session]:
        return [
            each.since(self._marks[id]) if id in self._marks else each
            for id, each in self.current().items()
            if id not in self._hidden
        ]

    @property
    def counters(self) -> Counters:
        """Totals of these sessions."""
        return counters_of(self._all())


def counters_of(sessions: Sequence[Session]) -> Counters:
    """Return the totals of sessions."""
    return Counters(
        connections=len(sessions),
        open=sum(each.ended is None for each in sessions),
        messages=sum(each.delivered for each in sessions),
        refusals=sum(each.refusals for each in sessions),
    )
