"""Nodes that share a database, and tell webhooks of its messages."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from lazr_smtptest.outbound.webhooks.sender import POLLING
from lazr_smtptest.outbound.webhooks.shared_positions import SharedPositions
from lazr_smtptest.stores import open_store

from .hooks import Hooks, subject_of


class Node(Hooks):
    """A node whose reactor runs when the test advances its time."""

    def __init__(self, store: Any) -> None:
        self._calls: deque[Callable[[], object]] = deque()
        super().__init__(store=store)

    def call_from_thread(self, function: Any, *arguments: Any) -> None:
        if threading.current_thread() is threading.main_thread():
            function(*arguments)
        else:
            self._calls.append(lambda: function(*arguments))

    def poll(self) -> None:
        """Let it look for new messages, as it does after some seconds."""
        while self._calls:
            self._calls.popleft()()
        self.advance(POLLING)

    def die(self) -> None:
        """End without a word: what it was doing is lost."""
        self.service._is_shared = False
        self.stop()


@pytest.fixture
def node(postgresql: str) -> Iterator[Callable[[], Node]]:
    """Start a node."""
    nodes: list[Node] = []

    def node() -> Node:
        nodes.append(Node(open_store(postgresql)))
        return nodes[-1]

    yield node
    for each in nodes:
        each.stop()
        each.service._positions.leave()
        each.store.close()


def test_a_message_is_told_once(node: Any) -> None:
    """By one of two nodes that have the webhook."""
    first, second = node(), node()
    second.keep("a")
    first.poll()
    peer = first.take()
    second.poll()
    assert second.is_idle
    peer.answer()
    first.poll()
    second.poll()
    assert first.is_idle
    assert second.is_idle


def test_the_order_is_that_of_arrival_whichever_node_tells(node: Any) -> None:
    first, second = node(), node()
    told = []
    for subject, teller in (("a", first), ("b", second), ("c", first)):
        first.keep(subject)
        teller.poll()
        peer = teller.take()
        told.append(subject_of(peer))
        peer.answer()
        teller.poll()
    assert told == ["a", "b", "c"]


def test_a_receiver_that_is_away_is_not_asked_by_another_node_earlier(
    node: Any,
) -> None:
    first, second = node(), node()
    first.keep("a")
    first.poll()
    first.take().answer("500 Error")
    second.poll()
    assert second.is_idle


def test_what_a_node_had_when_it_died_is_told_by_another(
    node: Any, postgresql: str
) -> None:
    first, second = node(), node()
    first.keep("a")
    first.keep("b")
    first.poll()
    first.take().answer()
    assert subject_of(first.take()) == "b"
    first.die()
    second.poll()
    assert second.is_idle
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute("UPDATE smtptest.webhook SET leased = 0")
    second.poll()
    peer = second.take()
    assert subject_of(peer) == "b"
    peer.answer()
    assert second.is_idle


def test_a_node_that_is_stopped_leaves_its_turn_to_the_others(node: Any) -> None:
    """With what it has done."""
    first, second = node(), node()
    first.keep("a")
    first.keep("b")
    first.poll()
    first.take().answer()
    first.take()
    first.stop()
    second.poll()
    assert subject_of(second.take()) == "b"


def test_a_node_that_starts_goes_on_where_the_others_were(node: Any) -> None:
    first = node()
    first.keep("a")
    first.poll()
    first.take().answer()
    first.stop()
    first.keep("b")
    second = node()
    second.poll()
    assert subject_of(second.take()) == "b"


def test_a_webhook_that_no_node_has_had_for_an_hour_is_forgotten(
    node: Any, postgresql: str
) -> None:
    first = node()
    first.keep("a")
    first.poll()
    first.take().answer()
    first.stop()
    positions = SharedPositions(first.store.connect())
    validity = first.store.validity
    assert list(positions.load(validity).values()) == [1]
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute("UPDATE smtptest.webhook SET used = used - 3601")
    assert positions.load(validity) == {}
    positions.leave()


def test_in_another_store_all_messages_are_new(node: Any) -> None:
    first = node()
    positions = SharedPositions(first.store.connect())
    positions.take_turn("hook", 7, 1, 0.0)
    assert positions.load(1)["hook"] == 7
    assert positions.load(2)["hook"] == 0
    positions.leave()
