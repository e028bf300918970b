"""A server that goes away and comes back, and connections that are lost."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from lazr_smtptest.errors import StoreError, StoreFullError
from lazr_smtptest.stores import open_store
from lazr_smtptest.stores.postgresql import _connection
from lazr_smtptest.stores.postgresql._place import AwayError, Place

from ...postgresql import Server
from ..envelopes import make_envelope
from ..reading_helpers import PATIENCE


@pytest.fixture
def kept(postgresql_server: Server) -> Iterator[Any]:
    """A store on a server of its own, with one message."""
    with contextlib.closing(open_store(postgresql_server.url())) as store:  # type: ignore[type-var]
        store.add(make_envelope(1))
        yield store


def ids(store: Any) -> list[int]:
    return [each.peer[1] - 40000 for each in store]


def add_at_last(store: Any, number: int) -> None:
    """Add a message, as a client does that tries it again."""
    limit = time.monotonic() + PATIENCE
    while True:
        try:
            store.add(make_envelope(number))
            return
        except StoreError:
            assert time.monotonic() < limit


def terminate(url: str) -> None:
    """End all other connections to a database."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE pid != pg_backend_pid() AND datname = current_database()"
        )


def test_a_store_outlives_a_restart_of_its_server(
    postgresql_server: Server, kept: Any
) -> None:
    """Messages are refused meanwhile, and nothing is lost or there twice."""
    postgresql_server.stop("immediate")
    with pytest.raises(
        StoreError, match=r"cannot write to postgresql://smtptest@/post"
    ):
        kept.add(make_envelope(2))
    postgresql_server.start()
    add_at_last(kept, 3)
    assert ids(kept) == [1, 3]
    assert kept.counts().messages == 2


def test_connections_that_were_ended_are_opened_again(
    store: Any, postgresql: str
) -> None:
    """Without an error, if nothing was under way."""
    store.add(make_envelope(1))
    assert ids(store) == [1]
    terminate(postgresql)
    store.add(make_envelope(2))
    assert ids(store) == [1, 2]


def test_changes_are_told_after_connections_were_ended(
    store: Any, postgresql: str
) -> None:
    """The watcher begins where it was."""
    told: list[str] = []
    stop = store.watch(lambda change: told.extend(change.ids))
    store.add(make_envelope(1, id="id-1"))
    terminate(postgresql)
    store.add(make_envelope(2, id="id-2"))
    limit = time.monotonic() + PATIENCE
    while told != ["id-1", "id-2"]:
        assert time.monotonic() < limit
        time.sleep(0.01)
    stop()


