"""The list of the nodes that share a database."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import psycopg
import pytest
from zope.interface.verify import verifyObject

from lazr_smtptest.errors import StoreError
from lazr_smtptest.interfaces import ISharedStore
from lazr_smtptest.model.node import Node
from lazr_smtptest.stores import open_store
from lazr_smtptest.stores.postgresql import _membership
from lazr_smtptest.version import __version__

from ...postgresql import Server
from ..envelopes import make_envelope
from ..reading_helpers import PATIENCE
from .conftest import Open


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nodes that report often; a test of the usual interval would take seconds."""
    monkeypatch.setattr(_membership, "INTERVAL", 0.02)


@pytest.fixture
def connection(postgresql: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection to the database of the test."""
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute("SET search_path = smtptest")
        yield connection


def wait_until(is_so: Callable[[], object]) -> None:
    """Wait until a function returns something true."""
    limit = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < limit
        time.sleep(0.005)


def joined(store: Any) -> Node:
    """Let a store join, and return its node."""
    store.join()
    wait_until(lambda: any(node.is_this for node in store.nodes()))
    [node] = [node for node in store.nodes() if node.is_this]
    return node  # type: ignore[no-any-return]


def add_silent(connection: psycopg.Connection[Any], name: str, seconds: float) -> None:
    """Add a node that was last seen so many seconds ago."""
    connection.execute(
        "INSERT INTO node VALUES (%(name)s, %(name)s, 1, '1.0', "
        "clock_timestamp() - interval '7 days', "
        "clock_timestamp() - make_interval(secs => %(seconds)s), 5, 0, 0)",
        {"name": name, "seconds": seconds},
    )


def states(nodes: Sequence[Node]) -> dict[str, bool]:
    return {node.name: node.is_alive for node in nodes}


def test_the_store_provides_the_interface(store: Any) -> None:
    assert verifyObject(ISharedStore, store)


def test_a_node_is_listed_with_its_machine_process_and_version(store: Any) -> None:
    node = joined(store)
    assert (node.name, node.process) == (socket.gethostname(), os.getpid())
    assert (node.version, node.is_alive) == (__version__, True)
    assert node.started_at <= node.seen_at


def test_a_node_has_the_name_of_its_url(open_again: Open) -> None:
    assert joined(open_again("&node=mail-1")).name == "mail-1"


def test_a_store_that_is_opened_for_one_command_is_no_node(store: Any) -> None:
    assert store.nodes() == []


def test_every_node_lists_all_and_knows_itself(open_again: Open) -> None:
    stores = {name: open_again(f"&node={name}") for name in ("b", "a")}
    for store in stores.values():
        joined(store)
    for name, store in stores.items():
        assert [(node.name, node.is_this) for node in store.nodes()] == [
            ("a", name == "a"),
            ("b", name == "b"),
        ]


def test_a_node_that_ends_is_not_listed_any_more(open_again: Open) -> None:
    here, there = open_again("&node=here"), open_again("&node=there")
    joined(here)
    joined(there)
    there.close()
    assert states(here.nodes()) == {"here": True}


def test_a_closed_store_joins_again_as_a_new_node(open_again: Open) -> None:
    store = open_again()
    first = joined(store)
    store.close()
    assert joined(store).started_at > first.started_at


def test_a_dead_node_is_seen_within_ten_seconds() -> None:
    assert _membership.DEAD_AFTER < 10.0
    # A report may come late, and one may be lost.
    assert _membership.DEAD_AFTER >= 4 * 2.0


@pytest.mark.parametrize(("seconds", "is_alive"), [(1.0, True), (8.5, False)])
def test_a_node_that_is_silent_for_eight_seconds_is_dead(
    store: Any, connection: psycopg.Connection[Any], seconds: float, is_alive: bool
) -> None:
    add_silent(connection, "silent", seconds)
    assert states(store.nodes()) == {"silent": is_alive}


def test_a_node_takes_the_place_of_the_dead_one_of_its_name(
    open_again: Open, connection: psycopg.Connection[Any]
) -> None:
    store = open_again("&node=mail")
    add_silent(connection, "mail", 20.0)
    add_silent(connection, "other", 20.0)
    joined(store)
    assert states(store.nodes()) == {"mail": True, "other": False}


def test_a_node_that_is_silent_for_a_day_is_forgotten(
    open_again: Open, connection: psycopg.Connection[Any]
) -> None:
    store = open_again("&node=mail")
    add_silent(connection, "long ago", 86_401.0)
    joined(store)
    assert states(store.nodes()) == {"mail": True}


def test_a_node_counts_the_messages_that_it_has_kept(open_again: Open) -> None:
    here, there = open_again("&node=here"), open_again("&node=there")
    joined(here)
    joined(there)
    for number in range(3):
        here.add(make_envelope(number))
    wait_until(lambda: here.nodes()[0].messages == 3)
    [first, second] = here.nodes()
    assert (first.rate > 0.0, second.messages) == (True, 0)


def test_a_message_that_was_refused_is_not_counted(
    open_again: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_again()
    with monkeypatch.context() as context:
        context.setattr(store, "_insert", lambda *_: (_ for _ in ()).throw(StoreError))
        with pytest.raises(StoreError):
            store.add(make_envelope(1))
    store.add(make_envelope(2))
    joined(store)
    assert store.nodes()[0].messages == 1


def test_a_node_that_waits_for_its_turn_to_write_is_alive_and_lags(
    store: Any, postgresql: str
) -> None:
    joined(store)
    done: list[object] = []
    with psycopg.connect(postgresql) as other:
        other.execute("SELECT 1 FROM smtptest.state FOR UPDATE")
        seen_at = store.nodes()[0].seen_at
        store.submit(make_envelope(1), done.append)
        wait_until(lambda: store.nodes()[0].lag > 0.05)
        assert store.nodes()[0].seen_at > seen_at
        assert not done
    wait_until(lambda: done)
    assert done == [None]


def test_a_database_that_goes_away_is_logged_once_and_once_when_it_is_back(
    postgresql_server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "lazr.smtptest")

    def logged() -> list[str]:
        texts = [record.getMessage() for record in caplog.records]
        return [text.partition(": ")[0] for text in texts if "other nodes" in text]

    with contextlib.closing(open_store(postgresql_server.url())) as store:  # type: ignore[type-var]
        node = joined(store)
        postgresql_server.stop("immediate")
        wait_until(logged)
        postgresql_server.start()
        wait_until(lambda: len(logged()) > 1)
        assert joined(store).started_at == node.started_at
    assert logged() == [
        "other nodes do not see this one",
        "other nodes see this one again",
    ]


def test_closing_does_not_wait_for_a_database_that_is_away(
    postgresql_server: Server,
) -> None:
    store: Any = open_store(postgresql_server.url())
    joined(store)
    postgresql_server.stop("immediate")
    store.close()
