"""What a client says, and what it wants to hear."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from itertools import islice

import attrs

from .letters import letter, noise
from .plan import LOGIN, Plan


@attrs.frozen
class Step:
    """Octets to send, and the replies to wait for.

    Attributes:
        octets: what is sent.
        replies: the first digit of each reply.
        then_tls: whether TLS begins after the reply.
    """

    octets: bytes
    replies: bytes
    then_tls: bool = False


_GREETING = Step(b"", b"2")
_EHLO = Step(b"EHLO client.example.com\r\n", b"2")
_STARTTLS = Step(b"STARTTLS\r\n", b"2", then_tls=True)
_LOGIN = b64encode("\0{}\0{}".format(*LOGIN).encode())
_AUTH = Step(b"AUTH PLAIN " + _LOGIN + b"\r\n", b"2")
_MAIL = Step(b"MAIL FROM:<sender@example.com>\r\n", b"2")
_DATA = Step(b"DATA\r\n", b"3")
_QUIT = Step(b"QUIT\r\n", b"2")

_HEADER = (
    b"From: <sender@example.com>\r\n"
    b"To: <recipient@example.com>\r\n"
    b"Date: Mon, 1 Jan 2024 00:00:00 +0000 (UTC)\r\n"
    b"Subject: A test\r\n"
    b"Message-Id: <1@client.example.com>\r\n"
    b"\r\n"
)
_LINE = b"X" * 78 + b"\r\n"


def content(size: int) -> bytes:
    """Make a message of so many bytes."""
    missing = max(2, size - len(_HEADER))
    lines = _LINE * (missing // len(_LINE) + 1)
    return _HEADER + lines[: missing - 2] + b"\r\n"


class Script:
    """The conversations of the clients of one process, made of prepared octets."""

    def __init__(self, plan: Plan, numbers: Iterator[int]) -> None:
        """Prepare.

        Args:
            plan: the load.
            numbers: one for each message; what a conversation takes of them is
                no longer there for the next one.
        """
        self._plan = plan
        self._numbers = numbers
        self._content = Step(content(plan.size) + b".\r\n", b"2")
        self._same = list(self._recipients("recipient"))

    def conversation(self) -> Iterator[Step]:
        """Give what one client says, from the greeting to the goodbye."""
        yield _GREETING
        yield _EHLO
        if self._plan.tls:
            yield _STARTTLS
            yield _EHLO
        if self._plan.login:
            yield _AUTH
        numbers = islice(self._numbers, self._plan.each or None)
        if self._plan.pipelined:
            yield from self._pipelined(numbers)
        else:
            yield from self._waiting(numbers)
        yield _QUIT

    def _waiting(self, numbers: Iterator[int]) -> Iterator[Step]:
        for number in numbers:
            yield _MAIL
            yield from self._to(number)
            yield _DATA
            yield self._letter(number)

    def _pipelined(self, numbers: Iterator[int]) -> Iterator[Step]:
        """Send each content together with the commands of the next message."""
        before: list[Step] = []
        for number in numbers:
            yield _together([*before, _MAIL, *self._to(number), _DATA])
            before = [self._letter(number)]
        yield from before

    def _letter(self, number: int) -> Step:
        if self._plan.noise:
            return Step(noise(number, self._plan.size) + b".\r\n", b"2")
        if self._plan.varied:
            return Step(letter(number, self._plan.size) + b".\r\n", b"2")
        return self._content

    def _to(self, number: int) -> list[Step]:
        if self._plan.distinct:
            return list(self._recipients(f"recipient-{number}"))
        return self._same

    def _recipients(self, name: str) -> Iterator[Step]:
        for number in range(self._plan.recipients):
            line = f"RCPT TO:<{name}-{number}@example.com>\r\n"
            yield Step(line.encode(), b"2")


def _together(steps: list[Step]) -> Step:
    return Step(
        b"".join([step.octets for step in steps]),
        b"".join([step.replies for step in steps]),
    )
