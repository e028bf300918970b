"""The files of a spool: durable records, and what a crash leaves of them."""

from __future__ import annotations

import fcntl
import os
import shutil
from pathlib import Path

import pytest

from lazr_smtptest.errors import StoreError
from lazr_smtptest.stores.postgresql import _spool
from lazr_smtptest.stores.postgresql._segment import Segment

RECORDS = [b"one", b"2", b"three" * 1000]


def payloads(segment: Segment) -> list[bytes | None]:
    return [payload for _, payload in segment.read(segment.start)]


def damage(segment: Segment, position: int) -> None:
    """Change a byte of a file that nobody uses."""
    with segment.path.open("r+b") as file:
        file.seek(position)
        [octet] = file.read(1)
        file.seek(position)
        file.write(bytes([octet ^ 255]))


@pytest.fixture
def segment(tmp_path: Path) -> Segment:
    """A file with some records."""
    segment = Segment.create(tmp_path)
    segment.append(RECORDS[:2])
    segment.append(RECORDS[2:])
    return segment


def left_in(folder: Path) -> list[Segment]:
    return list(Segment.left_in(folder))


def test_records_are_read_in_their_order(segment: Segment) -> None:
    assert payloads(segment) == RECORDS
    segment.close()


def test_reading_begins_at_a_position_that_reading_gave(segment: Segment) -> None:
    first, _ = next(segment.read(segment.start))
    assert [payload for _, payload in segment.read(first)] == RECORDS[1:]
    segment.close()


def test_a_file_that_is_used_is_left_to_its_user(
    segment: Segment, tmp_path: Path
) -> None:
    assert left_in(tmp_path) == []
    segment.close()


def test_a_file_that_was_left_behind_is_taken(segment: Segment, tmp_path: Path) -> None:
    segment.close()
    [found] = left_in(tmp_path)
    assert (found.name, found.size) == (segment.name, segment.size)
    assert payloads(found) == RECORDS
    assert left_in(tmp_path) == []
    found.close()


