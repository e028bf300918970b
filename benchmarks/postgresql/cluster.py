"""A PostgreSQL of the benchmark's own, which makes everything durable."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from ..program import run

__all__ = ["REMEDY", "cluster", "programs"]

REMEDY = "apt-get install postgresql"

_USER = "smtptest"

# It refuses to run as the superuser: then this user runs it.
_OTHER = "postgres"

_SETTINGS = (
    *("listen_addresses=", "max_connections=200", "shared_buffers=1GB"),
    *("max_wal_size=8GB", "maintenance_work_mem=1GB"),
)

# Seconds to make it, to start it, or to stop it: it may have much to write.
_PATIENCE = 300


def programs() -> Path | None:
    """Return the folder of the server's programs, if there is one."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    path = shutil.which("initdb") or (str(found[-1]) if found else None)
    return None if path is None else Path(path).resolve().parent


@contextmanager
def cluster() -> Iterator[str]:
    """Start a server in a folder of its own; yield the URL of its database."""
    folder = Path(tempfile.mkdtemp(prefix="benchmark-pg-"))
    data = str(folder / "data")
    before: tuple[str, ...] = ()
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, _OTHER, _OTHER)
            before = ("runuser", "-u", _OTHER, "--")
        _run(
            *(*before, "initdb", "--pgdata", data, "--username", _USER),
            *("--auth=trust", "--encoding=UTF8", "--locale=C"),
        )
        settings = (*_SETTINGS, f"unix_socket_directories={folder}")
        options = " ".join(f"-c {each}" for each in settings)
        log = str(folder / "log")
        wait = ("--wait", "--timeout", str(_PATIENCE), "--pgdata", data)
        _run(*before, "pg_ctl", "start", *wait, "--log", log, "--options", options)
        try:
            yield f"postgresql://{_USER}@/postgres?host={quote(str(folder), safe='')}"
        finally:
            _run(*before, "pg_ctl", "stop", *wait, "--mode", "immediate")
    finally:
        shutil.rmtree(folder)


def _run(*command: str) -> None:
    folder = programs()
    words = [
        str(folder / word) if folder and word in ("initdb", "pg_ctl") else word
        for word in command
    ]
    run("postgresql", words, _PATIENCE)
