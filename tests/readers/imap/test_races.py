"""Messages, folders and clients that go while a command runs."""

from __future__ import annotations

from typing import Any

import pytest

from lazr_smtptest.errors import StoreError
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.query.selection import Selection
from lazr_smtptest.query.tag_rules import TagRules
from lazr_smtptest.stores import MemoryStore

from .peers import SIMPLE, Inbox

SIMPLE_ENVELOPE = Envelope(mail_from="", rcpt_tos=("bob@example.com",), content=SIMPLE)


class Racing(MemoryStore):
    """A store whose messages go, or cannot be read, when a command is at them.

    Attributes:
        gone: the numbers of messages that are gone when they are read.
        broken: those that cannot be read.
        goes: whether a message is removed when its flags are changed.
        comes: whether one comes when the unread ones are looked for.
        fails: whether flags cannot be read.
    """

    gone: frozenset[int] = frozenset()
    broken: frozenset[int] = frozenset()
    goes = comes = fails = False

    def envelope(self, message: str | int) -> Any:
        if message in self.broken:
            raise StoreError("the disk is on fire")
        return None if message in self.gone else super().envelope(message)

    def marks(self, numbers: Any) -> Any:
        if self.fails:
            raise StoreError("the disk is on fire")
        return super().marks(numbers)

    def change(self, selection: Any, **changes: Any) -> int:
        if self.goes:
            self.remove(selection)
        return super().change(selection, **changes)

    def numbers(self, query: str = "", **options: Any) -> list[int]:
        if self.comes and query.endswith("is:unread"):
            self.change(Selection(numbers=[1, 2]), set_flags=["seen"])
            self.add(SIMPLE_ENVELOPE)
        return super().numbers(query, **options)


class Dropping:
    """A handler that keeps nothing."""

    def envelope_received(self, envelope: Any) -> None:
        """Drop a message."""


class NoFolders(MemoryStore):
    """A store without folders, as one of a user may be."""

    folders: Any = None


@pytest.fixture
def inbox() -> Inbox:
    """Two messages."""
    return Inbox(SIMPLE, SIMPLE, store=Racing())


def test_a_message_that_has_gone_is_not_fetched(inbox: Inbox) -> None:
    """RFC 2180 section 4.1.2: the others are."""
    peer = inbox.select()
    inbox.store.gone = frozenset([1])
    said = peer.say("c FETCH 1:2 BODY.PEEK[HEADER]")
    assert said.startswith(b"* 2 FETCH ")
    assert b"c NO [EXPUNGEISSUED] " in said


def test_a_message_that_goes_before_it_is_seen_is_not_fetched(inbox: Inbox) -> None:
    """Its flag cannot be set any more."""
    peer = inbox.select()
    inbox.store.goes = True
    said = peer.say("c FETCH 1 BODY[HEADER]")
    assert b"FETCH (" not in said
    assert b"c NO [EXPUNGEISSUED] " in said


def test_a_message_that_has_gone_is_not_found(inbox: Inbox) -> None:
    """By a search that reads it."""
    peer = inbox.select()
    inbox.store.gone = frozenset([1])
    assert peer.say("c SEARCH SUBJECT hi").startswith(b"* SEARCH 2\r\n")


def test_no_message_is_copied_if_one_has_gone(inbox: Inbox) -> None:
    """RFC 3501 section 6.4.7: all or none."""
    peer = inbox.select()
    inbox.store.gone = frozenset([1])
    said = peer.say("c CREATE A", "d COPY 1:2 A")
    assert b"d NO [EXPUNGEISSUED] " in said
    assert b"MESSAGES 0" in peer.say("e STATUS A (MESSAGES)")


def test_a_fetch_of_what_cannot_be_read_is_refused(inbox: Inbox) -> None:
    """Nothing of it was sent."""
    peer = inbox.select()
    inbox.store.broken = frozenset([1])
    assert peer.say("c FETCH 1 BODY.PEEK[]").startswith(b"c NO ")
    assert b"d OK" in peer.say("d NOOP")


def test_a_fetch_that_fails_in_the_middle_ends_the_connection() -> None:
    """The client may wait for the rest of a literal."""
    inbox = Inbox(SIMPLE + b"x" * 100_000, SIMPLE, store=Racing())
    peer = inbox.select()
    inbox.store.broken = frozenset([2])
    assert b"c " not in peer.say("c FETCH 1:2 BODY.PEEK[]")
    assert peer.transport.aborted


