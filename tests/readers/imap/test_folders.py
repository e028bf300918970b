"""Folders as several clients see them, each account, and the other readers."""

from __future__ import annotations

import re

import pytest

from lazr_smtptest.query.selection import Selection

from .peers import SIMPLE, Inbox

APPEND = b"c APPEND other {6+}\r\nA: b\r\n\r\n"


@pytest.fixture
def inbox() -> Inbox:
    """A store with three messages, and a folder."""
    inbox = Inbox(SIMPLE, SIMPLE, SIMPLE)
    assert b"c OK" in inbox.log_in().say("c CREATE other")
    return inbox


def test_a_message_in_a_folder_is_never_in_inbox(inbox: Inbox) -> None:
    """A client that waits for mail is told nothing of it."""
    waiting = inbox.select()
    waiting.say("b IDLE")
    assert b"c OK [APPENDUID" in inbox.log_in().send(APPEND)
    assert waiting.heard() == b""
    assert len(inbox.store) == 4


def test_a_message_that_is_moved_leaves_the_inbox_of_others(inbox: Inbox) -> None:
    """And comes to those that look at the folder."""
    waiting, looking = inbox.select(), inbox.log_in()
    waiting.say("b IDLE")
    looking.say("b SELECT other")
    looking.say("c IDLE")
    inbox.select().say("c MOVE 2 other")
    assert waiting.heard() == b"* 2 EXPUNGE\r\n"
    assert looking.heard() == b"* 1 EXISTS\r\n* 0 RECENT\r\n"


def test_the_other_readers_see_all_messages(inbox: Inbox) -> None:
    """A message that was moved is the same one."""
    ids = inbox.store.ids()
    inbox.select().say("c MOVE 1:2 other")
    assert inbox.store.ids() == ids


def test_a_message_that_others_remove_leaves_the_folder(inbox: Inbox) -> None:
    """As those of INBOX do."""
    peer = inbox.select()
    peer.say("c MOVE 1:2 other")
    peer.say("d SELECT other")
    inbox.store.remove(Selection(numbers=[1]))
    assert peer.say("e NOOP") == b"* 1 EXPUNGE\r\ne OK done\r\n"


def test_a_flag_that_others_set_is_told_in_a_folder(inbox: Inbox) -> None:
    """With the number of the message there."""
    peer = inbox.select()
    peer.say("c MOVE 3 other")
    peer.say("d SELECT other")
    inbox.store.change(Selection(numbers=[3]), set_flags=["flagged"])
    assert b"* 1 FETCH (UID 1 FLAGS (\\Flagged))\r\n" in peer.say("e NOOP")


def test_a_folder_that_is_deleted_is_empty_for_others(inbox: Inbox) -> None:
    """They are told that its messages are gone."""
    peer = inbox.select()
    peer.say("c MOVE 1 other")
    peer.say("d SELECT other")
    assert b"c OK" in inbox.log_in().say("c DELETE other")
    assert peer.say("e NOOP") == b"* 1 EXPUNGE\r\ne OK done\r\n"
    assert b"f NO [TRYCREATE]" in peer.say("f COPY 1:* other")


@pytest.mark.parametrize("command", ["COPY", "MOVE"])
def test_a_message_that_is_gone_is_not_copied(inbox: Inbox, command: str) -> None:
    """Nor are the others: all or none."""
    peer = inbox.select()
    inbox.store.remove(Selection(numbers=[2]))
    assert b"c NO [EXPUNGEISSUED]" in peer.say(f"c {command} 1:3 other")
    assert b"(MESSAGES 0)" in peer.say("d STATUS other (MESSAGES)")


@pytest.mark.parametrize("command", ["COPY", "MOVE"])
@pytest.mark.parametrize("box", ["INBOX", "other"])
def test_of_unique_identifiers_those_of_messages_are_copied(
    inbox: Inbox, command: str, box: str
) -> None:
    """RFC 3501 section 6.4.8: COPYUID has no others."""
    peer = inbox.select()
    inbox.store.remove(Selection(numbers=[2]))
    said = peer.say(f"c UID {command} 1:3 {box}")
    assert re.search(rb"\[COPYUID [0-9]+ 1,3 [0-9]+:[0-9]+\]", said)
    assert b"c OK " in said
    left = {"COPY": 2, "MOVE": 0}[command] + 2 * (box == "INBOX")
    assert f"(MESSAGES {left})".encode() in peer.say("d STATUS INBOX (MESSAGES)")


def test_an_account_has_its_own_folders() -> None:
    """Another one does not see them."""
    inbox = Inbox(has_accounts=True)
    ann, bob = inbox.log_in("ann@x.com"), inbox.log_in("bob@x.com")
    ann.say("c CREATE other")
    assert b"other" not in bob.say('c LIST "" *')
    assert b"other" in inbox.log_in("Ann@X.com").say('c LIST "" *')


def test_a_copy_in_a_folder_of_an_account_is_in_no_other_one() -> None:
    """Though the message was to both."""
    inbox = Inbox(has_accounts=True)
    inbox.add(SIMPLE, "ann@x.com", "bob@x.com")
    ann, bob = inbox.log_in("ann@x.com"), inbox.log_in("bob@x.com")
    ann.say("c CREATE other")
    ann.say("d SELECT INBOX")
    assert b"e OK [COPYUID" in ann.say("e COPY 1 other")
    assert b"(MESSAGES 1)" in bob.say("c STATUS INBOX (MESSAGES)")
    assert b"(MESSAGES 1)" in ann.say("f STATUS INBOX (MESSAGES)")
    assert b"(MESSAGES 1)" in ann.say("g STATUS other (MESSAGES)")


def test_a_message_that_an_account_moves_stays_with_another_one() -> None:
    """Each has an INBOX."""
    inbox = Inbox(has_accounts=True)
    inbox.add(SIMPLE, "ann@x.com", "bob@x.com")
    ann, bob = inbox.log_in("ann@x.com"), inbox.log_in("bob@x.com")
    ann.say("c CREATE other")
    ann.say("d SELECT INBOX")
    assert b"* 1 EXPUNGE" in ann.say("e MOVE 1 other")
    assert b"(MESSAGES 1)" in bob.say("c STATUS INBOX (MESSAGES)")
    inbox.add(SIMPLE, "ann@x.com")
    assert b"* 1 EXISTS" in ann.say("f NOOP")


def test_there_are_at_most_a_thousand_folders(inbox: Inbox) -> None:
    """A client that makes more is refused."""
    for number in range(999):
        inbox.store.folders.create("", str(number))
    assert b"c NO [LIMIT]" in inbox.log_in().say("c CREATE more")


def test_there_are_at_most_a_thousand_subscriptions(inbox: Inbox) -> None:
    """Those to folders that are gone count, too."""
    for number in range(1000):
        inbox.store.folders.subscribe("", str(number))
    assert b"c NO [LIMIT]" in inbox.log_in().say("c SUBSCRIBE other")
