"""What mail programs wait for that read by IMAP."""

from __future__ import annotations

import smtplib
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from statistics import median
from time import perf_counter

from ..load import send
from ..load.plan import Plan
from ..peers.peer import Running
from ..program import PATIENCE
from ..scenario import Budget, Ceiling, Column, Entry, Floor, Sample, Scenario, Wanted
from . import dovecot
from .requests import many
from .smtptest import ANY_PORT, entry, smtptest

_MESSAGES = 10_000
_MILLION = 1_000_000
_SELECTIONS = 20
_CLIENTS = 1000
_PROBES = 50
# Bytes of the large message.
_LARGE = 25_000_000
_BLOCK = 1 << 20
_SMALL = b"Subject: x\r\n\r\nx"


class _Client:
    """A connection that has logged in."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self._until(b"\r\n")
        self.ask("LOGIN anybody secret")

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    def ask(self, command: str, until: bytes = b"a OK") -> float:
        """Send a command; return the seconds until the end of its response came."""
        begun = perf_counter()
        self._socket.sendall(f"a {command}\r\n".encode())
        self._until(until)
        return perf_counter() - begun

    def append(self, content: bytes) -> None:
        """Add a message to INBOX."""
        self.ask(f"APPEND INBOX {{{len(content)}}}", b"+ ")
        self._socket.sendall(content + b"\r\n")
        self._until(b"a OK")

    def hear(self, until: bytes) -> None:
        """Wait for a response."""
        self._until(until)

    def _until(self, text: bytes) -> None:
        """Read until the last line but for its end begins with, or has, a text."""
        end = b""
        while text not in end or not end.endswith(b"\n"):
            block = self._socket.recv(_BLOCK)
            if not block:
                raise ConnectionError("the server has closed the connection")
            end = (end + block)[-500:]


@contextmanager
def _clients(port: int, number: int) -> Iterator[list[_Client]]:
    with ExitStack() as stack:
        clients = []
        for _ in range(number):
            clients.append(_Client(port))
            stack.callback(clients[-1].close)
        yield clients


def _until_told(client: _Client, deliver: Callable[[], object]) -> float:
    """Return the seconds from when a message was accepted to what an idle one is told.

    Args:
        client: the client, which idles.
        deliver: brings a message, until it was accepted.
    """
    client.ask("IDLE", b"+ ")
    waits = []
    for _ in range(_PROBES):
        deliver()
        begun = perf_counter()
        client.hear(b" EXISTS")
        waits.append(perf_counter() - begun)
    return median(waits)


def _play(budget: Budget) -> Sample:
    number = budget.messages or _MESSAGES
    with smtptest("--imap", ANY_PORT, "--store", "memory") as server:
        send(server.port, Plan(distinct=True), number, PATIENCE)
        sample = _read(server, server.imap, number)
        with (
            _clients(server.imap, 1) as [client],
            smtplib.SMTP("127.0.0.1", server.port, timeout=PATIENCE) as sender,
        ):
            client.ask("SELECT INBOX")
            told = _until_told(
                client,
                lambda: sender.sendmail("a@example.com", ["b@example.com"], _SMALL),
            )
    return {**sample, "told": told}


def _play_dovecot(budget: Budget) -> Sample:
    """Read what was added by APPEND, for it takes no mail by SMTP."""
    number = budget.messages or _MESSAGES
    with dovecot.dovecot() as server:
        with _clients(server.port, 1) as [client]:
            for _ in range(number):
                client.append(_SMALL + b"x" * 900)
        sample = _read(server, server.port, number)
        with _clients(server.port, 2) as [client, sender]:
            client.ask("SELECT INBOX")
            told = _until_told(client, lambda: sender.append(_SMALL))
    return {**sample, "told": told}


def _read(server: Running, port: int, number: int) -> dict[str, float]:
    """Read so many messages, and let as many clients wait, a thousand at most."""
    idle = min(_CLIENTS, number)
    with _clients(port, 1) as [client]:
        sample = {
            "messages": number,
            "select": client.ask("SELECT INBOX"),
            "flags": client.ask("FETCH 1:* (FLAGS UID)"),
            "sizes": client.ask("UID FETCH 1:* (FLAGS RFC822.SIZE INTERNALDATE)"),
        }
        client.append(b"Subject: large\r\n\r\n" + b"x" * 76 * (_LARGE // 76))
        before = server.usage().peak
        seconds = client.ask(f"FETCH {number + 1} BODY.PEEK[]")
        sample["rate"] = _LARGE / seconds
        sample["growth"] = server.usage().peak - before
    before = server.usage().resident
    with _clients(port, idle) as clients:
        for client in clients:
            client.ask("SELECT INBOX")
            client.ask("IDLE", b"+ ")
        sample["idle"] = (server.usage().resident - before) / idle
    return sample


def _entries(wanted: Wanted) -> list[Entry]:
    version = dovecot.version()
    play = None if version is None else _play_dovecot
    peer = Entry(dovecot.NAME, version or "", play, "" if version else dovecot.REMEDY)
    return [entry("ours", _play), *([peer] if wanted(dovecot.NAME) else [])]


def _play_many(budget: Budget) -> Sample:
    """Select a mailbox of very many messages, as a mail program that starts."""
    number = budget.messages or _MILLION
    with (
        many(budget.database, number, "--imap", ANY_PORT) as server,
        _clients(server.imap, 1) as [client],
    ):
        times = [client.ask("SELECT INBOX") for _ in range(_SELECTIONS)]
    return {"messages": number, "first": times[0], "select": median(times)}


def _many_entries(wanted: Wanted) -> list[Entry]:
    return [entry("ours", _play_many)]


IMAP_MILLION = Scenario(
    name="imap-million",
    title="mail programs open a mailbox of a million messages",
    columns=(
        Column("messages", "messages"),
        Column("first", "first SELECT ms", 1e-3, 2),
        Column("select", "SELECT ms", 1e-3, 2),
    ),
    enter=_many_entries,
    goals=(Ceiling("first", 100), Ceiling("select", 100)),
    heavy=True,
)

IMAP = Scenario(
    name="imap",
    title="mail programs read by IMAP",
    columns=(
        Column("messages", "messages"),
        Column("select", "SELECT ms", 1e-3, 2),
        Column("flags", "flags ms", 1e-3, 1),
        Column("sizes", "sizes ms", 1e-3, 1),
        Column("told", "told ms", 1e-3, 2),
        Column("rate", "body MB/s", 1e6, 0),
        Column("growth", "body MB of memory", 1e6, 1),
        Column("idle", "KB/idle client", 1e3, 1),
    ),
    enter=_entries,
    goals=(
        Ceiling("select", 100),
        Ceiling("flags", 150),
        Ceiling("told", 5),
        Floor("rate", 200),
        Ceiling("idle", 60),
    ),
)
