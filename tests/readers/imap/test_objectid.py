"""The ids of messages and mailboxes (RFC 8474)."""

from __future__ import annotations

import re

import pytest

from tests.harness import Peer

from ..sides import SIMPLE
from .peers import Inbox

OTHER = b"Subject: other\r\n\r\nHello.\r\n"


def email_ids(peer: Peer, messages: str) -> list[bytes]:
    """Return the EMAILID of some messages."""
    found = re.findall(rb"EMAILID \(([^)]+)\)", peer.say(f"x FETCH {messages} EMAILID"))
    assert found
    return found


@pytest.mark.parametrize("target", ["INBOX", "other"])
def test_a_copy_has_the_emailid_of_the_message(target: str) -> None:
    """Section 5.1: after COPY."""
    inbox = Inbox(SIMPLE)
    peer = inbox.select()
    peer.say("a CREATE other")
    [before] = email_ids(peer, "1")
    assert b"a OK" in peer.say(f"a COPY 1 {target}")
    peer.say(f"a SELECT {target}")
    assert set(email_ids(peer, "1:*")) == {before}


@pytest.mark.parametrize("target", ["INBOX", "other"])
def test_a_message_that_is_moved_keeps_its_emailid(target: str) -> None:
    """Section 5.1: after MOVE."""
    inbox = Inbox(SIMPLE)
    peer = inbox.select()
    peer.say("a CREATE other")
    [before] = email_ids(peer, "1")
    assert b"a OK" in peer.say(f"a MOVE 1 {target}")
    peer.say(f"a SELECT {target}")
    assert email_ids(peer, "1") == [before]


def test_other_contents_have_other_emailids() -> None:
    """Section 5.1: it is that of the content."""
    peer = Inbox(SIMPLE, OTHER, SIMPLE).select()
    first, second, third = email_ids(peer, "1:3")
    assert first == third != second


def test_an_emailid_is_an_objectid() -> None:
    """Section 7: letters, digits, "_" and "-", at most 255."""
    [found] = email_ids(Inbox(SIMPLE).select(), "1")
    assert re.fullmatch(rb"[A-Za-z0-9_-]{1,255}", found)


def test_a_message_is_searched_by_its_emailid() -> None:
    """Section 6."""
    peer = Inbox(OTHER, SIMPLE).select()
    [found] = email_ids(peer, "2")
    assert peer.say(f"a SEARCH EMAILID {found.decode()}").startswith(b"* SEARCH 2\r\n")


def test_a_mailbox_keeps_its_id_when_it_is_renamed() -> None:
    """Section 4."""
    peer = Inbox().log_in()
    made = re.search(rb"MAILBOXID \(([^)]+)\)", peer.say("a CREATE one"))
    assert made is not None
    peer.say("a RENAME one two")
    assert b"(MAILBOXID (%s))" % made[1] in peer.say("a STATUS two (MAILBOXID)")


def test_a_mailbox_that_is_made_again_has_another_id() -> None:
    """Section 4.1."""
    peer = Inbox().log_in()
    made = [
        peer.say("a CREATE one"),
        peer.say("a DELETE one"),
        peer.say("a CREATE one"),
    ]
    assert made[0] != made[2]
