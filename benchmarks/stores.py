"""How fast the stores keep messages, and how fast they find one in a million.

    python -m benchmarks.stores durable
    python -m benchmarks.stores large --messages 1000000

The first sends messages of 1 KB to a server in a process of its own, over 20
connections; every ``250`` means that the message is on the disk. The second fills
a database without a server, and asks it. The disk is that of ``--folder``.
"""

from __future__ import annotations

import argparse
import os
import selectors
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from time import perf_counter

from lazr_smtptest.envelope import Envelope

CONNECTIONS = 20
SIZE = 1000

# What is compared: a name, a store, and the messages of a batch, 0 for its own bound.
STORES = [
    ("memory", "memory?max-count=0&max-bytes=0", 0),
    ("sqlite FULL", "sqlite:{}/full.db", 0),
    ("sqlite FULL, one commit each", "sqlite:{}/single.db", 1),
    ("sqlite NORMAL", "sqlite:{}/normal.db?synchronous=NORMAL", 0),
    ("maildir", "maildir:{}/maildir", 0),
    ("mbox", "mbox:{}/mbox", 0),
]

WORDS = ("order", "invoice", "ticket", "welcome", "code", "report", "alarm", "draft")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line says; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stores")
    parser.add_argument("what", choices=["durable", "large", "serve"])
    parser.add_argument("--messages", type=int, default=20_000, metavar="N")
    parser.add_argument("--folder", type=Path, metavar="DIR", help="on which disk")
    parser.add_argument("--spec", help=argparse.SUPPRESS)
    parser.add_argument("--batch", type=int, default=0, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.what == "serve":
        serve(options.spec, options.batch)
        return 0
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        if options.what == "durable":
            durable(folder, options.messages)
        else:
            large(Path(folder), options.messages)
    return 0


# Over the wire


def durable(folder: str, messages: int) -> None:
    """Print the messages a second that a server keeps, for each store."""
    print(f"{messages} messages of {SIZE} octets over {CONNECTIONS} connections")
    for name, spec, batch in STORES:
        # What commits each alone takes long enough with fewer.
        count = messages // 10 if batch == 1 else messages
        with Server(spec.format(folder), batch) as server:
            send(server.port, count // 10)
            memory, cpu = server.resident(), server.cpu()
            started = perf_counter()
            send(server.port, count)
            rate = count / (perf_counter() - started)
            memory, cpu = server.resident() - memory, server.cpu() - cpu
        print(
            f"  {name:<30}{rate:>7.0f}/s {cpu / count * 1e6:>6.0f} us of CPU each, "
            f"{memory / 1e6:>5.1f} MB more in memory"
        )


class Server:
    """A server in a process of its own."""

    def __init__(self, spec: str, batch: int) -> None:
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "benchmarks.stores", "serve"),
                *("--spec", spec, "--batch", str(batch)),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    def resident(self) -> int:
        """Say how many octets it has in memory."""
        fields = Path(f"/proc/{self._process.pid}/statm").read_text().split()
        return int(fields[1]) * os.sysconf("SC_PAGE_SIZE")

    def cpu(self) -> float:
        """Say how many seconds of processor time it has taken."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().split()
        return sum(map(int, fields[13:15])) / os.sysconf("SC_CLK_TCK")

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *error: object) -> None:
        # It ends with its input.
        self._process.communicate(timeout=120)


def serve(spec: str, batch: int) -> None:
    """Serve until the input ends."""
    from lazr_smtptest import Controller, StoreServer, open_store

    store = open_store(spec)
    if batch:
        store._writer.batch = batch  # type: ignore[attr-defined]
    with Controller(StoreServer(store)) as controller:
        print(controller.port, flush=True)
        sys.stdin.read()
    store.close()


def send(port: int, messages: int) -> None:
    """Send messages over all connections, each as fast as it is answered."""
    left = messages
    selector = selectors.DefaultSelector()
    for number in range(CONNECTIONS):
        client = socket.create_connection(("127.0.0.1", port))
        client.recv(1000)
        client.sendall(b"EHLO localhost\r\n")
        selector.register(client, selectors.EVENT_READ, [number, b""])
    finished = 0
    while finished < CONNECTIONS:
        for key, _ in selector.select():
            reply = key.fileobj.recv(65536)  # type: ignore[union-attr]
            last = reply.rstrip().rsplit(b"\r\n", 1)[-1]
            if last.startswith(b"354"):
                key.fileobj.sendall(content(left) + b".\r\n")  # type: ignore[union-attr]
            elif last.startswith(b"250 "):
                if left <= 0:
                    selector.unregister(key.fileobj)
                    key.fileobj.close()  # type: ignore[union-attr]
                    finished += 1
                    continue
                left -= 1
                key.fileobj.sendall(  # type: ignore[union-attr]
                    b"MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n"
                )


def content(number: int) -> bytes:
    """Make a message of 1 KB that differs from others."""
    word = WORDS[number % len(WORDS)]
    head = (
        f"From: Shop <shop@example.com>\r\nTo: u{number}@example.com\r\n"
        f"Subject: Your {word} {number}\r\nMessage-ID: <{number}@example.com>\r\n\r\n"
    )
    line = f"This is about {word} number {number}, of shelf {number % 977}.\r\n"
    body = line * ((SIZE - len(head)) // len(line) + 1)
    return (head + body)[: SIZE - 2].encode() + b"\r\n"


# A large database


def large(folder: Path, messages: int) -> None:
    """Fill a database, and print how long it takes to ask it."""
    from lazr_smtptest.stores import SQLiteStore

    path = folder / "large.db"
    store = SQLiteStore(path)
    started = perf_counter()
    fill(store, messages)
    print(f"{messages / (perf_counter() - started):.0f} messages/s without a server")
    started = perf_counter()
    store.search("nothing", timeout=1e6)
    print(f"{perf_counter() - started:.0f} s more until all of them can be searched")
    print(f"{path.stat().st_size / 1e6:.0f} MB on the disk")
    store.close()
    started = perf_counter()
    store = SQLiteStore(path)
    len(store)
    print(f"opened in {perf_counter() - started:.3f} s")
    middle = store.page(limit=1)[0].id
    questions: dict[str, Callable[[], object]] = {
        "the first page": lambda: store.page(),
        "the page behind a message": lambda: store.page(after=middle),
        "a word of one message": lambda: store.search(f"u{messages // 2}@example.com"),
        "a word of a thousandth": lambda: store.search("shelf 500"),
        "a word of an eighth": lambda: store.search("invoice"),
        "a word of all": lambda: store.search("about"),
        "two words, of all and an eighth": lambda: store.search("about invoice"),
        "a beginning": lambda: store.search("invo*"),
        "no word of any": lambda: store.search("nothing"),
        "one to a recipient": lambda: store.find(recipient="u5@example.com"),
        "how many": lambda: len(store),
    }
    for name, ask in questions.items():
        times = [_timed(ask) for _ in range(7)]
        print(f"  {name:<32}{median(times) * 1e3:>8.2f} ms")
    store.close()


def _timed(ask: Callable[[], object]) -> float:
    started = perf_counter()
    ask()
    return perf_counter() - started


def fill(store: object, messages: int) -> None:
    """Put messages into a store, a thousand under way at a time."""
    room = threading.Semaphore(1000)
    for number in range(messages):
        room.acquire()
        store.submit(  # type: ignore[attr-defined]
            Envelope(
                mail_from="shop@example.com",
                rcpt_tos=(f"u{number}@example.com",),
                content=content(number),
            ),
            lambda error: room.release(),
        )
    store.close()  # type: ignore[attr-defined]


if __name__ == "__main__":
    sys.exit(main())
