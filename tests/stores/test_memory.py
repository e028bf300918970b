"""The bounds of what is kept in memory."""

from __future__ import annotations

import pytest

from lazr_smtptest.errors import StoreFullError
from lazr_smtptest.model.document import Document
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.session import Session
from lazr_smtptest.query.selection import Selection
from lazr_smtptest.stores import MemoryStore, _row_reader
from lazr_smtptest.stores._documents import Documents
from lazr_smtptest.stores._rows import Row

from .envelopes import make_envelope


def numbers(store: MemoryStore) -> list[int]:
    """Say which messages are there."""
    return [envelope.peer[1] - 40000 for envelope in store]


def fill(store: MemoryStore, count: int, size: int = 10) -> None:
    for number in range(count):
        store.add(make_envelope(number, content=b"x" * size))


@pytest.mark.parametrize("bound", [{"max_count": 2}, {"max_bytes": 29}])
def test_the_new_one_is_refused_if_that_is_wanted(bound: dict[str, int]) -> None:
    """And the old ones stay."""
    store = MemoryStore(**bound, full="refuse")
    fill(store, 2)
    with pytest.raises(StoreFullError, match="the store is full"):
        store.add(make_envelope(2, content=b"x" * 10))
    assert numbers(store) == [0, 1]


def test_a_full_store_takes_messages_after_a_delete() -> None:
    """There is room again."""
    store = MemoryStore(max_bytes=25, full="refuse")
    fill(store, 2)
    store.delete(next(iter(store)).id)
    store.add(make_envelope(2, content=b"x" * 10))
    assert numbers(store) == [1, 2]


def test_there_are_bounds_without_saying_so() -> None:
    """A server that runs for months does not fill the machine."""
    store = MemoryStore()
    assert store._retention.max_count == 50_000
    assert store._retention.max_bytes == 256 * 1024 * 1024


def test_without_a_given_bound_envelopes_count_too() -> None:
    """256 MiB of recipients are as much as 256 MiB of content."""
    store = MemoryStore()
    many = tuple(f"recipient-{number}@example.com" for number in range(100_000))
    for _ in range(30):
        store.add(Envelope(mail_from="", rcpt_tos=many, content=b""))
    # A recipient counts for its text and 80 bytes.
    assert len(store) == 256 * 1024 * 1024 // (3072 + sum(map(len, many)) + 8_000_000)


@pytest.mark.slow
def test_parameters_count_as_well() -> None:
    """Each recipient may have an ORCPT of 500 bytes."""
    store = MemoryStore()
    options = tuple({"ORCPT": f"rfc822;{'x' * 500}"} for _ in range(100_000))
    for _ in range(10):
        store.add(
            Envelope(mail_from="", rcpt_tos=(), content=b"", rcpt_options=options)
        )
    assert len(store) == 3


def test_with_a_given_bound_contents_count_alone() -> None:
    """A thousand bytes are a thousand bytes of content."""
    store = MemoryStore(max_bytes=1000)
    for number in range(200):
        store.add(
            Envelope(mail_from="a" * 5000, rcpt_tos=("b",), content=b"%10d" % number)
        )
    assert len(store) == 100


def test_a_page_parses_only_the_messages_on_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However many there are."""
    parsed: list[str] = []

    def document_of(envelope: Envelope) -> Document:
        parsed.append(envelope.id)
        return Document()

    monkeypatch.setattr(_row_reader, "document_of", document_of)
    store = MemoryStore()
    fill(store, 500)
    ids = [summary.id for summary in store.page(limit=5)]
    assert sorted(parsed) == sorted(ids)


QUERIES_WITHOUT_CONTENT = ["is:unread", "larger:1k", "tag:a", "rcpt:one@example.com"]


@pytest.mark.parametrize("query", QUERIES_WITHOUT_CONTENT)
def test_a_query_of_the_envelope_parses_no_message(
    monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    """What it asks for is known."""
    monkeypatch.setattr(_row_reader, "document_of", None)
    store = MemoryStore()
    fill(store, 5)
    assert store.counts(query).messages == 5


def test_a_document_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A list that is shown again costs nothing."""
    calls: list[str] = []

    def document_of(envelope: Envelope) -> Document:
        calls.append(envelope.id)
        return Document(text="word")

    monkeypatch.setattr(_row_reader, "document_of", document_of)
    store = MemoryStore()
    fill(store, 3)
    assert [len(store.page("word")), len(store.page())] == [3, 3]
    assert len(calls) == 3


def test_documents_are_kept_within_a_bound() -> None:
    """Those of the newest messages stay: the next search begins with them."""
    documents = Documents(bound=10_000)
    made: list[int] = []

    def get(number: int) -> None:
        row = Row(number, "", None, 0.0)

        def make() -> Document:
            made.append(number)
            return Document(text="x" * 3000)

        documents.get(row, make)

    for number in (1, 3, 2, 3, 4, 3, 2, 1):
        get(number)
    assert made == [1, 3, 2, 4, 2, 1]


def test_the_document_of_a_message_that_is_gone_is_not_kept() -> None:
    """It was removed while it was parsed."""
    documents = Documents()
    row = Row(1, "", None, 0.0)

    def make() -> Document:
        row.is_gone = True
        documents.discard(row)
        return Document(shortened=True)

    documents.get(row, make)
    assert documents.shortened == set()


def test_an_envelope_in_the_store_keeps_nothing_that_was_parsed() -> None:
    """The bound of the documents is that of all that reading adds."""
    store = MemoryStore()
    envelope = make_envelope(1, id="a", rcpt_tos=("a+b@example.com",))
    store.add(envelope)
    before = set(vars(envelope))
    store.page("hello")
    assert set(vars(envelope)) == before


def test_messages_dropped_by_a_bound_are_changes() -> None:
    """A list takes them out."""
    store = MemoryStore(max_count=2)
    fill(store, 3)
    assert [(each.kind, each.messages) for each in store.changes(0).changes] == [
        ("kept", (1,)),
        ("kept", (2,)),
        ("kept", (3,)),
        ("removed", (1,)),
    ]


def test_a_message_dropped_by_a_bound_takes_its_tags_along() -> None:
    """They count messages that are there."""
    store = MemoryStore(max_count=1)
    store.add(make_envelope(rcpt_tos=("a+b@example.com",)))
    assert dict(store.tags()) == {"b": 1}
    fill(store, 1)
    assert dict(store.tags()) == {}


def test_changes_too_long_ago_are_a_reset() -> None:
    """Ten thousand are known."""
    store = MemoryStore(max_count=5)
    fill(store, 5001)
    assert (store.last_change(), store.changes(0).is_reset) == (9997, False)
    fill(store, 2)
    assert store.changes(0).is_reset
    assert not store.changes(1).is_reset


def test_two_stores_have_different_validities() -> None:
    """Also when both are made in the same second."""
    validities = [MemoryStore().validity for _ in range(3)]
    assert validities == sorted(set(validities))


def test_messages_with_one_id_lose_it_one_by_one() -> None:
    """Whichever goes first."""
    store = MemoryStore()
    for number in range(4):
        store.add(make_envelope(number, id="twin"))
    assert store.summary("twin").number == 1  # type: ignore[union-attr]
    found = []
    for number in (3, 1, 2, 4):
        store.remove(Selection(numbers=[number]))
        summary = store.summary("twin")
        found.append(summary and summary.number)
    assert found == [1, 2, 4, None]


def test_sessions_can_be_switched_off() -> None:
    """None is kept then."""
    store = MemoryStore(sessions=None)
    store.keep_session(Session(id="a", ended=1.0))
    assert store.sessions() == []
