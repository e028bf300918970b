"""A mailbox as a store with a read side."""

from __future__ import annotations

from typing import Any

import pytest

from lazr_smtptest import CaptureServer, Mailbox, StoreServer
from lazr_smtptest.mailbox.reader import MailboxReader
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.session import Session
from lazr_smtptest.query.selection import Selection
from lazr_smtptest.stores import MemoryStore


def make(number: int, **changes: Any) -> Envelope:
    """Make an envelope; those of different numbers differ."""
    fields: dict[str, Any] = {
        "mail_from": "a@example.com",
        "rcpt_tos": (f"b{number}@example.com",),
        "content": f"Subject: message {number}\r\n\r\n".encode(),
    }
    return Envelope(**{**fields, **changes})


@pytest.fixture
def mailbox() -> Mailbox:
    """A mailbox with three messages."""
    mailbox = Mailbox()
    for number in range(3):
        mailbox.add(make(number))
    return mailbox


def kinds(reader: MailboxReader, since: int) -> list[tuple[str, tuple[int, ...]]]:
    return [(each.kind, each.messages) for each in reader.changes(since).changes]


def test_a_mailbox_has_one_reader(mailbox: Mailbox) -> None:
    """So numbers mean the same to everybody."""
    assert mailbox.reader is mailbox.reader


def test_messages_that_came_before_are_listed(mailbox: Mailbox) -> None:
    """Nobody has to read from the beginning."""
    assert [each.subject for each in mailbox.reader.page()] == [
        "message 2",
        "message 1",
        "message 0",
    ]


def test_messages_that_a_test_removes_are_changes(mailbox: Mailbox) -> None:
    """Whichever way it removes them."""
    reader = mailbox.reader
    last = reader.last_change()
    mailbox.delete(mailbox[0].id)
    mailbox.for_recipient("b1@example.com").clear()
    assert kinds(reader, last) == [("removed", (1, 2))]


def test_the_clear_of_a_test_is_a_change(mailbox: Mailbox) -> None:
    """And messages after it have new numbers."""
    reader = mailbox.reader
    last = reader.last_change()
    mailbox.clear()
    mailbox.add(make(3))
    assert kinds(reader, last) == [("cleared", ()), ("kept", (4,))]


def test_what_a_reader_removes_is_gone_for_the_test(mailbox: Mailbox) -> None:
    """It is the same mailbox."""
    mailbox.reader.remove(Selection(query="subject:1"))
    assert [each.subject for each in mailbox] == ["message 0", "message 2"]


def test_a_message_that_is_there_twice_is_removed_once(mailbox: Mailbox) -> None:
    """Each has a number of its own."""
    envelope = make(7, id="twin")
    mailbox.add(envelope)
    mailbox.add(envelope)
    reader = mailbox.reader
    assert reader.remove(Selection(numbers=[4])) == 1
    assert (len(mailbox), list(reader.numbers())) == (4, [1, 2, 3, 5])


@pytest.mark.parametrize(
    "change",
    [
        lambda mailbox: mailbox.add(make(9)),
        lambda mailbox: mailbox.delete(mailbox[0].id),
        lambda mailbox: mailbox.clear(),
        lambda mailbox: mailbox.for_recipient("b1@example.com").clear(),
    ],
    ids=["add", "delete", "clear", "clear-of-a-view"],
)
def test_a_watcher_hears_at_once_of_what_a_test_does(
    mailbox: Mailbox, change: Any
) -> None:
    """In the thread that does it."""
    heard: list[Any] = []
    mailbox.reader.watch(heard.append)
    change(mailbox)
    assert len(heard) == 1


def test_open_sessions_are_not_listed(mailbox: Mailbox) -> None:
    """Only those that have ended."""
    mailbox.sessions.session_began(Session(id="open"))
    mailbox.reader.keep_session(Session(id="ended", ended=1.0))
    assert [each.id for each in mailbox.reader.sessions()] == ["ended"]


def test_a_clear_by_a_reader_keeps_the_sessions(mailbox: Mailbox) -> None:
    """A list that is emptied does not hide what went wrong."""
    mailbox.reader.keep_session(Session(id="ended", ended=1.0))
    mailbox.reader.clear()
    assert (len(mailbox), len(mailbox.sessions)) == (0, 1)


def test_a_capture_server_has_the_reader_of_its_mailbox() -> None:
    """For what serves its messages."""
    server = CaptureServer()
    assert server.reader is server.mailbox.reader


def test_a_store_server_has_the_reader_of_its_store() -> None:
    """Which is the store itself, if it can be read so."""
    store = MemoryStore()
    assert StoreServer(store).reader is store
    assert StoreServer(Mailbox()).reader is None
