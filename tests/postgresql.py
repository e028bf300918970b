"""A PostgreSQL of the tests: one server for all processes of pytest-xdist."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

__all__ = ["Server", "empty", "end", "server_in_run", "url_in"]

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
    """

    def __init__(self, folder: Path, settings: tuple[str, ...] = ()) -> None:
        self.folder = folder
        self._programs = programs()
        self._settings = settings
        # It refuses to run as the superuser.
        self._as: dict[str, Any] = {}
        if os.geteuid() == 0:
            self._as = {"user": "postgres", "group": "postgres", "extra_groups": []}
            shutil.chown(folder, "postgres", "postgres")
        self._run(
            "initdb",
            *("--pgdata", str(folder / "data"), "--username", USER, "--no-sync"),
            *("--auth=trust", "--encoding=UTF8", "--locale=C", "--no-instructions"),
        )

    def _run(self, name: str, *arguments: str) -> None:
        subprocess.run(
            [self._programs / name, *arguments],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            env={**os.environ, "LC_ALL": "C"},
            check=True,
            timeout=PATIENCE,
            **self._as,
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


def process_in(folder: Path) -> int:
    return int((folder / "data/postmaster.pid").read_text().split("\n", 1)[0])


def url_in(folder: Path, database: str) -> str:
    return f"postgresql://{USER}@/{database}?host={quote(str(folder), safe='')}"


@contextlib.contextmanager
def server_in_run(base: Path) -> Iterator[Path]:
    """Yield the folder of the server of this run; the last user ends it.

    Args:
        base: the folder that the processes of the run share.
    """
    with (
        (base / "postgresql.users").open("w") as users,
        (base / "postgresql.lock").open("w") as lock,
    ):
        known = base / "postgresql.json"
        fcntl.flock(lock, fcntl.LOCK_EX)
        fcntl.flock(users, fcntl.LOCK_SH)
        if not known.exists():
            folder = Path(tempfile.mkdtemp(prefix="smtptest-pg-"))
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


def end(folder: Path) -> None:
    """End a server at once, and remove its folder."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        # SIGQUIT: nothing is to be written any more.
        process = process_in(folder)
        os.kill(process, signal.SIGQUIT)
        limit = time.monotonic() + PATIENCE
        while (folder / "data/postmaster.pid").exists() and time.monotonic() < limit:
            os.kill(process, 0)
            time.sleep(0.01)
    shutil.rmtree(folder, ignore_errors=True)


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
                "AND tablename NOT IN ('state', 'smtptest_version')"
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
