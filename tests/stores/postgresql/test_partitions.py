"""Contents and texts are in partitions, which are dropped when their messages go."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from lazr_smtptest.stores import open_store
from lazr_smtptest.stores._retention import Retention
from lazr_smtptest.stores.postgresql import _partitions
from lazr_smtptest.stores.postgresql import store as store_module

from ..envelopes import make_envelope
from ..reading_helpers import found

Open = Callable[..., Any]

# Messages of a partition, where a store is small.
WIDTH = 10


@pytest.fixture(autouse=True)
def small_partitions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin another partition after a few messages."""
    monkeypatch.setattr(_partitions, "LEAST", WIDTH)
    monkeypatch.setattr(_partitions, "_PAUSE", 0.0)
    monkeypatch.setattr(_partitions, "_LATER", 0.0)
    monkeypatch.setattr(_partitions, "_LOCK_TIMEOUT", "SET LOCAL lock_timeout = '5ms'")


@pytest.fixture
def open_own(postgresql: str) -> Iterator[Open]:
    """Open a store in a schema of the test's own."""
    with contextlib.ExitStack() as stack:

        def open_own(settings: str = "") -> Any:
            store: Any = open_store(f"{postgresql}&schema=divided{settings}")
            return stack.enter_context(contextlib.closing(store))

        yield open_own
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute("DROP SCHEMA divided CASCADE")


@pytest.fixture
def connection(open_own: Open, postgresql: str) -> Iterator[psycopg.Connection]:
    """A connection to the database."""
    open_own().close()
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute("SET search_path = divided")
        yield connection


@pytest.fixture
def divided(open_own: Open, connection: psycopg.Connection) -> Open:
    """Open a store whose first partition is as small as the others."""
    connection.execute("UPDATE part SET until = %s", (WIDTH,))
    for table in ("body", "texts"):
        connection.execute(f"DROP TABLE {table}_100000")
        connection.execute(
            f"CREATE TABLE {table}_{WIDTH} PARTITION OF {table} "
            f"FOR VALUES FROM (MINVALUE) TO ({WIDTH})"
        )
    return open_own


def add(store: Any, *numbers: int) -> None:
    """Keep messages, each in a transaction of its own."""
    for number in numbers:
        store.add(make_envelope(number, id=f"id-{number}"))
        store._writer.call(store._tidy)


def count(connection: psycopg.Connection, table: str) -> int:
    """Return the number of rows of a table."""
    row = connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
    assert row is not None
    return int(row[0])


def partitions(connection: psycopg.Connection, table: str = "body") -> list[str]:
    """Return the names of the partitions of a table, but for the rest."""
    rows = connection.execute(
        "SELECT inhrelid::regclass::text FROM pg_inherits "
        "WHERE inhparent = %s::regclass",
        (table,),
    )
    names = [name for (name,) in rows if not name.endswith("_rest")]
    return sorted(names, key=lambda name: int(name.rpartition("_")[2]))


def test_the_first_one_has_room_for_many(
    open_own: Open, connection: psycopg.Connection
) -> None:
    add(open_own(), 0)
    assert partitions(connection) == ["body_100000"]


def test_the_next_one_is_made_before_one_is_full(
    divided: Open, connection: psycopg.Connection
) -> None:
    add(divided(), *range(4 * WIDTH))
    assert len(partitions(connection)) >= 4
    assert count(connection, "body_rest") == 0


def test_each_table_has_the_same_ones(
    divided: Open, connection: psycopg.Connection
) -> None:
    add(divided(), *range(4 * WIDTH))
    ends = [name.removeprefix("body_") for name in partitions(connection)]
    assert partitions(connection, "texts") == [f"texts_{end}" for end in ends]


def test_messages_of_all_of_them_are_read(divided: Open) -> None:
    store = divided()
    add(store, *range(3 * WIDTH))
    assert [each.id for each in store] == [f"id-{n}" for n in range(3 * WIDTH)]


