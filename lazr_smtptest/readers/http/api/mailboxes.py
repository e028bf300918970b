"""Disposable mailboxes: parts of the store that one test sees alone."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from functools import wraps
from http import HTTPStatus
from typing import Any

import attrs
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.interfaces import IDelayedCall

from lazr_smtptest.faults.base import Scripted
from lazr_smtptest.model.change import Change
from lazr_smtptest.query.parser import parse
from lazr_smtptest.query.selection import Selection
from lazr_smtptest.readers.context import AbsentError, ReaderContext
from lazr_smtptest.readers.http.answer import Answer, HTTPError, json_answer
from lazr_smtptest.readers.http.api import records, requests
from lazr_smtptest.readers.http.api.contents import Contents
from lazr_smtptest.readers.http.api.criteria import criteria_from_json
from lazr_smtptest.readers.http.api.events import Events
from lazr_smtptest.readers.http.api.faults import FaultRules
from lazr_smtptest.readers.http.api.messages import Messages
from lazr_smtptest.readers.http.api.operations import (
    ARGUMENTS,
    Operation,
    operation,
)
from lazr_smtptest.readers.http.api.part import StorePart
from lazr_smtptest.readers.http.api.part_changes import PartChanges
from lazr_smtptest.readers.http.api.sessions import Sessions
from lazr_smtptest.readers.http.api.views import Frames, Views
from lazr_smtptest.readers.http.api.wait import Wait
from lazr_smtptest.readers.http.call import Call
from lazr_smtptest.readers.http.condition import Condition
from lazr_smtptest.readers.http.routes import Handler, Route
from lazr_smtptest.readers.http.waiting import Waiters
from lazr_smtptest.stores._threads import Threads
from lazr_smtptest.stores.deferred_reader import DeferredReader

__all__ = ["Mailboxes"]

# The most mailboxes at the same time, and in each the most requests that wait, and the
# most clients that listen.
_MOST = 1000
_MOST_WAITERS = 1000
# The most fault rules of one.
_MOST_RULES = 100
_MOST_LISTENERS = 100
# Threads that read the mailboxes.
_THREADS = 4
# The domain of generated addresses, which never exists (RFC 2606 section 2).
_DOMAIN = "mailbox.test"

_Key = tuple[str, str]


class Mailboxes:
    """The part of the API that makes disposable mailboxes.

    They are kept in memory: a server that starts again has none.

    Args:
        context: the store and the server.
        frames: see `Views`.
    """

    def __init__(self, context: ReaderContext, frames: Frames) -> None:
        self._context = context
        self._frames = frames
        self._threads = Threads(_THREADS) if context.pool is None else None
        self._pool = context.pool if context.pool is not None else self._threads
        self._boxes: dict[str, _Box] = {}
        # Those that were removed, until nothing reads them any more.
        self._closing: set[Deferred[Any]] = set()

    def routes(self, prefix: str) -> Iterator[Route]:
        """Return the routes, among them those of the messages of a mailbox."""
        path, one = f"{prefix}/mailboxes", f"{prefix}/mailboxes/{{mailbox}}"
        yield operation(
            "GET",
            path,
            self.mailboxes,
            "List the disposable mailboxes",
            answer=records.Mailboxes,
        )
        yield operation(
            "POST",
            path,
            self.make,
            "Make a disposable mailbox",
            body=requests.MailboxRequest,
            example={"address": "anna@example.com", "lifetime": 60},
            answer=records.DisposableMailbox,
            status=HTTPStatus.CREATED,
            others={429: "There are too many."},
        )
        yield _public(
            operation(
                "GET",
                one,
                self.mailbox,
                "Get a disposable mailbox",
                answer=records.DisposableMailbox,
            )
        )
        yield _public(
            operation(
                "DELETE",
                one,
                self.remove,
                "Remove a disposable mailbox and its messages",
                status=HTTPStatus.NO_CONTENT,
            )
        )
        # The routes are those of the whole store; each mailbox has handlers of its own.
        reader = self._context.reader
        waiters = Waiters(self._context.store, reader, self._context.reactor)
        views = Views(reader, self._context.parse, self._frames)
        events = Events(self._context)
        faults = self._context.needed_faults
        for route in _routes_of(reader, waiters, views, events, faults):
            yield self._within(one, route)

    def _within(self, prefix: str, route: Route) -> Route:
        """Return a route of the whole store as one of each mailbox."""
        key = (route.method, route.template)
        described = route.operation
        assert isinstance(described, Operation)

        @wraps(route.handler)
        async def handler(call: Call) -> Answer:
            return await self._find(call).handlers[key](call)

        handler.__qualname__ = f"Mailbox.{handler.__qualname__}"
        return _public(
            attrs.evolve(
                route,
                template=prefix + route.template,
                handler=handler,
                operation=attrs.evolve(
                    described,
                    arguments={"mailbox": ARGUMENTS["mailbox"], **described.arguments},
                    others={404: "There is no such thing.", **described.others},
                ),
            )
        )

    def _find(self, call: Call) -> _Box:
        name = call.parameters["mailbox"]
        box = self._boxes.get(name)
        if box is None:
            raise HTTPError(HTTPStatus.NOT_FOUND, f"there is no mailbox {name!r}")
        return box

    # Calls

    async def mailboxes(self, call: Call) -> Answer:
        """Answer with the mailboxes, oldest first."""
        found = [box.record for box in self._boxes.values()]
        return json_answer(records.Mailboxes(found))

    async def make(self, call: Call) -> Answer:
        """Make a mailbox for the messages that come from now on.

        They have ``address`` as a recipient (``*`` and ``?`` are wildcards), were sent
        by the login ``user``, have these ``header`` fields, and match ``query``: all
        that are given. Without any of these it gets an address of its own.

        Its name cannot be guessed, and needs no login: who knows it sees its messages,
        and no others. After ``lifetime`` seconds it is removed with its messages.

        Raises:
            HTTPError: 400, no message could belong to it. 429, there are too many.
        """
        asked = await call.json(requests.MailboxRequest) if call.body else None
        asked = asked or requests.MailboxRequest()
        if len(self._boxes) >= _MOST:
            raise HTTPError(
                HTTPStatus.TOO_MANY_REQUESTS,
                f"there are {_MOST} mailboxes: remove one first",
            )
        newest = await self._newest()
        box = _Box(self._context, self._pool, self._frames, asked, newest)
        name = box.record.name
        self._boxes[name] = box
        box.timer = self._context.reactor.callLater(asked.lifetime, self._expire, name)
        headers = {"Location": f"{self._frames.root}/mailboxes/{name}"}
        return json_answer(box.record, HTTPStatus.CREATED, headers)

    async def _newest(self) -> int:
        """Return the number of the newest message; 0 if there is none."""
        page = await self._context.reader.page(limit=1)
        return page[0].number if page else 0

    async def mailbox(self, call: Call) -> Answer:
        """Answer with a mailbox."""
        return json_answer(self._find(call).record)

    async def remove(self, call: Call) -> Answer:
        """Remove a mailbox, its messages and its fault rules."""
        await self._close(self._find(call))
        return Answer(status=HTTPStatus.NO_CONTENT)

    def _expire(self, name: str) -> None:
        self._close(self._boxes[name]).addErrback(lambda _: None)

    def _close(self, box: _Box) -> Deferred[Any]:
        del self._boxes[box.record.name]
        closed = box.clear()
        self._closing.add(closed)
        closed.addBoth(self._closed, closed)
        return closed

    def _closed(self, result: Any, closed: Deferred[Any]) -> Any:
        self._closing.discard(closed)
        return result

    def close(self) -> Deferred[Any]:
        """End the requests that wait; the messages stay.

        Returns:
            a Deferred that fires when nothing reads the store any more.
        """
        ended = [box.end() for box in self._boxes.values()]
        ended += [_follow(each) for each in self._closing]
        self._boxes.clear()
        if self._threads is not None:
            self._threads.close()
        return gatherResults(ended)


def _follow(closing: Deferred[Any]) -> Deferred[Any]:
    """Return a Deferred that fires when another one has fired."""
    followed: Deferred[Any] = Deferred()

    def fired(result: Any) -> Any:
        followed.callback(None)
        return result

    closing.addBoth(fired)
    return followed


def _public(route: Route) -> Route:
    # The name of a mailbox is its password.
    return attrs.evolve(route, is_public=True)


def _routes_of(
    reader: DeferredReader,
    waiters: Waiters,
    views: Views,
    events: Events,
    faults: Callable[[], Scripted],
) -> Iterator[Route]:
    """Yield the routes of a store, or of a part of one."""
    yield from Messages(reader).routes("")
    yield from Contents(reader).routes("")
    yield from views.routes("")
    yield from Wait(reader, waiters).routes("")
    yield from Sessions(reader).routes("")
    yield from events.routes("")
    for route in FaultRules(faults, _MOST_RULES).routes(""):
        if route.template.startswith("/faults"):
            yield route


class _Box:
    """A mailbox.

    Attributes:
        record: what the API tells of it.
        handlers: the handlers of its routes, by method and template.
        timer: the call that removes it.
    """

    timer: IDelayedCall | None = None

    def __init__(
        self,
        context: ReaderContext,
        pool: Any,
        frames: Frames,
        asked: requests.MailboxRequest,
        since: int,
    ) -> None:
        self._context = context
        self._most = asked.max_messages
        address = asked.address
        if not (address or asked.user or asked.header or asked.query):
            address = f"{secrets.token_hex(8)}@{_DOMAIN}"
        now = datetime.now(timezone.utc)
        self.record = records.DisposableMailbox(
            name=secrets.token_hex(16),
            address=address,
            user=asked.user,
            header=asked.header,
            query=asked.query,
            created_at=now,
            expires_at=now + timedelta(seconds=asked.lifetime),
            max_messages=asked.max_messages,
        )
        given = {"recipient": address, "user": asked.user, "header": asked.header}
        criteria = {name: value for name, value in given.items() if value}
        tree = parse(asked.query, now=now, zone=None)
        condition = Condition(
            asked.query, tree, criteria_from_json(criteria) if criteria else None
        )
        part = StorePart(context.store, condition, since)
        self._reader = DeferredReader(part, context.reactor, pool=pool)
        self._waiters = Waiters(part, self._reader, context.reactor, _MOST_WAITERS)
        changes = PartChanges(part, self._reader)
        self._events = Events(context, _MOST_LISTENERS, changes)
        self._faults: Scripted | None = None
        self.handlers: Mapping[_Key, Handler] = {
            (route.method, route.template): route.handler
            for route in _routes_of(
                self._reader,
                self._waiters,
                Views(self._reader, context.parse, frames),
                self._events,
                self._needed_faults,
            )
        }
        # Messages of the store that were kept, and not looked at yet.
        self._kept: list[int] = []
        # How many more messages fit for certain. Only the thread of `_prune` uses it.
        self._room = self._most
        self._is_pruning = False
        self._unwatch = self._reader.watch(self._changed)

    def _needed_faults(self) -> Scripted:
        """Return the fault rules for the recipients or the user of this mailbox."""
        given = {"recipient": self.record.address, "user": self.record.user}
        limits = {name: value for name, value in given.items() if value}
        if not limits:
            raise AbsentError(
                "fault rules", "this mailbox has neither an address nor a user"
            )
        if self._faults is None:
            self._faults = self._context.needed_faults().limited_to(**limits)
        return self._faults

    # Its bound

    def _changed(self, change: Change) -> None:
        if change.kind == "kept":
            self._kept += change.messages
            self._prune()

    def _prune(self) -> None:
        if self._is_pruning or not self._kept:
            return
        self._is_pruning = True
        kept, self._kept = self._kept, []
        self._reader.call(self._remove_oldest, kept).addBoth(self._pruned)

    def _remove_oldest(self, kept: Sequence[int]) -> None:
        """Remove the oldest messages beyond the bound; in a thread.

        All are listed only if there may be too many: the store may keep a lot of mail
        that is for others.
        """
        part = self._waiters.store
        self._room -= sum(part.summary(number) is not None for number in kept)
        if self._room >= 0:
            return
        numbers = part.numbers()
        if len(numbers) > self._most:
            part.remove(Selection(numbers=numbers[: -self._most]))
        self._room = max(self._most - len(numbers), 0)

    def _pruned(self, _: Any) -> None:
        self._is_pruning = False
        self._prune()

    # Its end

    def clear(self) -> Deferred[Any]:
        """End it, and remove its messages and its fault rules."""
        if self._faults is not None:
            self._faults.clear()
        removed = self._reader.remove(Selection(query=""))

        def end(result: Any) -> Deferred[Any]:
            return self.end().addCallback(lambda _: result)

        return removed.addBoth(end)

    def end(self) -> Deferred[Any]:
        """End the requests that wait."""
        self._unwatch()
        if self.timer is not None and self.timer.active():
            self.timer.cancel()
        self._waiters.close()
        self._events.close()
        return self._reader.close()
