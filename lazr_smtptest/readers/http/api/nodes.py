"""The servers that share the store."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timezone

import msgspec

from lazr_smtptest.interfaces import ISharedStore
from lazr_smtptest.model.delivery_event import MailEvent
from lazr_smtptest.model.node import Node
from lazr_smtptest.net.clock import duration_clock, wall_clock
from lazr_smtptest.readers.context import ReaderContext
from lazr_smtptest.readers.http.answer import Answer, json_answer
from lazr_smtptest.readers.http.api.operations import operation
from lazr_smtptest.readers.http.call import Call
from lazr_smtptest.readers.http.routes import Route
from lazr_smtptest.stores.throughput import Throughput
from lazr_smtptest.version import __version__

__all__ = ["Nodes"]


class NodeRecord(msgspec.Struct, frozen=True):
    """A process that keeps or reads the messages of the store.

    ``name`` is by default the name of its machine. ``is_alive``: it has been seen
    within the last eight seconds. ``is_this``: it is the one that answered. ``rate`` is
    how many messages a second it kept during the last ten seconds. ``lag`` is how many
    seconds its slowest message lately has waited for the database; 0 for a store
    without one.
    """

    name: str
    process: int
    version: str
    is_alive: bool
    is_this: bool
    started_at: datetime
    seen_at: datetime
    messages: int
    rate: float
    lag: float


class NodesAnswer(msgspec.Struct, frozen=True):
    """The nodes, by their names."""

    nodes: list[NodeRecord]


class Nodes:
    """The part of the API that is about the servers that share the store.

    A store that one server has to itself has one node. Its messages are counted from
    the first request on where nothing else follows the mail, such as a log, so that
    this costs nothing before it.

    Args:
        context: the server.
    """

    def __init__(self, context: ReaderContext) -> None:
        self._context = context
        self._now = wall_clock(context.reactor)
        self._started_at = self._now()
        self._throughput = Throughput(duration_clock(context.reactor))
        self._uncount: Callable[[], object] | None = None
        if context.delivery_events.wanted:
            self._count()

    def routes(self, prefix: str) -> Iterator[Route]:
        """Return the route."""
        yield operation(
            "GET",
            f"{prefix}/nodes",
            self.list_nodes,
            "List the servers that share the store",
            answer=NodesAnswer,
        )

    async def list_nodes(self, call: Call) -> Answer:
        """Answer with the servers that share the store, by their names.

        The only one of a store that cannot be shared is the one that answers.
        """
        store = self._context.store
        nodes: Sequence[Node]
        if ISharedStore.providedBy(store):
            nodes = await self._context.reader.call(store.nodes)
        else:
            nodes = [self._this()]
        return json_answer(NodesAnswer([_record_of(each) for each in nodes]))

    def _this(self) -> Node:
        """Return the node that is this process."""
        self._count()
        return Node(
            name=socket.gethostname(),
            process=os.getpid(),
            version=__version__,
            is_this=True,
            started_at=datetime.fromtimestamp(self._started_at, timezone.utc),
            seen_at=datetime.fromtimestamp(self._now(), timezone.utc),
            messages=self._throughput.messages,
            rate=self._throughput.rate(),
        )

    def _count(self) -> None:
        """Count the messages from now on, unless that has begun."""
        if self._uncount is None:
            events = self._context.delivery_events
            self._uncount = events.subscribe(self._count_mail)

    def _count_mail(self, event: MailEvent) -> None:
        if event.outcome == "accepted":
            self._throughput.count()

    def close(self) -> None:
        """Count no more."""
        if self._uncount is not None:
            self._uncount()
            self._uncount = None


def _record_of(node: Node) -> NodeRecord:
    return msgspec.convert(node, NodeRecord, from_attributes=True)
