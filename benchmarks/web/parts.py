"""A large part of a message, which many clients load at the same time."""

from __future__ import annotations

import json
from base64 import encodebytes
from functools import partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from ..scenario import Budget, Column, Entry, Sample, Wanted
from .get import answer_of, get, getting
from .pace import Sender
from .smtptest import Smtptest, entry, smtptest

COLUMNS = (
    Column("rate", "MB/s", 1e6),
    Column("cpu", "CPU ms each", 1e-3, 1),
    Column("bytes", "MB", 1e6, 1),
    Column("grown", "MB more in memory", 1e6, 1),
)

_SIZE = 25_000_000
_CONNECTIONS = 8
_BOUNDARY = b"part"


def entries(wanted: Wanted) -> list[Entry]:
    """Let clients load the part, and the whole message."""
    paths = {"a part": "parts/1", "the message": "raw"}
    stores = {"memory": "memory", "sqlite": "sqlite:{}/mail.db"}
    return [
        entry(f"ours, {store}, {what}", partial(_play, spec, path))
        for store, spec in stores.items()
        for what, path in paths.items()
    ]


def _play(store: str, path: str, budget: Budget) -> Sample:
    """Measure a second load of all clients: the first one fills the allocator."""
    size = _SIZE if not budget.messages else 100_000
    with TemporaryDirectory() as folder:
        arguments = ("--store", store.format(Path(folder)), "--quiet")
        with smtptest(*arguments) as server:
            Sender(server.port).send_content(_message(size))
            url = f"/api/v2/messages/{_newest(server)}/{path}"
            body, _ = answer_of(server.http, url)
            with getting(server.http, url, _CONNECTIONS) as clients:
                get(clients, 1)
                before = server.usage()
                count = budget.messages or 2 * _CONNECTIONS
                took = get(clients, count)
                after = server.usage()
    cpu = (after.user + after.system - before.user - before.system) / count
    return {
        "requests": count,
        "rate": count * len(body) / took["seconds"],
        "cpu": cpu,
        "bytes": len(body),
        "grown": max(0, after.peak - before.peak),
    }


def _newest(server: Smtptest) -> str:
    body, _ = answer_of(server.http, "/api/v2/messages?limit=1")
    id: str = json.loads(body)["messages"][0]["id"]
    return id


def _message(size: int) -> bytes:
    head = (
        b"Subject: A large part\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: multipart/mixed; boundary=%b\r\n\r\n--%b\r\n"
        b"Content-Type: application/octet-stream\r\n"
        b"Content-Disposition: attachment; filename=part.bin\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n" % (_BOUNDARY, _BOUNDARY)
    )
    lines = encodebytes(Random(1).randbytes(size)).replace(b"\n", b"\r\n")
    return head + lines + b"--%b--\r\n" % _BOUNDARY
