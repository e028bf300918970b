"""What an mbox does with messages that are beyond its bounds."""

from __future__ import annotations

import errno
import mailbox
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from lazr_smtptest.errors import StoreFullError
from lazr_smtptest.stores import MboxStore

from .envelopes import make_envelope


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Say where the file is to be."""
    return tmp_path / "mbox"


def kept(store: MboxStore) -> list[int]:
    """Say which messages are there."""
    return [envelope.peer[1] - 40000 for envelope in store]


def in_the_file(path: Path) -> list[int]:
    """Say which messages another program sees."""
    return kept(MboxStore(path))


def fill(store: MboxStore, *numbers: int) -> None:
    """Add messages, each as big as the others."""
    for number in numbers:
        store.add(make_envelope(number, id=f"id-{number:02}"))


def foreign(number: int, date: str) -> str:
    """Make a message of another program."""
    return (
        f"From x {date}\nX-Peer: 127.0.0.1:{40000 + number}\nX-Helo: y\nA: b\n\nc\n\n"
    )


def test_the_file_is_written_anew_when_half_of_it_is_not_shown(path: Path) -> None:
    """Not for each message that goes."""
    store = MboxStore(path, max_count=2)
    fill(store, 0, 1, 2)
    assert in_the_file(path) == [0, 1, 2]
    fill(store, 3)
    assert in_the_file(path) == [2, 3]


def test_what_is_written_anew_is_no_more_than_what_came(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many messages come, and however many stay."""
    store = MboxStore(path, max_count=10)
    written: list[int] = []
    replace = store._file.replace

    def count(data: bytes) -> None:
        written.append(data.count(b"X-Kept: yes"))
        replace(data)

    monkeypatch.setattr(store._file, "replace", count)
    fill(store, *range(100))
    assert written
    assert sum(written) <= 100
    assert len(in_the_file(path)) <= 20


def test_a_file_that_is_within_its_bounds_is_not_written_anew(path: Path) -> None:
    """Also when it is empty."""
    MboxStore(path)
    empty = path.stat()
    store = MboxStore(path, max_count=2, max_bytes=10_000, max_age=10.0)
    fill(store, 0, 1)
    store.close()
    assert path.stat().st_ino == empty.st_ino


def test_opening_removes_what_is_too_much(path: Path) -> None:
    """If it is half of the file at least."""
    fill(MboxStore(path), *range(6))
    MboxStore(path, max_count=4)
    assert in_the_file(path) == list(range(6))
    MboxStore(path, max_count=3)
    assert in_the_file(path) == [3, 4, 5]


def test_deleting_removes_what_is_too_much(path: Path) -> None:
    """The file is written anew in any case."""
    store = MboxStore(path, max_count=3)
    for number in range(4):
        store.add(make_envelope(number, id=f"id-{number}"))
    assert store.delete("id-2")
    assert in_the_file(path) == [1, 3]


def test_what_another_process_adds_counts(path: Path) -> None:
    """Whatever its own bounds are."""
    store = MboxStore(path, max_count=2)
    fill(MboxStore(path), 0, 1, 2)
    assert kept(store) == [1, 2]
    fill(store, 3)
    assert in_the_file(path) == [2, 3]


@pytest.mark.slow
def test_two_processes_with_bounds_show_the_newest(
    path: Path, two_writers: Callable[[str], list[str]]
) -> None:
    """And the file has no more than twice of them."""
    spec = f"mbox:{path}?max-count=10"
    written = two_writers(spec)
    store = MboxStore(path, max_count=10)
    shown = [envelope.content.split()[0].decode() for envelope in store]
    assert len(shown) == 10
    assert set(shown) <= set(written)
    # The last one of a process is not followed by more than those of the other.
    assert {"left/39", "right/39"} & set(shown)
    for name in ("left", "right"):
        numbers = [int(each.split("/")[1]) for each in shown if name in each]
        assert numbers == list(range(40))[40 - len(numbers) :]
    assert len(MboxStore(path)) <= 20