def test_a_search_that_fails_forgets_what_was_saved(inbox: Inbox) -> None:
    """RFC 5182 section 2.1."""
    peer = inbox.select()
    peer.say("c SEARCH RETURN (SAVE) ALL")
    inbox.store.fails = True
    assert peer.say("d SEARCH RETURN (SAVE) SEEN").startswith(b"d NO ")
    inbox.store.fails = False
    assert b"FETCH" not in peer.say("e FETCH $ FLAGS").removesuffix(b"fetched\r\n")


def test_a_search_that_fails_keeps_what_it_was_not_to_save(inbox: Inbox) -> None:
    """The earlier result stays."""
    peer = inbox.select()
    peer.say("c SEARCH RETURN (SAVE) ALL")
    inbox.store.fails = True
    assert peer.say("d SEARCH SEEN").startswith(b"d NO ")
    inbox.store.fails = False
    assert peer.say("e FETCH $ FLAGS").count(b"* ") == 2


def test_the_first_unseen_message_is_one_that_the_client_is_told_of() -> None:
    """Not one that came since."""
    inbox = Inbox(SIMPLE, SIMPLE, store=Racing())
    inbox.store.comes = True
    said = inbox.log_in().say("b SELECT INBOX")
    assert b"* 2 EXISTS" in said
    assert b"UNSEEN" not in said


def test_a_mailbox_is_selected_before_rules_tag_its_messages() -> None:
    """Rules may take long; what a message is tagged with is told with its flags."""
    rules = TagRules(queries={"bill": "subject:hi"})
    inbox = Inbox(SIMPLE, store=MemoryStore(tag_rules=rules))
    peer = inbox.select()
    assert inbox.store.tags(timeout=None) == {}
    assert b"FLAGS (bill)" in peer.say("c FETCH 1 FLAGS")


def test_a_server_that_stops_while_a_mailbox_is_opened_selects_none(
    inbox: Inbox,
) -> None:
    """And does not watch the store any more."""
    peer = inbox.log_in()
    inbox.held = []
    peer.say("b SELECT INBOX")
    inbox.reader.close()
    inbox.release()
    assert peer.closed
    assert not inbox.store._log.is_watched


def test_a_message_that_is_not_kept_is_in_no_folder() -> None:
    """The place that it was given is taken back."""
    peer = Inbox(server={"handler": Dropping()}).log_in()
    peer.say("b CREATE A")
    assert peer.say("c APPEND A {3+}\r\nabc").startswith(b"c NO ")
    assert b"MESSAGES 0" in peer.say("d STATUS A (MESSAGES)")


def test_a_move_to_a_folder_that_goes_is_refused(inbox: Inbox) -> None:
    """RFC 3501 section 6.4.7: TRYCREATE; the messages stay."""
    peer = inbox.select()
    peer.say("c CREATE A")
    inbox.store.folders.place = lambda folder, ids: None
    assert peer.say("d MOVE 1 A").startswith(b"d NO [TRYCREATE] ")
    assert inbox.store.numbers() == [1, 2]


@pytest.mark.parametrize("date", ["yesterday", "31-Feb-2020 00:00:00 +0000"])
def test_an_internal_date_that_is_none_is_refused(inbox: Inbox, date: str) -> None:
    """RFC 3501 section 9, date-time."""
    peer = inbox.log_in()
    assert peer.say(f'b APPEND INBOX "{date}" {{3+}}\r\nabc').startswith(b"b BAD ")


def test_a_store_without_folders_has_inbox() -> None:
    """It lists nothing else."""
    peer = Inbox(store=NoFolders()).log_in()
    assert peer.say('b LIST "" *').count(b"* LIST") == 1


def test_a_store_without_folders_makes_none() -> None:
    """RFC 5530 section 3: CANNOT."""
    peer = Inbox(store=NoFolders()).log_in()
    assert peer.say("b CREATE A").startswith(b"b NO [CANNOT] ")


def test_a_client_that_does_not_close_is_disconnected(inbox: Inbox) -> None:
    """BYE was sent because it was idle for too long."""
    peer = inbox.log_in()
    inbox.reactor.advance(1800)
    assert b"* BYE nothing came" in peer.heard()
    assert not peer.transport.aborted
    inbox.reactor.advance(60)
    assert peer.transport.aborted


def test_a_client_that_has_logged_out_is_disconnected(inbox: Inbox) -> None:
    """If it does not close the connection itself."""
    peer = inbox.log_in()
    peer.say("b LOGOUT")
    inbox.reactor.advance(1800)
    assert peer.transport.aborted


def test_a_client_that_has_logged_out_is_told_nothing_more(inbox: Inbox) -> None:
    """Not even that the server stops."""
    peer = inbox.log_in()
    peer.say("b LOGOUT")
    inbox.reader.close()
    assert peer.heard() == b""
