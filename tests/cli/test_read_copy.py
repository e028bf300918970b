"""A store that cannot be written is read from a copy."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from lazr_smtptest import Envelope, open_store
from lazr_smtptest.cli import read_copy
from lazr_smtptest.cli.main import main
from lazr_smtptest.model.session import Session
from lazr_smtptest.model.transcript import Transcript
from lazr_smtptest.query.selection import Selection
from lazr_smtptest.stores import SQLiteStore


def mail(subject: str) -> Envelope:
    """Return a message."""
    return Envelope(
        mail_from="shop@example.com",
        rcpt_tos=("anna@example.com",),
        content=f"Subject: {subject}\r\n\r\nThank you\r\n".encode(),
        id=subject.lower(),
    )


def mount(*arguments: str) -> None:
    """Mount a file or folder at another place."""
    command = ["mount", *arguments]
    if os.geteuid() != 0 or subprocess.run(command, check=False).returncode:
        # Not a program that could be got: few systems let a test do this.
        pytest.skip("only root may mount a folder read-only")


@attrs.frozen
class Artifact:
    """A store on a read-only mount.

    Attributes:
        origin: the folder that is mounted, which may be written.
        path: the store on the mount.
        temporary: the folder for temporary files.
        kind: the kind of the store.
    """

    origin: Path
    path: Path
    temporary: Path
    kind: str = "sqlite"

    def run(self, command: str, *arguments: str) -> int:
        """Run a command on the store; return its exit status."""
        return main([command, f"{self.kind}:{self.path}", *arguments])


@pytest.fixture
def artifact(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Artifact]:
    """Return a database with the messages "Order" and "News", and a session."""
    with mounted("sqlite", tmp_path, monkeypatch) as artifact:
        yield artifact


@pytest.fixture(params=["sqlite", "maildir", "mbox"])
def each_kind(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Artifact]:
    """Return such a store of each kind."""
    with mounted(request.param, tmp_path, monkeypatch) as artifact:
        yield artifact


@contextlib.contextmanager
def mounted(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Artifact]:
    """Yield a store with the messages "Order" and "News", and a session."""
    origin, mount_point, temporary = (
        tmp_path / name for name in ("origin", "ro", "tmp")
    )
    for each in (origin, mount_point, temporary):
        each.mkdir()
    store: Any = open_store(f"{kind}:{origin / 'r.db'}")
    store.add(mail("Order"))
    store.add(mail("News"))
    store.keep_session(
        Session(
            id="s1",
            number=1,
            peer=("192.0.2.1", 4025),
            transcript=Transcript(),
            ended=2.5,
        )
    )
    store.close()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    mount("--bind", str(origin), str(mount_point))
    try:
        mount("-o", "remount,bind,ro", str(mount_point))
        yield Artifact(origin, mount_point / "r.db", temporary, kind)
    finally:
        subprocess.run(["umount", "--lazy", str(mount_point)], check=True)


@pytest.mark.parametrize(
    ("command", "arguments", "shown"),
    [
        ("list", (), "Order"),
        ("search", ("subject:order",), "Order"),
        ("search", ("thank",), "News"),
        ("show", ("subject:order",), "Subject: Order"),
        ("wait", ("subject:order",), "Order"),
        ("sessions", (), "s1"),
        ("transcript", (), "s1"),
    ],
)
def test_a_command_that_reads_shows_a_read_only_store(
    command: str,
    arguments: tuple[str, ...],
    shown: str,
    each_kind: Artifact,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Each of them does."""
    assert each_kind.run(command, *arguments) == 0
    assert shown in capsys.readouterr().out


@pytest.mark.parametrize("command", ["export", "copy"])
def test_messages_of_a_read_only_store_are_copied_to_files(
    command: str, each_kind: Artifact, tmp_path: Path
) -> None:
    """Both messages are there."""
    assert each_kind.run(command, f"eml:{tmp_path / 'mails'}") == 0
    assert len(list((tmp_path / "mails").glob("*.eml"))) == 2


def leave_in_log(artifact: Artifact, folder: Path) -> None:
    """Put a message "Latest" into the write-ahead log, as a killed server leaves it."""
    live = folder / "live.db"
    store = SQLiteStore(live)
    store.add(mail("Latest"))
    for suffix in ("", "-wal"):
        # Not in this process, which has the database open.
        target = artifact.origin / f"r.db{suffix}"
        subprocess.run(["cp", f"{live}{suffix}", str(target)], check=True)
    store.close()
    assert (artifact.origin / "r.db-wal").stat().st_size


