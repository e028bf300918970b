"""A PostgreSQL of the tests: one server for all processes of pytest-xdist."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from . import end_postgresql
from .end_postgresql import end, process_in

__all__ = [
    "Server",
    "empty",
    "fill_with_data",
    "server_in_run",
    "server_of_test",
    "url_in",
]

PATIENCE = 60.0
USER = "smtptest"

# A crash of the machine may take the data: they are removed after the tests.
FAST = ("fsync=off", "full_page_writes=off", "synchronous_commit=off")


def missing(what: str) -> None:
    """Fail where everything has to be there, else skip."""
    text = f"{what} is not on this machine: .ci/programs gets it"
    if os.environ.get("CI"):
        pytest.fail(text)
    pytest.skip(text)


def programs() -> Path:
    """Return the folder of the server's programs."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    path = shutil.which("initdb") or (str(found[-1]) if found else None)
    if path is None:
        missing("PostgreSQL")
    return Path(str(path)).resolve().parent


class Server:
    """A server with a folder of its own, which listens on a Unix socket only.

    Args:
        folder: the folder; it must be empty, and any user must be able to enter it.
        settings: more settings, ``NAME=VALUE``.
        primary: the server of which it is a replica, if it is one.
        data: a copy of its data; ``None``: they are made, which takes a second.
        before: a command to run its programs under, which changes the user.
    """

    def __init__(
        self,
        folder: Path,
        settings: tuple[str, ...] = (),
        primary: Server | None = None,
        data: Path | None = None,
        before: tuple[str, ...] = (),
    ) -> None:
        self.folder = folder
        self._programs = programs()
        self._settings = settings
        self._before = before
        # It refuses to run as the superuser.
        self._as: dict[str, Any] = {}
        if os.geteuid() == 0:
            if not before:
                self._as = {"user": "postgres", "group": "postgres", "extra_groups": []}
            shutil.chown(folder, "postgres", "postgres")
        if data is not None:
            copy(data, folder / "data")
            return
        if primary is not None:
            self.follow(primary)
            return
        self._run(
            "initdb",
            *("--pgdata", str(folder / "data"), "--username", USER, "--no-sync"),
            *("--auth=trust", "--encoding=UTF8", "--locale=C", "--no-instructions"),
        )
        with (folder / "data" / "pg_hba.conf").open("a") as file:
            # One that listens has a network of its own.
            file.write("host all all samenet trust\n")

    def _run(self, name: str, *arguments: str) -> None:
        subprocess.run(
            [*self._before, self._programs / name, *arguments],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            env={**os.environ, "LC_ALL": "C"},
            check=True,
            timeout=PATIENCE,
            **self._as,
        )

    def follow(self, primary: Server) -> None:
        """Make it a replica of another server; it must be stopped."""
        shutil.rmtree(self.folder / "data", ignore_errors=True)
        self._run(
            "pg_basebackup",
            *("--pgdata", str(self.folder / "data"), "--username", USER, "--no-sync"),
            *("--host", str(primary.folder), "--checkpoint=fast"),
            "--write-recovery-conf",
        )

    def promote(self) -> None:
        """End its being a replica, and wait until it takes changes."""
        self._run(
            "pg_ctl",
            *("promote", "--wait", "--pgdata", str(self.folder / "data")),
            *("--timeout", str(int(PATIENCE))),
        )

    def start(self) -> None:
        """Start it, and wait until it answers."""
        settings = (
            "listen_addresses=",
            f"unix_socket_directories={self.folder}",
            "shared_buffers=32MB",
            "max_connections=200",
            *self._settings,
        )
        self._run(
            "pg_ctl",
            *("start", "--wait", "--pgdata", str(self.folder / "data")),
            *("--log", str(self.folder / "log"), "--timeout", str(int(PATIENCE))),
            *("--options", " ".join(f"-c '{each}'" for each in settings)),
        )

    def stop(self, mode: str = "immediate") -> None:
        """Stop it: ``immediate`` is a crash."""
        self._run(
            "pg_ctl",
            *("stop", "--wait", "--pgdata", str(self.folder / "data")),
            *("--mode", mode, "--timeout", str(int(PATIENCE))),
        )

    @property
    def process(self) -> int:
        """The id of its main process."""
        return process_in(self.folder)

    def url(self, database: str = "postgres") -> str:
        """Return the URL of a database."""
        return url_in(self.folder, database)


