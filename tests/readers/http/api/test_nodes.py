"""The list of the servers that share a store, over HTTP."""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any
from unittest.mock import Mock

import pytest
from zope.interface import implementer

from lazr_smtptest.errors import StoreError
from lazr_smtptest.interfaces import ISharedStore
from lazr_smtptest.model.delivery_event import MailEvent
from lazr_smtptest.model.node import Node
from lazr_smtptest.stores import MemoryStore
from lazr_smtptest.version import __version__

from ..client import Client
from ..conftest import Mail

NOON = datetime(2026, 1, 31, 12, tzinfo=timezone.utc)


def nodes_of(client: Client) -> Any:
    return client.get("/api/v2/nodes").json["nodes"]


@implementer(ISharedStore)
class Shared(MemoryStore):
    """A store with another node."""

    def join(self) -> None:
        """Do nothing."""

    def connect(self) -> Any:
        """Return a connection that is never used."""
        return Mock()

    def lag(self) -> float:
        """Return a lag."""
        return 3.5

    def nodes(self) -> Sequence[Node]:
        """Return that node."""
        return [
            Node(
                name="mail-2",
                process=7,
                version="1.2",
                is_alive=False,
                started_at=NOON,
                seen_at=NOON,
                messages=5,
                rate=2.5,
                lag=0.125,
            )
        ]


class Away(Shared):
    """A store whose database does not answer."""

    def nodes(self) -> Sequence[Node]:
        """Raise an error."""
        raise StoreError("cannot read postgresql://db/mail: no route")


def test_a_store_of_one_server_has_one_node(client: Client) -> None:
    [node] = nodes_of(client)
    assert (node["name"], node["process"]) == (socket.gethostname(), os.getpid())
    assert (node["version"], node["is_this"], node["is_alive"]) == (
        __version__,
        True,
        True,
    )


def test_it_has_the_time_of_its_start_and_of_the_answer(mail: Mail) -> None:
    mail.reactor.advance(60)
    [node] = nodes_of(mail.connect())
    assert node["started_at"] == "1970-01-01T00:00:00Z"
    assert node["seen_at"] == "1970-01-01T00:01:00Z"


def test_it_counts_accepted_messages_and_their_rate(mail: Mail) -> None:
    nodes_of(mail.client)
    mail.reactor.advance(100)
    for outcome in ("accepted", "accepted", "refused"):
        mail.context.delivery_events.emit(mail_event(outcome))
    [node] = nodes_of(mail.connect())
    assert (node["messages"], node["rate"], node["lag"]) == (2, 0.2, 0.0)


def mail_event(outcome: Any) -> MailEvent:
    """Return the outcome of a message."""
    return MailEvent(seconds=0.0, session="1", outcome=outcome, sender="a@b")


def test_nothing_is_counted_before_somebody_asks(mail: Mail) -> None:
    assert not mail.context.delivery_events.wanted
    nodes_of(mail.client)
    assert mail.context.delivery_events.wanted
    mail.reader.close()
    assert not mail.context.delivery_events.wanted


def test_the_nodes_of_a_shared_store_are_those_that_it_lists(
    make_mail: type[Mail],
) -> None:
    mail = make_mail(store=Shared())
    assert nodes_of(mail.client) == [
        {
            "name": "mail-2",
            "process": 7,
            "version": "1.2",
            "is_alive": False,
            "is_this": False,
            "started_at": "2026-01-31T12:00:00Z",
            "seen_at": "2026-01-31T12:00:00Z",
            "messages": 5,
            "rate": 2.5,
            "lag": 0.125,
        }
    ]
    mail.reader.close()


def test_a_store_that_cannot_be_read_is_an_error(make_mail: type[Mail]) -> None:
    mail = make_mail(store=Away())
    answer = mail.client.get("/api/v2/nodes")
    assert (answer.status, "no route" in answer.json["detail"]) == (503, True)
    mail.reader.close()


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_nodes_cannot_be_changed(client: Client, method: str) -> None:
    assert client.request(method, "/api/v2/nodes").status == 405
