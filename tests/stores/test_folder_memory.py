"""What the index of a Maildir and an mbox remembers over a restart."""

from __future__ import annotations

import mailbox
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from lazr_smtptest.model.document import Document
from lazr_smtptest.stores import _index_file, _index_rows, _memories, open_store

from .envelopes import make_envelope
from .reading_helpers import ALL, fill, found, mail, numbered

Open = Callable[[], Any]


@pytest.fixture(params=["maildir", "mbox"])
def kind(request: pytest.FixtureRequest) -> str:
    """Name one of the two kinds."""
    return str(request.param)


@pytest.fixture
def open_again(kind: str, tmp_path: Path) -> Iterator[Open]:
    """Return a function that opens the store; all are closed after the test."""
    opened: list[Any] = []

    def open_again() -> Any:
        opened.append(open_store(f"{kind}:{tmp_path / 'box'}"))
        return opened[-1]

    yield open_again
    for store in opened:
        store.close()


@pytest.fixture
def store(open_again: Open) -> Any:
    """Open a new store."""
    return open_again()


def rows(store: Any, statement: str) -> list[Any]:
    """Return what is in the index of a store."""
    with closing(sqlite3.connect(store._index.path)) as connection:
        return connection.execute(statement).fetchall()


def documents(store: Any) -> list[int]:
    """Return the numbers of the messages whose documents are in the index."""
    return [number for (number,) in rows(store, "SELECT number FROM document")]


def changes(store: Any, since: int) -> list[tuple[str, tuple[int, ...]]]:
    """Return the changes after one; none may be lost."""
    answer = store.changes(since)
    assert not answer.is_reset
    return [(change.kind, change.messages) for change in answer.changes]


def other_program(kind: str, path: Path) -> Any:
    """Open the folder or file as another program does."""
    if kind == "maildir":
        return mailbox.Maildir(path / "box", create=False)
    box = mailbox.mbox(path / "box", create=False)
    box.lock()
    return box


# Documents

MESSAGE = (
    "From: Ann <ann@example.com>\nTo: b@example.com\nSubject: Größe\n"
    "X-Other: field\n\nA text with words.\n"
)


