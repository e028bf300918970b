"""What a batch of messages takes in a database, before the clients have replies."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.received_mail import ReceivedMail
from lazr_smtptest.model.session import Session, Transaction
from lazr_smtptest.stores import SQLiteStore, _database_file
from lazr_smtptest.stores._codec import fields_of

from .envelopes import make_envelope

TEXT = st.text(st.characters(codec=None))


def received(
    number: int = 0,
    recipients: tuple[str, ...] = ("one@example.com",),
    helo: str = "client.example.com",
    user: str | None = None,
    tls: bool = False,
) -> ReceivedMail:
    """Make a message as a server keeps it."""
    session = Session(peer=("127.0.0.1", 40000), started=0.0, id="session-1")
    session.helo, session.user = helo, user
    record = Transaction(1, "sender@example.com")
    for recipient in recipients:
        record.accept(recipient)
    content = f"Subject: message {number}\r\n\r\n".encode()
    return ReceivedMail(content, session, record, tls, f"id-{number}", 1.5e9 + number)


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the statements of all connections, in their order."""
    seen: list[str] = []
    connect = sqlite3.connect

    def traced(*arguments: Any, **options: Any) -> sqlite3.Connection:
        connection = connect(*arguments, **options)
        connection.set_trace_callback(seen.append)
        return connection

    monkeypatch.setattr(_database_file.sqlite3, "connect", traced)
    return seen


@pytest.fixture
def store(tmp_path: Path, statements: list[str]) -> Iterator[SQLiteStore]:
    """Open a store that has written a batch, and indexes nothing."""
    store = SQLiteStore(tmp_path / "mail.db")
    store._indexer.wake = lambda: None  # type: ignore[method-assign]
    store._write([make_envelope()])
    statements.clear()
    yield store
    store.close()


@given(st.lists(TEXT, min_size=1, max_size=3), TEXT, st.none() | TEXT, st.booleans())
def test_a_message_is_written_as_its_envelope_is(
    recipients: list[str], helo: str, user: str | None, tls: bool
) -> None:
    """Whoever reads it cannot tell whether an envelope was made before."""
    mail = received(0, tuple(recipients), helo, user, tls)
    assert fields_of(mail) == fields_of(mail.envelope())


def test_no_envelope_is_made_before_a_message_is_kept(
    store: SQLiteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would take as long as the rows of the message."""

    def fail(mail: ReceivedMail) -> Envelope:
        raise AssertionError("an envelope was made")

    monkeypatch.setattr(ReceivedMail, "envelope", fail)
    store._write([received(1), received(2)])
    assert len(store) == 3


@pytest.mark.parametrize("size", [1, 15, 20, 32, 64])
def test_a_batch_takes_as_many_statements_as_a_message(
    store: SQLiteStore, statements: list[str], size: int
) -> None:
    """Other threads may take Python's lock at each of them."""
    store._write([received(number) for number in range(size)])
    assert len(statements) == 8


def test_the_durability_of_a_connection_is_set_when_it_changes(
    store: SQLiteStore, statements: list[str]
) -> None:
    """The next transaction of the same kind need not set it again."""
    wanted = ["NORMAL", "NORMAL", None, None, "NORMAL"]
    for synchronous in wanted:
        store._writing.change(lambda connection: None, synchronous)
    pragmas = [each for each in statements if each.startswith("PRAGMA synchronous")]
    assert [each.split()[-1] for each in pragmas] == ["NORMAL", "FULL", "NORMAL"]
