"""The read side of a Maildir and an mbox that other programs use, too."""

from __future__ import annotations

import mailbox
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Queue
from typing import Any

import pytest

from lazr_smtptest.errors import StoreError
from lazr_smtptest.model.change import Change
from lazr_smtptest.query.selection import Selection
from lazr_smtptest.stores import MaildirStore, MboxStore, open_store

from .envelopes import make_envelope
from .reading_helpers import ALL, PATIENCE, fill, numbered

KINDS: dict[str, tuple[type[Any], str]] = {
    "maildir": (MaildirStore, "box/.lazr-smtptest-index.db"),
    "mbox": (MboxStore, "box.lazr-smtptest-index.db"),
}
FOREIGN = b"Subject: foreign\nFrom: a@example.com\n\nHello.\n"


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """Name one of the two kinds."""
    return request.param


@pytest.fixture
def index(kind: str, tmp_path: Path) -> Path:
    """Return the path of the index."""
    return tmp_path / KINDS[kind][1]


@pytest.fixture
def open_again(kind: str, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Return a function that opens the store; all are closed after the test."""
    opened: list[Any] = []

    def open_again(**options: Any) -> Any:
        opened.append(KINDS[kind][0](tmp_path / "box", **options))
        return opened[-1]

    yield open_again
    for store in opened:
        store.close()


@pytest.fixture
def store(open_again: Callable[..., Any]) -> Any:
    """Open a new store."""
    return open_again()


def other_program(kind: str, path: Path) -> Any:
    """Open the folder or file as another program does."""
    if kind == "maildir":
        return mailbox.Maildir(path / "box", create=False)
    box = mailbox.mbox(path / "box", create=False)
    box.lock()
    return box


def subjects(store: Any) -> list[str]:
    return [summary.subject for summary in store.page(oldest_first=True)]


def test_no_index_is_made_before_somebody_reads(store: Any, index: Path) -> None:
    """A store that is only written to has no use for it."""
    store.add(make_envelope(1))
    assert [len(list(store)), store.get("none")] == [1, None]
    assert not index.exists()
    store.page()
    assert index.exists()


def test_only_the_owner_may_read_the_index(store: Any, index: Path) -> None:
    """It has what was said in sessions, and so what is in messages."""
    store.page()
    assert index.stat().st_mode & 0o777 == 0o600


def test_a_message_of_another_program_is_listed(
    store: Any, kind: str, tmp_path: Path
) -> None:
    """After those that were there."""
    (number,) = fill(store, 1)
    box = other_program(kind, tmp_path)
    box.add(FOREIGN)
    box.close()
    assert subjects(store) == ["message 0", "foreign"]
    assert store.numbers()[0] == number < store.numbers()[1]
    assert [each.kind for each in store.changes(0).changes] == ["kept", "kept"]


def test_a_message_removed_by_another_program_is_not_listed(
    store: Any, kind: str, tmp_path: Path
) -> None:
    """The numbers of the others stay."""
    first, second, third = fill(store, 3)
    box = other_program(kind, tmp_path)
    (key,) = [key for key, each in box.items() if each["Subject"] == "message 1"]
    box.remove(key)
    box.close()
    assert list(store.numbers()) == [first, third]
    last = store.changes(0).changes[-1]
    assert (last.kind, last.messages) == ("removed", (second,))


FLAGS = {"seen": "S", "answered": "R", "flagged": "F", "draft": "D", "deleted": "T"}
STATUS = {"seen": "R", "answered": "A", "flagged": "F", "draft": "T", "deleted": "D"}


@pytest.mark.parametrize("flag", FLAGS)
def test_a_flag_set_by_another_program_is_read(
    store: Any, kind: str, tmp_path: Path, flag: str
) -> None:
    """From the file's name, or from Status and X-Status."""
    fill(store, 2)
    box = other_program(kind, tmp_path)
    (key,) = [key for key, each in box.items() if each["Subject"] == "message 0"]
    message = box[key]
    message.add_flag((FLAGS if kind == "maildir" else STATUS)[flag])
    box[key] = message
    box.flush()
    box.close()
    assert [set(each.flags) for each in store.page(oldest_first=True)] == [
        {flag},
        set(),
    ]
    assert store.changes(0).changes[-1].kind == "changed"


@pytest.mark.parametrize("flag", FLAGS)
def test_a_flag_is_written_where_other_programs_read_it(
    store: Any, kind: str, tmp_path: Path, flag: Any
) -> None:
    """In the file's name, or in Status and X-Status."""
    first, _ = fill(store, 2)
    store.change(numbered(first), set_flags=[flag])
    box = other_program(kind, tmp_path)
    letter = (FLAGS if kind == "maildir" else STATUS)[flag]
    found = {each["Subject"]: letter in each.get_flags() for each in box}
    box.close()
    assert found == {"message 0": True, "message 1": False}


def test_flags_change_neither_the_content_nor_the_id(
    store: Any, kind: str, tmp_path: Path
) -> None:
    """Nor those of a message of another program."""
    box = other_program(kind, tmp_path)
    box.add(FOREIGN)
    box.close()
    store.add(make_envelope(1))
    before = [(each.id, each.content) for each in store]
    numbers = list(store.numbers())
    store.change(ALL, set_flags=["seen", "flagged"])
    store.change(ALL, clear_flags=["seen"], set_flags=["deleted"])
    assert [(each.id, each.content) for each in store] == before
    assert list(store.numbers()) == numbers
    assert {each.flags for each in store.page()} == {frozenset(("flagged", "deleted"))}


def test_all_flags_can_be_cleared(store: Any) -> None:
    """Those of a message that another program has flagged, too."""
    fill(store, 1)
    store.change(ALL, set_flags=["seen", "draft"])
    assert store.change(ALL, clear_flags=["seen", "draft"]) == 1
    assert store.page()[0].flags == frozenset()


def test_a_missing_index_is_made_anew(
    store: Any, open_again: Callable[..., Any], index: Path
) -> None:
    """With another validity: the numbers may be different ones."""
    fill(store, 3)
    validity = store.validity
    store.close()
    index.unlink()
    again = open_again()
    assert subjects(again) == ["message 0", "message 1", "message 2"]
    assert again.validity > validity


def test_an_index_that_is_removed_while_it_is_used_keeps_its_numbers(
    store: Any, index: Path
) -> None:
    """The list is still in memory."""
    fill(store, 2)
    store.change(ALL, add_tags=["a"])
    known = store.validity, list(store.numbers())
    for file in index.parent.glob(f"{index.name}*"):
        file.unlink()
    assert (store.validity, list(store.numbers())) == known
    assert dict(store.tags()) == {"a": 2}
    assert fill(store, 1)[0] > known[1][-1]


def test_a_damaged_index_is_made_anew(
    store: Any,
    open_again: Callable[..., Any],
    index: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """And the log says so."""
    fill(store, 2)
    store.close()
    index.write_bytes(b"this is no database" * 1000)
    assert subjects(open_again()) == ["message 0", "message 1"]
    assert "is damaged and made anew" in caplog.text


def test_an_index_of_a_newer_version_is_left_alone(
    store: Any, open_again: Callable[..., Any], index: Path
) -> None:
    """It may hold what this version would lose."""
    fill(store, 1)
    store.close()
    connection = sqlite3.connect(index)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StoreError, match=r"newer lazr\.smtptest: its version is 99"):
        open_again().page()


def test_messages_are_kept_although_the_index_cannot_be_used(
    store: Any, index: Path
) -> None:
    """It is for readers only."""
    index.mkdir()
    store.add(make_envelope(1))
    assert len(store) == 1
    with pytest.raises(StoreError, match="index"):
        store.page()


READER = """
import sys
from lazr_smtptest.query.selection import Selection
from lazr_smtptest.stores import open_store
store = open_store(sys.argv[1])
store.change(Selection(query=""), add_tags=["other"], set_flags=["flagged"])
print(store.validity, *store.numbers())
store.close()
"""


@pytest.mark.slow
def test_two_processes_give_a_message_one_number(
    store: Any, kind: str, tmp_path: Path
) -> None:
    """And see each other's tags and flags."""
    numbers = fill(store, 2)
    store.add(make_envelope(2))
    output = subprocess.run(
        [sys.executable, "-c", READER, f"{kind}:{tmp_path / 'box'}"],
        capture_output=True,
        timeout=PATIENCE,
        check=True,
    ).stdout
    assert list(map(int, output.split())) == [store.validity, *store.numbers()]
    assert list(store.numbers())[:2] == numbers
    assert dict(store.tags()) == {"other": 3}
    assert {each.flags for each in store.page()} == {frozenset(("flagged",))}


def test_two_stores_of_one_process_see_the_same(
    store: Any, open_again: Callable[..., Any]
) -> None:
    """Whichever numbers a message first."""
    other = open_again()
    for number in range(4):
        (store, other)[number % 2].add(make_envelope(number))
        (other, store)[number % 2].numbers()
    assert list(store.numbers()) == list(other.numbers())
    other.change(ALL, add_tags=["a"])
    assert dict(store.tags()) == {"a": 4}


def test_a_watcher_hears_of_the_changes_of_other_programs(
    store: Any, kind: str, tmp_path: Path
) -> None:
    """Within a second, on a machine that has time."""
    heard: Queue[Change] = Queue()
    store.watch(heard.put)
    box = other_program(kind, tmp_path)
    box.add(FOREIGN)
    box.close()
    assert heard.get(timeout=PATIENCE).kind == "kept"


def test_no_thread_is_left_when_a_watched_store_is_closed(store: Any) -> None:
    """Nor when it is watched and closed again."""
    for _ in range(2):
        store.watch(print)
        thread = store._poller._thread
        store.close()
        assert not thread.is_alive()


def test_messages_beyond_the_bounds_are_not_listed(
    open_again: Callable[..., Any],
) -> None:
    """They are reported as removed."""
    store = open_again(max_count=2)
    fill(store, 2)
    store.add(make_envelope(2))
    assert subjects(store) == ["message 1", "message 2"]
    assert store.changes(0).changes[-1].kind in ("kept", "removed")


def test_messages_of_equal_id_and_content_keep_their_numbers(store: Any) -> None:
    """When one of them is removed."""
    for _ in range(3):
        store.add(make_envelope(1, id="twin"))
    first, second, third = store.numbers()
    store.change(numbered(third), add_tags=["last"])
    store.remove(numbered(first))
    assert list(store.numbers()) == [second, third]
    assert store.summary(third).tags == ("last",)
    store.remove(Selection(numbers=[second]))
    assert list(store.numbers()) == [third]


def test_numbers_survive_a_restart_among_messages_of_equal_id(
    store: Any, open_again: Callable[..., Any]
) -> None:
    """They are stored when one is removed."""
    for _ in range(3):
        store.add(make_envelope(1, id="twin"))
    first, *others = store.numbers()
    store.remove(numbered(first))
    store.close()
    assert list(open_again().numbers()) == others


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs POSIX file names")
def test_a_file_name_that_is_no_text_is_listed(tmp_path: Path) -> None:
    """Other programs may use any bytes."""
    store = open_store(f"maildir:{tmp_path / 'box'}")
    name = os.fsencode(tmp_path / "box" / "new") + b"/1.\xff\xfe.host"
    with open(name, "wb") as file:  # noqa: PTH123 - a name of bytes
        file.write(FOREIGN)
    assert subjects(store) == ["foreign"]
    store.change(ALL, set_flags=["seen"])
    assert store.counts().unread == 0
    store.close()


def test_letters_of_other_programs_stay_in_a_file_name(tmp_path: Path) -> None:
    """Such as those of keywords."""
    store = open_store(f"maildir:{tmp_path / 'box'}")
    file = tmp_path / "box" / "cur" / "1.a.host:2,PSa"
    file.write_bytes(FOREIGN)
    assert store.page()[0].flags == {"seen"}  # type: ignore[attr-defined]
    store.change(ALL, set_flags=["flagged"], clear_flags=["seen"])  # type: ignore[attr-defined]
    store.close()
    assert [each.name for each in file.parent.iterdir()] == ["1.a.host:2,FPa"]


def test_an_mbox_message_with_flags_in_its_header_is_read(tmp_path: Path) -> None:
    """Flags written by this store hide them; the content keeps them."""
    path = tmp_path / "box"
    path.write_bytes(
        b"From a@example.com Fri Nov 27 12:00:00 2026\n"
        b"Subject: x\nStatus: RO\nX-Status: F\n\nStatus: none\n\n"
    )
    store: Any = open_store(f"mbox:{path}")
    id = store.page()[0].id
    assert store.page()[0].flags == {"seen", "flagged"}
    store.change(ALL, clear_flags=["seen", "flagged"], set_flags=["draft"])
    assert store.page()[0].flags == {"draft"}
    assert (store.page()[0].id, store.page()[0].number) == (id, 1)
    assert b"Status: RO" in next(iter(store)).content
    store.close()
