"""Functions that exceed a bound, or end the process that runs them."""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from typing import Any

from lazr_smtptest.parsing.functions import Function


def burn(envelope: Any) -> None:
    while True:
        pass


def match(envelope: Any) -> None:
    re.match("(a*)*b", "a" * 100)  # C code that runs for longer than a life


def eat(envelope: Any) -> int:
    return len([b"x" * (1 << 20) for _ in range(1 << 20)])


def leave(envelope: Any) -> None:
    os._exit(3)


def die(envelope: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def rest(envelope: Any) -> None:
    time.sleep(10_000)


def wait(envelope: Any) -> None:
    """Open the named pipe that the message names, and wait for nothing."""
    with open(envelope.mail_from, "wb"):  # noqa: PTH123
        time.sleep(10_000)


def fail(envelope: Any) -> None:
    raise ValueError(f"no {envelope.mail_from}")


def chatter(envelope: Any) -> str:
    print("to the standard output", flush=True)
    return sys.stdin.read()


def burst(envelope: Any) -> str:
    """End the process at a message with a mark."""
    if b"die" in envelope.content:
        os._exit(4)
    if b"eat" in envelope.content:
        raise MemoryError
    return str(envelope.content.decode("ascii"))


def flood(envelope: Any) -> str:
    return "x" * (1 << 20)


def echo(envelope: Any) -> list[Any]:
    return [
        *(envelope.mail_from, envelope.rcpt_tos, envelope.mail_options),
        *(envelope.warnings, envelope.content.decode("latin-1"), os.getpid()),
    ]


FUNCTIONS = {
    function.__name__: Function(
        function,
        lambda value: value,
        lambda value: value,
        lambda envelope, reason: reason,
    )
    for function in (
        *(burn, burst, match, eat, leave, die, rest, wait, fail, chatter, flood, echo),
    )
}
