"""What clients that know CONDSTORE are told of the changes of others (RFC 7162)."""

from __future__ import annotations

from pathlib import Path

import pytest

from lazr_smtptest.query.selection import Selection
from lazr_smtptest.stores import MemoryStore, open_store

from .peers import SIMPLE, Inbox

WITH = b"* 2 FETCH (UID 2 MODSEQ (5) FLAGS (\\Flagged))\r\n"
WITHOUT = b"* 2 FETCH (UID 2 FLAGS (\\Flagged))\r\n"


@pytest.fixture
def inbox() -> Inbox:
    """A store with three messages."""
    return Inbox(SIMPLE, SIMPLE, SIMPLE)


@pytest.mark.parametrize(
    "command",
    [
        "SELECT INBOX (CONDSTORE)",
        "STATUS INBOX (HIGHESTMODSEQ)",
        "FETCH 1 MODSEQ",
        "FETCH 1:* UID (CHANGEDSINCE 4)",
        "SEARCH MODSEQ 10",
        "SORT (ARRIVAL) UTF-8 MODSEQ 10",
        "STORE 1 (UNCHANGEDSINCE 0) FLAGS ()",
    ],
)
def test_a_command_about_changes_makes_flags_be_told_with_modseq(
    inbox: Inbox, command: str
) -> None:
    """RFC 7162 section 3.1 lists these commands."""
    peer = inbox.select()
    assert b"c OK" in peer.say(f"c {command}")
    inbox.store.change(Selection(numbers=[2]), set_flags=["flagged"])
    assert peer.say("d NOOP") == WITH + b"d OK done\r\n"


@pytest.mark.parametrize(
    "command", ["SELECT INBOX", "STATUS INBOX (UIDNEXT)", "FETCH 1 UID"]
)
def test_other_commands_do_not(inbox: Inbox, command: str) -> None:
    """A client that does not know CONDSTORE sees nothing of it."""
    peer = inbox.select()
    assert b"c OK" in peer.say(f"c {command}")
    inbox.store.change(Selection(numbers=[2]), set_flags=["flagged"])
    assert peer.say("d NOOP") == WITHOUT + b"d OK done\r\n"


def test_enable_makes_flags_be_told_with_modseq_while_idle(inbox: Inbox) -> None:
    """In a mailbox that is selected later."""
    peer = inbox.log_in()
    peer.say("b ENABLE CONDSTORE")
    peer.say("c SELECT INBOX")
    peer.say("d IDLE")
    inbox.store.change(Selection(numbers=[2]), set_flags=["flagged"])
    assert peer.heard() == WITH


def test_of_two_clients_that_change_a_message_one_is_refused(inbox: Inbox) -> None:
    """Both have seen the same number."""
    one, other = inbox.select(), inbox.select()
    command = "c STORE 2 (UNCHANGEDSINCE 4) +FLAGS.SILENT"
    assert b"c OK stored" in one.say(f"{command} (\\Flagged)")
    assert other.say(f"{command} (\\Deleted)") == WITH + (
        b"c OK [MODIFIED 2] these have changed meanwhile\r\n"
    )
    assert inbox.flags(2) == {"flagged"}


def test_a_message_that_is_gone_is_not_among_those_that_changed(inbox: Inbox) -> None:
    """It is expunged (RFC 2180 section 4.2)."""
    peer = inbox.select()
    inbox.store.remove(Selection(numbers=[2]))
    said = peer.say("c STORE 1:3 (UNCHANGEDSINCE 3) FLAGS.SILENT (\\Seen)")
    assert said.endswith(b"c NO [EXPUNGEISSUED] some of the messages are gone\r\n")
    assert (inbox.flags(1), inbox.flags(3)) == ({"seen"}, set())


def test_what_changed_while_the_client_was_away_is_fetched(inbox: Inbox) -> None:
    """It remembers HIGHESTMODSEQ."""
    peer = inbox.select()
    assert b"(HIGHESTMODSEQ 4)" in peer.say("c STATUS INBOX (HIGHESTMODSEQ)")
    peer.leave()
    inbox.store.change(Selection(numbers=[2]), add_tags=["later"])
    inbox.add()
    assert inbox.select().say("c UID FETCH 1:* FLAGS (CHANGEDSINCE 4)") == (
        b"* 2 FETCH (UID 2 FLAGS (later) MODSEQ (5))\r\n"
        b"* 4 FETCH (UID 4 FLAGS () MODSEQ (6))\r\n"
        b"c OK fetched\r\n"
    )


def test_a_message_that_comes_while_a_mailbox_is_opened_is_told_after_that() -> None:
    """UIDNEXT, HIGHESTMODSEQ and EXISTS are of one moment."""

    class Busy(MemoryStore):
        """A store that gets a message while it is read."""

        def next_number(self) -> int:
            number = super().next_number()
            busy.add()
            return number

    busy = Inbox(SIMPLE, store=Busy())
    said = busy.log_in().say("b SELECT INBOX")
    assert b"* 1 EXISTS\r\n" in said
    assert b"[UIDNEXT 2]" in said
    assert b"* 2 EXISTS\r\n* 0 RECENT\r\nb OK [READ-WRITE] " in said


@pytest.mark.parametrize("kind", ["sqlite", "maildir", "mbox"])
def test_uidnext_and_modseq_go_on_after_a_restart(kind: str, tmp_path: Path) -> None:
    """The newest message was removed before it."""
    place = f"{kind}:{tmp_path / 'box'}"
    store = open_store(place)
    inbox = Inbox(SIMPLE, SIMPLE, store=store)
    question = "b STATUS INBOX (UIDNEXT UIDVALIDITY HIGHESTMODSEQ)"
    inbox.store.remove(Selection(numbers=[2]))
    before = inbox.log_in().say(question)
    assert b"(UIDNEXT 3 " in before
    store.close()
    again = open_store(place)
    assert Inbox(store=again).log_in().say(question) == before
    again.close()


def test_the_first_message_of_a_store_is_a_change() -> None:
    """HIGHESTMODSEQ of an empty mailbox is less than its number."""
    inbox = Inbox()
    peer = inbox.log_in()
    assert b"(HIGHESTMODSEQ 1)" in peer.say("b STATUS INBOX (HIGHESTMODSEQ)")
    inbox.add()
    peer.say("c SELECT INBOX")
    said = peer.say("d FETCH 1:* UID (CHANGEDSINCE 1)")
    assert said.startswith(b"* 1 FETCH (UID 1 MODSEQ (2))\r\n")
