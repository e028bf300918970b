"""A disk that is full refuses messages, and takes them again when there is room."""

from __future__ import annotations

import os
import smtplib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from lazr_smtptest.errors import StoreError
from lazr_smtptest.stores import SQLiteStore, open_store

from .victim import Victim, content_of, number_of

KINDS = ["maildir", "mbox", "sqlite"]


def send(client: smtplib.SMTP, number: int, size: int) -> str:
    """Send a message; give the reply's code and its enhanced code."""
    try:
        client.sendmail("a@example.com", ["b@example.com"], content_of(number, size))
    except smtplib.SMTPDataError as error:
        return f"{error.smtp_code} {error.smtp_error[:5].decode()}"
    return "250"


def numbers(spec: str) -> list[int]:
    """Say which messages are there, all of them whole."""
    store = open_store(spec)
    found = [number_of(envelope.content) for envelope in store]
    store.close()
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_may_not_grow_refuses_what_does_not_fit(
    kind: str, tmp_path: Path
) -> None:
    """Nothing of it stays, and all goes on when it may grow again."""
    spec = f"{kind}:{tmp_path / 'box'}"
    with (
        Victim(spec, "--size=400000") as victim,
        smtplib.SMTP("127.0.0.1", victim.port, timeout=60) as client,
    ):
        assert send(client, 0, 1000) == "250"
        assert send(client, 1, 2_000_000) == "452 4.3.1"
        assert send(client, 2, 1000) == "250"
        assert victim.tell("room") == "there is room\n"
        assert send(client, 3, 2_000_000) == "250"
    assert numbers(spec) == [0, 2, 3]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 3 MB."""
    mounted = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(tmp_path)]
    if os.geteuid() != 0 or subprocess.run(mounted, check=False).returncode:
        # Not a program that could be got: few systems let a test do this.
        pytest.skip("only root may mount a small disk")
    yield tmp_path
    subprocess.run(["umount", "--lazy", str(tmp_path)], check=True)


@pytest.mark.parametrize("kind", KINDS)
def test_a_full_disk_refuses_messages_until_there_is_room(
    kind: str, small_disk: Path
) -> None:
    """With 452 4.3.1, and those that were acknowledged are there."""
    spec = f"{kind}:{small_disk / 'box'}"
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * 1_000_000)
    with (
        Victim(spec) as victim,
        smtplib.SMTP("127.0.0.1", victim.port, timeout=60) as client,
    ):
        replies = [send(client, number, 100_000) for number in range(40)]
        assert set(replies) == {"250", "452 4.3.1"}
        client.noop()
        ballast.unlink()
        replies += [send(client, 40, 100_000)]
        assert replies[40] == "250"
    assert numbers(spec) == [n for n, reply in enumerate(replies) if reply == "250"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_store_that_was_taken_away_refuses_messages(
    kind: str, tmp_path: Path
) -> None:
    """With 451 4.3.0, as long as its folder is not there."""
    folder = tmp_path / "folder"
    folder.mkdir()
    with (
        Victim(f"{kind}:{folder / 'box'}") as victim,
        smtplib.SMTP("127.0.0.1", victim.port, timeout=60) as client,
    ):
        assert send(client, 0, 1000) == "250"
        folder.rename(tmp_path / "away")
        assert send(client, 1, 1000) == "451 4.3.0"
        client.noop()
        (tmp_path / "away").rename(folder)
        assert send(client, 2, 1000) == "250"
    assert numbers(f"{kind}:{folder / 'box'}") == [0, 2]


def test_a_database_on_a_full_disk_cannot_be_opened_and_says_why(
    small_disk: Path,
) -> None:
    """SQLite calls it an error of input or output."""
    path = small_disk / "mail.db"
    SQLiteStore(path).close()
    with pytest.raises(OSError, match="No space left"):
        (small_disk / "ballast").write_bytes(b"x" * 4_000_000)
    with pytest.raises(StoreError, match=r"SQLite store: database or disk is full$"):
        SQLiteStore(path)
