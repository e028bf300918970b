"""Many who wait, each for a recipient of its own, and fewer messages.

It writes the seconds that it took to begin to wait, and those to bring the messages.
"""

from __future__ import annotations

import json
import sys
from time import perf_counter

from twisted.internet.task import Clock

from lazr_smtptest.mailbox import Mailbox
from lazr_smtptest.model.envelope import Envelope


def main() -> None:
    """Have as many of both as the command line says."""
    waiters, messages = map(int, sys.argv[1:])
    mailbox = Mailbox()
    clock = Clock()
    told: list[Envelope] = []
    begun = perf_counter()
    for number in range(waiters):
        waiting = mailbox.when(recipient=_address(number), timeout=60, reactor=clock)
        waiting.addCallback(told.append)
    waiting_since = perf_counter()
    for number in range(messages):
        mailbox.add(_envelope(number))
    ended = perf_counter()
    if len(told) != messages:
        sys.exit(f"{len(told)} were told of {messages} messages")
    print(json.dumps({"wait": waiting_since - begun, "bring": ended - waiting_since}))


def _address(number: int) -> str:
    return f"recipient-{number}@example.com"


def _envelope(number: int) -> Envelope:
    return Envelope(
        mail_from="sender@example.com",
        rcpt_tos=(_address(number),),
        content=b"Subject: A test\r\n\r\nHi.\r\n",
    )


if __name__ == "__main__":
    main()
