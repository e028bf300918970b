"""The Maildir on disk, and who else may use it."""

from __future__ import annotations

import errno
import mailbox
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from lazr_smtptest.errors import StoreError
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.stores import MaildirStore, maildir

ENVELOPE = Envelope(
    mail_from="s@example.com",
    rcpt_tos=("a@example.com", "b@example.com"),
    content=b"Subject: hello\r\n\r\nHello.\r\n",
    peer=("127.0.0.1", 40001),
    helo="client",
    rcpt_options=({}, {}),
    id="5e884898da28-1f",
)


def names(directory: Path) -> list[str]:
    """List what is in `directory`, sorted."""
    return sorted(entry.name for entry in directory.iterdir())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Say where the Maildir is to be."""
    return tmp_path / "maildir"


def test_a_message_is_one_file_in_new(path: Path) -> None:
    """A message that nobody has looked at is in ``new``; nothing stays in ``tmp``."""
    MaildirStore(path).add(ENVELOPE)
    counts = {name: len(list((path / name).iterdir())) for name in names(path)}
    assert counts == {"new": 1, "tmp": 0, "cur": 0}


def test_the_file_is_the_envelope_and_the_content(path: Path) -> None:
    """The fields of the envelope come first, then the message as received."""
    MaildirStore(path).add(ENVELOPE)
    (file,) = (path / "new").iterdir()
    assert file.read_bytes() == (
        b"Return-Path: <s@example.com>\r\n"
        b"Delivered-To: a@example.com\r\n"
        b"Delivered-To: b@example.com\r\n"
        b"X-Peer: 127.0.0.1:40001\r\n"
        b"X-Id: 5e884898da28-1f\r\n"
        b"X-Helo: client\r\n"
        b"Subject: hello\r\n\r\nHello.\r\n"
    )


def test_the_standard_library_reads_it(path: Path) -> None:
    """`mailbox.Maildir` finds the message, with its own and our headers."""
    MaildirStore(path).add(ENVELOPE)
    (message,) = mailbox.Maildir(path)
    assert message["Subject"] == "hello"
    assert message.get_all("Delivered-To") == ["a@example.com", "b@example.com"]
    assert message.get_payload() == "Hello.\n"


def test_a_message_of_another_program_is_content_only(path: Path) -> None:
    """What has none of our fields is read whole, with an empty envelope."""
    store = MaildirStore(path)
    mailbox.Maildir(path).add(b"Return-Path: <x@example.com>\nSubject: y\n\nz\n")
    content = b"Return-Path: <x@example.com>\nSubject: y\n\nz\n"
    assert list(store) == [Envelope(mail_from="", rcpt_tos=(), content=content)]


def test_a_message_that_was_read_is_still_there(path: Path) -> None:
    """A mail reader moves a message to ``cur`` and adds flags to its name."""
    store = MaildirStore(path)
    store.add(ENVELOPE)
    (file,) = (path / "new").iterdir()
    file.rename(path / "cur" / f"{file.name}:2,S")
    assert list(store) == [ENVELOPE]


def test_the_envelope_survives_a_change_of_line_ends(path: Path) -> None:
    """Some programs, among them `mailbox`, write a message back with LF."""
    store = MaildirStore(path)
    store.add(ENVELOPE)
    (file,) = (path / "new").iterdir()
    file.write_bytes(file.read_bytes().replace(b"\r\n", b"\n"))
    assert [(each.mail_from, each.rcpt_tos, each.helo) for each in store] == [
        (ENVELOPE.mail_from, ENVELOPE.rcpt_tos, ENVELOPE.helo)
    ]


def test_a_foreign_name_is_sorted_by_the_time_of_its_file(path: Path) -> None:
    """A name without a time in it does not come first for that."""
    store = MaildirStore(path)
    store.add(ENVELOPE)
    late = path / "new" / "aaa"
    late.write_bytes(b"late")
    os.utime(late, (4e9, 4e9))
    early = path / "new" / "zzz"
    early.write_bytes(b"early")
    os.utime(early, (1e9, 1e9))
    assert [envelope.content for envelope in store] == [
        b"early",
        ENVELOPE.content,
        b"late",
    ]


def test_names_sort_as_numbers(path: Path) -> None:
    """Microseconds have no leading zeros in a name, and still count as numbers."""
    store = MaildirStore(path)
    for name in ("10.M9P1Q1.x", "9.M1P1Q1.x", "10.M10P1Q1.x", "10.M10P1Q0.x"):
        (path / "new" / name).write_bytes(name.encode())
    assert [envelope.content for envelope in store] == [
        b"9.M1P1Q1.x",
        b"10.M9P1Q1.x",
        b"10.M10P1Q0.x",
        b"10.M10P1Q1.x",
    ]


def test_a_message_that_vanishes_while_reading_is_left_out(path: Path) -> None:
    """Another process may delete what is about to be read."""
    store = MaildirStore(path)
    store.add(ENVELOPE)
    store.add(ENVELOPE)
    reader = iter(store)
    next(reader)
    mailbox.Maildir(path).clear()
    assert list(reader) == []


@pytest.mark.slow
def test_two_processes_lose_nothing(
    path: Path, two_writers: Callable[[str], list[str]]
) -> None:
    """Two servers may write to one Maildir at the same time."""
    written = two_writers(f"maildir:{path}")
    read = [envelope.content.split()[0].decode() for envelope in MaildirStore(path)]
    assert sorted(read) == written


def test_an_existing_maildir_keeps_its_messages(path: Path) -> None:
    """Opening a Maildir changes nothing in it."""
    MaildirStore(path).add(ENVELOPE)
    assert list(MaildirStore(path)) == [ENVELOPE]


def test_an_empty_directory_becomes_a_maildir(tmp_path: Path) -> None:
    """A directory with nothing in it, such as a new mount, may be used."""
    MaildirStore(tmp_path)
    assert names(tmp_path) == ["cur", "new", "tmp"]


def test_a_directory_with_other_things_is_refused(tmp_path: Path) -> None:
    """A directory that holds something else is not a Maildir, and stays as it is."""
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(StoreError, match="is not a maildir: it has no 'tmp'"):
        MaildirStore(tmp_path)
    assert names(tmp_path) == ["thesis.txt"]


def test_a_file_is_refused(path: Path) -> None:
    """A file is not a Maildir."""
    path.write_text("mine")
    with pytest.raises(StoreError, match=r"as a maildir: Not a directory$"):
        MaildirStore(path)
    assert path.read_text() == "mine"


def test_a_missing_parent_is_not_made(tmp_path: Path) -> None:
    """Only the Maildir itself is made."""
    with pytest.raises(StoreError, match=f"there is no directory '{tmp_path}/a'$"):
        MaildirStore(tmp_path / "a" / "b")
    assert names(tmp_path) == []


def test_a_directory_without_write_permission_is_refused(as_nobody: Path) -> None:
    """A Maildir must not be made where this user may not write."""
    with pytest.raises(StoreError, match=r"as a maildir: Permission denied$"):
        MaildirStore(as_nobody / "box")


def test_a_maildir_without_write_permission_is_refused(as_nobody: Path) -> None:
    """A Maildir that this user may only read cannot take messages."""
    box = as_nobody / "box"
    user = os.geteuid()
    os.seteuid(os.getuid())
    try:
        MaildirStore(box)
        for directory in (box, *box.iterdir()):
            directory.chmod(0o555)
    finally:
        os.seteuid(user)
    with pytest.raises(StoreError, match="no permission to write to 'tmp'"):
        MaildirStore(box)


def test_a_message_that_cannot_be_written_is_an_error(path: Path) -> None:
    """A Maildir that is something else by now refuses the message."""
    store = MaildirStore(path)
    (path / "tmp").rmdir()
    (path / "tmp").touch()
    with pytest.raises(StoreError, match=f"'{path}' is not a maildir: it has no 'tmp'"):
        store.add(ENVELOPE)


@pytest.mark.parametrize("name", ["tmp", "new", "cur"])
def test_a_folder_of_it_that_was_removed_is_made_anew(path: Path, name: str) -> None:
    """The messages in the others stay."""
    store = MaildirStore(path)
    (path / name).rmdir()
    store.add(ENVELOPE)
    assert (len(store), names(path)) == (1, ["cur", "new", "tmp"])


def test_what_a_killed_process_left_in_tmp_goes_after_36_hours(path: Path) -> None:
    """As with every Maildir; a younger one may be on its way."""
    MaildirStore(path)
    for name, hours in (("old", 37), ("young", 35)):
        file = path / "tmp" / name
        file.touch()
        os.utime(file, (time.time() - hours * 3600,) * 2)
    MaildirStore(path)
    assert names(path / "tmp") == ["young"]


def test_the_id_is_part_of_the_name(path: Path) -> None:
    """So that a message is found without reading the others."""
    MaildirStore(path).add(ENVELOPE)
    (name,) = names(path / "new")
    assert f"N{ENVELOPE.id}." in name


def test_a_foreign_message_keeps_its_id_when_it_is_read(path: Path) -> None:
    """It is made of the name, without the flags."""
    store = MaildirStore(path)
    mailbox.Maildir(path).add(b"A: b\n\nc\n")
    (before,) = store
    (file,) = (path / "new").iterdir()
    file.rename(path / "cur" / f"{file.name}:2,S")
    assert store.get(before.id) == before


def test_a_maildir_that_was_taken_away_cannot_be_read(path: Path) -> None:
    """And says so."""
    store = MaildirStore(path)
    shutil.rmtree(path)
    with pytest.raises(StoreError, match=f"cannot read maildir '{path}': No such"):
        list(store)


def test_what_cannot_be_made_durable_is_not_there(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last step may fail too."""

    def fail(directory: Path) -> None:
        raise OSError(errno.EIO, "Input/output error")

    store = MaildirStore(path)
    monkeypatch.setattr(maildir, "sync_directory", fail)
    with pytest.raises(StoreError, match="Input/output error"):
        store.add(ENVELOPE)
    assert len(store) == 0