def test_messages_in_the_write_ahead_log_are_read(
    artifact: Artifact, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The database itself does not have them yet."""
    leave_in_log(artifact, tmp_path)
    assert artifact.run("list") == 0
    assert "Latest" in capsys.readouterr().out


def test_a_message_that_was_not_indexed_is_found(
    artifact: Artifact,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The copy is indexed before it is searched."""
    store = SQLiteStore(artifact.origin / "r.db")
    monkeypatch.setattr(store._indexer, "wake", lambda: None)
    store.add(mail("Late"))
    assert store.index_progress().missing
    store.close()
    assert artifact.run("search", "late") == 0
    assert "Late" in capsys.readouterr().out


def test_nothing_is_left_in_the_temporary_folder(each_kind: Artifact) -> None:
    """The copy is removed."""
    assert each_kind.run("list") == 0
    assert list(each_kind.temporary.iterdir()) == []


def files(folder: Path) -> dict[Path, bytes]:
    """Return the contents of all files in a folder."""
    return {each: each.read_bytes() for each in folder.rglob("*") if each.is_file()}


def test_nothing_is_written_beside_a_read_only_store(each_kind: Artifact) -> None:
    """Its bytes are the same, too."""
    before = files(each_kind.origin)
    assert each_kind.run("search", "thank") == 0
    assert files(each_kind.origin) == before


@pytest.mark.parametrize("kind", ["maildir", "mbox"])
def test_tags_and_numbers_of_a_read_only_store_are_in_the_copy_of_its_index(
    kind: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """They are as they were before it became read-only."""
    with mounted(kind, tmp_path, monkeypatch) as artifact:
        store: Any = open_store(f"{kind}:{artifact.origin / 'r.db'}")
        _, second = store.numbers()
        store.change(Selection(numbers=[second]), add_tags=["paid"])
        store.remove(Selection(query="subject:order"))
        store.close()
        assert artifact.run("search", "tag:paid", "--json") == 0
    assert json.loads(capsys.readouterr().out)["number"] == second


@pytest.mark.parametrize("kind", ["maildir", "mbox"])
def test_a_store_of_another_program_is_read_without_an_index(
    kind: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The index is made in the temporary folder."""
    with mounted(kind, tmp_path, monkeypatch) as artifact:
        for each in artifact.origin.rglob("*-index.db*"):
            each.unlink()
        assert artifact.run("search", "thank") == 0
    assert "Order" in capsys.readouterr().out


def test_a_read_only_mbox_is_imported(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It is only read."""
    copy = tmp_path / "copy.db"
    with mounted("mbox", tmp_path, monkeypatch) as artifact:
        assert main(["import", str(copy), f"mbox:{artifact.path}"]) == 0
    assert capsys.readouterr().out == f"2 messages imported into {copy}\n"


def test_a_read_only_folder_that_is_no_maildir_is_an_error(
    artifact: Artifact, capsys: pytest.CaptureFixture[str]
) -> None:
    """None is made in the temporary folder."""
    folder = artifact.path.parent
    assert main(["list", f"maildir:{folder}"]) == 1
    assert capsys.readouterr().err == (
        f"smtptest list: '{folder}' is not a maildir: it has no 'tmp'\n"
    )


def test_a_read_only_store_refuses_to_delete(
    each_kind: Artifact, capsys: pytest.CaptureFixture[str]
) -> None:
    """The error says why."""
    artifact = each_kind
    assert artifact.run("delete", "--all") == 1
    problem = f"cannot change '{artifact.path}': it is read-only\n"
    assert capsys.readouterr().err == f"smtptest delete: {problem}"


@pytest.mark.parametrize(
    ("argument", "reason"),
    [
        ("subject:nothing", "no message that matches 'subject:nothing' is there, and "),
        ("--new", ""),
    ],
)
def test_waiting_for_a_message_in_a_read_only_store_ends_at_once(
    argument: str, reason: str, each_kind: Artifact, capsys: pytest.CaptureFixture[str]
) -> None:
    """A copy gets no message."""
    artifact = each_kind
    assert artifact.run("wait", argument, "--timeout", "1d") == 1
    assert capsys.readouterr().err == (
        f"smtptest wait: {reason}new messages are not noticed: "
        f"{artifact.kind}:{artifact.path} is read-only\n"
    )


def test_a_bound_does_not_remove_messages_of_a_read_only_store(
    each_kind: Artifact, capsys: pytest.CaptureFixture[str]
) -> None:
    """It holds for the copy."""
    artifact = each_kind
    assert main(["list", f"{artifact.kind}:{artifact.path}?max-count=1"]) == 0
    assert "Order" not in capsys.readouterr().out
    assert artifact.run("list") == 0
    assert "Order" in capsys.readouterr().out


def test_a_database_in_a_read_only_folder_is_read_only(artifact: Artifact) -> None:
    """Even if the file itself may be written: SQLite puts two files beside it."""
    writable = artifact.origin.parent / "writable.db"
    store = SQLiteStore(writable)
    store.add(mail("Alone"))
    store.close()
    mount("--bind", str(writable), str(artifact.path))
    try:
        assert os.access(artifact.path, os.W_OK)
        assert read_copy.is_read_only(f"sqlite:{artifact.path}")
        assert artifact.run("list") == 0
    finally:
        subprocess.run(["umount", "--lazy", str(artifact.path)], check=True)


def test_a_file_of_another_program_is_refused_by_its_name(
    artifact: Artifact, capsys: pytest.CaptureFixture[str]
) -> None:
    """The error has the path that was given."""
    (artifact.origin / "r.db").write_bytes(b"no database")
    assert artifact.run("list") == 1
    error = capsys.readouterr().err
    assert f"cannot read a copy of '{artifact.path}': " in error
    assert "is not an SQLite database" in error


def test_a_temporary_folder_that_cannot_be_used_is_an_error(
    artifact: Artifact,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It names the variable that chooses another one."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    assert artifact.run("list") == 1
    assert capsys.readouterr().err == (
        f"smtptest list: cannot read '{artifact.path}', which is read-only, by a copy "
        "in a temporary folder (TMPDIR): No such file or directory\n"
    )


def test_a_database_that_changes_while_it_is_copied_is_an_error(
    artifact: Artifact,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A copy of two moments has neither."""
    states = iter(range(100))
    monkeypatch.setattr(read_copy, "_states", lambda path: next(states))
    assert artifact.run("list") == 1
    assert "while another process writes it" in capsys.readouterr().err


def test_a_database_that_changed_once_is_copied_again(
    artifact: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second copy is whole."""
    states = iter([1, 2, 3, 3])
    monkeypatch.setattr(read_copy, "_states", lambda path: next(states))
    assert artifact.run("list") == 0


@pytest.mark.parametrize("kind", ["sqlite", "maildir", "mbox"])
def test_a_store_that_can_be_written_is_not_read_only(
    kind: str, tmp_path: Path
) -> None:
    """It is opened itself."""
    spec = f"{kind}:{tmp_path / 'box'}"
    open_store(spec).close()
    assert not read_copy.is_read_only(spec)


@pytest.mark.parametrize("kind", ["sqlite", "maildir", "mbox"])
def test_a_path_that_cannot_be_looked_at_is_an_error(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line, for a name that is too long as for a folder without rights."""
    path = tmp_path / ("x" * 300)
    assert main(["list", f"{kind}:{path}"]) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"smtptest list: cannot use '{path}': ")


def test_the_log_of_a_link_to_a_database_is_read(
    artifact: Artifact, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is beside the file, not beside the link."""
    leave_in_log(artifact, tmp_path)
    link = tmp_path / "link.db"
    link.symlink_to(artifact.path)
    assert main(["list", f"sqlite:{link}"]) == 0
    assert "Latest" in capsys.readouterr().out


def test_a_database_that_cannot_be_read_is_an_error(
    artifact: Artifact, capsys: pytest.CaptureFixture[str]
) -> None:
    """The line says why; here it is a folder."""
    (artifact.origin / "r.db").unlink()
    (artifact.origin / "r.db").mkdir()
    assert artifact.run("list") == 1
    assert capsys.readouterr().err == (
        f"smtptest list: cannot read SQLite store '{artifact.path}': Is a directory\n"
    )
