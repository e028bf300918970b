"""Messages that arrive while the database is away, and wait on the node's disk."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from lazr_smtptest.errors import StoreError, StoreFullError
from lazr_smtptest.stores import open_store
from lazr_smtptest.stores.postgresql import _connection, _replay, _spool
from lazr_smtptest.stores.postgresql._segment import Segment

from ...postgresql import Server
from ..envelopes import make_envelope
from ..reading_helpers import PATIENCE


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that is back is noticed soon."""
    monkeypatch.setattr(_replay, "_PAUSE", 0.02)
    monkeypatch.setattr(_connection, "_LONGEST_PAUSE", 0.1)


@attrs.define
class Site:
    """A database that may go away, and the folder of a node.

    Attributes:
        server: the database.
        folder: the folder.
        opened: the stores that were opened.
    """

    server: Server
    folder: Path
    opened: list[Any] = attrs.field(factory=list)

    def open(self, settings: str = "") -> Any:
        """Open the store of the node."""
        store: Any = open_store(f"{self.server.url()}&spool={self.folder}{settings}")
        self.opened.append(store)
        return store

    def files(self) -> list[Path]:
        """Return the files with messages."""
        return sorted(self.folder.iterdir())


@pytest.fixture
def site(postgresql_server: Server, tmp_path: Path) -> Iterator[Site]:
    """A database that is there, and an empty folder."""
    site = Site(postgresql_server, tmp_path / "spool")
    yield site
    for store in site.opened:
        store.close()


def wait_until(is_so: Callable[[], object]) -> None:
    """Wait until a function returns something true."""
    limit = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < limit
        time.sleep(0.01)


def ids(store: Any) -> list[int]:
    return [each.peer[1] - 40000 for each in store]


def add(store: Any, *numbers: int) -> None:
    for number in numbers:
        store.add(make_envelope(number))


def test_messages_are_kept_while_the_database_is_away_and_are_there_after_it(
    site: Site,
) -> None:
    """In their order, and none of them twice."""
    store = site.open()
    add(store, 1)
    site.server.stop("immediate")
    add(store, 2, 3, 4)
    assert store.lag() > 0.0
    site.server.start()
    wait_until(lambda: not site.files())
    add(store, 5)
    assert (ids(store), store.lag()) == ([1, 2, 3, 4, 5], 0.0)


def test_nothing_of_a_message_changes_on_its_way(site: Site) -> None:
    store = site.open()
    site.server.stop("immediate")
    envelope = make_envelope(7, id="id-7")
    store.add(envelope)
    site.server.start()
    wait_until(lambda: not site.files())
    assert store.get("id-7") == envelope


def test_the_disk_is_not_used_while_the_database_is_there(site: Site) -> None:
    store = site.open()
    add(store, 1, 2)
    assert site.files() == []


def test_a_node_that_is_started_again_brings_what_it_had_left(site: Site) -> None:
    store = site.open()
    site.server.stop("immediate")
    add(store, 1, 2)
    store.close()
    assert len(site.files()) == 1
    site.server.start()
    again = site.open()
    again.join()
    wait_until(lambda: not site.files())
    assert ids(again) == [1, 2]


def test_the_first_message_brings_what_was_left_where_no_process_joins(
    site: Site,
) -> None:
    store = site.open()
    site.server.stop("immediate")
    add(store, 1)
    store.close()
    site.server.start()
    add(store, 2)
    wait_until(lambda: not site.files())
    assert sorted(ids(store)) == [1, 2]


