"""Nodes that share a database, and send its messages on."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from lazr_smtptest.outbound.releases.route import Route
from lazr_smtptest.outbound.releases.shared_queue import SharedQueue
from lazr_smtptest.stores import open_store

from .routes import Routes, relay

POLLING = SharedQueue.polling


class Node(Routes):
    """A node whose reactor runs when the test advances its time."""

    def __init__(self, *routes: Route, store: Any) -> None:
        self._calls: deque[Callable[[], object]] = deque()
        super().__init__(*routes, store=store)

    def call_from_thread(self, function: Any, *words: Any) -> None:
        if threading.current_thread() is threading.main_thread():
            function(*words)
        else:
            self._calls.append(lambda: function(*words))

    def advance(self, seconds: float) -> None:
        while self._calls:
            self._calls.popleft()()
        super().advance(seconds)

    def poll(self) -> None:
        """Let it look into the queue, as it does after some seconds."""
        self.advance(POLLING)

    def die(self) -> None:
        """End without a word: its connection is lost, and so is what it was doing."""
        self.service._queue.leave = lambda: None
        for sender in self.service.senders.values():
            sender._result = None
        self.stop()


@pytest.fixture
def node(postgresql: str) -> Iterator[Callable[..., Node]]:
    """Start a node."""
    nodes: list[Node] = []

    def node(*routes: Route) -> Node:
        store: Any = open_store(postgresql)
        nodes.append(Node(*routes, store=store))
        return nodes[-1]

    yield node
    for each in nodes:
        each.stop()
        each.store.close()


def end_leases(url: str) -> None:
    """Let the time of all leases pass."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("UPDATE smtptest.release SET leased = 0")


def states(node: Node) -> list[str]:
    return [release.state for release in node.releases()]


def test_a_message_is_sent_on_by_one_node(node: Any) -> None:
    """Of two that have the same rule."""
    first, second = (node(relay(is_automatic=True)) for _ in range(2))
    first.keep()
    first.poll()
    first.take().accept()
    second.poll()
    assert second.is_idle
    assert states(second) == ["sent"]


def test_two_nodes_share_the_work(node: Any) -> None:
    """While one makes an attempt, the other one goes on."""
    first, second = (node(relay(is_automatic=True)) for _ in range(2))
    for _ in range(3):
        first.keep()
    first.poll()
    second.poll()
    slow = first.take()
    second.take().accept()
    second.take().accept()
    assert second.is_idle
    slow.accept()
    assert states(first) == ["sent"] * 3


def test_what_a_node_had_when_it_died_is_sent_by_another(
    node: Any, postgresql: str
) -> None:
    """Everything else at once; and nothing twice."""
    first, second = (node(relay(is_automatic=True)) for _ in range(2))
    first.keep("one@x")
    first.keep("other@x")
    first.poll()
    first.take().reply("220 mx")
    first.die()
    second.poll()
    second.take().accept()
    assert second.is_idle
    assert sorted(states(second)) == ["queued", "sent"]
    end_leases(postgresql)
    second.poll()
    second.take().accept()
    second.poll()
    assert second.is_idle
    assert states(second) == ["sent", "sent"]


def test_a_loop_through_another_node_is_refused(node: Any) -> None:
    """They have one marker."""
    first, second = (node(relay(is_automatic=True)) for _ in range(2))
    first.keep(more=f"X-Smtptest-Released: {second.service.marker}\r\n")
    first.poll()
    assert first.is_idle
    assert [each.reply[:5] for each in second.releases()] == ["loop:"]


def test_a_release_that_is_canceled_at_another_node_is_not_sent(node: Any) -> None:
    first, second = node(), node()
    number = first.release(first.keep()).number
    first.take().refuse("451 later")
    second.service.cancel(number)
    first.advance(60)
    assert first.is_idle
    assert states(first) == ["canceled"]


def test_a_store_that_is_opened_again_goes_on(node: Any) -> None:
    """The rule has seen what it had seen, and no more."""
    first = node(relay(is_automatic=True))
    first.keep()
    first.poll()
    first.take().accept()
    first.stop()
    first.keep()
    second = node(relay(is_automatic=True))
    second.poll()
    second.take().accept()
    second.poll()
    assert second.is_idle
    assert states(second) == ["sent", "sent"]


def test_a_node_that_is_stopped_leaves_its_attempt_to_the_others(node: Any) -> None:
    first, second = (node(relay(is_automatic=True)) for _ in range(2))
    first.keep()
    first.poll()
    first.take().reply("220 mx")
    second.poll()
    assert second.is_idle
    first.stop()
    second.poll()
    second.take().accept()
    assert states(second) == ["sent"]
