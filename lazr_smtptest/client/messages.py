"""The messages of a server, as a mailbox shows them."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping

from lazr_smtptest.client.api import API
from lazr_smtptest.client.records import load
from lazr_smtptest.client.sessions import RemoteSessions
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.session import Session
from lazr_smtptest.model.summary import Summary

__all__ = ["RemoteMessages"]


class RemoteMessages:
    """The messages of a server with greater numbers than a certain one, oldest first.

    It asks the server at each use for what is there; each message is read once. Any
    thread may use it.

    Args:
        api: the calls of the server.
        sessions: the sessions of the server.
        since: only messages with greater numbers are shown; 0 for all.

    Attributes:
        since: the same.
    """

    def __init__(self, api: API, sessions: RemoteSessions, since: int) -> None:
        self._api = api
        self._sessions = sessions
        self.since = since
        self._lock = threading.Lock()
        self._known: dict[str, Envelope] = {}

    def __len__(self) -> int:
        if self.since:
            return sum(1 for _ in self.summaries())
        return self._api.counts().messages

    def summaries(self, query: str = "") -> Iterator[Summary]:
        """Yield the summaries of the messages that match, oldest first."""
        return self._api.pages(query, after=self.since or None)

    def newest(self, limit: int) -> list[Summary]:
        """Return the summaries of the newest messages, newest first."""
        return [
            each for each in self._api.page(limit=limit) if each.number > self.since
        ]

    def read(self, summaries: Iterable[Summary]) -> Iterator[Envelope]:
        """Yield messages, those that are still there."""
        sessions: Mapping[str, Session] | None = None
        for summary in summaries:
            with self._lock:
                known = self._known.get(summary.id)
            if known is None:
                if sessions is None and summary.session_id:
                    sessions = self._sessions.current()
                session = (sessions or {}).get(summary.session_id)
                known = self._api.envelope(summary, session)
                if known is None:
                    continue
                with self._lock:
                    self._known[summary.id] = known
            yield known

    def load(self, summaries: Iterable[Summary]) -> Iterator[Envelope]:
        """Yield messages with their contents, those that are still there."""
        return (load([each])[0] for each in self.read(summaries))

    def remove(self) -> None:
        """Remove the messages from the server."""
        if self.since:
            self._api.remove(numbers=[each.number for each in self.summaries()])
        else:
            self._api.remove(query="")
        with self._lock:
            self._known.clear()

    def skip(self) -> None:
        """Show the messages so far no longer; the server keeps them."""
        newest = next(iter(self._api.page(limit=1)), None)
        self.since = self.since if newest is None else newest.number
