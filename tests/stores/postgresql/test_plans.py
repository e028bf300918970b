"""No query of the page, the counters, a wait or a mail program reads a whole table."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import Any

import pytest

from lazr_smtptest.stores.postgresql._adapter import Adapter

from ..envelopes import make_envelope
from ..reading_helpers import found

# Tables with a row for each message.
LARGE = "message|body|recipient|facts|summary|texts|message_tag"


@pytest.fixture
def scans(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements that read a whole table, though indexes are preferred."""
    scans: list[str] = []
    execute = Adapter.execute

    def explain(adapter: Any, statement: str, *values: Any) -> Any:
        is_read = statement.lstrip().startswith(("SELECT", "WITH", "DELETE"))
        if is_read and "sqlite_sequence" not in statement:
            execute(adapter, "SET enable_seqscan = off")
            plan = "\n".join(
                line for (line,) in execute(adapter, f"EXPLAIN {statement}", *values)
            )
            if re.search(rf"Seq Scan on ({LARGE})\b", plan):
                scans.append(f"{statement}\n{plan}")
        return execute(adapter, statement, *values)

    monkeypatch.setattr(Adapter, "execute", explain)
    return scans


READS: dict[str, Callable[[Any], object]] = {
    "the newest page": lambda store: store.page("", limit=50),
    "the totals": lambda store: store.counts(),
    "a page to a recipient": lambda store: store.page("rcpt:one@example.com", limit=50),
    "the unread": lambda store: store.page("is:unread", limit=50),
    "a word": lambda store: store.page("hello", limit=50),
    "the messages to an address": lambda store: store.find_all(
        recipient="one@example.com"
    ),
    "the changes": lambda store: store.changes(0, limit=10),
    "a message": lambda store: store.get("id-1"),
    "the progress": lambda store: store.index_progress(),
    "a removal": lambda store: store.delete("id-1"),
}


@pytest.mark.parametrize("name", READS)
def test_it_reads_no_whole_table(store: Any, scans: list[str], name: str) -> None:
    """Every step has an index, so that it takes as long with ten million messages."""
    for number in range(5):
        store.add(make_envelope(number, id=f"id-{number}"))
    assert found(store, "hello") == [1, 2, 3, 4, 5]
    scans.clear()
    READS[name](store)
    assert scans == []


def test_a_query_without_an_index_would_be_noticed(
    store: Any, scans: list[str]
) -> None:
    statement = "SELECT number FROM message WHERE kept_at > 1"
    store._catalog.read_with(lambda connection: connection.execute(statement))
    assert len(scans) == 1


@pytest.mark.parametrize(
    ("query", "number"), [("", 5), ("is:unread", 5), ("rcpt:one@example.com", 7)]
)
def test_a_page_takes_few_statements(
    store: Any, monkeypatch: pytest.MonkeyPatch, query: str, number: int
) -> None:
    """Each of them is a journey to the database, and waits for a processor of it."""
    store.add(make_envelope(1, rcpt_tos=("one@example.com",)))
    # A message that is not indexed is read whole.
    store.counts("hello", timeout=60)
    here = threading.get_ident()
    execute, statements = Adapter.execute, []

    def count(adapter: Any, statement: str, *values: Any) -> Any:
        # Messages are indexed in another thread.
        if threading.get_ident() == here:
            statements.append(statement)
        return execute(adapter, statement, *values)

    monkeypatch.setattr(Adapter, "execute", count)
    assert len(store.page(query, limit=1)) == 1
    assert len(statements) == number, statements
