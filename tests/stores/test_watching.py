"""Changes of a database, seen by those who watch it from elsewhere."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Queue

import pytest

from lazr_smtptest.model.change import Change
from lazr_smtptest.query.selection import Selection
from lazr_smtptest.stores import SQLiteStore, _changes

from .envelopes import make_envelope

PATIENCE = 60


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Say where the database is to be."""
    return tmp_path / "mail.db"


@pytest.fixture
def open_store(path: Path) -> Iterator[Callable[[], SQLiteStore]]:
    """Open a store there, and close it after the test."""
    opened: list[SQLiteStore] = []

    def open_store() -> SQLiteStore:
        opened.append(SQLiteStore(path))
        return opened[-1]

    yield open_store
    for store in opened:
        store.close()


OpenStore = Callable[[], SQLiteStore]


def watching(store: SQLiteStore) -> Queue[Change]:
    """Return the queue of the changes that a store reports from now on."""
    changes: Queue[Change] = Queue()
    store.watch(changes.put)
    return changes


def watchers() -> set[threading.Thread]:
    return {each for each in threading.enumerate() if "watcher" in each.name}


@pytest.mark.parametrize("who", ["itself", "another store", "another process"])
def test_a_message_is_reported_whoever_keeps_it(
    path: Path, open_store: OpenStore, who: str
) -> None:
    """With its number and its id."""
    store = open_store()
    changes = watching(store)
    if who == "another process":
        program = (
            "from lazr_smtptest import Envelope; "
            "from lazr_smtptest.stores import SQLiteStore; "
            f"store = SQLiteStore({str(path)!r}); "
            "store.add(Envelope(mail_from='', rcpt_tos=(), content=b'', id='a-1')); "
            "store.close()"
        )
        subprocess.run([sys.executable, "-c", program], check=True, timeout=PATIENCE)
    else:
        adding = store if who == "itself" else open_store()
        adding.add(make_envelope(id="a-1"))
    change = changes.get(timeout=PATIENCE)
    assert (change.kind, change.messages, change.ids) == ("kept", (1,), ("a-1",))


def test_changes_of_several_stores_come_in_one_order(open_store: OpenStore) -> None:
    """The same for all who watch."""
    stores = [open_store(), open_store()]
    queues = [watching(store) for store in stores]
    for number in range(20):
        stores[number % 2].add(make_envelope(number))
    for queue in queues:
        numbers = [queue.get(timeout=PATIENCE).number for _ in range(20)]
        assert numbers == list(range(1, 21))


def test_a_database_that_is_made_anew_is_reported_as_cleared(
    path: Path, open_store: OpenStore
) -> None:
    """And what comes after that, too."""
    store = open_store()
    store.add(make_envelope(1))
    changes = watching(store)
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink()
    store.add(make_envelope(2, id="a-2"))
    found = [changes.get(timeout=PATIENCE) for _ in range(2)]
    assert [(change.kind, change.ids) for change in found] == [
        ("cleared", ()),
        ("kept", ("a-2",)),
    ]


def test_a_reader_of_a_database_that_was_made_anew_is_told_to_read_all(
    path: Path, open_store: OpenStore
) -> None:
    """It has another validity, too."""
    store = open_store()
    store.add(make_envelope(1))
    last, validity = store.last_change(), store.validity
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink()
    store.add(make_envelope(2))
    assert store.changes(last).is_reset
    assert store.validity != validity


def test_a_thread_watches_only_while_somebody_listens(open_store: OpenStore) -> None:
    """Nothing looks at the file otherwise."""
    store = open_store()
    before = watchers()
    unwatch = store.watch(lambda change: None)
    (thread,) = watchers() - before
    unwatch()
    thread.join(PATIENCE)
    assert not thread.is_alive()
    changes = watching(store)
    store.add(make_envelope())
    assert changes.get(timeout=PATIENCE).kind == "kept"


def test_closing_reports_what_was_changed_before(open_store: OpenStore) -> None:
    """Nothing is lost at the end."""
    store = open_store()
    changes = watching(store)
    for number in range(5):
        store.add(make_envelope(number))
    store.close()
    assert changes.qsize() == 5


def test_the_log_of_changes_has_a_bound(
    open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader that was away longer is told to read all anew."""
    monkeypatch.setattr(_changes, "_CHANGES", 10)
    monkeypatch.setattr(_changes, "_EVERY", 1)
    store = open_store()
    for number in range(15):
        store.add(make_envelope(number))
    assert store.changes(0).is_reset
    assert store.changes(4).is_reset
    assert [each.number for each in store.changes(5).changes] == list(range(6, 16))


def test_the_log_of_changes_has_a_bound_of_messages(
    open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Large changes push out more of the older ones."""
    monkeypatch.setattr(_changes, "_NAMED", 30)
    monkeypatch.setattr(_changes, "_EVERY", 1)
    store = open_store()
    for number in range(20):
        store.add(make_envelope(number))
    store.change(Selection(query=""), set_flags=["seen"])
    assert store.changes(10).changes[0].number == 11
    assert store.changes(9).is_reset
