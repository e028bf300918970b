"""The mbox file on disk, and who else may use it."""

from __future__ import annotations

import mailbox
import resource
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path

import attrs
import pytest

from lazr_smtptest.errors import StoreError, StoreFullError
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.stores import MboxStore

ENVELOPE = Envelope(
    mail_from="s@example.com",
    rcpt_tos=("a@example.com", "b@example.com"),
    content=b"Subject: hello\r\n\r\nFrom me.\r\n>From you.\r\n",
    peer=("127.0.0.1", 40001),
    helo="client",
    rcpt_options=({}, {}),
    id="5e884898da28-1f",
)

LOCKER = """
import fcntl, sys
with open(sys.argv[1], "r+b") as file:
    fcntl.lockf(file, fcntl.LOCK_EX)
    sys.stdout.write("locked\\n"); sys.stdout.flush()
    sys.stdin.readline()
    file.seek(0, 2)
    file.write(b"From other Thu Jan  1 00:00:00 1970\\nA: first\\n\\nb\\n\\n")
    file.flush()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Say where the file is to be."""
    return tmp_path / "mbox"


def test_the_file_is_an_mbox_with_unix_line_ends(path: Path) -> None:
    """A message is a From_ line, the envelope, the quoted message, a blank line."""
    MboxStore(path).add(ENVELOPE)
    first, rest = path.read_bytes().split(b"\n", 1)
    assert first.startswith(b"From s@example.com ")
    assert rest == (
        b"X-Kept: yes\n"
        b"Return-Path: <s@example.com>\n"
        b"Delivered-To: a@example.com\n"
        b"Delivered-To: b@example.com\n"
        b"X-Peer: 127.0.0.1:40001\n"
        b"X-Id: 5e884898da28-1f\n"
        b"X-Helo: client\n"
        b"Subject: hello\n\n>From me.\n>>From you.\n\n"
    )


# 12:00 on 2024-01-31, in seconds since 1970.
NOON = 1_706_702_400.0


@pytest.mark.parametrize(
    ("received", "max_age", "hour"),
    [
        (NOON, None, b"12:00:00"),
        # Age is counted from the time at which the message was kept.
        (NOON, 60, b"14:00:00"),
        (None, None, b"14:00:00"),
        # A clock elsewhere is ahead.
        (NOON + 3 * 60 * 60, None, b"14:00:00"),
    ],
)
def test_the_first_line_has_the_time_of_receipt(
    path: Path, received: float | None, max_age: float | None, hour: bytes
) -> None:
    """Or that of being kept, if it is earlier or bounds count from it."""
    store = MboxStore(path, max_age=max_age, clock=lambda: NOON + 2 * 60 * 60)
    at = None if received is None else datetime.fromtimestamp(received, timezone.utc)
    store.add(attrs.evolve(ENVELOPE, received_at=at))
    first, _ = path.read_bytes().split(b"\n", 1)
    assert first == b"From s@example.com Wed Jan 31 " + hour + b" 2024"


@pytest.mark.parametrize("sender", ["", "a b@example.com", "jürgen@example.com"])
def test_a_sender_that_readers_trip_over_is_not_in_the_from_line(
    path: Path, sender: str
) -> None:
    """Readers split the From_ line at spaces and decode it as ASCII."""
    MboxStore(path).add(Envelope(mail_from=sender, rcpt_tos=(), content=b"a\r\n"))
    box = mailbox.mbox(path)
    (message,) = box
    box.close()
    assert message.get_from().startswith("MAILER-DAEMON ")


def test_the_standard_library_reads_it(path: Path) -> None:
    """`mailbox.mbox` finds every message, with its own and our headers."""
    store = MboxStore(path)
    store.add(ENVELOPE)
    store.add(ENVELOPE)
    box = mailbox.mbox(path)
    messages = list(box)
    box.close()
    assert [message["Subject"] for message in messages] == ["hello"] * 2
    assert messages[1].get_all("Delivered-To") == ["a@example.com", "b@example.com"]
    assert messages[0].get_payload() == ">From me.\n>>From you.\n"


def test_a_message_of_the_standard_library_is_content_only(path: Path) -> None:
    """What has none of our fields is read whole, with an empty envelope."""
    box = mailbox.mbox(path)
    box.add(b"Subject: y\n\nFrom z\n")
    box.close()
    content = b"Subject: y\r\n\r\nFrom z\r\n"
    assert list(MboxStore(path)) == [
        Envelope(mail_from="", rcpt_tos=(), content=content)
    ]