def test_a_file_is_there_under_its_name_only_when_it_is_locked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process would take it for one that was left behind."""
    lock = fcntl.flock

    def look(descriptor: int, operation: int) -> None:
        assert list(tmp_path.glob("*.spool")) == []
        lock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", look)
    segment = Segment.create(tmp_path)
    assert list(tmp_path.iterdir()) == [segment.path]
    segment.close()


def test_files_are_taken_in_the_order_of_their_creation(tmp_path: Path) -> None:
    made = [Segment.create(tmp_path) for _ in range(5)]
    for each in made:
        each.close()
    found = left_in(tmp_path)
    assert [each.name for each in found] == [each.name for each in made]
    for each in found:
        each.close()


@pytest.mark.parametrize("cut", [1, 4, 9, 4999, 5007, 5015])
def test_a_torn_end_is_no_record(segment: Segment, tmp_path: Path, cut: int) -> None:
    """The last record has 16 bytes of a head, and 5000 others."""
    segment.close()
    os.truncate(segment.path, segment.size - cut)
    [found] = left_in(tmp_path)
    assert payloads(found) == RECORDS[:2]
    assert next(iter(reversed(list(found.read(found.start)))))[0] == found.size
    found.close()


@pytest.mark.parametrize("octets", [b"\0" * 100, b"\xff" * 100])
def test_what_a_crash_leaves_after_the_last_record_is_none(
    segment: Segment, tmp_path: Path, octets: bytes
) -> None:
    """Zeros above all: some file systems extend a file before they write the data."""
    segment.close()
    with segment.path.open("ab") as file:
        file.write(octets)
    [found] = left_in(tmp_path)
    assert payloads(found) == RECORDS
    found.close()


def test_a_changed_byte_ends_the_records(segment: Segment, tmp_path: Path) -> None:
    segment.close()
    damage(segment, segment.size - 1)
    [found] = left_in(tmp_path)
    assert payloads(found) == RECORDS[:2]
    found.close()


@pytest.mark.parametrize("size", [0, 5])
def test_a_file_that_was_just_made_has_no_record(
    segment: Segment, tmp_path: Path, size: int
) -> None:
    segment.close()
    os.truncate(segment.path, size)
    [found] = left_in(tmp_path)
    assert (payloads(found), found.size) == ([], found.start)
    found.close()


def test_a_file_of_another_format_is_left_alone_and_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "1.spool"
    path.write_bytes(b"lazr.smtptest spool 9\n")
    assert left_in(tmp_path) == []
    assert caplog.messages == [f"{path} is no spool of this version, and is left alone"]
    assert path.exists()


# The bytes of the second record: its mark, its length, its checksum, its payload.
@pytest.mark.parametrize("byte", [0, 7, 8, 11, 12, 15, 16])
def test_the_records_after_a_damaged_one_are_read(
    segment: Segment, tmp_path: Path, caplog: pytest.LogCaptureFixture, byte: int
) -> None:
    """What is lost is logged, once."""
    second = next(segment.read(segment.start))[0]
    segment.close()
    damage(segment, second + byte)
    [found] = left_in(tmp_path)
    for _ in range(2):
        assert payloads(found) == [RECORDS[0], None, RECORDS[2]]
    assert caplog.messages == [
        f"{found.path}: the 17 bytes from byte {second} on are damaged, and the "
        "messages in them are lost"
    ]
    found.close()


def test_a_file_with_a_damaged_record_is_kept_aside(
    segment: Segment, tmp_path: Path
) -> None:
    """And nobody takes it again."""
    segment.close()
    damage(segment, segment.start)
    [found] = left_in(tmp_path)
    assert payloads(found) == [None, *RECORDS[1:]]
    found.remove()
    assert [path.suffix for path in tmp_path.iterdir()] == [".damaged"]
    assert left_in(tmp_path) == []


def test_no_message_passes_for_a_record(segment: Segment, tmp_path: Path) -> None:
    """Who sends one does not know the mark of the file."""
    other = Segment.create(tmp_path)
    other.append([b"forged"])
    forged = other.path.read_bytes()[other.start :]
    other.remove()
    first = segment.size
    segment.append([forged * 2])
    segment.append([b"last"])
    segment.close()
    damage(segment, first)
    [found] = left_in(tmp_path)
    assert payloads(found) == [*RECORDS, None, b"last"]
    found.close()


def test_a_record_of_a_file_that_is_used_is_skipped_too(segment: Segment) -> None:
    """The replay of this process must not stop there for ever."""
    damage(segment, segment.size - 1)
    assert payloads(segment) == [*RECORDS[:2], None]
    segment.close()


def test_a_record_that_does_not_fit_leaves_no_part(
    segment: Segment, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = segment.size

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as context:
        context.setattr(os, "fdatasync", full)
        with pytest.raises(OSError, match="No space"):
            segment.append([b"lost"])
    assert segment.path.stat().st_size == segment.size == size
    segment.append([b"kept"])
    assert payloads(segment) == [*RECORDS, b"kept"]
    segment.close()


def test_a_removed_file_is_gone(segment: Segment, tmp_path: Path) -> None:
    segment.remove()
    assert list(tmp_path.iterdir()) == []


def test_a_platform_without_locks_has_no_spool(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_spool, "CAN_LOCK", False)
    with pytest.raises(StoreError, match="this platform has no locks of files"):
        _spool.Spool(tmp_path)


def test_a_platform_without_fdatasync_syncs_the_whole_file(
    segment: Segment, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    monkeypatch.delattr(os, "fdatasync")
    monkeypatch.setattr(os, "fsync", synced.append)
    segment.append([b"four"])
    assert len(synced) == 1
    segment.close()


def test_a_file_that_somebody_has_removed_can_be_read_and_ended(
    segment: Segment,
) -> None:
    """What is in it still comes into the database."""
    segment.path.unlink()
    assert segment.is_removed
    assert payloads(segment) == RECORDS
    segment.remove()


def test_a_folder_with_the_name_of_a_file_is_passed_over(
    segment: Segment, tmp_path: Path
) -> None:
    """What is beside it is taken."""
    segment.close()
    (tmp_path / "1-x.spool").mkdir()
    [left] = left_in(tmp_path)
    assert payloads(left) == RECORDS
    left.close()


@pytest.mark.parametrize("has_messages", [False, True])
def test_a_folder_that_was_removed_is_made_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, has_messages: bool
) -> None:
    """A message that gets its reply is in a file that a later process finds."""
    folder = tmp_path / "spool"
    spool = _spool.Spool(folder)
    batch = _spool.Batch(uncertain=[], rows=[])
    if has_messages:
        spool.append(batch, begin=True)
    shutil.rmtree(folder)
    assert spool.append(batch, begin=True)
    assert len(list(folder.glob("*.spool"))) == 1
    lines = [each for each in caplog.records if "was removed" in each.msg]
    assert len(lines) == has_messages
    spool.close()
    [left] = left_in(folder)
    left.close()
