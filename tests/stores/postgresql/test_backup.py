"""A copy of the database, as doc/scale.rst has it made."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from lazr_smtptest.stores import open_store

from ...postgresql import programs
from ..envelopes import make_envelope

pytestmark = pytest.mark.once


@pytest.fixture
def copy(postgresql: str) -> Iterator[str]:
    """An empty database of the same server: its URL."""
    url = urlsplit(postgresql)
    name = f"{url.path[1:]}_copy"
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        yield urlunsplit(url._replace(path=f"/{name}"))
        connection.execute(f"DROP DATABASE {name}")


def run(program: str, *arguments: str) -> None:
    """Run a program of PostgreSQL, which must say nothing."""
    done = subprocess.run(
        [programs() / program, *arguments], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_dump_is_restored_whole(postgresql: str, copy: str, tmp_path: Path) -> None:
    """With its indexes, once the extension is there; the store goes on with it."""
    file = str(tmp_path / "mail.dump")
    with closing(_opened(postgresql)) as store:
        envelopes = [make_envelope(number) for number in range(3)]
        for each in envelopes:
            store.add(each)
        # They are indexed.
        assert store.counts("subject:essag", timeout=60).matching == 3
        dump = ["--schema=smtptest", "--format=custom", f"--file={file}"]
        run("pg_dump", *dump, postgresql)
    with psycopg.connect(copy, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION pg_trgm")
    run("pg_restore", f"--dbname={copy}", file)
    with closing(_opened(copy)) as store:
        assert [each.content for each in store] == [each.content for each in envelopes]
        store.add(make_envelope(4))
        assert store.counts("subject:essag", timeout=60).matching == 4


def _opened(url: str) -> Any:
    return open_store(url)
