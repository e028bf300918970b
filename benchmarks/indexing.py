"""A burst of messages is made searchable, beside bare FTS5 with the same texts."""

from __future__ import annotations

import smtplib
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from lazr_smtptest.stores import SQLiteStore

from .load import send
from .load.letters import noise
from .load.plan import Plan
from .peers.ours import Ours
from .program import ProgramError
from .scenario import Budget, Column, Entry, Sample, Wanted

PLAN = Plan(noise=True, size=4096)

COLUMNS = (
    Column("messages", "messages"),
    Column("rate", "msg/s kept"),
    Column("left", "not indexed after the burst"),
    Column("seconds", "s until they are", digits=2),
    Column("bare", "s of bare FTS5", digits=2),
    Column("times", "x bare FTS5", digits=2, better="less"),
    Column("others", "others meanwhile"),
)

_MESSAGES = 45_000
# Seconds between two messages that come after the burst, between two looks at the
# index, and until somebody gives up.
_PAUSE = 0.01
_LOOK = 0.02
_PATIENCE = 3600.0
# Texts in a transaction of bare FTS5: more do not make it faster.
_BATCH = 1000


def entries(wanted: Wanted) -> list[Entry]:
    """Return our server alone: the others have no index."""
    return [Ours().entry(_play)]


def _play(budget: Budget) -> Sample:
    number = budget.messages or _MESSAGES
    with TemporaryDirectory() as folder:
        ours = _ours(Path(folder, "mail.db"), number)
        bare = _bare(Path(folder, "bare.db"), number)
    return {"messages": number, **ours, "bare": bare, "times": ours["seconds"] / bare}


def _ours(file: Path, number: int) -> dict[str, float]:
    """Time from the end of the burst to the moment when all of it is indexed."""
    peer = Ours({"store": f"sqlite:{file}"})
    with peer.run(frozenset()) as server:
        kept = send(server.port, PLAN, number, _PATIENCE)
        begun = perf_counter()
        with closing(SQLiteStore(file)) as store, _others(server.port) as others:
            left = store.index_progress().missing
            while store.index_progress().missing > len(others) + 1:
                if perf_counter() - begun > _PATIENCE:
                    raise ProgramError("the index is never complete")
                time.sleep(_LOOK)
            # What came after the burst may be missing, but nothing else.
            seconds = perf_counter() - begun
            came = len(others)
    return {"rate": number / kept, "left": left, "seconds": seconds, "others": came}


@contextmanager
def _others(port: int) -> Iterator[list[int]]:
    """Send further messages meanwhile; yield the list of those that were kept."""
    kept: list[int] = []
    end = threading.Event()

    def go_on() -> None:
        with smtplib.SMTP("127.0.0.1", port) as client:
            while not end.wait(_PAUSE):
                client.sendmail("a@example.com", "b@example.com", "Subject: Other\n\n")
                kept.append(1)

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield kept
    finally:
        end.set()
        thread.join()


def _bare(file: Path, number: int) -> float:
    """Time the insertion of the same texts into a table of FTS5 and nothing else."""
    rows = [
        (each + 1, noise(each, PLAN.size).partition(b"\r\n\r\n")[2].decode())
        for each in range(number)
    ]
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("CREATE VIRTUAL TABLE words USING fts5 (text)")
        begun = perf_counter()
        for start in range(0, number, _BATCH):
            connection.execute("BEGIN")
            connection.executemany(
                "INSERT INTO words (rowid, text) VALUES (?, ?)",
                rows[start : start + _BATCH],
            )
            connection.execute("COMMIT")
        return perf_counter() - begun