def test_messages_of_all_of_them_are_found_by_their_words(divided: Open) -> None:
    store = divided()
    add(store, *range(3 * WIDTH))
    assert found(store, "hello") == list(range(1, 3 * WIDTH + 1))


def test_the_partitions_of_a_large_store_are_a_part_of_it(
    divided: Open, connection: psycopg.Connection
) -> None:
    """There are never very many."""
    store = divided()
    add(store, *range(20))
    connection.execute("UPDATE state SET messages = messages + 16000")
    add(store, *range(20, 30))
    *_, before, last = partitions(connection)
    assert int(last.removeprefix("body_")) - int(before.removeprefix("body_")) > 1000


# Retention

# So many that a partition is a small part of them.
MANY = 9 * WIDTH


@pytest.fixture
def full(divided: Open) -> Any:
    """A store with as many messages as it may have, all of them indexed."""
    store = divided(f"&max-count={MANY}")
    add(store, *range(MANY))
    assert found(store, "hello") == list(range(1, MANY + 1))
    return store


def test_a_partition_goes_with_its_last_message(
    full: Any, connection: psycopg.Connection
) -> None:
    add(full, *range(MANY, MANY + 2 * WIDTH))
    assert f"body_{WIDTH}" not in partitions(connection)
    assert f"texts_{WIDTH}" not in partitions(connection, "texts")


def test_until_then_the_contents_of_a_large_store_stay(
    full: Any, connection: psycopg.Connection
) -> None:
    before = count(connection, "body")
    add(full, MANY)
    assert (count(connection, "message"), count(connection, "body")) == (
        MANY,
        before + 1,
    )


def test_what_is_left_there_is_not_found(divided: Open) -> None:
    store = divided(f"&max-count={MANY}")
    add(store, *range(MANY + WIDTH))
    assert found(store, "hello") == list(range(WIDTH + 1, MANY + WIDTH + 1))
    assert store.get("id-0") is None


def test_the_totals_are_exact(divided: Open) -> None:
    """Whatever was dropped."""
    store = divided(f"&max-count={MANY}")
    add(store, *range(2 * MANY))
    kept = list(store)
    counts = store.counts("hello", timeout=60)
    assert len(kept) == counts.messages == counts.matching == counts.unread == MANY


def test_all_that_is_beyond_the_bounds_at_a_start_is_dropped(
    divided: Open, open_own: Open, connection: psycopg.Connection
) -> None:
    store = divided()
    add(store, *range(3 * MANY))
    assert found(store, "hello") == list(range(1, 3 * MANY + 1))
    before = len(partitions(connection))
    store.close()
    open_own(f"&max-count={MANY}").page()
    assert len(partitions(connection)) < before / 2


def test_a_small_store_removes_each_content(
    open_own: Open, connection: psycopg.Connection
) -> None:
    """Its one partition would be more than the store may have."""
    store = open_own("&max-count=5")
    add(store, *range(12))
    assert count(connection, "body") == 5


def test_contents_go_at_once_where_somebody_removes_a_message(
    divided: Open, connection: psycopg.Connection
) -> None:
    store = divided()
    add(store, *range(MANY))
    store.delete("id-3")
    assert count(connection, "body") == MANY - 1