def test_the_messages_after_a_damaged_one_come_into_the_database(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    """The file stays in the folder under another name, for who wants to look."""
    store = site.open()
    site.server.stop("immediate")
    add(store, 1, 2, 3)
    store.close()
    [path] = site.files()
    octets = path.read_bytes()
    mark = octets[Segment.start - 8 : Segment.start]
    second = octets.index(mark, octets.index(mark, Segment.start) + 1)
    path.write_bytes(octets[: second + 20] + b"?" + octets[second + 21 :])
    site.server.start()
    again = site.open()
    again.join()
    aside = path.with_suffix(".damaged")
    wait_until(lambda: site.files() == [aside])
    assert ids(again) == [1, 3]
    assert f"from byte {second} on are damaged" in caplog.text


def test_two_processes_share_a_folder(site: Site) -> None:
    """Neither takes the files of the other while that runs."""
    one, two = site.open(), site.open()
    site.server.stop("immediate")
    add(one, 1)
    add(two, 2)
    assert len(site.files()) == 2
    site.server.start()
    wait_until(lambda: not site.files())
    assert sorted(ids(one)) == [1, 2]


def test_a_full_spool_refuses_messages_and_keeps_what_it_has(site: Site) -> None:
    store = site.open("&max-spool=3K")
    site.server.stop("immediate")
    kept = 0
    with contextlib.suppress(StoreFullError):
        for kept in range(100):
            add(store, kept)
    assert 0 < kept < 99
    with pytest.raises(StoreFullError, match=r"spool '.*' is full: it has \d+ of at"):
        add(store, kept)
    site.server.start()
    wait_until(lambda: not site.files())
    assert ids(store) == list(range(kept))
    add(store, kept)


def test_without_a_spool_messages_are_refused(postgresql_server: Server) -> None:
    store: Any = open_store(postgresql_server.url())
    with contextlib.closing(store):
        postgresql_server.stop("immediate")
        with pytest.raises(StoreError):
            add(store, 1)


def test_an_error_of_a_message_is_no_absence_of_the_database(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would never be replayed."""
    store = site.open()

    def fail(*_: object) -> None:
        raise StoreError("this message is wrong")

    with monkeypatch.context() as context:
        context.setattr(store, "_insert", fail)
        with pytest.raises(StoreError, match="is wrong"):
            add(store, 1)
    assert site.files() == []


def test_what_was_replayed_is_not_replayed_again_if_the_answer_is_lost(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commit took place, and the node does not know."""
    store = site.open()
    site.server.stop("immediate")
    add(store, 1, 2)
    commits: list[object] = []
    change = store._replay._connection.change

    def change_and_lose(*arguments: Any, **options: Any) -> Any:
        result = change(*arguments, **options)
        commits.append(result)
        if len(commits) < 4:
            raise StoreError("the answer is lost")
        return result

    monkeypatch.setattr(store._replay._connection, "change", change_and_lose)
    site.server.start()
    wait_until(lambda: not site.files())
    assert ids(store) == [1, 2]
    assert len(commits) >= 4


@pytest.mark.parametrize("is_committed", [True, False])
def test_a_message_whose_commit_was_not_answered_is_there_once(
    site: Site, monkeypatch: pytest.MonkeyPatch, is_committed: bool
) -> None:
    """The node keeps it on its disk, whether the database has it or not."""
    store = site.open()
    add(store, 1)
    connection = store._writing._connection
    execute = connection.execute

    class Lost:
        closed = False
        info = connection.info

        def __getattr__(self, name: str) -> Any:
            return getattr(connection, name)

        def execute(self, statement: bytes, *arguments: Any, **options: Any) -> Any:
            if statement != b"COMMIT":
                return execute(statement, *arguments, **options)
            if is_committed:
                execute(statement)
            connection.close()
            self.closed = True
            raise _connection.psycopg.OperationalError("the connection is lost")

    store._writing._connection = Lost()
    add(store, 2)
    wait_until(lambda: not site.files())
    assert ids(store) == [1, 2]


def test_the_log_has_a_line_when_it_begins_and_one_when_it_ends(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "lazr.smtptest")
    store = site.open()
    site.server.stop("immediate")
    add(store, 1, 2, 3)
    site.server.start()
    wait_until(lambda: not site.files())
    store.close()
    told = [line for line in caplog.messages if line.startswith(str(site.folder))]
    assert told[0].startswith(f"{site.folder}: messages wait there: cannot write to ")
    assert told[1:] == [f"{site.folder}: its messages are in the database"]


def test_a_long_absence_fills_several_files(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_spool, "_SEGMENT_OCTETS", 1000)
    store = site.open()
    site.server.stop("immediate")
    add(store, *range(20))
    assert len(site.files()) > 2
    site.server.start()
    wait_until(lambda: not site.files())
    assert ids(store) == list(range(20))


def test_messages_that_arrive_during_the_replay_wait_for_their_turn(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_replay, "_OCTETS", 1)
    store = site.open()
    site.server.stop("immediate")
    add(store, *range(10))
    site.server.start()
    add(store, *range(10, 20))
    wait_until(lambda: not site.files())
    add(store, 20)
    assert ids(store) == list(range(21))


def test_a_folder_that_cannot_be_used_is_one_line(
    postgresql_server: Server, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"^cannot use the spool '.*/file': "):
        open_store(f"{postgresql_server.url()}&spool={tmp_path}/file")


def test_an_error_of_the_replay_is_logged_once_and_tried_again(
    site: Site, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = site.open()
    site.server.stop("immediate")
    add(store, 1)
    tries: list[object] = []
    insert = store._replay._insert

    def fail(*arguments: Any) -> None:
        tries.append(arguments)
        if len(tries) < 4:
            raise StoreError("the disk of the database is full")
        insert(*arguments)

    monkeypatch.setattr(store._replay, "_insert", fail)
    site.server.start()
    wait_until(lambda: not site.files())
    assert ids(store) == [1]
    line = f"{site.folder}: messages wait: the disk of the database is full"
    assert caplog.messages.count(line) == 1
