"""The process that is killed, and the clients that it does not answer any more."""

from __future__ import annotations

import random
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from types import TracebackType

from lazr_smtptest.interfaces import IMessageStore

from ...forking import Piped

__all__ = [
    "CONNECTIONS",
    "Client",
    "Fate",
    "Victim",
    "content_of",
    "number_of",
    "recipient_of",
]

CONNECTIONS = 5
PATIENCE = 60

_SERVE = Path(__file__).with_name("serve.py")


def content_of(number: int, size: int) -> bytes:
    """Make a message that says which one it is, and whether it is whole."""
    body = random.Random(number).randbytes(size // 2).hex().encode()
    lines = b"\r\n".join(body[i : i + 70] for i in range(0, len(body), 70))
    digest = sha256(lines).hexdigest()
    return f"Subject: {number} {digest}\r\n\r\n".encode() + lines + b"\r\n"


def number_of(content: bytes) -> int:
    """Say which message it is.

    Raises:
        AssertionError: it is not whole.
    """
    head, _, body = content.partition(b"\r\n\r\n")
    _, number, digest = head.decode("ascii").split()
    assert sha256(body.removesuffix(b"\r\n")).hexdigest() == digest
    return int(number)


def recipient_of(number: int) -> str:
    """Return the address that a message is sent to, and no other one."""
    return f"n{number}@d"


class Victim:
    """A server with a store, in a process of its own.

    Args:
        spec: of the store.
        arguments: the options of ``serve.py``.
        before: a command to run it under.
    """

    def __init__(
        self,
        spec: str,
        *arguments: str,
        before: Sequence[str] = (),
    ) -> None:
        words = [str(_SERVE), spec, *arguments]
        self.process: subprocess.Popen[str] | Piped
        if before:
            self.process = subprocess.Popen(
                [*before, sys.executable, *words],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        else:
            self.process = Piped(words)
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())

    def tell(self, line: str) -> str:
        """Write a line to it; give the one that it answers."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()
        return self.process.stdout.readline()

    def kill(self) -> int:
        """End it at once, if it has not ended; give its status."""
        self.process.kill()
        return self.process.wait(PATIENCE)

    def __enter__(self) -> Victim:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()


class Fate:
    """What the clients know of each message: kept, refused, or sent and unsure."""

    def __init__(self) -> None:
        self.kept: set[int] = set()
        self.unsure: set[int] = set()

    def check(self, store: IMessageStore) -> None:
        """Check what is in the store after all."""
        found = [number_of(envelope.content) for envelope in store]
        assert len(found) == len(set(found)) == len(store)
        assert self.kept <= set(found), "a message that was acknowledged is not there"
        assert set(found) <= self.kept | self.unsure, "a message is there that is none"
        newest = next(reversed(store), None)
        if newest is not None:
            assert store.get(newest.id) == newest


class Client(threading.Thread):
    """Sends messages, one after the other, until the server is gone.

    Args:
        port: the server's.
        fate: what becomes of them.
        numbers: theirs.
        sizes: octets of each, in turn.
    """

    def __init__(
        self, port: int, fate: Fate, numbers: Sequence[int], sizes: Sequence[int]
    ) -> None:
        super().__init__(daemon=True)
        self._port = port
        self._fate = fate
        self._numbers = numbers
        self._sizes = sizes

    def run(self) -> None:
        try:
            with (
                socket.create_connection(("127.0.0.1", self._port), PATIENCE) as client,
                client.makefile("rb") as replies,
            ):
                replies.readline()
                client.sendall(b"HELO a\r\n")
                replies.readline()
                for turn, number in enumerate(self._numbers):
                    size = self._sizes[turn % len(self._sizes)]
                    self._send(client, replies, number, content_of(number, size))
        except (ConnectionError, EOFError):
            return

    def _send(
        self, client: socket.socket, replies: object, number: int, content: bytes
    ) -> None:
        def say(octets: bytes) -> bytes:
            client.sendall(octets)
            reply: bytes = replies.readline()  # type: ignore[attr-defined]
            if not reply.endswith(b"\n"):
                raise EOFError
            return reply[:3]

        to = f"RCPT TO:<{recipient_of(number)}>\r\n".encode()
        for command in (b"MAIL FROM:<a@b>\r\n", to, b"DATA\r\n"):
            say(command)
        client.sendall(content)
        self._fate.unsure.add(number)
        if say(b".\r\n") == b"250":
            self._fate.kept.add(number)
        self._fate.unsure.discard(number)
