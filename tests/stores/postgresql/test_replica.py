"""A replica that answers pages, searches and counts."""

from __future__ import annotations

import contextlib
import logging
import math
import threading
import time
from collections.abc import Callable, Iterator
from queue import Queue
from typing import Any

import psycopg
import pytest

from lazr_smtptest.query.selection import Selection
from lazr_smtptest.stores import check_spec, open_store
from lazr_smtptest.stores.postgresql._place import Place

from ...postgresql import Server, server_of_test
from ..envelopes import make_envelope
from ..reading_helpers import PATIENCE, numbered


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[Server, Server]]:
    """A server and its replica, by streaming."""
    with server_of_test() as primary, server_of_test(primary) as replica:
        yield primary, replica


@pytest.fixture
def url(servers: tuple[Server, Server]) -> str:
    """The URL of an empty store with a replica."""
    primary, replica = servers
    with psycopg.connect(primary.url(), autocommit=True) as connection:
        connection.execute("DROP SCHEMA IF EXISTS smtptest CASCADE")
    return f"{primary.url()}&replica={replica.folder}"


@pytest.fixture
def store(url: str) -> Iterator[Any]:
    """Open the store."""
    with contextlib.closing(open_store(url)) as store:  # type: ignore[type-var]
        yield store


def wait_until(is_so: Callable[[], object]) -> None:
    limit = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < limit
        time.sleep(0.005)


def counted(store: Any) -> list[str]:
    """Return a list that gets the name of a server with each question to it."""
    asked: list[str] = []
    for name, catalog in (
        ("primary", store._catalog),
        ("replica", store._replica._catalog),
    ):
        for method in ("page", "counts", "numbers"):
            answer = getattr(catalog, method)

            def ask(*words: Any, answer: Any = answer, name: str = name) -> Any:
                asked.append(name)
                return answer(*words)

            setattr(catalog, method, ask)
    return asked


def wait_for_replica(store: Any) -> None:
    """Wait until the replica has all that the store knows of."""
    replica = store._replica
    store._catalog.read_with(replica.note)

    def has_all() -> bool:
        # It may not have the tables yet.
        replica._retry_at = 0.0
        asked = counted(store)
        store.page("")
        return asked == ["replica"]

    wait_until(has_all)


@pytest.fixture
def paused(servers: tuple[Server, Server], store: Any) -> Iterator[None]:
    """A replica that has the empty store, and gets no changes during the test."""
    wait_for_replica(store)
    # It may have been behind until then.
    store._replica._logged_at = -math.inf
    with psycopg.connect(servers[1].url(), autocommit=True) as connection:
        connection.execute("SELECT pg_wal_replay_pause()")
        yield
        connection.execute("SELECT pg_wal_replay_resume()")