def copy(data: Path, to: Path) -> None:
    """Copy the data of a server that does not run; they keep their owner."""
    subprocess.run(["cp", "-a", data, to], check=True, timeout=PATIENCE)


def fill_with_data(folder: Path) -> None:
    """Fill a folder with the data of a server, which were never used."""
    made = new_folder()
    try:
        Server(made)
        copy(made / "data", folder)
    finally:
        shutil.rmtree(made)


def url_in(folder: Path, database: str) -> str:
    return f"postgresql://{USER}@/{database}?host={quote(str(folder), safe='')}"


@contextlib.contextmanager
def server_in_run(base: Path) -> Iterator[Path]:
    """Yield the folder of the server of this run; the last user ends it.

    If that is killed, `end_postgresql` does.

    Args:
        base: the folder that the processes of the run share.
    """
    users_path, lock_path = base / "postgresql.users", base / "postgresql.lock"
    with users_path.open("w") as users, lock_path.open("w") as lock:
        known = base / "postgresql.json"
        fcntl.flock(lock, fcntl.LOCK_EX)
        fcntl.flock(users, fcntl.LOCK_SH)
        if not known.exists():
            folder = new_folder()
            watch(folder, users_path, lock_path, known)
            server = Server(folder, FAST)
            server.start()
            known.write_text(json.dumps(str(folder)))
        folder = Path(json.loads(known.read_text()))
        fcntl.flock(lock, fcntl.LOCK_UN)
        try:
            yield folder
        finally:
            fcntl.flock(lock, fcntl.LOCK_EX)
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pass  # Another process still uses it.
            else:
                known.unlink()
                end(folder)


@contextlib.contextmanager
def server_of_test(
    primary: Server | None = None,
    data: Path | None = None,
    settings: tuple[str, ...] = (),
    before: tuple[str, ...] = (),
) -> Iterator[Server]:
    """Yield a server that makes everything durable; it ends with this process.

    Args:
        primary: the server of which it is a replica, if it is one.
        data: what it begins with, see `Server`.
        settings: see `Server`.
        before: likewise.
    """
    folder = new_folder()
    users_path, lock_path = folder / "users", folder / "lock"
    lock_path.touch()
    try:
        with users_path.open("w") as users:
            fcntl.flock(users, fcntl.LOCK_SH)
            watch(folder, users_path, lock_path, folder / "known")
            server = Server(folder, settings, primary, data, before)
            server.start()
            yield server
    finally:
        end(folder)


def new_folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="smtptest-pg-"))


def watch(folder: Path, users: Path, lock: Path, known: Path) -> None:
    """Let another process end a server when those that use it are gone."""
    # In a session of its own: a signal to the group of this process is not for it.
    watcher = subprocess.Popen(
        [sys.executable, "-S", end_postgresql.__file__, folder, users, lock, known],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    # It is not waited for.
    watcher.returncode = 0


def empty(url: str) -> None:
    """Empty the store of a database, if there is one: faster than to make another.

    The numbers of sessions and of tags, which nobody sees, go on.
    """
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        # An index that is made again would have to be waited for.
        tables = [
            name
            for (name,) in connection.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'smtptest' "
                "AND tablename NOT IN ('state', 'smtptest_version', 'part')"
            )
        ]
        if tables:
            emptied = "; ".join(f"DELETE FROM smtptest.{table}" for table in tables)
            connection.execute(
                f"{emptied}; UPDATE smtptest.state SET messages = 0, octets = 0, "
                "indexed = 0, unread = 0, changes = 0, named = 0, tagged = 0, "
                "newest = 0, folders = 0, validity = validity + 1",
                prepare=False,
            )