def test_a_file_that_ends_in_mid_line_is_not_spoilt(path: Path) -> None:
    """A message added behind an unfinished line is still found."""
    path.write_bytes(b"From x Thu Jan  1 00:00:00 1970\nA: b\n\nunfinished")
    store = MboxStore(path)
    store.add(ENVELOPE)
    assert [envelope.helo for envelope in store] == ["", "client"]


@pytest.mark.slow
def test_two_processes_lose_nothing(
    path: Path, two_writers: Callable[[str], list[str]]
) -> None:
    """Two servers may write to one file at the same time."""
    written = two_writers(f"mbox:{path}")
    read = [envelope.content.split()[0].decode() for envelope in MboxStore(path)]
    assert sorted(read) == written


def test_a_lock_of_another_process_is_waited_for(path: Path) -> None:
    """A message is added after the process that holds the lock is done."""
    store = MboxStore(path)
    with subprocess.Popen(
        [sys.executable, "-c", LOCKER, path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout is not None
        assert other.stdin is not None
        assert other.stdout.readline() == b"locked\n"
        adding = threading.Thread(target=store.add, args=[ENVELOPE])
        adding.start()
        adding.join(0.2)
        assert adding.is_alive()
        other.communicate(b"go\n", timeout=30)
        adding.join(30)
    assert [envelope.helo for envelope in store] == ["", "client"]


def add_fifty(store: MboxStore, first: int) -> None:
    """Add messages whose contents are numbers, from the first one on."""
    for number in range(first, first + 50):
        content = b"%d\r\n" % number
        store.add(Envelope(mail_from="", rcpt_tos=(), content=content))


def in_threads(*functions: Callable[[], object]) -> None:
    """Run functions at the same time, and wait for all of them."""
    threads = [threading.Thread(target=function) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)


def numbers(store: MboxStore) -> list[int]:
    """Return the contents of the messages, sorted."""
    return sorted(int(envelope.content) for envelope in store)


@pytest.fixture(params=["the same path", "a symbolic link", "a linked directory"])
def other_path(request: pytest.FixtureRequest, path: Path) -> Path:
    """Return another name of the file."""
    if request.param == "a symbolic link":
        link = path.with_name("link")
        link.symlink_to(path)
        return link
    if request.param == "a linked directory":
        directory = path.with_name("directory")
        directory.symlink_to(path.parent)
        return directory / path.name
    return path


def test_two_stores_of_one_process_lose_nothing(path: Path, other_path: Path) -> None:
    """The lock of the file excludes other processes only (fcntl(2))."""
    one, other = MboxStore(path), MboxStore(other_path)
    in_threads(lambda: add_fifty(one, 100), lambda: add_fifty(other, 200))
    assert numbers(one) == [*range(100, 150), *range(200, 250)]


def test_a_store_that_deletes_loses_nothing_that_another_one_adds(path: Path) -> None:
    """The file that is rewritten has all messages in it."""
    one, other = MboxStore(path), MboxStore(path)
    add_fifty(one, 100)
    old = [envelope.id for envelope in one]
    in_threads(lambda: add_fifty(one, 200), lambda: [*map(other.delete, old)])
    assert numbers(one) == [*range(200, 250)]


@pytest.mark.slow
def test_a_store_that_reads_takes_no_lock_from_one_that_writes(
    path: Path, two_writers: Callable[[str], list[str]]
) -> None:
    """Closing a descriptor of a file gives up the locks of the process (fcntl(2))."""
    one, other = MboxStore(path), MboxStore(path)
    written: list[str] = []

    def read() -> None:
        while writing.is_alive():
            len(other)

    def write() -> None:
        written.extend(two_writers(f"mbox:{path}"))

    writing = threading.Thread(target=write)
    writing.start()
    in_threads(read, lambda: add_fifty(one, 100))
    assert len(one) == 50 + len(written)


def test_a_second_store_waits_for_the_first_one(path: Path) -> None:
    """It waits as for a store of another process."""
    one, other = MboxStore(path), MboxStore(path)
    adding = threading.Thread(target=other.add, args=[ENVELOPE])
    with one._file.locked():
        adding.start()
        adding.join(0.2)
        assert adding.is_alive()
    adding.join(30)
    assert list(one) == [ENVELOPE]


def test_a_store_of_another_file_does_not_wait(path: Path) -> None:
    """Each file has a lock of its own."""
    one, other = MboxStore(path), MboxStore(path.with_name("other"))
    with one._file.locked():
        other.add(ENVELOPE)
    assert list(other) == [ENVELOPE]


@pytest.mark.slow
def test_a_child_process_does_not_wait_for_a_thread_of_its_parent(path: Path) -> None:
    """The thread that has the lock does not exist in the child."""
    script = (
        "import os, sys\n"
        "from lazr_smtptest.stores import MboxStore, _sharedfile\n"
        "MboxStore(sys.argv[1])\n"
        "with _sharedfile._mutexes[os.path.realpath(sys.argv[1])]:\n"
        "    child = os.fork()\n"
        "    if child == 0:\n"
        "        os._exit(7 + len(MboxStore(sys.argv[1])))\n"
        "    status = os.waitpid(child, 0)[1]\n"
        "sys.exit(os.waitstatus_to_exitcode(status))\n"
    )
    ended = subprocess.run([sys.executable, "-c", script, path], timeout=60)
    assert ended.returncode == 7


def test_clear_leaves_an_empty_file(path: Path) -> None:
    """The file itself stays, for whoever watches it."""
    store = MboxStore(path)
    store.add(ENVELOPE)
    store.clear()
    assert path.read_bytes() == b""


def test_an_existing_file_keeps_its_messages(path: Path) -> None:
    """Opening an mbox changes nothing in it."""
    MboxStore(path).add(ENVELOPE)
    assert list(MboxStore(path)) == [ENVELOPE]


def test_another_kind_of_file_is_refused(path: Path) -> None:
    """A file that is not an mbox stays as it is."""
    path.write_bytes(b"my thesis\n")
    with pytest.raises(StoreError, match=f"^'{path}' is not an mbox$"):
        MboxStore(path)
    assert path.read_bytes() == b"my thesis\n"


def test_a_directory_is_refused(tmp_path: Path) -> None:
    """A directory is not an mbox."""
    with pytest.raises(StoreError, match=r"as an mbox: Is a directory$"):
        MboxStore(tmp_path)


def test_a_missing_parent_is_not_made(tmp_path: Path) -> None:
    """Only the file itself is made."""
    with pytest.raises(StoreError, match=f"there is no directory '{tmp_path}/a'$"):
        MboxStore(tmp_path / "a" / "b")
    assert list(tmp_path.iterdir()) == []


def test_a_directory_without_write_permission_is_refused(as_nobody: Path) -> None:
    """A file must not be made where this user may not write."""
    with pytest.raises(StoreError, match=r"as an mbox: Permission denied$"):
        MboxStore(as_nobody / "box")


def test_a_message_that_does_not_fit_leaves_the_file_as_it_was(path: Path) -> None:
    """When the disk is full, no half message stays behind."""
    store = MboxStore(path)
    store.add(ENVELOPE)
    before = path.read_bytes()
    big = Envelope(mail_from="", rcpt_tos=(), content=b"x" * 1_000_000 + b"\r\n")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, limits[1]))
    try:
        with pytest.raises(StoreFullError, match=f"cannot write to mbox '{path}'"):
            store.add(big)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert path.read_bytes() == before


