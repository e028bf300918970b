"""How a batch of messages gets into the database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lazr_smtptest.model.ids import with_id

from ..envelopes import make_envelope

# After so many times psycopg has prepared a statement.
_OFTEN = 6


def test_a_batch_waits_for_the_database_three_times(store: Any, tmp_path: Path) -> None:
    """For the lock, for all rows, and for the commit: however many messages it has."""
    for _ in range(_OFTEN):
        store._write([with_id(make_envelope(1))])
    connection = store._writing._connection.pgconn
    with (tmp_path / "trace").open("w") as file:
        connection.trace(file.fileno())
        store._write([with_id(make_envelope(number)) for number in range(30)])
        connection.untrace()
    assert (tmp_path / "trace").read_text().count("ReadyForQuery") == 3


def test_the_messages_of_a_batch_are_one_change(store: Any) -> None:
    """It names all of them, in their order."""
    store._write([with_id(make_envelope(number)) for number in range(3)])
    [change] = store.changes(0).changes
    assert change.kind == "kept"
    assert change.messages == (1, 2, 3)
    assert change.ids == tuple(each.id for each in reversed(store.page()))


def test_a_recipient_that_is_named_twice_is_kept_once(store: Any) -> None:
    """The message is found by it all the same."""
    store.add(make_envelope(1, rcpt_tos=("a@example.com", "A@example.com")))
    assert len(store.page("rcpt:a@example.com")) == 1


def test_a_message_without_recipients_is_kept(store: Any) -> None:
    """As those are that are added by IMAP."""
    store._write([with_id(make_envelope(1, rcpt_tos=()))])
    [kept] = store.page()
    assert kept.rcpt_tos == ()