QUESTIONS: dict[str, Callable[[Any], object]] = {
    "a page": lambda store: [each.number for each in store.page("")],
    "a search": lambda store: list(store.numbers("hello", timeout=PATIENCE)),
    "a count": lambda store: store.counts("is:unread").matching,
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_replica_answers(store: Any, question: str) -> None:
    store.add(make_envelope(1))
    store.numbers("hello", timeout=PATIENCE)
    wait_for_replica(store)
    asked = counted(store)
    answer = QUESTIONS[question](store)
    assert answer in ([1], 1)
    assert asked == ["replica"]


@pytest.mark.usefixtures("paused")
@pytest.mark.parametrize("question", QUESTIONS)
def test_the_primary_answers_what_the_replica_does_not_have_yet(
    store: Any, question: str
) -> None:
    """Who reads what he has written finds it."""
    store.add(make_envelope(1))
    asked = counted(store)
    assert QUESTIONS[question](store) in ([1], 1)
    assert set(asked) == {"primary"}


@pytest.mark.usefixtures("paused")
def test_a_flag_that_was_set_is_there_at_once(store: Any) -> None:
    store.add(make_envelope(1))
    store.change(numbered(1), set_flags=["seen"])
    assert store.counts("is:unread").matching == 0
    assert store.page("")[0].number == 1


def test_who_is_told_of_a_message_finds_it(url: str, store: Any) -> None:
    """Also if another node has kept it, and the replica is behind."""
    with contextlib.closing(open_store(url)) as other:  # type: ignore[type-var]
        found: Queue[list[int]] = Queue()
        store.watch(lambda change: found.put([each.number for each in store.page("")]))
        for number in range(1, 20):
            other.add(make_envelope(number))
            assert number in found.get(timeout=PATIENCE)


TOLD: dict[str, Callable[[Any], object]] = {
    "who begins to watch": lambda store: store.watch(lambda change: None),
    "who asks for the latest change": lambda store: store.last_change(),
    "who asks for changes": lambda store: store.changes(0),
    "who asks for the next number": lambda store: store.next_number(),
}


@pytest.mark.usefixtures("paused")
@pytest.mark.parametrize("who", TOLD)
def test_from_then_on_nothing_is_missed(url: str, store: Any, who: str) -> None:
    """Of what another node has kept, and the replica does not have."""
    with contextlib.closing(open_store(url)) as other:  # type: ignore[type-var]
        other.add(make_envelope(1))
    assert len(store.page("")) == 0
    TOLD[who](store)
    assert [each.number for each in store.page("")] == [1]


@pytest.mark.usefixtures("paused")
def test_what_is_removed_is_looked_for_at_the_primary(url: str, store: Any) -> None:
    with contextlib.closing(open_store(url)) as other:  # type: ignore[type-var]
        other.add(make_envelope(1))
    assert len(store.page("")) == 0
    assert store.remove(Selection(query="")) == 1


def test_a_replica_that_catches_up_is_asked_again(
    servers: tuple[Server, Server], store: Any
) -> None:
    with psycopg.connect(servers[1].url(), autocommit=True) as connection:
        connection.execute("SELECT pg_wal_replay_pause()")
        store.add(make_envelope(1))
        assert len(store.page("")) == 1
        connection.execute("SELECT pg_wal_replay_resume()")
    wait_for_replica(store)


@pytest.mark.usefixtures("paused")
def test_that_a_replica_is_behind_is_one_line_of_the_log(
    store: Any, caplog: pytest.LogCaptureFixture
) -> None:
    store.add(make_envelope(1))
    for _ in range(5):
        store.page("")
    lines = [each.getMessage() for each in caplog.records if "replica" in each.msg]
    assert len(lines) == 1
    assert lines[0].endswith("is not asked, but the primary: it is behind")


def test_a_replica_that_is_away_is_one_line_of_the_log(
    servers: tuple[Server, Server], caplog: pytest.LogCaptureFixture
) -> None:
    url = f"{servers[0].url()}&schema=other&replica={servers[0].folder}/none"
    with contextlib.closing(open_store(url)) as store:  # type: ignore[type-var]
        store.add(make_envelope(1))
        for _ in range(5):
            assert len(store.page("")) == 1  # type: ignore[attr-defined]
    lines = [each for each in caplog.records if each.levelno >= logging.WARNING]
    [line] = [each.getMessage() for each in lines if "replica" in each.msg]
    assert "is not asked, but the primary: cannot read" in line
    assert len(lines) == 1


def test_a_replica_that_is_none_is_said_to_be_none(
    servers: tuple[Server, Server], caplog: pytest.LogCaptureFixture
) -> None:
    """It is the primary of another database, which has a store of its own."""
    with server_of_test() as stranger:
        open_store(stranger.url()).close()
        url = f"{servers[0].url()}&replica={stranger.folder}"
        with contextlib.closing(open_store(url)) as store:  # type: ignore[type-var]
            store.page("")  # type: ignore[attr-defined]
    [line] = [each.getMessage() for each in caplog.records if "replica" in each.msg]
    assert line.endswith("is not asked, but the primary: it is no replica")


def test_many_threads_may_ask_at_once(store: Any) -> None:
    store.add(make_envelope(1))
    wait_for_replica(store)
    counts: Queue[int] = Queue()
    threads = [
        threading.Thread(target=lambda: counts.put(len(store.page(""))))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [counts.get_nowait() for _ in threads] == [1] * 8


# The setting


@pytest.mark.parametrize("host", ["db2", "db2:5433", "/run/postgresql"])
def test_the_setting_is_a_host(host: str) -> None:
    spec = check_spec(f"postgresql://anna@db1/mail?replica={host}")
    assert spec.settings == {"replica": host}
    assert "replica" not in spec.path


@pytest.mark.parametrize("host", ["", "a b", "db2:x", "postgresql://db2/mail"])
def test_another_value_is_refused(host: str) -> None:
    with pytest.raises(ValueError, match="replica is HOST or HOST:PORT, not "):
        check_spec(f"postgresql://anna@db1/mail?replica={host}")


def test_the_replica_has_the_user_and_the_database_of_the_primary() -> None:
    place = Place("postgresql://anna:secret@db1:5432/mail?hostaddr=10.0.0.1", "mail")
    assert str(place.at("db2")) == "postgresql://anna@db2/mail"
    assert str(place.at("db2:5433")) == "postgresql://anna@db2:5433/mail"
    assert "10.0.0.1" not in place.at("db2").conninfo
    assert "secret" in place.at("db2").conninfo