class Lossy:
    """Loses the connection just before, or just after, the next commit."""

    def __init__(self, store: Any, monkeypatch: pytest.MonkeyPatch, when: str) -> None:
        self.times = 1
        commit = _connection.Connection._commit

        def lose(connection: Any, real: psycopg.Connection[Any], kept: Any) -> None:
            if connection is store._writing and self.times:
                self.times -= 1
                if when == "after":
                    real.execute("COMMIT")
                terminated = real.info.backend_pid
                with psycopg.connect(connection._place.url, autocommit=True) as other:
                    other.execute("SELECT pg_terminate_backend(%s)", (terminated,))
                    while other.execute(
                        "SELECT 1 FROM pg_stat_activity WHERE pid = %s", (terminated,)
                    ).fetchone():
                        pass
            commit(connection, real, kept)

        monkeypatch.setattr(_connection.Connection, "_commit", lose)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_message_is_there_once_though_its_commit_was_not_answered(
    store: Any, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    """The server is asked whether it was committed."""
    Lossy(store, monkeypatch, when)
    add_at_last(store, 1)
    assert ids(store) == [1]


def test_a_refused_message_is_removed_if_it_was_committed(
    store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the next message: until then nobody can know."""
    store.add(make_envelope(0))
    monkeypatch.setattr(store._writing, "_patience", 0.0)
    Lossy(store, monkeypatch, "after")
    with pytest.raises(StoreError):
        store.add(make_envelope(1))
    add_at_last(store, 2)
    assert ids(store) == [0, 2]
    assert store.counts().messages == 2


@pytest.mark.parametrize(
    ("code", "kind"),
    [("53100", StoreFullError), ("55P03", AwayError), ("22000", StoreError)],
)
def test_a_full_disk_is_told_from_other_errors(
    store: Any, monkeypatch: pytest.MonkeyPatch, code: str, kind: type
) -> None:
    """The client gets 452, not 451; the next message is kept."""

    def fail(connection: Any, rows: Any) -> None:
        connection.execute(f"DO $$BEGIN RAISE SQLSTATE '{code}'; END$$")

    with monkeypatch.context() as patch:
        patch.setattr(store._dialect, "insert", fail)
        with pytest.raises(StoreError) as caught:
            store.add(make_envelope(1))
    assert type(caught.value) is kind
    store.add(make_envelope(2))
    assert ids(store) == [2]


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM smtptest.state FOR UPDATE",
        "LOCK TABLE smtptest.state",
        "LOCK TABLE smtptest.message",
        "LOCK TABLE smtptest.body IN SHARE MODE",
    ],
)
def test_a_lock_of_somebody_else_refuses_messages_for_some_time(
    store: Any, postgresql: str, monkeypatch: pytest.MonkeyPatch, statement: str
) -> None:
    """Nobody waits for ever."""
    configure = Place.configure

    def hurry(place: Place, connection: psycopg.Connection[Any]) -> None:
        configure(place, connection)
        connection.execute("SET lock_timeout = '50ms'")

    monkeypatch.setattr(Place, "configure", hurry)
    with psycopg.connect(postgresql) as other:
        other.execute(statement.encode())
        with pytest.raises(StoreError, match="lock timeout"):
            store.add(make_envelope(1))
    store.add(make_envelope(2))
    assert ids(store) == [2]


def test_a_long_transaction_of_somebody_else_holds_up_nothing(
    store: Any, postgresql: str
) -> None:
    """Such as that of a dump: it sees what was there when it began."""
    store.add(make_envelope(1))
    with psycopg.connect(postgresql) as other:
        count = "SELECT count(*) FROM smtptest.message"
        other.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        assert other.execute(count.encode()).fetchone() == (1,)
        store.add(make_envelope(2))
        assert store.counts("hello", timeout=PATIENCE).matching == 2
        assert store.delete(next(iter(store)).id)
        assert other.execute(count.encode()).fetchone() == (1,)
    assert ids(store) == [2]


def test_a_schema_that_was_removed_is_one_line_that_says_what_to_do(
    store: Any, postgresql: str
) -> None:
    """It is not made again by itself: somebody may be restoring it."""
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute("DROP SCHEMA smtptest CASCADE")
    with pytest.raises(
        StoreError,
        match="the tables in the schema 'smtptest' were removed: restore them, or "
        "start again to make them anew",
    ):
        store.add(make_envelope(1))


def test_a_process_that_is_stopped_loses_the_lock_before_others_give_up(
    store: Any,
) -> None:
    """They wait ten seconds for it."""

    def times(connection: Any) -> list[str]:
        return [
            connection.execute(f"SHOW {name}").fetchone()[0]
            for name in ("idle_in_transaction_session_timeout", "lock_timeout")
        ]

    assert store._writing.change(times) == ["8s", "10s"]


def test_the_pool_of_connections_logs_nothing_itself(
    postgresql_server: Server, kept: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """What its server does is in the errors of the store."""
    assert ids(kept) == [1]
    postgresql_server.stop("immediate")
    with pytest.raises(StoreError):
        kept.page("")
    postgresql_server.start()
    assert [each.getMessage() for each in caplog.records if "pool" in each.name] == []
