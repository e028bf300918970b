"""The one client that every server in a run is measured with.

It is a bare socket with prepared octets. Its own cost is in every number, and what
smtplib adds to it, 0.2 ms a message, would be most of what there is to compare.
"""

from __future__ import annotations

from socket import create_connection
from typing import BinaryIO

CONVERSATION = (
    b"EHLO localhost\r\n",
    b"MAIL FROM:<aperson@example.com>\r\n",
    b"RCPT TO:<bperson@example.com>\r\n",
    b"DATA\r\n",
    b"From: Abby Person <aperson@example.com>\r\n"
    b"To: Bart Person <bperson@example.com>\r\n"
    b"Subject: A test\r\n"
    b"Message-ID: <aardvark>\r\n"
    b"\r\n"
    b"Hi Bart, this is a test.\r\n"
    b".\r\n",
    b"QUIT\r\n",
)


def send_one(host: str, port: int) -> None:
    """Send one small message over a connection of its own, and say goodbye.

    Each reply is waited for, and all of its lines are read.

    Raises:
        RuntimeError: a reply refuses.
    """
    with (
        create_connection((host, port), timeout=10) as client,
        client.makefile("rb") as replies,
    ):
        # A timeout would have Python ask the kernel once more for each call.
        client.settimeout(None)
        _expect(replies, b"the connection")
        for line in CONVERSATION:
            client.sendall(line)
            _expect(replies, line)


def _expect(replies: BinaryIO, line: bytes) -> None:
    while (reply := replies.readline())[3:4] == b"-":
        pass
    if reply[:1] not in (b"2", b"3"):
        raise RuntimeError(f"{line[:40]!a} was refused: {reply!a}")