def test_texts_to_come_keep_their_partition(
    divided: Open, connection: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Messages may go before they are indexed."""
    may_index = threading.Event()
    index_some = store_module.PostgreSQLStore._index_some
    monkeypatch.setattr(
        store_module.PostgreSQLStore,
        "_index_some",
        lambda self: may_index.is_set() and index_some(self),
    )
    store = divided(f"&max-count={MANY}")
    add(store, *range(3 * MANY))
    assert partitions(connection)[0] == f"body_{WIDTH}"
    may_index.set()
    add(store, 3 * MANY)
    assert found(store, "hello") == list(range(2 * MANY + 2, 3 * MANY + 2))
    add(store, 3 * MANY + 1)
    assert f"body_{WIDTH}" not in partitions(connection)


def test_cleared_stores_go_on(divided: Open) -> None:
    store = divided()
    add(store, *range(3 * WIDTH))
    store.clear()
    add(store, *range(3 * WIDTH))
    assert found(store, "hello") == list(range(3 * WIDTH + 1, 6 * WIDTH + 1))


# Where no partition can be made


@pytest.fixture
def read_for_long(postgresql: str) -> Iterator[psycopg.Connection]:
    """A connection that reads all tables, as a backup does, until it is closed."""
    with psycopg.connect(postgresql) as reading:
        reading.execute("SET search_path = divided")
        yield reading


def test_a_backup_keeps_nobody_from_writing(
    divided: Open, connection: psycopg.Connection, read_for_long: psycopg.Connection
) -> None:
    """What has no partition is with the rest, and is read as all else."""
    store = divided()
    read_for_long.execute("SELECT count(*) FROM body")
    read_for_long.execute("SELECT count(*) FROM texts")
    add(store, *range(2 * WIDTH))
    assert count(connection, "body_rest") > 0
    assert [each.id for each in store] == [f"id-{n}" for n in range(2 * WIDTH)]


def test_after_it_partitions_are_made_again(
    divided: Open, connection: psycopg.Connection, read_for_long: psycopg.Connection
) -> None:
    store = divided()
    read_for_long.execute("SELECT count(*) FROM body")
    add(store, *range(2 * WIDTH))
    rest = count(connection, "body_rest")
    read_for_long.rollback()
    add(store, *range(2 * WIDTH, 4 * WIDTH))
    assert count(connection, "body_rest") <= rest + 1
    assert len(list(store)) == 4 * WIDTH


def test_retention_removes_the_rest_row_by_row(
    divided: Open, connection: psycopg.Connection, read_for_long: psycopg.Connection
) -> None:
    store = divided()
    read_for_long.execute("SELECT count(*) FROM body")
    add(store, *range(MANY))
    read_for_long.rollback()
    assert count(connection, "body_rest") > 0
    store.adjust(bounds=Retention(max_count=MANY))
    add(store, *range(MANY, 2 * MANY))
    assert count(connection, "body_rest") == 0


def test_nodes_make_each_one_once(
    divided: Open, open_own: Open, connection: psycopg.Connection
) -> None:
    store, other = divided(), open_own()
    for number in range(0, 4 * WIDTH, 2):
        add(store, number)
        add(other, number + 1)
    assert count(connection, "part") == len(partitions(connection)) <= 7
    assert len(list(store)) == 4 * WIDTH


@pytest.fixture
def guest(postgresql: str, divided: Open) -> Iterator[str]:
    """The URL of a user who does not own the tables, but may change them."""
    divided().close()
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS visitor")
        connection.execute("CREATE ROLE visitor LOGIN")
        connection.execute("GRANT USAGE ON SCHEMA divided TO visitor")
        connection.execute("GRANT ALL ON ALL TABLES IN SCHEMA divided TO visitor")
        connection.execute("GRANT ALL ON ALL SEQUENCES IN SCHEMA divided TO visitor")
        yield postgresql.replace("smtptest@", "visitor@") + "&schema=divided"
        connection.execute("DROP OWNED BY visitor")
        connection.execute("DROP ROLE visitor")


def test_a_user_who_owns_no_table_keeps_messages(
    guest: str, connection: psycopg.Connection
) -> None:
    store: Any = open_store(f"{guest}&max-count={MANY}")
    try:
        add(store, *range(2 * MANY))
        assert len(list(store)) == count(connection, "body") == MANY
    finally:
        store.close()


def test_new_partitions_need_no_rights_of_such_a_user(
    guest: str, open_own: Open
) -> None:
    add(open_own(), *range(2 * WIDTH))
    store: Any = open_store(guest)
    try:
        assert len(list(store)) == 2 * WIDTH
    finally:
        store.close()
