"""Copying between stores, and from and to folders of files."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path

import pytest

from lazr_smtptest.cli import main as command
from lazr_smtptest.cli.copy import Progress
from lazr_smtptest.cli.copying import EmlFolder, copy, open_place
from lazr_smtptest.errors import StoreError, StoreFullError
from lazr_smtptest.model.envelope import Envelope

KINDS = ["sqlite", "maildir", "mbox", "eml"]

MESSAGES = [
    Envelope(
        mail_from=f"sender{number}@example.com",
        rcpt_tos=("a@example.com", "b@example.com"),
        content=f"Subject: {number}\r\n\r\nFrom me\r\n".encode() * number,
        helo="client",
        id=f"id-{number}",
        received_at=datetime(2026, 1, 1, 0, 0, number, tzinfo=timezone.utc),
    )
    for number in range(20)
]

Run = Callable[..., int]


def filled(spec: str) -> str:
    """Make a place with messages in it."""
    with closing(open_place(spec)) as place:
        for envelope in MESSAGES:
            place.add(envelope)
    return spec


def said(envelope: Envelope) -> tuple[object, ...]:
    """Give what two equal envelopes need not have in common, and the rest."""
    return envelope.id, envelope.received_at, envelope.content, envelope.mail_from


def messages_in(spec: str) -> list[tuple[object, ...]]:
    with closing(open_place(spec)) as place:
        return list(map(said, place))


@pytest.mark.parametrize("target", KINDS)
@pytest.mark.parametrize("source", KINDS)
def test_a_copy_has_every_message(
    source: str, target: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In order, with its id, its time and its envelope."""
    to = f"{target}:{tmp_path / 'to'}"
    status = command.main(["copy", filled(f"{source}:{tmp_path / 'from'}"), to])
    assert status == 0
    assert messages_in(to) == list(map(said, MESSAGES))
    assert capsys.readouterr() == (f"20 messages copied to {to}\n", "")


def test_what_is_there_stays(tmp_path: Path) -> None:
    """A copy adds to it."""
    one, other = (filled(f"sqlite:{tmp_path / name}") for name in ("one", "other"))
    command.main(["copy", one, other])
    assert len(messages_in(other)) == 40


def test_files_of_somebody_else_are_read(tmp_path: Path) -> None:
    """In the order of their names; all of them is content."""
    for name in ("b.eml", "a.eml", "c.txt"):
        (tmp_path / name).write_bytes(name.encode())
    assert [each.content for each in EmlFolder(tmp_path)] == [b"a.eml", b"b.eml"]


def test_a_file_is_the_envelope_and_the_content(tmp_path: Path) -> None:
    """A mail program opens it."""
    EmlFolder(tmp_path).add(MESSAGES[1])
    assert (tmp_path / "00000001-id-1.eml").read_bytes() == (
        b"Return-Path: <sender1@example.com>\r\n"
        b"Delivered-To: a@example.com\r\n"
        b"X-Rcpt-Args: ?\r\n"
        b"Delivered-To: b@example.com\r\n"
        b"X-Peer: :0\r\n"
        b"X-Id: id-1\r\n"
        b"X-Received-At: 2026-01-01T00:00:01+00:00\r\n"
        b"X-Helo: client\r\n"
        b"Subject: 1\r\n\r\nFrom me\r\n"
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["sqlite:a", "memory"], "memory has nothing to copy, and keeps nothing"),
        (["sqlite:a", "nonsense"], "unknown store 'nonsense': use memory, sqlite:"),
        (["http://x:s@:1", "sqlite:a"], "bad URL 'http://x:********@:1': use http:"),
        (["http://a", "http://x:s@a:80"], "FROM and TO are the same"),
        (["eml:", "sqlite:a"], "mbox:FILE or postgresql://...; or eml:DIR"),
        (["sqlite:a?max-count=b", "eml:c"], "0 for no bound, not 'b'; smtptest copy"),
        (["eml:.", "eml:."], "FROM and TO are the same"),
        (["sqlite:a"], "the following arguments are required: TO"),
        ([], "the following arguments are required: FROM, TO"),
    ],
)
def test_a_wrong_command_is_named(
    arguments: list[str],
    words: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On the last line; nothing is made."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as caught:
        command.main(["copy", *arguments])
    assert caught.value.code == 2
    if words.startswith("unknown"):
        assert words in capsys.readouterr().err
    else:
        assert words in capsys.readouterr().err.splitlines()[-1]
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_used_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And status 1."""
    (tmp_path / "thesis").write_text("mine")
    source = filled(f"mbox:{tmp_path / 'from'}")
    assert command.main(["copy", source, f"sqlite:{tmp_path / 'thesis'}"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err == (
        "smtptest copy: nothing more was copied: "
        f"'{tmp_path / 'thesis'}' is not an SQLite database\n"
    )


def test_a_source_that_is_not_there_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And status 1, as with the other commands; nothing is made."""
    source, target = tmp_path / "nowhere", tmp_path / "a"
    assert command.main(["copy", f"maildir:{source}", f"sqlite:{target}"]) == 1
    assert capsys.readouterr().err == f"smtptest copy: there is no {str(source)!r}\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["maildir", "eml"])
def test_a_message_that_cannot_be_kept_ends_the_copy(kind: str, tmp_path: Path) -> None:
    """Those before it are there."""

    def messages():
        yield MESSAGES[0]
        # Their place is gone, and cannot be made again.
        # Files are left where they are: a thread of the store may be moving them.
        inside = [each for each in (tmp_path / "to").rglob("*") if each.is_dir()]
        for folder in sorted(inside, reverse=True):
            folder.rename(tmp_path / f"away-{folder.name}")
        (tmp_path / "to").rename(tmp_path / "away")
        (tmp_path / "to").write_text("a file")
        yield from MESSAGES[1:]

    with closing(open_place(f"{kind}:{tmp_path / 'to'}")) as place:
        with pytest.raises(StoreError, match="cannot write to"):
            copy(messages(), place, lambda count: None)
        (tmp_path / "to").unlink()
        (tmp_path / "to").mkdir()


def test_a_full_disk_ends_the_copy() -> None:
    """Its error is that of the store."""

    class Full:
        def add(self, envelope: Envelope) -> None:
            raise StoreFullError("no space")

    with pytest.raises(StoreFullError):
        copy(MESSAGES, Full(), lambda count: None)  # type: ignore[arg-type]


class Terminal(io.StringIO):
    """Where a bar can be shown."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_a_bar() -> None:
    """To the end."""
    terminal = Terminal()
    progress = Progress(20, terminal)
    for count in range(1, 21):
        progress.report(count)
    progress.end()
    shown = terminal.getvalue().split("\r")
    assert shown[-1] == f"[{'#' * 30}] 100%  20 of 20\n"


def test_what_is_no_terminal_shows_nothing() -> None:
    """A log of bars is no use."""
    stream = io.StringIO()
    progress = Progress(20, stream)
    progress.report(20)
    progress.end()
    assert stream.getvalue() == ""


@pytest.mark.slow
def test_it_is_a_command(tmp_path: Path) -> None:
    """``python -m lazr_smtptest``."""
    source = filled(f"sqlite:{tmp_path / 'from'}")
    done = subprocess.run(
        [sys.executable, "-m", "lazr_smtptest", "copy", source, f"eml:{tmp_path}/to"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout == f"20 messages copied to eml:{tmp_path}/to\n"
