"""Processor time of a request: of small answers, and of pages of a large store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from twisted import version as twisted_version

from ..load import send
from ..load.plan import Plan
from ..peers.peer import Running
from ..scenario import Budget, Column, Entry, Sample, Wanted
from .bare import bare
from .get import EACH, answer_of, get, getting
from .smtptest import Smtptest, entry, smtptest

COLUMNS = (
    Column("cpu", "CPU us", 1e-6, 1, better="less"),
    Column("user", "user", 1e-6, 1),
    Column("system", "sys", 1e-6, 1),
    Column("rate", "requests/s"),
    Column("busy", "busy %", 0.01),
    Column("bytes", "bytes of an answer"),
    Column("peak", "peak MB", 1e6),
)

_CONNECTIONS = 16
# The messages that are there.
_PLAN = Plan(varied=True, distinct=True)
_MESSAGES = 50
_MILLION = 1_000_000
_PATIENCE = 3600

# The paths of small answers and of lists, by what they are.
_SMALL = {
    "livez": "/livez",
    "a message": "/api/v2/messages/latest",
}
_LISTS = {
    "a page": "/api/v2/messages",
    "Mailpit's page": "/api/v1/messages",
    "MailHog's page": "/mailhog/api/v2/messages",
}


# Pages that differ from request to request, so that no answer is there already.
_PAGES = {
    "a page": f"/api/v2/messages?after={_MILLION}{EACH}",
    "a page of older ones": f"/api/v2/messages?after={{middle}}{EACH}",
    "a page of a word": f"/api/v2/messages?query=invoice&after={_MILLION}{EACH}",
    "Mailpit's page": f"/api/v1/messages?each={EACH}",
    "Mailpit's page again": "/api/v1/messages",
}


def entries(wanted: Wanted) -> list[Entry]:
    """Let ours answer, and a bare resource with the same bytes."""
    small = [
        made
        for what, path in _SMALL.items()
        for made in (
            entry(f"ours, {what}", partial(_small, path)),
            Entry(f"bare, {what}", twisted_version.short(), partial(_bare, path)),
        )
    ]
    return [
        *small,
        *(
            entry(f"ours, {what}", partial(_small, path))
            for what, path in _LISTS.items()
        ),
    ]


def page_entries(wanted: Wanted) -> list[Entry]:
    """Let ours list the messages of a large database."""
    return [
        entry(f"ours, {what}", partial(_page, path)) for what, path in _PAGES.items()
    ]


def _small(path: str, budget: Budget) -> Sample:
    with _few(budget) as server:
        return _measure(server, server.http, _path(server, path), budget)


def _bare(path: str, budget: Budget) -> Sample:
    with _few(budget) as server:
        body, content_type = answer_of(server.http, _path(server, path))
    with bare(body, content_type) as running:
        return _measure(running, running.port, path, budget)


def _page(path: str, budget: Budget) -> Sample:
    number = budget.messages or _MILLION
    path = path.replace("{middle}", str(number // 200))
    with many(budget.database, number) as server:
        # As a person asks, or a test: one after the other.
        return _measure(server, server.http, path, budget, connections=1)


@contextmanager
def _few(budget: Budget) -> Iterator[Smtptest]:
    number = budget.messages or _MESSAGES
    with smtptest("--mailhog", "tcp:0:interface=127.0.0.1") as server:
        send(server.port, _PLAN, number, _PATIENCE)
        yield server


@contextmanager
def many(database: Path | None, number: int, *further: str) -> Iterator[Smtptest]:
    """Run the command with a database of many messages.

    Args:
        database: its file, which is filled if it is not there; ``None`` for a new one.
        number: so many messages are sent to fill it.
        further: further arguments of the command line.
    """
    with TemporaryDirectory() as folder:
        file = database or Path(folder, "mail.db")
        has_messages = file.exists()
        arguments = ("--store", f"sqlite:{file}", "--quiet", *further)
        with smtptest(*arguments) as server:
            if not has_messages:
                send(server.port, _PLAN, number, _PATIENCE)
            yield server


def _path(server: Smtptest, path: str) -> str:
    """Return the path of the newest message by its id."""
    if not path.endswith("/latest"):
        return path
    import json

    body, _ = answer_of(server.http, path)
    return path.replace("latest", json.loads(body)["summary"]["id"])


def _measure(
    server: Running,
    port: int,
    path: str,
    budget: Budget,
    connections: int = _CONNECTIONS,
) -> Sample:
    """Make as many requests as fit into the seconds, and look at what that took."""
    body, _ = answer_of(port, path)
    with getting(port, path, connections) as client:
        few = budget.messages or 100
        warm = get(client, few)
        count = budget.messages or max(
            100, round(few * budget.seconds / warm["seconds"])
        )
        before = server.usage()
        took = get(client, count)
        after = server.usage()
    user = (after.user - before.user) / count
    system = (after.system - before.system) / count
    return {
        "requests": count,
        "seconds": took["seconds"],
        "rate": count / took["seconds"],
        "user": user,
        "system": system,
        "cpu": user + system,
        "busy": (user + system) * count / took["seconds"],
        "bytes": len(body),
        "peak": after.peak,
    }
