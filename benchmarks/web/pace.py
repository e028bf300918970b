"""A program that sends messages at a steady pace, over one connection.

For each line with the number of the first message and how many there are, it writes
the seconds that they took.
"""

from __future__ import annotations

import socket
import sys
from time import perf_counter, sleep
from typing import BinaryIO

from ..load.letters import letter
from ..program import PATIENCE, Program

_SIZE = 1024


def pacing(port: int, pace: int) -> Program:
    """Start the program.

    Args:
        port: the port of SMTP.
        pace: messages a second.
    """
    command = [sys.executable, "-m", "benchmarks.web.pace", str(port), str(pace)]
    return Program("SMTP", command)


class Sender:
    """A connection that brings messages.

    Args:
        port: the port of SMTP.
    """

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._replies: BinaryIO = self._socket.makefile("rb")
        self._ask(b"", 1)
        self._ask(b"HELO client.example.com\r\n", 1)

    def send(self, number: int, recipient: str = "recipient@example.com") -> None:
        """Send a message of `letters`, and wait for the reply."""
        self.send_content(letter(number, _SIZE), recipient)

    def send_content(
        self, content: bytes, recipient: str = "recipient@example.com"
    ) -> None:
        """Send a message, and wait for the reply."""
        commands = (
            f"MAIL FROM:<sender@example.com>\r\nRCPT TO:<{recipient}>\r\nDATA\r\n"
        )
        self._ask(commands.encode(), 3)
        self._ask(content + b".\r\n", 1)

    def _ask(self, data: bytes, replies: int) -> None:
        self._socket.sendall(data)
        for _ in range(replies):
            reply = self._replies.readline()
            if reply[:1] not in (b"2", b"3"):
                sys.exit(f"the server answered {reply!r}")


def main() -> None:
    """Send until the input ends."""
    port, pace = int(sys.argv[1]), int(sys.argv[2])
    sender = Sender(port)
    for line in sys.stdin:
        first, count = map(int, line.split())
        begun = perf_counter()
        for number in range(count):
            early = begun + number / pace - perf_counter()
            if early > 0:
                sleep(early)
            sender.send(first + number)
        print(perf_counter() - begun, flush=True)


if __name__ == "__main__":
    main()
