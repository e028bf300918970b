"""The changes of a store, as server-sent events (WHATWG HTML 9.2) or on a websocket."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from http import HTTPStatus
from typing import Any

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from lazr_smtptest.model.change import Change
from lazr_smtptest.readers.context import ReaderContext
from lazr_smtptest.readers.http.answer import Answer, HTTPError, Stream
from lazr_smtptest.readers.http.api.event import Event
from lazr_smtptest.readers.http.api.happenings import Happenings
from lazr_smtptest.readers.http.api.operations import EVENTS, operation
from lazr_smtptest.readers.http.api.part_changes import PartChanges
from lazr_smtptest.readers.http.call import Call
from lazr_smtptest.readers.http.pace import Pace
from lazr_smtptest.readers.http.routes import Route
from lazr_smtptest.readers.http.websocket import websocket_answer
from lazr_smtptest.stores.deferred_reader import DeferredReader

__all__ = ["MOST_LISTENERS", "Events"]

# The most clients at the same time.
MOST_LISTENERS = 1000

# Seconds after which a line is sent that says nothing, so that no proxy ends a quiet
# connection, and the seconds after which a client connects again.
_QUIET = 15.0
_RETRY = 1

# The changes that are read at once when a client comes back, and the most that it may
# have missed before it has to read all anew.
_AT_A_TIME = 1000

# Bytes that a slow client may be behind before it is disconnected; it then comes back
# and asks for what it missed.
_MOST_BEHIND = 1_048_576

# Sends events, and returns how many bytes or characters wait to be sent.
_Tell = Callable[[Sequence[Event]], int]


class Events:
    """The part of the API that tells of changes and sessions as they happen.

    Args:
        context: the store and the server.
        most: the most clients at the same time.
        part: the changes of a part of the store: no others are told, nor what happens
            on the wire.
    """

    def __init__(
        self,
        context: ReaderContext,
        most: int = MOST_LISTENERS,
        part: PartChanges | None = None,
    ) -> None:
        self._reader = part or context.reader
        self._reactor = context.reactor
        self._most = most
        self._clients: set[_Client] = set()
        self._happenings = None if part else Happenings(context, self._tell)
        self._unwatch: Callable[[], None] | None = None
        # Those that all clients are told of together, and the call that does so later.
        self._pending: list[Event] = []
        self._pace = Pace(context.reactor)
        self._later: IDelayedCall | None = None

    def routes(self, prefix: str) -> Iterator[Route]:
        """Return the route."""
        yield operation(
            "GET",
            f"{prefix}/events",
            self.events,
            "Get the changes as they happen",
            query=("since",),
            answer=EVENTS,
            others={
                101: "A websocket is open.",
                426: "This is not the opening of a websocket.",
                429: "Too many clients listen.",
                501: "The installed Twisted has no websockets.",
            },
        )

    async def events(self, call: Call) -> Answer:
        """Answer with the changes from now on, or after ``Last-Event-ID``.

        They are ``kept``, ``changed``, ``removed`` and ``cleared``, with their numbers.
        ``reset`` tells a client that it missed too many. ``session-began``,
        ``session-ended``, ``refused``, ``aborted`` and ``fault-fired`` tell what
        happens on the wire, and are not repeated for a client that was away; those of a
        mailbox are left out.

        A request that opens a websocket gets the same events as texts in JSON.

        Raises:
            HTTPError: 429, too many clients are connected.
        """
        number = _number(call)
        if len(self._clients) >= self._most:
            raise HTTPError(
                HTTPStatus.TOO_MANY_REQUESTS,
                f"{self._most} clients listen already: try again later",
            )

        def begin(tell: _Tell, end: Callable[[], object]) -> Callable[[], object]:
            client = _Client(self._reader, tell, end, self._forget)
            self._clients.add(client)
            self._begin()
            client.begin(number)
            return client.gone

        if call.header("upgrade"):
            return websocket_answer(
                call, lambda send, end: begin(partial(_tell_in_json, send), end)
            )

        def begin_stream(
            write: Callable[[bytes], int], end: Callable[[], object]
        ) -> Callable[[], object]:
            stream = _EventStream(self._reactor, write)
            leave = begin(stream.tell, end)

            def gone() -> None:
                stream.stop()
                leave()

            return gone

        return Answer(
            content_type="text/event-stream; charset=utf-8", body=Stream(begin_stream)
        )

    def _begin(self) -> None:
        """Begin to watch, unless that has begun."""
        if self._unwatch is None:
            self._unwatch = self._reader.watch(self._changed)
        if self._happenings is not None:
            self._happenings.begin()

    def _forget(self, client: _Client) -> None:
        self._clients.discard(client)
        if self._clients:
            return
        if self._happenings is not None:
            self._happenings.end()
        if self._unwatch is not None:
            self._unwatch()
            self._unwatch = None

    def _changed(self, change: Change) -> None:
        self._add(Event.of(change))

    def _tell(self, kind: str, data: dict[str, object]) -> None:
        self._add(Event(kind, data))

    def _add(self, event: Event) -> None:
        self._pending.append(event)
        if len(self._pending) > 1:
            return
        pause = self._pace.pause()
        if pause:
            self._later = self._reactor.callLater(pause, self._tell_all)
        else:
            # In the next turn of the reactor.
            self._reactor.callFromThread(self._tell_all)

    def _tell_all(self) -> None:
        """Send all clients what has happened meanwhile, in one go."""
        self._later = None
        events, self._pending = self._pending, []
        for client in list(self._clients):
            client.happened(events)

    def close(self) -> None:
        """Disconnect all clients."""
        if self._later is not None:
            self._later.cancel()
            self._tell_all()
        for client in list(self._clients):
            client.end()


def _number(call: Call) -> int | None:
    """Return the last change that a client knows; ``None`` for none.

    Raises:
        HTTPError: 400, ``since`` is no number. A browser sends the other one by itself.
    """
    text = call.header("last-event-id")
    if text.isascii() and text.isdecimal() and len(text) < 19:
        return int(text)
    if not call.argument("since"):
        return None
    return int(call.number("since", 0, least=0, most=2**63 - 1))


def _tell_in_json(send: Callable[..., int], events: Sequence[Event]) -> int:
    """Send events as texts, in one write."""
    return send(*[event.as_json for event in events])


class _EventStream:
    """Server-sent events, and a line that says nothing when there are none."""

    def __init__(self, reactor: IReactorTime, write: Callable[[bytes], int]) -> None:
        self._reactor = reactor
        self._write = write
        self._quiet = reactor.callLater(_QUIET, self._say_nothing)
        write(f"retry: {_RETRY * 1000}\n\n".encode())

    def tell(self, events: Sequence[Event]) -> int:
        """Send events; return how many bytes wait to be sent."""
        if self._quiet.active():
            self._quiet.reset(_QUIET)
        return self._write(b"".join([event.as_lines for event in events]))

    def _say_nothing(self) -> None:
        self._write(b":\n\n")
        self._quiet = self._reactor.callLater(_QUIET, self._say_nothing)

    def stop(self) -> None:
        """Send no more."""
        if self._quiet.active():
            self._quiet.cancel()


class _Client:
    """A client that listens."""

    def __init__(
        self,
        reader: DeferredReader | PartChanges,
        tell: _Tell,
        end: Callable[[], object],
        forget: Callable[[_Client], object],
    ) -> None:
        self._reader = reader
        self._send: _Tell | None = tell
        self._end = end
        self._forget = forget
        # The last change that it was told of; ``None`` until it has caught up.
        self._last: int | None = None
        self._missed: list[Event] = []

    def begin(self, since: int | None) -> None:
        """Begin to send events.

        Args:
            since: the last change that the client knows; ``None`` for none.
        """
        if since is None:
            asked = self._reader.last_change()
            asked.addCallbacks(self._caught_up, self._failed)
        else:
            self._catch_up(since)

    def _catch_up(self, since: int) -> None:
        asked = self._reader.changes(since, _AT_A_TIME)
        asked.addCallbacks(self._seen, self._failed)

    def _seen(self, changes: Any) -> None:
        events = [Event.of(change) for change in changes.changes]
        if changes.is_reset:
            events.insert(0, Event("reset", {}))
        self._tell(events)
        if changes.is_complete:
            self._caught_up(changes.last)
        else:
            self._catch_up(changes.last)

    def _caught_up(self, last: int) -> None:
        self._last = last
        missed, self._missed = self._missed, []
        self.happened(missed)

    def happened(self, events: Sequence[Event]) -> None:
        """Send what the client does not know, when it has caught up."""
        last = self._last
        if last is None:
            self._missed += events
            return
        new = [each for each in events if each.number is None or each.number > last]
        self._last = max([last, *(each.number for each in new if each.number)])
        self._tell(new)

    def _tell(self, events: Sequence[Event]) -> None:
        """Send events; a client that is too far behind is disconnected."""
        if events and self._send is not None and self._send(events) > _MOST_BEHIND:
            self.end()

    def _failed(self, failure: Any) -> None:
        # The client comes back, and asks again.
        self.end()

    def end(self) -> None:
        """End the answer."""
        if self._send is not None:
            self.gone()
            self._end()

    def gone(self) -> None:
        """Send no more."""
        self._send = None
        self._missed.clear()
        self._forget(self)
