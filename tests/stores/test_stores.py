"""What every message store does, whatever it keeps its messages in."""

from __future__ import annotations

from pathlib import Path

import pytest
from zope.interface.verify import verifyObject

from lazr_smtptest.envelope import Envelope
from lazr_smtptest.interfaces import IMessageStore
from lazr_smtptest.stores import open_store

KINDS = ["memory", "maildir", "mbox"]

ADDRESSES = [
    pytest.param("", id="null"),
    pytest.param("user%host@example.com", id="percent"),
    pytest.param('"a <b> \\"c"@example.com', id="quoted"),
    pytest.param("jürgen@müller.example", id="utf8"),
    pytest.param("caf\udce9@example.com", id="not-utf8"),
    pytest.param('"a\r\nSubject: b"@example.com', id="line-break"),
    pytest.param("=?utf-8?b?YQ==?=", id="encoded-word"),
    pytest.param(" spaces ", id="spaces"),
    pytest.param("l" * 5000 + "@example.com", id="long"),
]

CONTENTS = [
    pytest.param(b"Subject: hello\r\n\r\nHello.\r\n", id="plain"),
    pytest.param(b"", id="empty"),
    pytest.param(b"\r\n", id="blank-line"),
    pytest.param(b"Hello.\r\n\r\n\r\n", id="blank-lines-at-end"),
    pytest.param(b"\r\nno headers\r\n", id="no-headers"),
    pytest.param(b" folded\r\n\r\nbody\r\n", id="continuation-line-first"),
    pytest.param(b"From me to you\r\n\r\nbody\r\n", id="from-first"),
    pytest.param(b"A: b\r\n\r\nFrom a\r\n>From b\r\n>>From c\r\n", id="from-in-body"),
    pytest.param(b"A: b\r\n\r\n\r\nFrom x@y Mon Nov\r\n\r\nz\r\n", id="from-line"),
    pytest.param(b"A: b\r\n\r\nbare\nlf\r\n", id="bare-lf"),
    pytest.param(b"A: b\n\nFrom a\n>From b\n", id="bare-lf-from"),
    pytest.param(b"A: b\r\n\r\nbare\rcr\r\n", id="bare-cr"),
    pytest.param(b"A: b\r\n\r\nno end", id="no-line-end"),
    pytest.param(b"A: b\r\n\r\nends in cr\r", id="cr-at-end"),
    pytest.param(b"A: b\r\n\r\n\r\r\n\n", id="mixed-line-ends"),
    pytest.param(b"Return-Path: <x@example.com>\r\nX-Helo: y\r\n\r\nz\r\n", id="ours"),
    pytest.param(b"X-Line-Ends: as received\r\n\r\nz\r\n", id="ours-too"),
    pytest.param(bytes(range(256)) + b"\r\n", id="every-byte"),
    pytest.param(b"x" * 1_000_000 + b"\r\n", id="long-line"),
]


def make_envelope(number: int = 0, **changes: object) -> Envelope:
    fields = {
        "mail_from": f"sender{number}@example.com",
        "rcpt_tos": ("one@example.com", "two@example.com"),
        "content": f"Subject: message {number}\r\n\r\nHello.\r\n".encode(),
        "peer": ("127.0.0.1", 40000 + number),
        "helo": "client.example.com",
    }
    return Envelope(**{**fields, **changes})


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """Name one of the kinds of store."""
    return request.param


@pytest.fixture
def spec(kind: str, tmp_path: Path) -> str:
    """Say where a new store of that kind is."""
    return "memory" if kind == "memory" else f"{kind}:{tmp_path / 'box'}"


@pytest.fixture
def store(spec: str) -> IMessageStore:
    """Open a new store of that kind."""
    return open_store(spec)


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


def test_repr_is_the_spec(store: IMessageStore, spec: str) -> None:
    """A store calls itself what open_store was given."""
    assert repr(store) == spec


@pytest.mark.parametrize("content", CONTENTS)
def test_content_is_kept_byte_for_byte(store: IMessageStore, content: bytes) -> None:
    """The content that is read is the content that was added, and stays alone."""
    envelopes = [make_envelope(1, content=content), make_envelope(2)]
    for envelope in envelopes:
        store.add(envelope)
    assert list(store) == envelopes


@pytest.mark.parametrize("address", ADDRESSES)
def test_sender_is_kept(store: IMessageStore, address: str) -> None:
    """Any sender comes back as it was."""
    store.add(make_envelope(mail_from=address))
    assert list(store) == [make_envelope(mail_from=address)]


@pytest.mark.parametrize("address", ADDRESSES)
def test_recipient_is_kept(store: IMessageStore, address: str) -> None:
    """Any recipient comes back as it was."""
    store.add(make_envelope(rcpt_tos=(address,)))
    assert list(store) == [make_envelope(rcpt_tos=(address,))]


@pytest.mark.parametrize("helo", ADDRESSES)
def test_helo_is_kept(store: IMessageStore, helo: str) -> None:
    """Whatever a client called itself comes back as it was."""
    store.add(make_envelope(helo=helo))
    assert list(store) == [make_envelope(helo=helo)]


@pytest.mark.parametrize("count", [0, 1, 100])
def test_every_recipient_is_kept_in_order(store: IMessageStore, count: int) -> None:
    """One message has any number of recipients."""
    recipients = tuple(f"r{count - number}@example.com" for number in range(count))
    store.add(make_envelope(rcpt_tos=recipients))
    assert [envelope.rcpt_tos for envelope in store] == [recipients]


@pytest.mark.parametrize("peer", [("127.0.0.1", 1), ("::1", 2), ("", 0)])
def test_peer_is_kept(store: IMessageStore, peer: tuple[str, int]) -> None:
    """The client's address comes back, also without any."""
    store.add(make_envelope(peer=peer))
    assert [envelope.peer for envelope in store] == [peer]
