"""Messages of which no two are the same, with words to be found."""

from __future__ import annotations

from base64 import encodebytes
from random import Random

_SUBJECTS = (
    "order",
    "invoice",
    "ticket",
    "welcome",
    "code",
    "report",
    "alarm",
    "draft",
)
# How many shelves there are.
_SHELVES = 977


def letter(number: int, size: int) -> bytes:
    """Make a message.

    ``about`` is a word of all, ``invoice`` of an eighth, ``shelf 500`` of nearly a
    thousandth; the address ``uNUMBER@example.com`` is of this one alone.

    Args:
        number: of the message.
        size: its bytes; more, if it would have no text.
    """
    subject = _SUBJECTS[number % len(_SUBJECTS)]
    head = (
        f"From: Shop <shop@example.com>\r\nTo: u{number}@example.com\r\n"
        f"Subject: Your {subject} {number}\r\n"
        f"Message-ID: <{number}@example.com>\r\n\r\n"
    )
    shelf = number % _SHELVES
    line = f"This is about {subject} number {number}, of shelf {shelf}.\r\n"
    lines, rest = divmod(size - len(head) - 2, len(line))
    return (head + line * lines + "-" * rest + "\r\n").encode()


def noise(number: int, size: int) -> bytes:
    """Make a message of random base64, in which nearly every word is new.

    Args:
        number: of the message; the same one gives the same message.
        size: bytes of its text; a few more, for the base64 has to end.
    """
    octets = Random(number).randbytes(size * 57 // 78)
    text = encodebytes(octets).replace(b"\n", b"\r\n")
    return b"Subject: Noise %d\r\n\r\n" % number + text
