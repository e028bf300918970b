"""MailHog's streams of new messages: server-sent events, and a websocket."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from http import HTTPStatus
from typing import Any

import attrs
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall

from lazr_smtptest.model.change import Change
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.readers.context import ReaderContext
from lazr_smtptest.readers.http.answer import Answer, HTTPError, Stream
from lazr_smtptest.readers.http.call import Call
from lazr_smtptest.readers.http.mailhog.shapes import message_of
from lazr_smtptest.readers.http.routes import Route
from lazr_smtptest.readers.http.websocket import websocket_answer

__all__ = ["Events"]

# The most clients at the same time.
_MOST_CLIENTS = 1000

# Seconds between two lines that say nothing.
_QUIET = 60.0

# Bytes, or characters, that a slow client may be behind before it is disconnected.
_MOST_BEHIND = 16 * 1024 * 1024


@attrs.frozen
class _Message:
    """A new message in both forms, which are made once for all clients.

    Attributes:
        text: its JSON, and a line feed, for websockets.
        event: its JSON as a server-sent event.
    """

    text: str
    event: bytes

    @classmethod
    def of(cls, envelope: Envelope) -> _Message:
        """Return the forms of a message."""
        shape = message_of(envelope)
        lines = json.dumps(shape, indent=2).split("\n")
        data = "".join(f"data: {line}\n" for line in lines)
        text = json.dumps(shape, separators=(",", ":"))
        return cls(f"{text}\n", f"{data}\n".encode())


@attrs.frozen(eq=False)
class _Client:
    """A client that listens.

    Attributes:
        send: sends a message; returns how much waits.
        close: disconnects it.
        keep_alive: sends a line that says nothing; ``None``: it needs none.
    """

    send: Callable[[_Message], int]
    close: Callable[[], object]
    keep_alive: Callable[[], object] | None = None


class Events:
    """The part of the API that tells of new messages.

    Args:
        context: the store.
    """

    def __init__(self, context: ReaderContext) -> None:
        self._store = context.store
        self._reader = context.reader
        self._reactor = context.reactor
        self._clients: set[_Client] = set()
        self._unwatch: Callable[[], None] | None = None
        self._timer: IDelayedCall | None = None
        self._new: list[int] = []
        self._is_telling = False

    def routes(self, base: str) -> Iterator[Route]:
        """Return the routes.

        Args:
            base: the path before all paths, such as ``/``.
        """
        for path, handler in (
            ("v1/events", self.events),
            ("v2/websocket", self.websocket),
        ):
            yield Route(method="GET", template=f"{base}api/{path}", handler=handler)

    async def events(self, call: Call) -> Answer:
        """Answer with the new messages as server-sent events."""
        self._check_room()

        def begin(
            write: Callable[[bytes], int], end: Callable[[], object]
        ) -> Callable[[], object]:
            return self._join(
                _Client(
                    lambda message: write(message.event),
                    end,
                    lambda: write(b"keepalive: \n"),
                )
            )

        return Answer(content_type="text/event-stream", body=Stream(begin))

    async def websocket(self, call: Call) -> Answer:
        """Open a websocket with the new messages."""
        self._check_room()

        def begin(
            send: Callable[[str], int], close: Callable[[], object]
        ) -> Callable[[], object]:
            return self._join(_Client(lambda message: send(message.text), close))

        return websocket_answer(call, begin)

    def _check_room(self) -> None:
        """Check that one more client may connect.

        Raises:
            HTTPError: 429, too many clients are connected.
        """
        if len(self._clients) >= _MOST_CLIENTS:
            raise HTTPError(
                HTTPStatus.TOO_MANY_REQUESTS, f"{_MOST_CLIENTS} clients listen already"
            )

    def _join(self, client: _Client) -> Callable[[], object]:
        """Add a client; return the function to call when it has left."""
        self._clients.add(client)
        if self._unwatch is None:
            self._unwatch = self._reader.watch(self._changed)
            self._timer = self._reactor.callLater(_QUIET, self._keep_alive)

        def leave() -> None:
            self._clients.discard(client)
            if not self._clients:
                self._rest()

        return leave

    def close(self) -> None:
        """Disconnect all clients."""
        for client in list(self._clients):
            client.close()
        self._clients.clear()
        self._rest()

    def _rest(self) -> None:
        """Watch nothing while nobody listens."""
        if self._unwatch is not None:
            self._unwatch()
            self._unwatch = None
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._new.clear()

    def _keep_alive(self) -> None:
        self._timer = self._reactor.callLater(_QUIET, self._keep_alive)
        for client in list(self._clients):
            if client.keep_alive is not None:
                client.keep_alive()

    def _changed(self, change: Change) -> None:
        if change.kind != "kept":
            return
        self._new += change.messages
        if not self._is_telling:
            self._is_telling = True
            Deferred.fromCoroutine(self._tell()).addErrback(self._failed)

    async def _tell(self) -> None:
        """Send the new messages, in their order."""
        try:
            while self._new:
                numbers, self._new = self._new[:50], self._new[50:]
                for message in await self._reader.call(self._made, numbers):
                    for client in list(self._clients):
                        if client.send(message) > _MOST_BEHIND:
                            client.close()
        finally:
            self._is_telling = False

    def _made(self, numbers: Sequence[int]) -> list[_Message]:
        """Return messages in the forms of clients; in a thread."""
        found = (self._store.envelope(number) for number in numbers)
        return [_Message.of(each) for each in found if each is not None]

    def _failed(self, failure: Any) -> None:
        """Disconnect all: they connect again."""
        self.close()
