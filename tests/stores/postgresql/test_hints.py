"""Hints by which nodes look at once for what others have kept."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from queue import Queue
from typing import Any

import attrs
import psycopg
import pytest

from lazr_smtptest.query.parser import parse
from lazr_smtptest.readers.http.condition import Condition
from lazr_smtptest.readers.http.looking import look
from lazr_smtptest.stores import _watcher
from lazr_smtptest.stores.postgresql import _hints, _membership

from ..envelopes import make_envelope
from ..reading_helpers import PATIENCE
from .conftest import Open


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nodes that report often."""
    monkeypatch.setattr(_membership, "INTERVAL", 0.02)


@pytest.fixture
def only_hints(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits looks at the database only after a hint."""
    monkeypatch.setattr(_watcher, "_INTERVAL", 3600.0)


def wait_until(is_so: Callable[[], object]) -> None:
    limit = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < limit
        time.sleep(0.005)


@pytest.fixture
def listening(postgresql: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection that hears all hints."""
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute("LISTEN smtptest_smtptest")
        yield connection


def hints_on(connection: psycopg.Connection[Any]) -> list[psycopg.Notify]:
    """Return the hints that a connection has heard."""
    heard: list[psycopg.Notify] = []
    connection.add_notify_handler(heard.append)
    connection.execute("SELECT 1")
    connection.remove_notify_handler(heard.append)
    return heard


def two_nodes(open_again: Open) -> tuple[Any, Any, Queue[Any]]:
    """Return a node where somebody waits, another one, and what the first is told."""
    here, there = open_again("&node=here"), open_again("&node=there")
    told: Queue[Any] = Queue()
    here.join()
    there.join()
    here.watch(told.put)
    wait_until(lambda: there._hints.is_wanted)
    return here, there, told


@pytest.mark.usefixtures("only_hints")
def test_who_waits_at_one_node_is_told_at_once_of_what_another_has_kept(
    open_again: Open,
) -> None:
    _, there, told = two_nodes(open_again)
    there.add(make_envelope(1, id="id-1"))
    assert told.get(timeout=PATIENCE).ids == ("id-1",)


@pytest.mark.usefixtures("only_hints")
def test_hints_go_on_after_their_connection_was_lost(
    open_again: Open,
    listening: psycopg.Connection[Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_hints, "_PAUSE", 0.01)
    monkeypatch.setattr(_hints, "_INTERVAL", 0.01)
    _, there, told = two_nodes(open_again)
    listening.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE query LIKE 'LISTEN%' AND pid != pg_backend_pid()"
    )
    limit = time.monotonic() + PATIENCE
    number = 0
    while told.empty() and time.monotonic() < limit:
        number += 1
        there.add(make_envelope(number))
    assert told.get(timeout=PATIENCE).messages[0] == 1


def test_a_lost_hint_costs_no_message(
    open_again: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who waits looks by itself."""
    _, there, told = two_nodes(open_again)
    monkeypatch.setattr(there._hints, "send", lambda: None)
    there.add(make_envelope(1, id="id-1"))
    assert told.get(timeout=PATIENCE).ids == ("id-1",)


def test_many_messages_are_one_hint(
    open_again: Open,
    listening: psycopg.Connection[Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The next one is sent a while later."""
    monkeypatch.setattr(_hints, "_INTERVAL", 3600.0)
    _, there, told = two_nodes(open_again)
    for number in range(20):
        there.add(make_envelope(number))
    for _ in range(20):
        told.get(timeout=PATIENCE)
    heard: list[psycopg.Notify] = []
    wait_until(lambda: heard.extend(hints_on(listening)) or heard)
    assert len(heard) == 1
    assert hints_on(listening) == []


def test_a_hint_is_not_part_of_the_transaction_that_keeps_messages(
    open_again: Open, listening: psycopg.Connection[Any]
) -> None:
    """Commits that notify wait for each other."""
    _, there, _ = two_nodes(open_again)
    there.add(make_envelope(1))
    heard: list[psycopg.Notify] = []
    wait_until(lambda: heard.extend(hints_on(listening)) or heard)
    assert heard[0].pid != there._writing._connection.info.backend_pid


def test_nothing_is_sent_where_nobody_waits_elsewhere(open_again: Open) -> None:
    """A node needs no hint of its own messages."""
    here, _, told = two_nodes(open_again)
    here.add(make_envelope(1))
    told.get(timeout=PATIENCE)
    assert not here._hints.is_wanted
    assert not here._hints._is_due


def test_hints_end_when_nobody_waits_any_more(open_again: Open) -> None:
    here, there, _ = two_nodes(open_again)
    here._watcher.close()
    wait_until(lambda: not there._hints.is_wanted)


def test_hints_end_with_the_node_that_waits(open_again: Open) -> None:
    here, there, _ = two_nodes(open_again)
    here.close()
    wait_until(lambda: not there._hints.is_wanted)


def test_a_node_hears_no_hint_of_its_own(
    open_again: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there, _ = two_nodes(open_again)
    heard: list[str] = []
    monkeypatch.setattr(there._hints, "_heard", lambda: heard.append("there"))
    monkeypatch.setattr(here._hints, "_heard", lambda: heard.append("here"))
    there.add(make_envelope(1))
    wait_until(lambda: heard)
    assert heard == ["here"]


# The statements of those who wait


@attrs.frozen(eq=False)
class Asker:
    condition: Condition


def counted(monkeypatch: pytest.MonkeyPatch, target: Any, name: str) -> list[str]:
    """Count the calls of a function, but for those of threads that index."""
    calls: list[str] = []
    function = getattr(target, name)

    def call(*arguments: Any) -> Any:
        if "index" not in threading.current_thread().name:
            calls.append(name)
        return function(*arguments)

    monkeypatch.setattr(target, name, call)
    return calls


@pytest.mark.usefixtures("only_hints")
def test_all_who_watch_at_a_node_are_one_look_at_the_database(
    open_again: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_again()
    told: Queue[Any] = Queue()
    for _ in range(200):
        store.watch(told.put)
    looks = counted(monkeypatch, store._watcher._connection, "read")
    store.add(make_envelope(1))
    for _ in range(200):
        told.get(timeout=PATIENCE)
    assert len(looks) == 1


def test_all_who_wait_for_different_messages_are_the_same_queries_as_one(
    open_again: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_again()
    for number in range(5):
        store.add(make_envelope(number))
    store.numbers("hello", timeout=PATIENCE)
    queries = counted(monkeypatch, store._catalog, "read_with")
    numbers = []
    for waiting in (1, 200):
        queries.clear()
        askers = [
            Asker(Condition(query, parse(query)))
            for query in (f"rcpt:user{number}@example.com" for number in range(waiting))
        ]
        look(store, 0, askers)
        numbers.append(len(queries))
    assert numbers[0] == numbers[1]
