"""A client that sends one message for each line it reads, and says when.

The message is to ``probe-LINE@example.com``. What it writes is the moment at which it
has read the reply to the content, in nanoseconds of Linux's monotonic clock, which is
the same for all processes.
"""

from __future__ import annotations

import socket
import sys
import time
from typing import BinaryIO

from ..load.script import content

# Seconds from the line to the message, in which the test comes to wait for it.
_PAUSE = 0.025


def main() -> None:
    """Send until the input ends."""
    body = content(1024) + b".\r\n"
    with socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=30) as probe:
        replies = probe.makefile("rb")
        _ask(probe, replies, b"")
        _ask(probe, replies, b"HELO client.example.com\r\n")
        for line in sys.stdin:
            time.sleep(_PAUSE)
            recipient = f"RCPT TO:<probe-{line.strip()}@example.com>\r\n".encode()
            _ask(probe, replies, b"MAIL FROM:<sender@example.com>\r\n")
            _ask(probe, replies, recipient)
            _ask(probe, replies, b"DATA\r\n")
            _ask(probe, replies, body)
            print(time.monotonic_ns(), flush=True)


def _ask(probe: socket.socket, replies: BinaryIO, line: bytes) -> None:
    probe.sendall(line)
    reply = replies.readline()
    if reply[:1] not in (b"2", b"3"):
        sys.exit(f"the probe heard {reply!r}")


if __name__ == "__main__":
    main()
