"""What every message store does with messages: it keeps them, in order."""

from __future__ import annotations

import threading

import pytest
from zope.interface.verify import verifyObject

from lazr_smtptest.interfaces import IMessageStore

from ..envelopes import make_envelope


def test_provides_the_interface(store: IMessageStore) -> None:
    """A store has the methods that IMessageStore promises."""
    assert verifyObject(IMessageStore, store)


def test_a_new_store_is_empty(store: IMessageStore) -> None:
    """Nothing is in a store that nothing was put into."""
    assert (len(store), list(store)) == (0, [])


def test_an_empty_store_is_still_empty_when_asked_twice(store: IMessageStore) -> None:
    """Reading changes nothing."""
    assert [list(store), list(store)] == [[], []]


def test_what_is_added_is_there_when_add_returns(store: IMessageStore) -> None:
    """A message that was added can be read at once."""
    store.add(make_envelope())
    assert list(store) == [make_envelope()]


def test_messages_come_oldest_first(store: IMessageStore) -> None:
    """A store keeps the order in which messages came."""
    envelopes = [make_envelope(number) for number in range(12)]
    for envelope in envelopes:
        store.add(envelope)
    assert list(store) == envelopes


def test_len_counts_the_messages(store: IMessageStore) -> None:
    """The length of a store is the number of messages added."""
    for number in range(3):
        store.add(make_envelope(number))
    assert len(store) == 3


def test_the_same_message_twice_is_two_messages(store: IMessageStore) -> None:
    """A store does not look for duplicates."""
    store.add(make_envelope())
    store.add(make_envelope())
    assert list(store) == [make_envelope()] * 2


def test_clear_removes_every_message(store: IMessageStore) -> None:
    """Nothing is left after clear."""
    store.add(make_envelope(1))
    store.add(make_envelope(2))
    store.clear()
    assert (len(store), list(store)) == (0, [])


def test_a_cleared_store_takes_messages(store: IMessageStore) -> None:
    """A store goes on after clear, without what was there before."""
    store.add(make_envelope(1))
    store.clear()
    store.add(make_envelope(2))
    assert list(store) == [make_envelope(2)]


def test_clear_of_an_empty_store_is_no_error(store: IMessageStore) -> None:
    """There may be nothing to clear."""
    store.clear()
    assert len(store) == 0


def test_a_message_added_while_reading_does_not_disturb(store: IMessageStore) -> None:
    """A reader gets the messages that were there when it began."""
    store.add(make_envelope(1))
    reader = iter(store)
    first = next(reader)
    store.add(make_envelope(2))
    assert [first, *reader] == [make_envelope(1)]


def test_close_leaves_the_messages(store: IMessageStore) -> None:
    """Closing releases what is held open, not the messages."""
    store.add(make_envelope())
    store.close()
    assert list(store) == [make_envelope()]


def test_close_twice_is_no_error(store: IMessageStore) -> None:
    """A store that is closed may be closed again."""
    store.close()
    store.close()


def test_reading_backwards_is_not_disturbed_either(store: IMessageStore) -> None:
    """A reader gets the messages that were there when it began."""
    store.add(make_envelope(1))
    reader = reversed(store)
    store.add(make_envelope(2))
    assert list(reader) == [make_envelope(1)]


def test_an_empty_store_is_true(store: IMessageStore) -> None:
    """``store or other`` gives the store."""
    assert store


def test_messages_can_be_read_newest_first(store: IMessageStore) -> None:
    """``reversed`` goes the other way."""
    envelopes = [make_envelope(number) for number in range(12)]
    for envelope in envelopes:
        store.add(envelope)
    assert list(reversed(store)) == envelopes[::-1]


def test_a_closed_store_takes_messages(store: IMessageStore) -> None:
    """It opens itself again."""
    store.add(make_envelope(1))
    store.close()
    store.add(make_envelope(2))
    assert list(store) == [make_envelope(1), make_envelope(2)]


def test_threads_lose_nothing(store: IMessageStore) -> None:
    """Any thread may add messages."""

    def add(name: int) -> None:
        for number in range(10):
            store.add(make_envelope(name + number))

    names = (100, 200, 300)
    threads = [threading.Thread(target=add, args=[name]) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept = sorted(each.peer[1] - 40000 for each in store)
    assert kept == [name + number for name in names for number in range(10)]


# Ids


def test_get_gives_the_message_of_an_id(store: IMessageStore) -> None:
    """An id names one message."""
    for number in range(3):
        store.add(make_envelope(number, id=f"id-{number}"))
    assert store.get("id-1") == make_envelope(1)


def test_get_gives_none_for_an_unknown_id(store: IMessageStore) -> None:
    """To ask is no error."""
    store.add(make_envelope())
    assert store.get("unknown") is None


def test_a_message_comes_back_with_its_id(store: IMessageStore) -> None:
    """However it is read."""
    store.add(make_envelope(id="id-1"))
    found = store.get("id-1")
    assert found is not None
    assert [found.id, *(each.id for each in store)] == ["id-1", "id-1"]


def test_a_message_without_an_id_gets_one(store: IMessageStore) -> None:
    """So that it can be asked for."""
    store.add(make_envelope(1))
    store.add(make_envelope(2))
    for envelope in store:
        assert store.get(envelope.id) == envelope


def test_an_id_stays(store: IMessageStore) -> None:
    """Also one that the store gave."""
    store.add(make_envelope())
    assert [each.id for each in store] == [each.id for each in store]


@pytest.mark.parametrize("id", ["../x", "A", "a" * 65, "a\nb", "\udce9"])
def test_an_id_that_is_no_name_is_an_error(store: IMessageStore, id: str) -> None:
    """It could become part of a path."""
    with pytest.raises(ValueError, match="the id of an envelope is of 0-9, a-z and -"):
        store.add(make_envelope(id=id))
    assert len(store) == 0


# Deleting


def test_delete_removes_one_message(store: IMessageStore) -> None:
    """The others stay, in order."""
    for number in range(4):
        store.add(make_envelope(number, id=f"id-{number}"))
    assert store.delete("id-1") is True
    assert list(store) == [make_envelope(number) for number in (0, 2, 3)]


def test_delete_of_an_unknown_id_removes_nothing(store: IMessageStore) -> None:
    """And says so."""
    store.add(make_envelope())
    assert store.delete("unknown") is False
    assert len(store) == 1


def test_what_was_deleted_is_not_found_any_more(store: IMessageStore) -> None:
    """In no way."""
    store.add(make_envelope(id="id-1"))
    store.delete("id-1")
    assert (store.get("id-1"), len(store), store.find()) == (None, 0, None)


def test_a_store_takes_messages_after_a_delete(store: IMessageStore) -> None:
    """Behind those that are left."""
    for number in (1, 2):
        store.add(make_envelope(number, id=f"id-{number}"))
    store.delete("id-2")
    store.add(make_envelope(3))
    assert list(store) == [make_envelope(1), make_envelope(3)]


def test_messages_can_be_deleted_while_they_are_read(store: IMessageStore) -> None:
    """Each in its turn."""
    for number in range(3):
        store.add(make_envelope(number))
    for envelope in store:
        store.delete(envelope.id)
    assert len(store) == 0
