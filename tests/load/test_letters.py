"""The messages that are sent."""

from __future__ import annotations

from typing import Any

import pytest

from lazr_smtptest.load.letters import Letters
from lazr_smtptest.load.plan import Plan
from lazr_smtptest.load.sizes import parse_sizes
from lazr_smtptest.outbound.settings import Server

SERVER = Server(host="127.0.0.1", port=2525)


def plan(**options: Any) -> Plan:
    return Plan(server=SERVER, address="127.0.0.1", messages=1, **options)


@pytest.mark.parametrize("size", range(500, 580))
def test_a_message_has_its_size(size: int) -> None:
    """Up to half a line end; each line ends in CRLF."""
    letter = Letters(plan(sizes=parse_sizes(str(size)))).take()
    assert size - 1 <= letter.size <= size
    assert letter.size == len(letter.data) - len(b".\r\n")
    content = letter.data.removesuffix(b".\r\n")
    assert content.count(b"\r") == content.count(b"\n") == content.count(b"\r\n")


def test_no_two_messages_are_the_same() -> None:
    letters = Letters(plan())
    assert letters.take().data != letters.take().data


def test_a_corpus_is_sent_in_its_turn_and_from_the_start_again() -> None:
    """With the line ends and the dots of the wire."""
    letters = Letters(plan(corpus=[b"A: 1\n\n.\n", b"B: 2\n\n"]))
    sent = [letters.take().data for _ in range(3)]
    assert sent == [b"A: 1\r\n\r\n..\r\n.\r\n", b"B: 2\r\n\r\n.\r\n", sent[0]]


def test_eight_bits_are_known() -> None:
    """MAIL declares them."""
    letters = Letters(plan(corpus=["Subject: é\n\n".encode(), b"A: 1\n\n"]))
    assert [letters.take().is_ascii for _ in range(2)] == [False, True]


def test_each_recipient_has_its_number() -> None:
    letters = Letters(plan(recipient="u{n}@example.com", recipients=3))
    assert letters.recipients == [
        "u1@example.com",
        "u2@example.com",
        "u3@example.com",
    ]


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"recipient": "a@example.com", "recipients": 2}, "2 recipients need {n}"),
        ({"connections": 0}, "connections must be 1 or more, not 0"),
        ({"rate": 0.0}, "rate must be more than 0, not 0"),
        ({"messages": None}, "a load needs a number of messages, or a duration"),
    ],
)
def test_a_wrong_value_is_an_error(options: dict[str, Any], error: str) -> None:
    with pytest.raises(ValueError, match=error):
        Plan(**{"server": SERVER, "address": "::1", "messages": 1, **options})
