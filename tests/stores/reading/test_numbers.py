"""The numbers of messages: positive, growing, and never used again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from zope.interface.verify import verifyObject

from lazr_smtptest.interfaces import IMessageReader

from ..envelopes import make_envelope
from ..reading_helpers import fill, numbered
from .conftest import ON_DISK


def test_a_store_provides_the_interface(store: Any) -> None:
    """With the methods and signatures of `IMessageReader`."""
    assert verifyObject(IMessageReader, store)


def test_numbers_are_positive_and_grow_in_the_order_of_arrival(store: Any) -> None:
    """RFC 3501 section 2.3.1.1."""
    envelopes = [make_envelope(number) for number in range(5)]
    for envelope in envelopes:
        store.add(envelope)
    numbers = list(store.numbers())
    assert numbers == sorted(set(numbers))
    assert numbers[0] > 0
    assert [store.envelope(number) for number in numbers] == envelopes


def test_an_empty_store_has_no_numbers(store: Any) -> None:
    """Nothing has arrived."""
    assert list(store.numbers()) == []


@pytest.mark.parametrize(
    "removal",
    [
        lambda store, last: store.remove(numbered(last)),
        lambda store, last: store.delete(store.summary(last).id),
        lambda store, last: store.clear(),
    ],
    ids=["remove", "delete", "clear"],
)
def test_the_number_of_a_removed_message_is_not_used_again(
    store: Any, removal: Callable[[Any, int], object]
) -> None:
    """Not even that of the newest one."""
    last = fill(store, 3)[-1]
    removal(store, last)
    assert fill(store, 1)[0] > last


def test_the_validity_is_a_value_that_imap_can_send(store: Any) -> None:
    """A number of 32 bits, not zero (RFC 3501 section 9, nz-number)."""
    assert 1 <= store.validity <= 2**32 - 1


def test_the_validity_stays_when_messages_come_and_go(store: Any) -> None:
    """Numbers go on, so what a reader knows is still true."""
    before = store.validity
    fill(store, 2)
    store.clear()
    fill(store, 1)
    assert store.validity == before


def test_two_messages_with_one_id_have_two_numbers(store: Any) -> None:
    """The id names the older one."""
    store.add(make_envelope(1, id="twin"))
    store.add(make_envelope(2, id="twin"))
    first, second = store.numbers()
    assert (store.summary("twin").number, store.envelope("twin")) == (
        first,
        make_envelope(1),
    )
    assert store.envelope(second) == make_envelope(2)


def test_an_id_names_the_other_message_when_the_older_one_is_gone(store: Any) -> None:
    """As long as one has it."""
    store.add(make_envelope(1, id="twin"))
    store.add(make_envelope(2, id="twin"))
    first, second = store.numbers()
    assert store.summary("twin").number == first
    store.remove(numbered(first))
    assert store.summary("twin").number == second


@pytest.mark.parametrize("message", [0, -1, 10**6, 2**70, "no-such-id", ""])
def test_an_unknown_message_is_none(store: Any, message: str | int) -> None:
    """It may have been removed a moment ago."""
    fill(store, 1)
    assert (store.summary(message), store.envelope(message)) == (None, None)


if ON_DISK:

    @pytest.mark.parametrize("kind", ON_DISK, indirect=True)
    def test_numbers_and_validity_survive_a_restart(
        open_again: Callable[[], Any],
    ) -> None:
        """A reader need not read anew."""
        store = open_again()
        numbers, validity = fill(store, 3), store.validity
        store.close()
        again = open_again()
        assert (list(again.numbers()), again.validity) == (numbers, validity)

    @pytest.mark.parametrize("kind", ON_DISK, indirect=True)
    def test_a_number_is_not_used_again_after_a_restart(
        open_again: Callable[[], Any],
    ) -> None:
        """Not even that of the newest message, removed before it."""
        store = open_again()
        last = fill(store, 3)[-1]
        store.remove(numbered(last))
        store.close()
        assert fill(open_again(), 1)[0] > last


@pytest.mark.parametrize("removed", [(), (1, 2), (4,), (7,)], ids=str)
def test_the_numbers_are_those_of_the_messages_that_are_left(
    store: Any, removed: tuple[int, ...]
) -> None:
    """Whether some are missing at the beginning, in the middle or at the end."""
    known = fill(store, 7)
    gone = [known[each - 1] for each in removed]
    store.remove(numbered(*gone))
    assert list(store.numbers()) == [each for each in known if each not in gone]


@pytest.mark.parametrize("query", ["", "is:unread"])
def test_the_least_numbers_are_returned_if_they_are_limited(
    store: Any, query: str
) -> None:
    """Of a million messages, the first one is found without the others."""
    first, second, _ = fill(store, 3)
    assert list(store.numbers(query, limit=2)) == [first, second]
