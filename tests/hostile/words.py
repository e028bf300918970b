"""What an ordinary client says, and what it reads."""

from __future__ import annotations

import itertools
import smtplib

__all__ = ["BEGIN", "PATIENCE", "codes_of", "numbers", "send_tagged", "transaction"]

# Seconds; nothing here takes so long unless it hangs.
PATIENCE = 60
# As far as a recipient.
BEGIN = (
    b"EHLO client.example.com\r\n"
    b"MAIL FROM:<from@example.com>\r\n"
    b"RCPT TO:<to@example.com>\r\n"
)
# Makes each message another one.
numbers = itertools.count(1)


def transaction(content: bytes) -> bytes:
    """A session that delivers `content`, which is dot-stuffed already."""
    return BEGIN + b"DATA\r\n" + content + b".\r\n"


def codes_of(said: bytes) -> list[str]:
    """The codes of replies, one for each, whatever lines they have."""
    lines = said.decode().splitlines()
    return [line[:3] for line in lines if line[3:4] != "-"]


def send_tagged(port: int) -> bytes:
    """Deliver a message as an ordinary client does; give the words that mark it."""
    tag = f"still here {next(numbers)}"
    with smtplib.SMTP("127.0.0.1", port, timeout=PATIENCE) as client:
        client.sendmail("from@example.com", "to@example.com", f"Subject: {tag}\r\n")
    return tag.encode()
