r"""A store whose flag \\Seen is not that of IMAP."""

from __future__ import annotations

import pytest

from lazr_smtptest.query.selection import Selection

from .peers import SIMPLE, Inbox


@pytest.fixture
def inbox() -> Inbox:
    """A store with two messages, and an IMAP side with a flag of its own."""
    return Inbox(SIMPLE, SIMPLE, shares_seen=False)


def test_what_is_read_by_imap_stays_unread_elsewhere(inbox: Inbox) -> None:
    """A client is told of its own flag."""
    peer = inbox.select()
    assert b"FLAGS (\\Seen)" in peer.say("c FETCH 1 BODY[HEADER]")
    assert inbox.flags(1) == {"imap-seen"}
    assert inbox.store.counts().unread == 2


def test_what_is_read_elsewhere_stays_unread_by_imap(inbox: Inbox) -> None:
    """Also after it was selected."""
    inbox.store.change(Selection(numbers=[1]), set_flags=["seen", "flagged"])
    said = inbox.select().say("c FETCH 1 (FLAGS INTERNALDATE)")
    assert said.startswith(b"* 1 FETCH (FLAGS (\\Flagged) INTERNALDATE ")


@pytest.mark.parametrize(
    ("command", "tags"),
    [
        ("STORE 1 +FLAGS (\\Seen \\Answered)", {"imap-seen", "answered"}),
        ("STORE 1 FLAGS (\\Seen)", {"imap-seen"}),
        ("STORE 1 (UNCHANGEDSINCE 99) +FLAGS (\\Seen later)", {"imap-seen", "later"}),
    ],
)
def test_a_client_sets_its_own_flag(inbox: Inbox, command: str, tags: set[str]) -> None:
    """Beside flags and keywords that are those of the store."""
    assert b"\\Seen" in inbox.select().say(f"c {command}")
    assert inbox.flags(1) == tags


def test_a_client_clears_its_own_flag(inbox: Inbox) -> None:
    """And no other."""
    inbox.store.change(Selection(numbers=[1]), set_flags=["seen"])
    peer = inbox.select()
    peer.say("c STORE 1 +FLAGS (\\Seen)", "d STORE 1 -FLAGS (\\Seen)")
    assert inbox.flags(1) == {"seen"}


def test_searches_and_counts_go_by_the_own_flag(inbox: Inbox) -> None:
    """UNSEEN of SEARCH, STATUS and SELECT."""
    inbox.store.change(Selection(numbers=[2]), set_flags=["seen"])
    peer = inbox.select()
    peer.say("c STORE 1 +FLAGS (\\Seen)")
    assert b"* SEARCH 2\r\n" in peer.say("d SEARCH UNSEEN")
    assert b"UNSEEN 1)" in peer.say("e STATUS INBOX (UNSEEN)")
    assert b"[UNSEEN 2]" in peer.say("f EXAMINE INBOX")


def test_the_own_flag_is_no_keyword(inbox: Inbox) -> None:
    """It is not among the FLAGS of SELECT, others are."""
    peer = inbox.select()
    peer.say("c STORE 1 +FLAGS (\\Seen later)")
    said = peer.say("d SELECT INBOX")
    assert b"later" in said
    assert b"imap-seen" not in said


def test_an_appended_message_has_the_own_flag(inbox: Inbox) -> None:
    """It is unread elsewhere."""
    peer = inbox.select()
    peer.say("c APPEND INBOX (\\Seen) {3+}\r\nabc")
    assert inbox.flags(3) == {"imap-seen"}
    assert b"FLAGS (\\Seen)" in peer.say("d FETCH 3 FLAGS")


def test_everything_else_is_that_of_the_store(inbox: Inbox) -> None:
    """Such as removing messages."""
    peer = inbox.select()
    peer.say("c STORE 1 +FLAGS (\\Deleted)", "d EXPUNGE")
    assert inbox.store.numbers() == [2]


def test_the_flag_is_shared_by_default() -> None:
    """What a client has read is read on the page."""
    inbox = Inbox(SIMPLE)
    inbox.select().say("c FETCH 1 BODY[]")
    assert inbox.flags(1) == {"seen"}
