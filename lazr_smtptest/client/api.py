"""The calls of the API."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timezone
from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import attrs

from lazr_smtptest.client.connections import Aborter, Connections
from lazr_smtptest.client.records import envelope_of, session_of, summary_of
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.found import Counts, Found
from lazr_smtptest.model.session import Session
from lazr_smtptest.model.summary import Summary
from lazr_smtptest.query.parser import parse

__all__ = ["API", "Waited"]

# Messages of a page, and of one removal.
_PAGE, _MOST = 1000, 10_000
# Sessions of a first page.
_FEW = 50
# Seconds that a search waits for the index, at most.
_INDEXING = 30.0
# Seconds that one request waits for a message, at most: the least bound that a server
# can have, see its --http-longest-wait.
_LONGEST = 600.0


@attrs.frozen
class Waited:
    """The end of a wait.

    Attributes:
        messages: the messages as the API has them; none if they did not come in time.
        explanation: why they did not, as a failing test shows it: several lines.
        is_over: whether none will come: the disposable mailbox is gone.
    """

    messages: Sequence[Mapping[str, Any]] = ()
    explanation: str = ""
    is_over: bool = False


class API:
    """The calls of the API of a server; any thread may make them.

    Every method raises a `RemoteError` if the server does not answer, or with an
    error, and those that take a query a `QueryError` if it is wrong.

    Args:
        connections: connections to the server.
    """

    def __init__(self, connections: Connections) -> None:
        self.connections = connections

    # Messages

    def page(
        self,
        query: str = "",
        *,
        after: int | None = None,
        limit: int = 50,
        oldest_first: bool = False,
        timeout: float | None = None,
    ) -> Found:
        """Return a page of messages; see `IMessageReader`."""
        _check(query)
        seconds = None if timeout is None else min(timeout, _INDEXING)
        answer = self.connections.request(
            "GET",
            "/messages",
            {
                "query": query,
                "after": after,
                "limit": limit,
                "order": "oldest" if oldest_first else "newest",
                "timeout": seconds,
            },
            patience=seconds or 0.0,
        ).json
        summaries = map(summary_of, answer["messages"])
        return Found(summaries, missing=answer["missing"], shortened=0)

    def pages(
        self, query: str = "", *, after: int | None = None, oldest_first: bool = True
    ) -> Iterator[Summary]:
        """Yield all messages that match."""
        while True:
            page = self.page(
                query,
                after=after,
                limit=_PAGE,
                oldest_first=oldest_first,
                timeout=_INDEXING,
            )
            yield from page
            if len(page) < _PAGE:
                return
            after = page[-1].number

    def counts(self, query: str = "", timeout: float | None = None) -> Counts:
        """Count the messages: all, the unread ones, and those that match."""
        _check(query)
        seconds = None if timeout is None else min(timeout, _INDEXING)
        answer = self.connections.request(
            "GET", "/counts", {"query": query, "timeout": seconds}
        ).json
        return Counts(**answer)

    def message(self, name: str | int) -> Mapping[str, Any] | None:
        """Return a message as the API has it; ``None`` if there is none."""
        return self._found(f"/messages/{_segment(name)}")

    def envelope(
        self, summary: Summary, session: Session | None = None
    ) -> Envelope | None:
        """Return a message, whose content is fetched when it is read.

        Args:
            summary: its summary.
            session: its session; ``None`` if unknown.

        Returns:
            the message; ``None`` if it is no longer there.
        """
        warnings: Sequence[str] = ()
        if summary.warnings:
            whole = self.message(summary.number)
            if whole is None:
                return None
            values, warnings = whole["envelope"], whole["warnings"]
        else:
            found = self._found(f"/messages/{summary.number}/envelope")
            if found is None:
                return None
            values = found
        return envelope_of(
            values, summary, warnings, partial(self.raw, summary.id), session
        )

    def raw(self, name: str | int) -> bytes:
        """Return the content of a message."""
        path = f"/messages/{_segment(name)}/raw"
        return self.connections.request("GET", path).body

    def remove(self, **selection: Any) -> int:
        """Remove messages by ``ids=``, ``numbers=`` or ``query=``; count them."""
        _check(selection.get("query") or "")
        for name in ("ids", "numbers"):
            given = selection.get(name)
            if given is not None and not given:
                return 0
            if given is not None and len(given) > _MOST:
                return sum(
                    self.remove(**{name: given[start : start + _MOST]})
                    for start in range(0, len(given), _MOST)
                )
        answer = self.connections.request("DELETE", "/messages", body=selection).json
        number: int = answer["messages"]
        return number

    def add(self, content: bytes) -> int:
        """Add a message, with its envelope in front; return how many were added."""
        body = {"content": base64.b64encode(content).decode("ascii")}
        answer = self.connections.request("POST", "/messages", body=body).json
        number: int = answer["messages"]
        return number

    def change(self, **change: Any) -> int:
        """Change flags and tags of messages; return how many changed."""
        answer = self.connections.request("PATCH", "/messages", body=change).json
        number: int = answer["messages"]
        return number

    # Mail that is sent on

    def release(
        self,
        name: str | int,
        *,
        recipients: Sequence[str] = (),
        sender: str | None = None,
        route: str = "relay",
        wait: float = 0.0,
    ) -> Mapping[str, Any]:
        """Send a message on; return the release as the API has it.

        Args:
            name: the id or the number of the message.
            recipients: the forward-paths; none for those of its envelope.
            sender: the reverse-path; ``None`` for that of its envelope.
            route: ``"relay"`` or ``"forward"``.
            wait: seconds to wait for the first attempt, up to 60.
        """
        body = {
            "recipients": list(recipients),
            "sender": sender,
            "route": route,
            "wait": wait,
        }
        path = f"/messages/{_segment(name)}/releases"
        answer = self.connections.request("POST", path, body=body, patience=wait)
        release: Mapping[str, Any] = answer.json
        return release

    def releases(self, limit: int = 50) -> Sequence[Mapping[str, Any]]:
        """Return the latest releases, the newest first."""
        answer = self.connections.request("GET", "/releases", {"limit": limit})
        releases: Sequence[Mapping[str, Any]] = answer.json["releases"]
        return releases

    def one_release(self, number: int) -> Mapping[str, Any]:
        """Return a release with its transcript."""
        answer = self.connections.request("GET", f"/releases/{number}")
        release: Mapping[str, Any] = answer.json
        return release

    def change_release(self, number: int, change: str) -> Mapping[str, Any]:
        """``"retry"`` or ``"cancel"`` a release; return it."""
        answer = self.connections.request("POST", f"/releases/{number}/{change}")
        release: Mapping[str, Any] = answer.json
        return release

    def tags(self) -> Mapping[str, int]:
        """Return each tag in use and the number of its messages."""
        tags: Mapping[str, int] = self.connections.request("GET", "/tags").json
        return tags

    def wait(
        self,
        query: str,
        *,
        since: int = 0,
        timeout: float,
        aborter: Aborter | None = None,
    ) -> Waited:
        """Wait for a message that matches.

        Args:
            query: the query.
            since: only messages with greater numbers count.
            timeout: seconds to wait.
            aborter: ends the wait from another thread.
        """
        _check(query)
        while True:
            seconds = min(timeout, _LONGEST)
            timeout -= seconds
            answer = self.connections.request(
                "GET",
                "/wait",
                {"query": query, "since": since, "count": 1, "timeout": seconds},
                patience=seconds,
                aborter=aborter,
                # 409: it did not come. 410: it came, and was removed at once.
                accept=(HTTPStatus.CONFLICT, HTTPStatus.GONE),
            )
            if answer.status == HTTPStatus.OK:
                return Waited(answer.json["messages"])
            if answer.status == HTTPStatus.GONE or timeout <= 0:
                is_over = "ended" in answer.json
                return Waited(explanation=answer.detail, is_over=is_over)

    def listeners(self) -> Mapping[str, tuple[str, int]]:
        """Return the host and the port that clients connect to, by protocol.

        A socket of a path is left out.
        """
        return {
            each["protocol"]: (each["host"], each["port"])
            for each in self.connections.request("GET", "/status").json["listeners"]
            if each["port"] is not None
        }

    def nodes(self) -> Sequence[Mapping[str, Any]]:
        """Return the servers that share the store, as the API describes them."""
        answer = self.connections.request("GET", "/nodes")
        nodes: Sequence[Mapping[str, Any]] = answer.json["nodes"]
        return nodes

    # Sessions

    def sessions(
        self,
        *,
        after: str | None = None,
        limit: int = 50,
        failed: bool | None = None,
        protocol: str | None = None,
    ) -> list[Session]:
        """Return a page of the sessions that have ended, newest first.

        Args:
            after: the id of the session before the page.
            limit: the most sessions.
            failed: whether they failed; ``None`` for all.
            protocol: ``"imap"`` or ``"pop3"`` for those in which mail was read.
        """
        answer = self.connections.request(
            "GET",
            "/sessions",
            {
                "after": after,
                "limit": limit,
                "failed": None if failed is None else str(failed).lower(),
                "protocol": protocol,
            },
        ).json
        return [self._session(each) for each in answer["sessions"]]

    def all_sessions(self) -> Iterator[Session]:
        """Yield all sessions that have ended, newest first."""
        after: str | None = None
        # Whoever knows the older ones looks at the first few only.
        limit = _FEW
        while True:
            page = self.sessions(after=after, limit=limit)
            yield from page
            if len(page) < limit:
                return
            after, limit = page[-1].id, _PAGE

    def session(self, id: str) -> Session | None:
        """Return a session; ``None`` if there is none."""
        found = self._found(f"/sessions/{_segment(id)}")
        if found is None:
            return None
        lines = found["transcript"]
        return session_of(found["session"], lambda: lines)

    def open_sessions(self) -> list[Session]:
        """Return the sessions that have not ended; none if they are not known."""
        answer = self.connections.request("GET", "/sessions/open", accept=(404, 409))
        if answer.status != 200:
            return []
        return [
            self._session(each["session"], each["transcript"]) for each in answer.json
        ]

    def _session(
        self, values: Mapping[str, Any], so_far: Sequence[Mapping[str, Any]] = ()
    ) -> Session:
        return session_of(values, partial(self._transcript, values["id"], so_far))

    def _transcript(
        self, id: str, so_far: Sequence[Mapping[str, Any]]
    ) -> Sequence[Mapping[str, Any]]:
        found = self._found(f"/sessions/{_segment(id)}")
        if found is None and so_far:
            return so_far
        if found is None:
            gone = "the server keeps this session no longer"
            return [{"seconds": 0.0, "who": "note", "text": gone}]
        lines: Sequence[Mapping[str, Any]] = found["transcript"]
        return lines

    def _found(self, path: str) -> Mapping[str, Any] | None:
        answer = self.connections.request("GET", path, accept=(404,))
        if answer.status == 404:
            try:
                there = str(answer.json["detail"]).startswith("there is no ")
            except (ValueError, KeyError, TypeError):
                there = False
            if not there:
                # The path is wrong, or the server is no server of ours.
                self.connections.request("GET", path)
            return None
        values: Mapping[str, Any] = answer.json
        return values


def _segment(name: str | int) -> str:
    return quote(str(name), safe="")


def _check(query: str) -> None:
    """Check a query before it is sent.

    Raises:
        QueryError: it is wrong.
    """
    if query:
        parse(query, now=datetime.now(timezone.utc), zone=None)
