"""The database on disk: whose it is, what is in it, and who else may use it."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from lazr_smtptest.errors import StoreError, StoreFullError
from lazr_smtptest.query.selection import Selection
from lazr_smtptest.stores import SQLiteStore, _database_file, _sql_store
from lazr_smtptest.stores import _codec as _record
from lazr_smtptest.stores import _schema as _database

from .envelopes import make_envelope
from .removal import remove as remove_tree


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Say where the database is to be."""
    return tmp_path / "mail.db"


@pytest.fixture
def open_store(path: Path) -> Iterator[Callable[..., SQLiteStore]]:
    """Open a store there, and close it after the test."""
    opened: list[SQLiteStore] = []

    def open_store(**options: object) -> SQLiteStore:
        opened.append(SQLiteStore(path, **options))
        return opened[-1]

    yield open_store
    for store in opened:
        store.close()


OpenStore = Callable[..., SQLiteStore]


def execute(path: Path, *statements: str) -> list[tuple[object, ...]]:
    """Do something with the database, as another program."""
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            rows = connection.execute(statement).fetchall()
        return rows


def refused(path: Path, words: str) -> None:
    """Check that a file is refused, and stays as it is, and alone."""
    before = path.read_bytes()
    with pytest.raises(StoreError, match=words) as caught:
        SQLiteStore(path)
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == before
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_an_existing_database_keeps_its_messages(open_store: OpenStore) -> None:
    """They are there when it is opened again."""
    first = open_store()
    first.add(make_envelope())
    first.close()
    assert list(open_store()) == [make_envelope()]


def test_a_store_sees_what_another_one_has_kept(open_store: OpenStore) -> None:
    """Nothing has to be opened again."""
    one, other = open_store(), open_store()
    one.add(make_envelope(1))
    assert list(other) == [make_envelope(1)]
    other.add(make_envelope(2))
    assert list(one) == [make_envelope(1), make_envelope(2)]


@pytest.mark.slow
def test_two_processes_lose_nothing(
    path: Path, two_writers: Callable[[str], list[str]], open_store: OpenStore
) -> None:
    """Two servers may write to one database at the same time, also a new one."""
    written = two_writers(f"sqlite:{path}")
    read = [envelope.content.split()[0].decode() for envelope in open_store()]
    assert sorted(read) == written


def test_it_is_a_database_in_wal_mode(path: Path, open_store: OpenStore) -> None:
    """Readers do not wait for the writer."""
    open_store().close()
    assert execute(path, "PRAGMA journal_mode") == [("wal",)]


def test_a_content_is_compressed(path: Path, open_store: OpenStore) -> None:
    """Messages are mostly text."""
    store = open_store()
    store.add(make_envelope(content=b"Subject: a\r\n\r\n" + b"Hello. " * 1000))
    ((size,),) = execute(path, "SELECT length(octets) FROM body")
    assert size < 200


def test_the_irregularities_of_a_message_are_not_looked_for_when_it_is_kept(
    open_store: OpenStore,
) -> None:
    """Only those of the commands are stored, which cannot be found again."""
    envelope = make_envelope(content=b"bare\nline\r\n", warnings=("pipelining",))
    assert json.loads(_record.fields_of(envelope))["warnings"] == ["pipelining"]
    store = open_store()
    store.add(envelope)
    [kept] = store
    assert kept.warnings == ("pipelining", "bare-newline")


