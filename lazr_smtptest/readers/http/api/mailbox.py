"""A disposable mailbox: a part of the store with an API of its own."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IDelayedCall

from lazr_smtptest.faults.base import Scripted
from lazr_smtptest.model.change import Change
from lazr_smtptest.query.parser import parse
from lazr_smtptest.query.selection import Selection
from lazr_smtptest.readers.context import AbsentError, ReaderContext
from lazr_smtptest.readers.http.answer import Answer
from lazr_smtptest.readers.http.api import records, requests
from lazr_smtptest.readers.http.api.contents import Contents
from lazr_smtptest.readers.http.api.criteria import criteria_from_json
from lazr_smtptest.readers.http.api.events import Events
from lazr_smtptest.readers.http.api.faults import FaultRules
from lazr_smtptest.readers.http.api.messages import Messages
from lazr_smtptest.readers.http.api.part import StorePart
from lazr_smtptest.readers.http.api.part_changes import PartChanges
from lazr_smtptest.readers.http.api.sessions import Sessions
from lazr_smtptest.readers.http.api.views import Frames, Views
from lazr_smtptest.readers.http.api.wait import Wait
from lazr_smtptest.readers.http.call import Call
from lazr_smtptest.readers.http.condition import Condition
from lazr_smtptest.readers.http.routes import Handler, Route
from lazr_smtptest.readers.http.waiting import MailboxEndedError, Waiters
from lazr_smtptest.stores.deferred_reader import DeferredReader

__all__ = ["Box", "new_record", "routes_of"]

# In one mailbox the most requests that wait, the most clients that listen, and the most
# fault rules.
_MOST_WAITERS = 1000
_MOST_LISTENERS = 100
_MOST_RULES = 100
# The domain of generated addresses, which never exists (RFC 2606 section 2).
_DOMAIN = "mailbox.test"

_Key = tuple[str, str]


def routes_of(
    context: ReaderContext,
    reader: DeferredReader,
    waiters: Waiters,
    views: Views,
    events: Events,
    faults: Callable[[], Scripted],
) -> Iterator[Route]:
    """Yield the routes of a store, or of a part of one."""
    find, parsing = context.find, context.parsing
    yield from Messages(reader, find).routes("")
    yield from Contents(reader, find).routes("")
    yield from views.routes("")
    yield from Wait(reader, waiters, find=find, parsing=parsing).routes("")
    yield from Sessions(reader).routes("")
    yield from events.routes("")
    has_others = context.shared is not None
    for route in FaultRules(faults, _MOST_RULES, has_others=has_others).routes(""):
        if route.template.startswith("/faults"):
            yield route


def new_record(asked: requests.MailboxRequest) -> records.DisposableMailbox:
    """Return the record of a new mailbox: its name, its address, when it ends."""
    address = asked.address
    if not (address or asked.user or asked.header or asked.query):
        address = f"{secrets.token_hex(8)}@{_DOMAIN}"
    now = datetime.now(timezone.utc)
    return records.DisposableMailbox(
        name=secrets.token_hex(16),
        address=address,
        user=asked.user,
        header=asked.header,
        query=asked.query,
        created_at=now,
        expires_at=now + timedelta(seconds=asked.lifetime),
        max_messages=asked.max_messages,
    )


class Box:
    """A disposable mailbox, with the routes for its messages.

    All methods are called in the reactor's thread.

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
        record: records.DisposableMailbox,
        *,
        since: int,
        longest_wait: float,
    ) -> None:
        self._context = context
        self.record = record
        self._most = record.max_messages
        given = {
            "recipient": record.address,
            "user": record.user,
            "header": record.header,
        }
        criteria = {name: value for name, value in given.items() if value}
        tree = parse(record.query, now=record.created_at, zone=None)
        condition = Condition(
            record.query, tree, criteria_from_json(criteria) if criteria else None
        )
        part = StorePart(context.store, condition, since)
        self._reader = DeferredReader(part, context.reactor, pool=pool)
        self._waiters = Waiters(
            part, self._reader, context.reactor, _MOST_WAITERS, longest_wait
        )
        changes = PartChanges(part, self._reader)
        self._events = Events(context, _MOST_LISTENERS, changes)
        self._faults: Scripted | None = None
        self.handlers: Mapping[_Key, Handler] = {
            (route.method, route.template): route.handler
            for route in routes_of(
                context,
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
        # The requests that are being answered, and what fires when none is left.
        self._answering = 0
        self._idle: Deferred[None] | None = None
        self._unwatch = self._reader.watch(self._changed)

    @property
    def own_address(self) -> str:
        """The address whose mail it has; ``""`` if it has other conditions."""
        record = self.record
        address = record.address or ""
        is_other = record.user or record.header or record.query
        return "" if is_other or any(each in address for each in "*?") else address

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

    # Its requests

    async def answer(self, key: _Key, call: Call) -> Answer:
        """Answer a request with the handler of a route, see `handlers`."""
        self._answering += 1
        try:
            return await self.handlers[key](call)
        finally:
            self._answering -= 1
            if self._idle is not None and not self._answering:
                self._idle.callback(None)

    def _end_waits(self, reason: str) -> Deferred[Any]:
        """End the requests that wait; fires when all requests are answered."""
        self._waiters.close(MailboxEndedError(reason))
        if not self._answering:
            return succeed(None)
        self._idle = Deferred()
        return self._idle

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

    def clear(self, reason: str) -> Deferred[Any]:
        """End it, and remove its messages and its fault rules.

        Requests that wait are told what had arrived, before that is removed.

        Args:
            reason: why it ends.
        """
        if self._faults is not None:
            self._faults.clear()
        answered = self._end_waits(reason)
        removed = answered.addCallback(
            lambda _: self._reader.remove(Selection(query=""))
        )

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
