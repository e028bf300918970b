"""A newer version migrates the tables while servers of older ones use them."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from lazr_smtptest.stores import open_store
from lazr_smtptest.stores.postgresql import _migration
from lazr_smtptest.stores.postgresql._schema import MIGRATIONS

from ..envelopes import make_envelope

# Those that a newer version may find.
VERSIONS = range(1, len(MIGRATIONS))

Open = Callable[..., Any]

# How a server reported itself before others could see whether somebody waits there.
_REPORT_OF_OLD = (
    "INSERT INTO older.node "
    "(id, name, process, version, started, seen, messages, rate, lag) "
    "VALUES ('n', 'old', 1, '3.0', now(), clock_timestamp(), 5, 0, 0) "
    "ON CONFLICT (id) DO UPDATE SET seen = excluded.seen"
)


# The version from which on tables are divided.
DIVIDED = 9


class NoPartitions:
    """What an older server does about partitions: nothing."""

    def note(self, connection: Any) -> None:
        """Ignore what was inserted."""

    def is_due(self) -> bool:
        """Return that there is nothing to do."""
        return False


@pytest.fixture
def open_as(postgresql: str) -> Iterator[Open]:
    """Open a store as the program did when there were so many migrations."""
    with contextlib.ExitStack() as stack:

        def open_as(version: int = len(MIGRATIONS)) -> Any:
            with pytest.MonkeyPatch.context() as patched:
                patched.setattr(_migration, "MIGRATIONS", MIGRATIONS[:version])
                store: Any = open_store(f"{postgresql}&schema=older")
            if version < DIVIDED:
                store._partitions = NoPartitions()
            return stack.enter_context(contextlib.closing(store))

        yield open_as
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute("DROP SCHEMA older CASCADE")


def numbers(store: Any) -> list[int]:
    """Return which messages of `make_envelope` there are, oldest first."""
    return [int(each.subject.split()[-1]) for each in reversed(store.page())]


@pytest.mark.parametrize("version", VERSIONS)
def test_an_older_server_goes_on(open_as: Open, version: int) -> None:
    """What it writes, before and after, is seen, counted and searched at both."""
    older = open_as(version)
    older.add(make_envelope(0))
    newer = open_as()
    older.add(make_envelope(1))
    newer.add(make_envelope(2))
    older.add(make_envelope(3))
    for store in (older, newer):
        assert numbers(store) == [0, 1, 2, 3]
        assert store.counts("subject:message", timeout=60).matching == 4
        assert store.counts().messages == 4


@pytest.mark.parametrize("version", [VERSIONS[0], VERSIONS[-1]])
def test_what_is_written_meanwhile_is_kept(open_as: Open, version: int) -> None:
    """Neither waits for the other for long, and no write fails."""
    older = open_as(version)
    is_migrated, has_begun = threading.Event(), threading.Event()

    def write() -> int:
        count = 0
        while not (is_migrated.is_set() and count > 20):
            older.add(make_envelope(count))
            count += 1
            has_begun.set()
        return count

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        has_begun.wait(60)
        try:
            newer = open_as()
        finally:
            is_migrated.set()
        count = writing.result()
    assert len(newer) == count
    assert newer.counts().messages == count


def indexes(postgresql: str, schema: str) -> set[str]:
    """Return the definitions of the indexes of texts."""
    with psycopg.connect(postgresql) as connection:
        rows = connection.execute(
            "SELECT indexdef FROM pg_indexes "
            "WHERE schemaname = %s AND tablename = 'texts'",
            (schema,),
        )
        return {said.replace(f"{schema}.", "") for (said,) in rows}


def test_texts_are_searched_as_in_a_new_store(open_as: Open, postgresql: str) -> None:
    """Their table is made anew, with the indexes of the old one."""
    older = open_as(VERSIONS[-1])
    older.add(make_envelope(0))
    made_new = f"{postgresql}&schema=new"
    open_as()
    open_store(made_new).close()
    try:
        assert len(indexes(postgresql, "older")) == 4
        assert indexes(postgresql, "older") == indexes(postgresql, "new")
    finally:
        with psycopg.connect(postgresql, autocommit=True) as connection:
            connection.execute("DROP SCHEMA new CASCADE")


def test_contents_that_were_there_have_a_partition(
    open_as: Open, postgresql: str
) -> None:
    """It has room for those of older servers."""
    older = open_as(VERSIONS[-1])
    older.add(make_envelope(0))
    open_as()
    older.add(make_envelope(1))
    with psycopg.connect(postgresql) as connection:
        rows = connection.execute("SELECT number FROM older.body_100001 ORDER BY 1")
        assert rows.fetchall() == [(1,), (2,)]


def test_several_that_start_together_migrate_once(open_as: Open) -> None:
    """The others wait for it."""
    open_as(VERSIONS[0]).add(make_envelope(0))
    with ThreadPoolExecutor(4) as pool:
        for store in list(pool.map(lambda _: open_as(), range(4))):
            assert numbers(store) == [0]


def test_an_older_server_is_still_one_of_the_nodes(
    open_as: Open, postgresql: str
) -> None:
    """It reports itself with the columns that it knows."""
    newer = open_as()
    with psycopg.connect(postgresql, autocommit=True) as connection:
        for _ in range(2):
            connection.execute(_REPORT_OF_OLD)
    assert [(node.name, node.is_alive) for node in newer.nodes()] == [("old", True)]
