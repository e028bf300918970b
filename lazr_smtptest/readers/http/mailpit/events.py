"""Mailpit's websocket: the changes of the store, as its page and its clients read them.

The frames of all clients are made once, in the order of the changes.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall

from lazr_smtptest._json import encode_json
from lazr_smtptest.model.change import Change
from lazr_smtptest.model.delivery_event import ErrorReply
from lazr_smtptest.model.summary import Summary
from lazr_smtptest.readers.context import ReaderContext
from lazr_smtptest.readers.http.answer import Answer, HTTPError
from lazr_smtptest.readers.http.call import Call
from lazr_smtptest.readers.http.mailpit.shapes import summary_of
from lazr_smtptest.readers.http.routes import Route
from lazr_smtptest.readers.http.websocket import websocket_answer

__all__ = ["Events"]

# The most clients at the same time.
_MOST_CLIENTS = 1000

# Seconds after which the numbers of messages are sent: not more than four times in one.
_PAUSE = 0.25

# Characters that a slow client may be behind before it is disconnected.
_MOST_BEHIND = 1_048_576

# The most messages that are named one by one; clients read all anew after more.
_MOST_NAMED = 200

# The messages whose flags and tags are remembered, so that only news are sent.
_REMEMBERED = 10_000


Send = Callable[[str], int]


class Events:
    """The part of the API that tells of changes.

    Args:
        context: the store, and the events of its mail.
        version: the version that clients are told.
    """

    def __init__(self, context: ReaderContext, version: str) -> None:
        self._store = context.store
        self._reader = context.reader
        self._reactor = context.reactor
        self._delivery_events = context.delivery_events
        self._version = version
        self._clients: dict[object, tuple[Send, Callable[[], object]]] = {}
        self._ends: list[Callable[[], object]] = []
        self._changes: list[Change] = []
        self._is_telling = False
        self._stats: IDelayedCall | None = None
        # What clients know of a message: whether it was read, and its tags.
        self._known: OrderedDict[str, tuple[bool, Sequence[str]]] = OrderedDict()

    def routes(self, path: str) -> Iterator[Route]:
        """Return the route."""
        yield Route(method="GET", template=path, handler=self.events)

    async def events(self, call: Call) -> Answer:
        """Open a websocket.

        Raises:
            HTTPError: 429, too many clients are connected.
        """
        if len(self._clients) >= _MOST_CLIENTS:
            raise HTTPError(429, f"{_MOST_CLIENTS} clients listen already")
        return websocket_answer(call, self._begin)

    def _begin(self, send: Send, close: Callable[[], object]) -> Callable[[], object]:
        """Add a client; return the function to call when it has left."""
        client = object()
        self._clients[client] = (send, close)
        if not self._ends:
            self._ends = [
                self._reader.watch(self._changed),
                self._delivery_events.subscribe_to_errors(self._refused),
            ]
        self._send_stats_soon()

        def leave() -> None:
            self._clients.pop(client, None)
            if not self._clients:
                self._rest()

        return leave

    def close(self) -> None:
        """Disconnect all clients."""
        for _, close in list(self._clients.values()):
            close()
        self._rest()

    def _rest(self) -> None:
        """Watch nothing while nobody listens."""
        ends, self._ends = self._ends, []
        for end in ends:
            end()
        self._changes.clear()
        self._known.clear()
        if self._stats is not None and self._stats.active():
            self._stats.cancel()

    # Changes

    def _changed(self, change: Change) -> None:
        self._changes.append(change)
        self._send_stats_soon()
        if not self._is_telling:
            self._is_telling = True
            Deferred.fromCoroutine(self._tell_all()).addErrback(self._failed)

    async def _tell_all(self) -> None:
        """Send the frames of the changes so far; nothing else is done meanwhile."""
        try:
            while self._changes:
                changes, self._changes = self._changes, []
                numbers = [
                    number
                    for change in changes
                    if change.kind in ("kept", "changed")
                    and len(change.messages) <= _MOST_NAMED
                    for number in change.messages
                ]
                summaries = await self._reader.call(self._summaries, numbers)
                for change in changes:
                    for kind, data in self._frames(change, summaries):
                        self._send(kind, data)
        finally:
            self._is_telling = False

    def _summaries(self, numbers: Sequence[int]) -> dict[int, Summary]:
        """Return the summaries of messages; in a thread."""
        found = ((number, self._store.summary(number)) for number in set(numbers))
        return {number: each for number, each in found if each is not None}

    def _frames(
        self, change: Change, summaries: dict[int, Summary]
    ) -> Iterator[tuple[str, Any]]:
        """Yield the type and the data of each frame of a change."""
        if change.kind == "cleared":
            yield "truncate", None
        elif change.kind == "removed":
            if len(change.messages) > _MOST_NAMED:
                yield "prune", None
            else:
                yield from (("delete", {"ID": id}) for id in change.ids)
        elif len(change.messages) <= _MOST_NAMED:
            for number in change.messages:
                summary = summaries.get(number)
                # It may be gone already.
                if summary is not None:
                    yield from self._frames_of(change.kind, summary)
        elif change.kind == "kept":
            yield "prune", None

    def _frames_of(self, kind: str, summary: Summary) -> Iterator[tuple[str, Any]]:
        is_read, tags = "seen" in summary.flags, list(summary.tags)
        known = self._known.pop(summary.id, None)
        self._known[summary.id] = (is_read, tags)
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        if kind == "kept":
            yield "new", summary_of(summary)
            return
        if known is None or known[0] != is_read:
            yield "update", {"ID": summary.id, "Read": is_read}
        if known is None or known[1] != tags:
            yield "update", {"ID": summary.id, "Tags": tags}

    def _failed(self, failure: Any) -> None:
        """Disconnect all: they connect again, and read all anew."""
        self.close()

    # The numbers of messages

    def _send_stats_soon(self) -> None:
        if self._stats is None or not self._stats.active():
            self._stats = self._reactor.callLater(_PAUSE, self._count)

    def _count(self) -> None:
        self._reader.counts().addCallbacks(self._send_stats, self._failed)

    def _send_stats(self, counts: Any) -> None:
        self._send(
            "stats",
            {
                "Total": counts.messages,
                "Unread": counts.unread,
                "Version": self._version,
            },
        )

    # Refusals

    def _refused(self, event: ErrorReply) -> None:
        self._send(
            "error",
            {
                "Level": "error" if event.reply.startswith("5") else "warning",
                "Type": "smtpd",
                "IP": event.peer,
                "Message": event.reply,
            },
        )

    def _send(self, kind: str, data: Any) -> None:
        """Send a frame to all clients."""
        text = encode_json({"Type": kind, "Data": data}).decode()
        for send, close in list(self._clients.values()):
            if send(text) > _MOST_BEHIND:
                close()
