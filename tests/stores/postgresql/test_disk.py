"""The disk of the database is full, and has room again."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from lazr_smtptest.errors import StoreFullError
from lazr_smtptest.stores import open_store

from ...postgresql import Server
from ..envelopes import make_envelope


class Disk:
    """A disk of 24 MB with a folder that the database may use."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="smtptest-disk-"))
        self.space = self._folder / "space"

    def mount(self) -> bool:
        """Mount it; return whether that is possible here."""
        words = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(self._folder)]
        if os.geteuid() != 0 or subprocess.run(words, check=False).returncode:
            return False
        self._folder.chmod(0o755)
        self.space.mkdir()
        shutil.chown(self.space, "postgres", "postgres")
        return True

    def grow(self) -> None:
        """Make room."""
        words = ["mount", "-o", "remount,size=100m", str(self._folder)]
        subprocess.run(words, check=True)

    def remove(self) -> None:
        """Unmount it, and remove it."""
        subprocess.run(["umount", "--lazy", str(self._folder)], check=False)
        shutil.rmtree(self._folder, ignore_errors=True)


@pytest.fixture
def disk() -> Iterator[Disk]:
    """A small disk."""
    disk = Disk()
    try:
        if not disk.mount():
            # Not a program that could be got: few systems let a test do this.
            pytest.skip("only root may mount a small disk")
        yield disk
    finally:
        disk.remove()


def fill(store: Any, kept: list[int]) -> None:
    """Add 60 MB; note the messages that are kept."""
    for number in range(200):
        store.add(make_envelope(number, content=os.urandom(300_000)))
        kept.append(number)


def test_a_full_disk_refuses_messages_until_there_is_room(
    disk: Disk, postgresql_server: Server
) -> None:
    """With 452; nothing of those is there, and everything that was kept is."""
    with psycopg.connect(postgresql_server.url(), autocommit=True) as connection:
        connection.execute(f"CREATE TABLESPACE small LOCATION '{disk.space}'".encode())
        connection.execute("CREATE DATABASE mail TABLESPACE small")
    store: Any
    with closing(open_store(postgresql_server.url("mail"))) as store:
        kept: list[int] = []
        with pytest.raises(StoreFullError, match="could not extend file"):
            fill(store, kept)
        assert kept
        disk.grow()
        store.add(make_envelope(500))
        assert [each.peer[1] - 40000 for each in store] == [*kept, 500]
        assert store.counts().messages == len(kept) + 1
