"""Disposable mailboxes: parts of the store that one test sees alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import wraps
from http import HTTPStatus
from typing import Any

import attrs
from twisted.internet.defer import Deferred, gatherResults, succeed

from lazr_smtptest.errors import StoreError
from lazr_smtptest.readers.context import ReaderContext
from lazr_smtptest.readers.http.answer import Answer, HTTPError, json_answer
from lazr_smtptest.readers.http.api import records, requests
from lazr_smtptest.readers.http.api.events import Events
from lazr_smtptest.readers.http.api.mailbox import Box, new_record, routes_of
from lazr_smtptest.readers.http.api.operations import (
    ARGUMENTS,
    Operation,
    operation,
)
from lazr_smtptest.readers.http.api.shared_mailboxes import SharedMailbox
from lazr_smtptest.readers.http.api.views import Frames, Views
from lazr_smtptest.readers.http.call import Call
from lazr_smtptest.readers.http.routes import Route
from lazr_smtptest.readers.http.waiting import LONGEST_WAIT, Waiters
from lazr_smtptest.stores._threads import Threads

__all__ = ["Mailboxes"]

# The most mailboxes at the same time.
_MOST = 1000
# Threads that read the mailboxes.
_THREADS = 4


class Mailboxes:
    """The part of the API that makes disposable mailboxes.

    They are kept in memory: a server that starts again has none. Nodes that share a
    database keep them there, and each has those of all.

    Args:
        context: the store and the server.
        frames: see `Views`.
        longest_wait: the most seconds that a request may wait.
    """

    def __init__(
        self,
        context: ReaderContext,
        frames: Frames,
        longest_wait: float = LONGEST_WAIT,
    ) -> None:
        self._context = context
        self._frames = frames
        self._longest_wait = longest_wait
        self._threads = Threads(_THREADS) if context.pool is None else None
        self._pool = context.pool if context.pool is not None else self._threads
        self._shared = None if context.shared is None else context.shared.mailboxes
        self._unwatch = None if self._shared is None else self._shared.watch(self._use)
        self._boxes: dict[str, Box] = {}
        # Why the last ones ended, by their names.
        self._ended: dict[str, str] = {}
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
        waiters = Waiters(
            self._context.store,
            reader,
            self._context.reactor,
            longest=self._longest_wait,
        )
        views = Views(reader, self._context.parse, self._frames)
        events = Events(self._context)
        faults = self._context.needed_faults
        for route in routes_of(self._context, reader, waiters, views, events, faults):
            yield self._within(one, route)

    def _within(self, prefix: str, route: Route) -> Route:
        """Return a route of the whole store as one of each mailbox."""
        key = (route.method, route.template)
        described = route.operation
        assert isinstance(described, Operation)

        @wraps(route.handler)
        async def handler(call: Call) -> Answer:
            return await (await self._find(call)).answer(key, call)

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

    async def _find(self, call: Call) -> Box:
        name = call.parameters["mailbox"]
        if name not in self._boxes and name not in self._ended:
            await self._look()
        box = self._boxes.get(name)
        if box is None:
            why = f": {self._ended[name]}" if name in self._ended else ""
            raise HTTPError(HTTPStatus.NOT_FOUND, f"there is no mailbox {name!r}{why}")
        return box

    # Calls

    async def mailboxes(self, call: Call) -> Answer:
        """Answer with the mailboxes, oldest first."""
        await self._look()
        found = sorted(
            (box.record for box in self._boxes.values()),
            key=lambda record: record.created_at,
        )
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
        newest = await self._context.reader.next_number() - 1
        record = new_record(asked)
        box = self._box(record, newest)
        if self._shared is not None:
            try:
                await self._shared.add(record, newest, asked.lifetime)
            except StoreError:
                await box.end()
                raise
        if record.name in self._boxes:
            # A look has found it meanwhile.
            await box.end()
        else:
            self._open(box, asked.lifetime)
        headers = {"Location": f"{self._frames.root}/mailboxes/{record.name}"}
        return json_answer(record, HTTPStatus.CREATED, headers)

    def _box(self, record: records.DisposableMailbox, since: int) -> Box:
        return Box(
            self._context,
            self._pool,
            self._frames,
            record,
            since=since,
            longest_wait=self._longest_wait,
        )

    def _open(self, box: Box, lifetime: float) -> None:
        """Let a mailbox be found until its lifetime, in seconds, has ended."""
        name = box.record.name
        self._boxes[name] = box
        if box.own_address:
            self._context.mailbox_addresses[name] = box.own_address
        box.timer = self._context.reactor.callLater(lifetime, self._expire, name)

    # Those of other nodes

    async def _look(self) -> None:
        """Open the mailboxes that other nodes have made, end those they removed.

        Raises:
            StoreError: the database cannot be read.
        """
        if self._shared is not None:
            await self._shared.look()

    def _use(self, found: Sequence[SharedMailbox]) -> None:
        """Open the mailboxes of the database that are new, end those that are gone."""
        for each in found:
            name = each.record.name
            if name not in self._boxes and name not in self._ended:
                self._open(self._box(each.record, each.since), max(0.0, each.left))
        for name in self._boxes.keys() - {each.record.name for each in found}:
            ended = self._end(name, f"the mailbox {name} was removed")
            ended.addErrback(lambda _: None)

    async def mailbox(self, call: Call) -> Answer:
        """Answer with a mailbox."""
        return json_answer((await self._find(call)).record)

    async def remove(self, call: Call) -> Answer:
        """Remove a mailbox, its messages and its fault rules."""
        name = (await self._find(call)).record.name
        await self._remove_shared(name)
        await self._end(name, f"the mailbox {name} was removed")
        return Answer(status=HTTPStatus.NO_CONTENT)

    def _expire(self, name: str) -> None:
        record = self._boxes[name].record
        seconds = (record.expires_at - record.created_at).total_seconds()
        reason = f"the lifetime of mailbox {name} ({seconds:g} s) has ended"
        # What cannot be removed now is removed when a node starts: its time has ended.
        self._remove_shared(name).addErrback(lambda _: None)
        self._end(name, reason).addErrback(lambda _: None)

    def _remove_shared(self, name: str) -> Deferred[Any]:
        if self._shared is None:
            return succeed(None)
        return self._shared.remove(name)

    def _end(self, name: str, reason: str) -> Deferred[Any]:
        """End a mailbox with its messages, if it has not ended."""
        if name not in self._boxes:
            return succeed(None)
        self._ended[name] = reason
        if len(self._ended) > _MOST:
            del self._ended[next(iter(self._ended))]
        self._context.mailbox_addresses.pop(name, None)
        closed = self._boxes.pop(name).clear(reason)
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
        if self._unwatch is not None:
            self._unwatch()
        for name in self._boxes:
            self._context.mailbox_addresses.pop(name, None)
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