def test_a_search_after_a_restart_reads_no_message(
    store: Any, open_again: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither does a list of the messages found."""
    store.add(
        mail(MESSAGE, id="5e-1", user="u", rcpt_tos=("b@example.com", "\udcff@x"))
    )
    store.add(mail("Subject: other\n\n", received_at=None))
    before = {query: store.page(query) for query in ("", "words", "header:x-other:fi")}
    assert [len(page) for page in before.values()] == [2, 1, 1]
    store.close()
    again = open_again()
    monkeypatch.setattr(again, "_load", None)
    monkeypatch.setattr(_memories, "document_of", None)
    assert {query: again.page(query) for query in before} == before
    assert found(again, "nothing") == []
    assert again.counts("from:ann").matching == 1


def test_a_store_that_was_not_closed_has_remembered_what_it_read(
    store: Any, open_again: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process may be killed."""
    fill(store, 3)
    assert len(found(store, "message")) == 3
    again = open_again()
    monkeypatch.setattr(again, "_load", None)
    assert len(found(again, "message")) == 3


def test_the_document_of_a_removed_message_is_dropped(store: Any) -> None:
    """With the message."""
    first, second = fill(store, 2)
    store.page("message")
    assert documents(store) == [first, second]
    store.remove(numbered(first))
    assert documents(store) == [second]
    store.clear()
    assert documents(store) == []
    assert rows(store, "SELECT octets FROM state") == [(0,)]


def test_documents_are_remembered_within_a_bound(
    store: Any, open_again: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of the oldest messages are dropped, and read again when needed."""
    numbers = fill(store, 20)
    store.page("message")
    ((size,),) = rows(store, "SELECT octets FROM state")
    monkeypatch.setattr(_index_rows, "_OCTETS", size // 2)
    numbers += fill(store, 1)
    store.page("message")
    left = documents(store)
    assert left == numbers[-len(left) :]
    assert 5 < len(left) < 15
    store.close()
    assert found(open_again(), "message") == numbers


def test_what_is_read_is_written_from_time_to_time(
    store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not all of it is in memory."""
    monkeypatch.setattr(_memories, "_WAITING", 2)
    waiting = []
    keep = store._memories.keep
    monkeypatch.setattr(
        *(store._memories, "keep"),
        lambda: (waiting.append(len(store._memories._waiting)), keep()),
    )
    numbers = fill(store, 5)
    waiting.clear()
    assert found(store, "message") == numbers
    assert max(waiting) == 2
    assert documents(store) == numbers


def test_a_message_that_could_not_be_read_is_tried_again(
    store: Any, open_again: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another time it may succeed."""
    with monkeypatch.context() as patch:
        failed = Document(failure="it takes too long", shortened=True)
        patch.setattr(_memories, "document_of", lambda envelope: failed)
        store.add(mail("Subject: word\n\n"))
        assert found(store, "word") == []
    store.close()
    assert len(found(open_again(), "word")) == 1


def test_a_shortened_document_is_counted_after_a_restart(
    store: Any, open_again: Open
) -> None:
    """As in the process that has read the message."""
    store.add(mail("Subject: long\n\n" + "word " * 20_000))
    assert store.page("word").shortened == 1
    store.close()
    assert open_again().page("word").shortened == 1


# Changes


def test_changes_survive_a_restart(store: Any, open_again: Open) -> None:
    """A reader that was away asks the next process."""
    first, second = fill(store, 2)
    since = store.last_change()
    store.change(numbered(first), set_flags=["seen"], add_tags=["a"])
    store.remove(numbered(second))
    (third,) = fill(store, 1)
    expected = [("changed", (first,)), ("removed", (second,)), ("kept", (third,))]
    assert changes(store, since) == expected
    store.close()
    again = open_again()
    assert changes(again, since) == expected
    (fourth,) = fill(again, 1)
    assert changes(again, since) == [*expected, ("kept", (fourth,))]


def test_changes_while_nobody_was_there_are_noticed(
    store: Any, open_again: Open, kind: str, tmp_path: Path
) -> None:
    """Another program has changed, removed and added messages."""
    first, second, third = fill(store, 3)
    since = store.last_change()
    store.close()
    box = other_program(kind, tmp_path)
    keys = {box[key]["Subject"]: key for key in box.keys()}  # noqa: SIM118
    message = box[keys["message 0"]]
    if kind == "maildir":
        message.set_subdir("cur")
    message.add_flag("F")
    box[keys["message 0"]] = message
    box.remove(keys["message 1"])
    box.add(b"Subject: foreign\n\nHello.\n")
    box.close()
    again = open_again()
    (fourth,) = found(again, "foreign")
    assert set(changes(again, since)) == {
        ("changed", (first,)),
        ("removed", (second,)),
        ("kept", (fourth,)),
    }
    assert [change.ids for change in again.changes(since).changes].count(("",)) == 0
    assert third in again.numbers()


def test_two_stores_report_each_change_once(store: Any, open_again: Open) -> None:
    """The one that notices it, and the other one reads that."""
    other = open_again()
    assert (store.last_change(), other.last_change()) == (0, 0)
    first, second = fill(store, 2)
    other.change(numbered(first), set_flags=["seen"])
    store.change(numbered(second), add_tags=["a"])
    other.remove(numbered(second))
    kinds = [kind for kind, _ in changes(store, 0)]
    assert kinds == ["kept", "kept", "changed", "changed", "removed"]
    assert changes(other, 0) == changes(store, 0)
    store.clear()
    assert changes(other, 5) == changes(store, 5) == [("cleared", ())]


def test_changes_are_remembered_within_a_bound(
    store: Any, open_again: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who asks for older ones has to read all anew."""
    monkeypatch.setattr(_index_rows, "_CHANGES", 3)
    for _ in range(5):
        fill(store, 1)
    store.close()
    again = open_again()
    assert again.changes(1).is_reset
    assert [number for _, (number,) in changes(again, 2)] == [3, 4, 5]


def test_the_messages_of_all_changes_have_a_bound(
    store: Any, open_again: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One change may name a thousand."""
    numbers = fill(store, 10)
    monkeypatch.setattr(_index_rows, "_NAMED", 25)
    last = store.last_change()
    for flags in (["seen"], ["flagged"], ["draft"]):
        store.change(ALL, set_flags=flags)
    store.close()
    again = open_again()
    assert again.changes(last - 1).is_reset
    assert [named for _, named in changes(again, last)] == [tuple(numbers)] * 3


# The older version


def test_an_index_of_the_older_version_is_migrated(
    store: Any, open_again: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Numbers and tags stay; former changes are not known."""
    with monkeypatch.context() as patch:
        patch.setattr(_index_file, "_MIGRATIONS", _index_file._MIGRATIONS[:1])
        with store._index.transaction() as connection:
            keys = [item.key for item in (fill_unread(store), store._scan())[1]]
            connection.execute("UPDATE meta SET validity = 7, number = 20, change = 9")
            connection.executemany(
                "INSERT INTO message VALUES (?, ?, ?)",
                [(11, keys[0], '["a"]'), (20, keys[1], "[]")],
            )
        store.close()
    again = open_again()
    assert again.validity == 7
    listed = [(each.number, each.tags) for each in again.page(oldest_first=True)]
    assert listed == [(11, ("a",)), (20, ())]
    assert (again.last_change(), again.changes(8).is_reset) == (9, True)
    fill(again, 1)
    assert changes(again, 9) == [("kept", (21,))]
    assert [each for (each,) in rows(again, "PRAGMA user_version")] == [5]


def test_documents_of_the_older_version_are_read_again(
    open_again: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has read less of a message."""
    with monkeypatch.context() as patch:
        patch.setattr(_memories, "document_of", lambda _: Document(text="less"))
        older = open_again()
        fill(older, 2)
        assert len(found(older, "less")) == 2
        older.close()
    with closing(sqlite3.connect(older._index.path)) as connection, connection:
        connection.execute(
            "CREATE TABLE older AS SELECT number, key, tags, id, flags FROM message"
        )
        for name in ("message", "folder", "filed", "subscription"):
            connection.execute(f"DROP TABLE {name}")
        connection.execute("ALTER TABLE older RENAME TO message")
        connection.execute("PRAGMA user_version = 2")
    again = open_again()
    assert found(again, "less") == []
    assert len(found(again, "message")) == 2


def fill_unread(store: Any) -> None:
    """Add two messages, and read none."""
    for number in range(2):
        store.add(make_envelope(number))
