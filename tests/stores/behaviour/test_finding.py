"""How messages are found in every message store."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lazr_smtptest.interfaces import IMessageStore

from ..envelopes import make_envelope

FINDS: dict[str, Callable[[IMessageStore], Any]] = {
    "sender": lambda store: store.find(sender="sender2@example.com"),
    "subject": lambda store: store.find(subject="message 2"),
    "function": lambda store: store.find(lambda each: each.peer[1] == 40002),
    "both": lambda store: store.find(recipient="two@EXAMPLE.com", subject="message 2"),
}


@pytest.mark.parametrize("how", FINDS)
def test_find_gives_the_message_that_meets_the_criteria(
    store: IMessageStore, how: str
) -> None:
    """The criteria are those of a mailbox."""
    for number in range(4):
        store.add(make_envelope(number))
    assert FINDS[how](store) == make_envelope(2)


def test_find_gives_the_oldest(store: IMessageStore) -> None:
    """Of several that match."""
    for number in range(3):
        store.add(make_envelope(number))
    assert store.find(recipient="one@example.com") == make_envelope(0)


def test_find_gives_none_if_none_matches(store: IMessageStore) -> None:
    """That is no error."""
    store.add(make_envelope())
    assert store.find(recipient="three@example.com") is None


def test_find_all_gives_all_that_match(store: IMessageStore) -> None:
    """Oldest first."""
    envelopes = [
        make_envelope(number, rcpt_tos=(f"r{number % 2}@example.com",))
        for number in range(4)
    ]
    for envelope in envelopes:
        store.add(envelope)
    assert store.find_all(recipient="r1@example.com") == envelopes[1::2]


def test_a_message_to_several_is_found_for_each_of_them(store: IMessageStore) -> None:
    """One recipient is enough."""
    store.add(make_envelope(rcpt_tos=("a@example.com", "b@example.com")))
    for recipient in ("a@example.com", "b@example.com"):
        assert store.find_all(recipient=recipient) == [
            make_envelope(rcpt_tos=("a@example.com", "b@example.com"))
        ]


def test_a_pattern_is_found(store: IMessageStore) -> None:
    """A star in an address stands for any text."""
    for number in range(4):
        store.add(make_envelope(number, rcpt_tos=(f"r{number}@example.com",)))
    assert len(store.find_all(recipient="*@example.com")) == 4


def test_the_case_of_a_local_part_matters(store: IMessageStore) -> None:
    """RFC 5321 section 2.4."""
    store.add(make_envelope(rcpt_tos=("Anna@example.com",)))
    assert store.find(recipient="anna@example.com") is None


@pytest.mark.parametrize(
    ("kept", "wanted"),
    [
        ("anna@xn--bcher-kva.example", "anna@bücher.example"),
        ("anna@BÜCHER.example", "anna@xn--bcher-kva.example"),
        ('"anna"@example.com', "anna@EXAMPLE.com"),
        ("anna@example.com", '"anna"@example.com'),
        ("Postmaster@example.com", "postmaster@example.com"),
        ("anna@xn--bcher-kva.example", "*@bücher.example"),
        ("anna@xn--bcher-kva.example", "*@xn--*"),
        ("anna@bücher.example", "*@xn--bcher-kva.example"),
        ('"anna"@example.com', "ann?@example.com"),
    ],
)
def test_an_equal_address_is_found(
    store: IMessageStore, kept: str, wanted: str
) -> None:
    """However it is written (RFC 5321 section 4.1.2, RFC 5890)."""
    store.add(make_envelope(rcpt_tos=(kept,)))
    assert store.find(recipient=wanted) is not None


@pytest.mark.parametrize(
    "address", ["caf\udce9@example.com", "a\0b@example.com", "JÜRGEN@MÜLLER.example"]
)
def test_an_odd_recipient_is_found(store: IMessageStore, address: str) -> None:
    """Whatever octets it had."""
    store.add(make_envelope(rcpt_tos=(address,)))
    assert store.find(recipient=address) is not None


def test_an_unknown_criterion_is_an_error(store: IMessageStore) -> None:
    """Also when the store is empty."""
    with pytest.raises(TypeError, match="no criterion is called 'colour'"):
        store.find(colour="red")
