"""A mailbox with many messages: what it takes to find one, and to fail.

It writes the seconds of each question, asked again and, where that differs, at first.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from statistics import median
from time import perf_counter

from lazr_smtptest.mailbox import Mailbox
from lazr_smtptest.model.envelope import Envelope

_TIMES = 5


def main() -> None:
    """Ask a mailbox of as many messages as the command line says."""
    number = int(sys.argv[1])
    mailbox = Mailbox()
    for each in range(number):
        mailbox.add(_envelope(each))
    last = number - 1
    recipient = f"recipient-{last}@example.com"
    subject = f"Order {last}"

    def fail() -> None:
        try:
            mailbox.assert_received(recipient="nobody@example.com", timeout=0)
        except AssertionError:
            return
        sys.exit("a message was received that nobody sent")

    questions: dict[str, Callable[[], object]] = {
        "recipient": lambda: mailbox.find(recipient=recipient),
        "subject": lambda: mailbox.find(subject=subject),
        "failure": fail,
    }
    answers: dict[str, float] = {}
    for name, ask in questions.items():
        times = [_time(ask) for _ in range(1 + _TIMES)]
        answers |= {f"{name}, first": times[0], name: median(times[1:])}
    print(json.dumps(answers))


def _time(ask: Callable[[], object]) -> float:
    begun = perf_counter()
    ask()
    return perf_counter() - begun


def _envelope(number: int) -> Envelope:
    content = f"Subject: Order {number}\r\nFrom: shop@example.com\r\n\r\nHi.\r\n"
    return Envelope(
        mail_from="sender@example.com",
        rcpt_tos=(f"recipient-{number}@example.com",),
        content=content.encode(),
    )


if __name__ == "__main__":
    main()