def test_a_message_whose_envelope_makes_it_too_big_is_refused(path: Path) -> None:
    """It would not be shown, and nobody may be told that it is kept."""
    store = MboxStore(path, max_bytes=1000)
    fill(store, 0)
    with pytest.raises(StoreFullError, match="does not fit into 1000"):
        store.add(make_envelope(1, content=b"x" * 900 + b"\r\n"))
    assert in_the_file(path) == [0]


def test_what_becomes_too_old_leaves_the_file_without_a_message(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When all of it is, the store's thread removes it."""
    now = [1000.0]
    store = MboxStore(path, max_age=10, clock=lambda: now[-1])
    gone = threading.Event()
    replace = store._file.replace

    def tell(data: bytes) -> None:
        replace(data)
        gone.set()

    monkeypatch.setattr(store._file, "replace", tell)
    fill(store, 0)
    now.append(1011.0)
    # It looks at the time, and whether there is anything to do.
    store._writer.call(lambda: None)
    assert gone.wait(30)
    store.close()
    assert path.read_bytes() == b""


def test_what_is_too_old_is_not_shown_before_it_leaves_the_file(path: Path) -> None:
    """Readers look at the clock themselves."""
    now = [1000.0]
    store = MboxStore(path, max_age=10, clock=lambda: now[-1])
    fill(store, 0)
    now.append(1005.0)
    fill(store, 1)
    now.append(1011.0)
    assert (kept(store), len(store)) == ([1], 1)
    assert in_the_file(path) == [0, 1]


def test_a_foreign_message_is_as_old_as_its_first_line_says(path: Path) -> None:
    """In UTC (RFC 4155)."""
    dates = ("Thu Jan  1 00:10:00 1970", "Thu Jan  1 00:20:00 1970")
    path.write_text("".join(map(foreign, range(2), dates)))
    assert kept(MboxStore(path, max_age=60, clock=lambda: 1201.0)) == [1]


@pytest.mark.parametrize(
    "date",
    ["", "yesterday", "Thu Foo  1 00:10:00 1970", "Thu Jan 1 00:10:00 0000", "1 2 3"],
)
def test_a_message_without_a_date_is_as_old_as_the_next_one(
    path: Path, date: str
) -> None:
    """It goes with that one, and not before it."""
    with_date = "Thu Jan  1 00:20:00 1970"
    path.write_text(foreign(0, date) + foreign(1, with_date) + foreign(2, date))
    now = [1200.0]
    store = MboxStore(path, max_age=60, clock=lambda: now[-1])
    assert kept(store) == [0, 1, 2]
    now.append(1261.0)
    assert kept(store) == [2]


def test_old_messages_that_cannot_be_removed_are_logged(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The new one is kept all the same."""
    store = MboxStore(path, max_count=1)

    def fail(data: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(store._file, "replace", fail)
    fill(store, 0, 1)
    assert kept(store) == [1]
    assert "cannot remove old messages: [Errno 28] No space left" in caplog.text


def test_what_a_killed_process_left_is_removed(path: Path) -> None:
    """Another file of a similar name is somebody's own."""
    for name in ("mbox.7.smtptest", "mbox.x.smtptest", "mbox.7", "box.7.smtptest"):
        path.with_name(name).touch()
    MboxStore(path)
    assert sorted(each.name for each in path.parent.iterdir()) == [
        *("box.7.smtptest", "mbox", "mbox.7", "mbox.x.smtptest"),
    ]


def test_the_standard_library_reads_what_was_written_anew(path: Path) -> None:
    """It is an mbox like any other."""
    store = MboxStore(path, max_count=2)
    fill(store, *range(4))
    box = mailbox.mbox(path)
    subjects = [message["Subject"] for message in box]
    box.close()
    assert subjects == ["message 2", "message 3"]


def test_another_store_with_the_same_bounds_shows_the_same(path: Path) -> None:
    """One without bounds shows what is still in the file."""
    keeper = MboxStore(path, max_count=3)
    fill(keeper, *range(5))
    counts = []
    for max_count in (None, 3):
        other = MboxStore(path, max_count=max_count)
        counts.append((len(other), len(other.page())))
        other.close()
    keeper.close()
    assert counts == [(5, 5), (3, 3)]
