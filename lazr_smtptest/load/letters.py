"""The messages of a load: made up in the wanted sizes, or those of a corpus."""

from __future__ import annotations

from email.utils import formatdate
from itertools import cycle
from random import Random

import attrs

from lazr_smtptest.load.plan import NUMBER, Plan
from lazr_smtptest.outbound.client import stuff

__all__ = ["Letter", "Letters"]

_LINE = b"The quick brown fox jumps over the lazy dog; 0123456789 and all is well.\r\n"


@attrs.frozen
class Letter:
    """A message as it is sent.

    Attributes:
        data: what follows DATA, with its end.
        size: bytes of the message itself.
        is_ascii: whether each byte is below 128.
    """

    data: bytes
    size: int
    is_ascii: bool = True


class Letters:
    """Makes one message after the other.

    Args:
        plan: the load.
        seed: the seed of the random numbers; the same one gives the same sizes.
    """

    def __init__(self, plan: Plan, seed: int = 0) -> None:
        self.sender = plan.sender
        self.recipients = [
            plan.recipient.replace(NUMBER, str(number))
            for number in range(1, plan.recipients + 1)
        ]
        self._random = Random(seed)
        self._sizes = plan.sizes
        self._number = 0
        self._filler = b""
        self._corpus = cycle([_of_corpus(each) for each in plan.corpus])
        self._has_corpus = bool(plan.corpus)
        if not self._has_corpus:
            self._filler = _LINE * (plan.sizes.most // len(_LINE) + 1)

    def take(self) -> Letter:
        """Return the next message."""
        if self._has_corpus:
            return next(self._corpus)
        self._number += 1
        header = (
            f"From: <{self.sender}>\r\nTo: <{self.recipients[0]}>\r\n"
            f"Subject: Load {self._number}\r\nDate: {formatdate()}\r\n"
            f"Message-ID: <{self._number}.{self._random.getrandbits(64):x}@load>\r\n"
            "\r\n"
        ).encode()
        room = max(0, self._sizes.draw(self._random) - len(header) - 2)
        # Without the half of a line end.
        body = self._filler[:room].removesuffix(b"\r") + b"\r\n"
        size = len(header) + len(body)
        # No line of it begins with a dot.
        return Letter(header + body + b".\r\n", size, header.isascii())


def _of_corpus(content: bytes) -> Letter:
    return Letter(stuff(content), len(content), content.isascii())