@pytest.mark.parametrize("size", [0, 100, 1000, 100_000])
def test_it_can_be_compressed_without_zstandard(
    open_store: OpenStore, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    """The standard library does it too."""
    monkeypatch.setattr(_record, "zstandard", None)
    store = open_store()
    store.add(make_envelope(content=b"x" * size))
    assert [each.content for each in store] == [b"x" * size]


def test_what_zstandard_has_compressed_says_what_is_missing(
    open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such a database may come from another machine."""
    pytest.importorskip("zstandard")
    open_store().add(make_envelope(content=b"x" * 1000))
    monkeypatch.setattr(_record, "zstandard", None)
    with pytest.raises(StoreError, match=r"install lazr\.smtptest\[sqlite\]"):
        list(open_store())


# Whose file it is


def test_another_kind_of_file_is_refused(path: Path) -> None:
    """A file that is no database stays as it is."""
    path.write_bytes(b"my thesis\n" * 100)
    refused(path, f"^'{path}' is not an SQLite database$")


def test_a_database_of_another_program_is_refused(path: Path) -> None:
    """Nothing is added to it."""
    execute(path, "CREATE TABLE thesis (text)")
    refused(path, f"^'{path}' is an SQLite database of another program$")


def test_a_newer_database_is_refused(
    path: Path, open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a newer version has written this one does not understand."""
    newer = [*_database.MIGRATIONS, ("CREATE TABLE news (text)",)]
    with monkeypatch.context() as patch:
        patch.setattr(_database, "MIGRATIONS", newer)
        open_store().close()
    refused(path, r"newer lazr\.smtptest: its version is 8, and this one knows 7$")


def test_an_older_database_is_brought_up_to_date(
    path: Path, open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And its messages stay."""
    store = open_store()
    store.add(make_envelope())
    store.close()
    newer = [*_database.MIGRATIONS, ("CREATE TABLE news (text)",)]
    monkeypatch.setattr(_database, "MIGRATIONS", newer)
    assert list(open_store()) == [make_envelope()]
    assert execute(path, "PRAGMA user_version") == [(8,)]
    assert execute(path, "SELECT count(*) FROM news") == [(0,)]


def write_older(path: Path, version: int, *contents: bytes) -> None:
    """Make a database as an older version did, with messages that are indexed."""
    with closing(sqlite3.connect(path)) as connection, connection:
        for statements in _database.MIGRATIONS[:version]:
            for statement in statements:
                connection.execute(statement)
        for number, content in enumerate(contents, 1):
            envelope = make_envelope(number, content=content, id=f"id-{number}")
            connection.execute(
                "INSERT INTO message (number, id, kept_at, size, fields) "
                "VALUES (?, ?, 0, ?, ?)",
                (number, envelope.id, len(content), _record.fields_of(envelope)),
            )
            connection.execute("INSERT INTO body VALUES (?, 0, ?)", (number, content))
            connection.execute("INSERT INTO words VALUES ('', '', 'word', '')")
            connection.executemany(
                "INSERT INTO recipient VALUES (?, ?)",
                [(_record.address_key(each), number) for each in envelope.rcpt_tos],
            )
        size = sum(map(len, contents))
        state = len(contents), size, len(contents)
        connection.execute(
            "UPDATE state SET (messages, octets, indexed) = (?, ?, ?)", state
        )
        if version > 3:
            connection.execute("UPDATE state SET unread = messages, validity = 1")
        connection.execute(f"PRAGMA user_version = {version}")
        connection.execute("PRAGMA application_id = 0x6C7A7374")


OLDER = pytest.mark.parametrize("version", [1, 2, 3, 4])


@OLDER
def test_the_messages_of_an_older_database_stay(
    path: Path, open_store: OpenStore, version: int
) -> None:
    """They keep their numbers and ids, and are unread."""
    write_older(path, version, b"Subject: one\r\n\r\n", b"Subject: two\r\n\r\n")
    page = open_store().page(oldest_first=True)
    assert [(each.number, each.id, each.subject) for each in page] == [
        (1, "id-1", "one"),
        (2, "id-2", "two"),
    ]
    assert open_store().counts().unread == 2


@OLDER
def test_an_older_database_is_searched_like_a_new_one(
    path: Path, open_store: OpenStore, version: int
) -> None:
    """All of it is indexed anew."""
    write_older(path, version, "Subject: a\r\n\r\n\u6771\u4eac\u90fd".encode())
    store = open_store()
    assert len(store.page("\u4eac\u90fd from:sender", timeout=60)) == 0
    assert len(store.page("\u4eac\u90fd", timeout=60)) == 1
    assert len(store.page("word", timeout=60)) == 0


@OLDER
def test_an_older_database_has_a_validity_and_takes_messages(
    path: Path, open_store: OpenStore, version: int
) -> None:
    """Its numbers go on."""
    write_older(path, version, b"Subject: one\r\n\r\n")
    store = open_store()
    store.add(make_envelope(2))
    assert [each.number for each in store.page()] == [2, 1]
    assert store.validity == open_store().validity > 0
    assert [change.kind for change in store.changes(0).changes] == ["kept"]


@pytest.mark.parametrize(("version", "tags"), [(3, ("a",)), (4, ())])
def test_tags_by_rule_are_not_added_to_an_older_database_again(
    path: Path, open_store: OpenStore, version: int, tags: tuple[str, ...]
) -> None:
    """Somebody may have removed them; before version 4 there were none."""
    write_older(path, version, b"X-Tags: a\r\n\r\nword")
    store = open_store()
    store.add(make_envelope(2, content=b"X-Tags: b\r\n\r\nword"))
    found = store.page("word", timeout=60)
    assert [each.tags for each in found] == [("b",), tags]


@OLDER
def test_an_older_database_knows_what_is_shortened_in_it(
    path: Path, open_store: OpenStore, version: int
) -> None:
    """It is counted when it is indexed anew."""
    write_older(path, version, b"Subject: a\r\n\r\n" + b"word " * 20_000)
    store = open_store()
    store.page("word", timeout=60)
    assert store.index_progress().shortened == 1


@pytest.mark.parametrize("version", [1, 2, 3, 4, 5])
def test_the_messages_of_an_older_database_have_the_number_of_no_later_change(
    path: Path, open_store: OpenStore, version: int
) -> None:
    """They change as others."""
    write_older(path, version, b"Subject: one\r\n\r\n", b"Subject: two\r\n\r\n")
    store = open_store()
    assert [store.summary(number).change for number in (1, 2)] == [0, 0]
    assert store.next_number() == 3
    store.add(make_envelope())
    store.change(Selection(numbers=[2]), set_flags=["flagged"])
    changes = [store.summary(number).change for number in (1, 2, 3)]
    assert changes[0] < changes[2] < changes[1] == store.last_change()


@pytest.mark.parametrize("broken", ["version", "fts5"])
def test_an_sqlite_that_is_too_old_is_named(
    path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    """Nothing is made then."""
    if broken == "version":
        monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 33, 0))
        monkeypatch.setattr(sqlite3, "sqlite_version", "3.33.0")
        words = "needs SQLite 3.34.0 or newer, and this Python has 3.33.0; use another"
    else:
        monkeypatch.setattr(_database, "_FTS5", "CREATE VIRTUAL TABLE test USING no")
        words = r"with FTS5, and this Python has one without it \(no such module: no\)"
    with pytest.raises(StoreError, match=words):
        SQLiteStore(path)
    assert not path.exists()


def test_a_migration_that_fails_changes_nothing(
    path: Path, open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It can be tried again."""
    open_store().close()
    newer = [*_database.MIGRATIONS, ("CREATE TABLE news (text)", "CREATE nonsense")]
    with monkeypatch.context() as patch:
        patch.setattr(_database, "MIGRATIONS", newer)
        with pytest.raises(StoreError, match="as an SQLite store: near"):
            open_store()
    assert execute(path, "PRAGMA user_version") == [(7,)]
    assert len(open_store()) == 0


def test_an_empty_file_becomes_a_database(path: Path, open_store: OpenStore) -> None:
    """As one that was made by ``mktemp``."""
    path.touch()
    assert len(open_store()) == 0


def test_a_directory_is_refused(tmp_path: Path) -> None:
    """A directory is not a database."""
    with pytest.raises(StoreError, match=r"as an SQLite store: Is a directory$"):
        SQLiteStore(tmp_path)


def test_a_missing_parent_is_not_made(tmp_path: Path) -> None:
    """Only the file itself is made."""
    with pytest.raises(StoreError, match=f"there is no directory '{tmp_path}/a'$"):
        SQLiteStore(tmp_path / "a" / "b")
    assert list(tmp_path.iterdir()) == []


def test_a_directory_without_write_permission_is_refused(as_nobody: Path) -> None:
    """A file must not be made where this user may not write."""
    with pytest.raises(StoreError, match=r"as an SQLite store: Permission denied$"):
        SQLiteStore(as_nobody / "box")


def test_a_damaged_database_is_refused(path: Path, open_store: OpenStore) -> None:
    """In one line."""
    open_store().close()
    data = bytearray(path.read_bytes())
    data[100:8000] = b"\xff" * 7900
    path.write_bytes(data)
    with pytest.raises(StoreError, match="as an SQLite store: ") as caught:
        SQLiteStore(path)
    assert "\n" not in str(caught.value)


# While it is used


def remove(path: Path, names: str) -> None:
    """Remove the files of a database whose names match."""
    for file in path.parent.glob(names):
        # The indexer may close the database at this moment, which removes two of them.
        file.unlink(missing_ok=True)


# The order in which `rm` may do it, and what an incomplete one leaves.
REMOVED = ["mail.db*", "mail.db", "mail.db-*"]


@pytest.mark.parametrize("names", REMOVED)
def test_what_is_kept_after_a_removal_is_there_for_everybody(
    path: Path, open_store: OpenStore, names: str
) -> None:
    """It is not in a file that has no name any more."""
    store = open_store()
    store.add(make_envelope(1))
    remove(path, names)
    store.add(make_envelope(2))
    with closing(sqlite3.connect(path)) as other:
        ids = other.execute("SELECT id FROM message ORDER BY number").fetchall()
    assert ids[-1] == ([*store][-1].id,)
    assert [*store][-1] == make_envelope(2)


def test_a_removed_database_is_made_anew_and_the_log_says_so_once(
    path: Path, open_store: OpenStore, caplog: pytest.LogCaptureFixture
) -> None:
    """The messages in it are gone; those that come are kept, and found."""
    store = open_store()
    store.add(make_envelope(1))
    store.search("sender*")
    remove(path, "mail.db*")
    for number in (2, 3):
        store.add(make_envelope(number))
    assert list(store) == [make_envelope(2), make_envelope(3)]
    assert len(store.search("sender*")) == 2
    # The indexer may look at the database once more, and finds it gone.
    assert [each for each in caplog.messages if "searchable" not in each] == [
        f"SQLite store '{path}' was removed and is made anew, without its messages"
    ]


def test_two_stores_of_one_removed_database_keep_all_that_comes(
    path: Path, open_store: OpenStore
) -> None:
    """Who closes the old file late takes nothing from the new one."""
    one, other = open_store(), open_store()
    for store in (one, other):
        store.add(make_envelope())
        assert len(store) > 0
    remove(path, "mail.db*")
    one.add(make_envelope(1))
    assert path.with_name("mail.db-wal").exists()
    other.add(make_envelope(2))
    one.add(make_envelope(3))
    kept = [make_envelope(number) for number in (1, 2, 3)]
    assert list(one) == list(other) == kept
    one.close()
    other.close()
    assert list(open_store()) == kept
    assert {each.name for each in path.parent.iterdir()} <= {
        *("mail.db", "mail.db-wal", "mail.db-shm")
    }


def test_a_database_that_is_removed_while_it_is_written_has_not_kept_the_message(
    path: Path, open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its commit went into a file without a name."""
    store = open_store()
    store.add(make_envelope(1))
    insert = store._insert

    def insert_and_remove(*arguments: object) -> None:
        insert(*arguments)
        remove(path, "mail.db*")

    monkeypatch.setattr(store, "_insert", insert_and_remove)
    with pytest.raises(StoreError, match=r"was removed while it was written$"):
        store.add(make_envelope(2))
    monkeypatch.undo()
    store.add(make_envelope(3))
    assert list(store) == [make_envelope(3)]


def test_a_database_whose_folder_is_gone_takes_no_messages_until_it_is_back(
    path: Path, open_store: OpenStore, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The folder itself is not ours to make."""
    folder = tmp_path_factory.mktemp("folder")
    store = SQLiteStore(folder / "mail.db")
    store.add(make_envelope(1))
    remove_tree(folder)
    for _ in range(2):
        with pytest.raises(StoreError, match=f"there is no directory '{folder}'$"):
            store.add(make_envelope(2))
    folder.mkdir()
    store.add(make_envelope(3))
    assert list(store) == [make_envelope(3)]
    store.close()


def fill(store: SQLiteStore, size: int) -> None:
    """Add two megabytes or more."""
    for _ in range(2_000_000 // size):
        store.add(make_envelope(content=os.urandom(size)))


@pytest.mark.slow
@pytest.mark.parametrize("size", [2_000_000, 20_000])
def test_a_file_that_may_not_grow_is_full(
    path: Path, open_store: OpenStore, size: int
) -> None:
    """RLIMIT_FSIZE: SQLite itself calls it an error of input or output."""
    store = open_store()
    store.add(make_envelope(0))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, before[1]))
    try:
        with pytest.raises(StoreFullError, match="cannot write to SQLite store"):
            fill(store, size)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    store.add(make_envelope(1))
    assert (next(iter(store)), next(reversed(store))) == (
        make_envelope(0),
        make_envelope(1),
    )


def test_a_file_that_was_put_in_its_place_takes_no_messages(
    path: Path, open_store: OpenStore
) -> None:
    """Unless it is one of ours."""
    store = open_store()
    store.add(make_envelope(1))
    remove(path, "mail.db*")
    execute(path, "CREATE TABLE thesis (text)")
    with pytest.raises(StoreError, match="is not the database any more that it was"):
        store.add(make_envelope(2))


def test_a_lock_of_another_process_is_waited_for(
    path: Path, open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For a time; then the message is refused, and nothing of it stays."""
    monkeypatch.setattr(_database_file, "_PATIENCE", 0.05)
    store = open_store()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="database is locked"):
            store.add(make_envelope(1))
    store.add(make_envelope(2))
    assert list(store) == [make_envelope(2)]


def test_the_order_is_that_of_arrival_whatever_the_clock_says(
    open_store: OpenStore,
) -> None:
    """It may be set back."""
    times = iter([2e9, 1e9, 0.0])
    store = open_store(clock=lambda: next(times))
    for number in range(3):
        store.add(make_envelope(number))
    assert list(store) == [make_envelope(number) for number in range(3)]


def test_a_number_is_never_used_again(path: Path, open_store: OpenStore) -> None:
    """Whoever has remembered one finds nothing else under it."""
    store = open_store()
    store.add(make_envelope(1))
    store.clear()
    store.add(make_envelope(2))
    store.delete(next(iter(store)).id)
    store.add(make_envelope(3))
    assert execute(path, "SELECT number FROM message") == [(3,)]


@pytest.mark.parametrize("how", ["delete", "clear", "drop"])
def test_nothing_is_left_of_what_was_deleted(
    path: Path, open_store: OpenStore, how: str
) -> None:
    """In no table."""
    store = open_store(max_count=1 if how == "drop" else None)
    store.add(make_envelope(1, id="id-1"))
    store.search("hello")
    if how == "delete":
        store.delete("id-1")
    elif how == "clear":
        store.clear()
    else:
        store.add(make_envelope(2))
        store.search("hello")
    left = 1 if how == "drop" else 0
    counts = {
        table: execute(path, f"SELECT count(*) FROM {table}")[0][0]
        for table in ("message", "body", "recipient", "words")
    }
    assert counts == {
        "message": left,
        "body": left,
        "recipient": 2 * left,
        "words": left,
    }
    assert len(store) == left


def test_an_id_that_came_twice_stands_for_the_older(open_store: OpenStore) -> None:
    """And both are deleted by it."""
    store = open_store()
    for number in (1, 2):
        store.add(make_envelope(number, id="id"))
    assert store.get("id") == make_envelope(1)
    assert store.delete("id")
    assert len(store) == 0


def test_synchronous_is_what_was_asked_for(open_store: OpenStore) -> None:
    """FULL makes SQLite wait for the disk at each commit."""
    for name, number in (("NORMAL", 1), ("FULL", 2)):
        store = open_store(synchronous=name)
        seen = store._writing.change(
            lambda connection: connection.execute("PRAGMA synchronous").fetchone()
        )
        assert seen == (number,)


def kept(store: SQLiteStore) -> list[int]:
    """Say which messages are there."""
    return [envelope.peer[1] - 40000 for envelope in store]


def test_what_becomes_too_old_goes_without_a_message(open_store: OpenStore) -> None:
    """The store's thread wakes up for it."""
    times = iter([1000.0, 1000.0, 1000.0, 1009.99])
    gone = threading.Event()

    def clock() -> float:
        now = next(times, None)
        if now is None:
            gone.set()
            return 2000.0
        return now

    store = open_store(max_age=10, clock=clock)
    store.add(make_envelope(0))
    assert gone.wait(30)
    store.close()
    assert kept(store) == []


@pytest.mark.parametrize("names", ["mail.db*", "mail.db"])
def test_a_removal_is_noticed_in_a_folder_that_was_quiet_for_long(
    path: Path, open_store: OpenStore, names: str
) -> None:
    """One look at the folder is enough where nothing in it has come or gone."""
    store = open_store()
    store.add(make_envelope(1))
    store.search("sender*")
    os.utime(path.parent, (0, 0))
    store.add(make_envelope(2))
    assert store._writing._folder is not None
    remove(path, names)
    store.add(make_envelope(3))
    assert list(store) == [make_envelope(3)]


@pytest.fixture
def no_indexer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the indexer from using the database at the same time."""
    monkeypatch.setattr(_sql_store.Indexer, "wake", lambda self: None)


def truncate(path: Path, store: SQLiteStore) -> None:
    """Truncate a database of one message, and try to add another one."""
    store.add(make_envelope(1))
    os.truncate(path, 0)
    with pytest.raises(StoreError, match=f"'{path}' was truncated to 0 bytes$"):
        store.add(make_envelope(2))


@pytest.mark.usefixtures("no_indexer")
def test_a_truncated_database_takes_no_message(
    path: Path, open_store: OpenStore
) -> None:
    """Its commit went into a journal of which nothing can be read again."""
    truncate(path, open_store())


@pytest.mark.usefixtures("no_indexer")
def test_messages_are_kept_again_after_a_truncation(
    path: Path, open_store: OpenStore
) -> None:
    """The database is made anew with the next message."""
    store = open_store()
    truncate(path, store)
    store.add(make_envelope(3))
    assert list(store) == [make_envelope(3)]


@pytest.mark.usefixtures("no_indexer")
def test_the_log_has_a_truncation_once(
    path: Path, open_store: OpenStore, caplog: pytest.LogCaptureFixture
) -> None:
    """It also has the new database."""
    store = open_store()
    truncate(path, store)
    store.add(make_envelope(3))
    assert caplog.messages == [
        f"SQLite store '{path}' was truncated to 0 bytes",
        f"SQLite store '{path}' was removed and is made anew, without its messages",
    ]


@pytest.mark.usefixtures("no_indexer")
def test_what_is_kept_after_a_truncation_is_there_at_the_next_start(
    path: Path, open_store: OpenStore
) -> None:
    """It is in a whole database."""
    store = open_store()
    truncate(path, store)
    store.add(make_envelope(3))
    store.close()
    assert list(open_store()) == [make_envelope(3)]


def test_a_database_made_anew_after_a_truncation_is_searched(
    path: Path, open_store: OpenStore
) -> None:
    """Its index is new too."""
    store = open_store()
    store.add(make_envelope(1))
    os.truncate(path, 0)
    with contextlib.suppress(StoreError):
        # Unless the indexer has noticed before.
        store.add(make_envelope(2))
    store.clear()
    store.add(make_envelope(3))
    assert len(store.search("sender*")) == 1


@pytest.mark.usefixtures("no_indexer")
def test_closing_writes_nothing_into_a_truncated_database(
    path: Path, open_store: OpenStore
) -> None:
    """The latest commits are no database without the others."""
    store = open_store()
    store.add(make_envelope(1))
    os.truncate(path, 0)
    store.close()
    assert list(open_store()) == []


@pytest.mark.usefixtures("no_indexer")
def test_two_stores_of_one_truncated_database_keep_all_that_comes(
    path: Path, open_store: OpenStore
) -> None:
    """Each of them uses the new one."""
    one, other = open_store(), open_store()
    other.add(make_envelope())
    truncate(path, one)
    other.add(make_envelope(3))
    one.add(make_envelope(4))
    kept = [make_envelope(3), make_envelope(4)]
    assert list(one) == list(other) == kept