def written(path: Path, *envelopes: Envelope) -> bytes:
    """Write messages; give what is in the file then."""
    store = MboxStore(path)
    for envelope in envelopes:
        store.add(envelope)
    store.close()
    return path.read_bytes()


def as_cut_off(data: bytes) -> bytes:
    """Give the messages of a file as they are before they are kept."""
    return data.replace(b"\nX-Kept: yes\n", b"\nX-Kept: no \n")


def test_a_message_that_was_cut_off_anywhere_is_not_there(path: Path) -> None:
    """Whatever part of it had reached the file, and also all of it."""
    whole = written(path, ENVELOPE)
    path.unlink()
    cut = as_cut_off(written(path, Envelope(mail_from="", rcpt_tos=(), content=b"")))
    for length in range(1, len(cut) + 1):
        path.write_bytes(whole + cut[:length])
        store = MboxStore(path)
        assert list(store) == [ENVELOPE], cut[:length]
        assert len(store) == 1


def test_what_was_cut_off_is_removed_when_a_message_comes(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The next message does not become a part of it."""
    whole = written(path, ENVELOPE)
    path.write_bytes(whole + as_cut_off(whole + whole)[:-5])
    store = MboxStore(path)
    store.add(ENVELOPE)
    data = path.read_bytes()
    assert list(store) == [ENVELOPE, ENVELOPE]
    assert len(data) == 2 * len(whole)
    assert f"removed {2 * len(whole) - 5} bytes of a message that" in caplog.text


def test_opening_does_not_remove_what_was_cut_off(path: Path) -> None:
    """Only who writes changes the file."""
    data = written(path, ENVELOPE)
    path.write_bytes(data + as_cut_off(data)[:-5])
    before = path.read_bytes()
    assert len(MboxStore(path)) == 1
    assert path.read_bytes() == before


def test_what_another_program_wrote_behind_it_stays(path: Path) -> None:
    """It did not know that the message before was never finished."""
    data = as_cut_off(written(path, ENVELOPE))
    path.write_bytes(data + b"From x Thu Jan  1 00:00:00 1970\nA: b\n\nc\n\n")
    store = MboxStore(path)
    store.add(ENVELOPE)
    assert [each.content for each in store] == [b"A: b\r\n\r\nc\r\n", ENVELOPE.content]


def test_a_file_that_ends_within_a_message_that_was_kept_is_refused(
    path: Path,
) -> None:
    """Somebody has truncated it; it stays as it is."""
    data = written(path, ENVELOPE)[:-7]
    path.write_bytes(data)
    with pytest.raises(StoreError, match=r"mbox' is damaged: it ends within a mess"):
        MboxStore(path)
    assert path.read_bytes() == data


def test_delete_keeps_the_permissions(path: Path) -> None:
    """The file is a new one."""
    store = MboxStore(path)
    store.add(ENVELOPE)
    path.chmod(0o640)
    assert store.delete(ENVELOPE.id)
    assert path.stat().st_mode & 0o777 == 0o640
    assert [each.name for each in path.parent.iterdir()] == ["mbox"]


def test_a_writer_that_waited_for_a_delete_writes_to_the_new_file(path: Path) -> None:
    """The file that it waited for has no name any more."""
    store = MboxStore(path)
    store.add(ENVELOPE)
    with store._file.locked():
        # Another process has deleted a message, and holds the lock still.
        new = path.with_name("new")
        new.write_bytes(b"")
        adding = threading.Thread(target=store.add, args=[ENVELOPE])
        adding.start()
        new.replace(path)
    adding.join(30)
    assert list(store) == [ENVELOPE]


def test_a_foreign_message_keeps_its_id(path: Path) -> None:
    """It is made of its content, and can be asked for."""
    path.write_bytes(b"From x Thu Jan  1 00:00:00 1970\nA: b\n\nc\n\n")
    (envelope,) = MboxStore(path)
    assert MboxStore(path).get(envelope.id) == envelope


NOTES = b"my notes, which are no mbox\n" * 100


def replace_by_notes(path: Path, how: str) -> None:
    """Put a file of another kind in the place of an mbox."""
    if how == "removed":
        path.unlink()
    elif how == "replaced":
        new = path.with_name("new")
        new.write_bytes(NOTES)
        new.replace(path)
        return
    path.write_bytes(NOTES)


HOW = ["removed", "replaced", "overwritten"]
NO_MBOX = "mbox' is not an mbox any more: it is left as it is, and no message is"


@pytest.fixture(params=HOW)
def replaced(request: pytest.FixtureRequest, path: Path) -> MboxStore:
    """Open a store, and put another file in its place."""
    store = MboxStore(path)
    store.add(ENVELOPE)
    replace_by_notes(path, request.param)
    return store


@pytest.mark.parametrize(
    "use",
    [
        lambda store: store.add(ENVELOPE),
        lambda store: store.delete(ENVELOPE.id),
        MboxStore.clear,
        list,
        len,
    ],
    ids=["add", "delete", "clear", "list", "len"],
)
def test_a_file_of_another_kind_in_its_place_is_not_used(
    path: Path, replaced: MboxStore, use: Callable[[MboxStore], object]
) -> None:
    """It stays as it is, whatever the store is asked for."""
    with pytest.raises(StoreError, match=NO_MBOX):
        use(replaced)
    assert path.read_bytes() == NOTES


def test_messages_are_kept_again_when_the_other_file_is_removed(
    path: Path, replaced: MboxStore
) -> None:
    """The store makes an mbox anew."""
    with pytest.raises(StoreError, match=NO_MBOX):
        replaced.add(ENVELOPE)
    path.unlink()
    replaced.add(ENVELOPE)
    assert list(MboxStore(path)) == [ENVELOPE]


def test_old_messages_are_not_removed_from_another_file(path: Path) -> None:
    """The bounds are those of an mbox."""
    store = MboxStore(path, max_count=1)
    store.add(ENVELOPE)
    path.write_bytes(NOTES)
    store._try_to_retain()
    assert path.read_bytes() == NOTES


def test_another_mbox_in_its_place_is_used(path: Path) -> None:
    """A mail program replaces the file by a new one when it removes messages."""
    store = MboxStore(path)
    store.add(ENVELOPE)
    path.unlink()
    path.write_bytes(b"From x Thu Jan  1 00:00:00 1970\nA: b\n\nc\n\n")
    store.add(ENVELOPE)
    assert [envelope.helo for envelope in store] == ["", "client"]
