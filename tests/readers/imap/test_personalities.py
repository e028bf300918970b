"""The personalities of IMAP servers."""

from __future__ import annotations

import pytest

from .test_faults import Site


def site_of(name: str, **options: int) -> Site:
    """Make an inbox with a personality."""
    site = Site()
    site.faults.personality(name, **options)
    return site


@pytest.mark.parametrize(
    ("name", "user", "reply"),
    [
        ("gmail-imap", "wrong", "NO [AUTHENTICATIONFAILED] Invalid credentials *"),
        ("gmail-imap", "twostep", "NO [ALERT] Application-specific password *"),
        ("exchange-imap", "wrong", "NO LOGIN failed."),
        ("dovecot", "unavailable", "NO [UNAVAILABLE] Temporary authentication *"),
    ],
)
def test_a_login_is_refused(name: str, user: str, reply: str) -> None:
    """In the words of that server."""
    said = site_of(name).connect().say(f"a LOGIN {user}@example.com x").decode()
    assert said.startswith("a " + reply.rstrip("*"))


@pytest.mark.parametrize("name", ["gmail-imap", "exchange-imap", "dovecot"])
def test_another_user_may_log_in(name: str) -> None:
    """And select the mailbox."""
    site = site_of(name)
    assert b"b OK" in site.select().say("b FETCH 1 FLAGS")
    site.faults.assert_all_fired()


@pytest.mark.parametrize(
    ("name", "hidden", "shown"),
    [
        ("gmail-imap", "SORT", "IDLE"),
        ("exchange-imap", "ENABLE", "MOVE"),
        ("dovecot", "OBJECTID", "SORT"),
        ("dovecot", "IMAP4rev2", "SPECIAL-USE"),
    ],
)
def test_the_capabilities_that_it_lacks_are_hidden(
    name: str, hidden: str, shown: str
) -> None:
    """After the login, too."""
    peer = site_of(name).connect()
    for command in ("LOGIN bob x", "CAPABILITY"):
        words = peer.say(f"a {command}").replace(b"]", b" ").decode().split()
        assert shown in words
        assert hidden not in words


@pytest.mark.parametrize("name", ["gmail-imap", "dovecot"])
def test_there_are_too_many_connections(name: str) -> None:
    """The login tells it."""
    site = site_of(name, connections=1)
    site.connect()
    assert site.connect().say("a LOGIN bob x").startswith(b"a NO [")


def test_dovecot_refuses_a_wrong_password_late() -> None:
    """After two seconds."""
    site = site_of("dovecot")
    peer = site.connect()
    assert peer.say("a LOGIN wrong@example.com x") == b""
    site.reactor.advance(2)
    assert peer.heard().startswith(b"a NO [AUTHENTICATIONFAILED]")


def test_dovecot_refuses_a_message_for_a_full_mailbox() -> None:
    """With the response code of RFC 5530."""
    peer = site_of("dovecot").log_in("full@example.com")
    assert peer.say("a APPEND INBOX {3+}", "abc").startswith(b"a NO [OVERQUOTA]")


@pytest.mark.parametrize(
    ("user", "command"),
    [("notconnected", "SELECT INBOX"), ("throttled", "FETCH 1 FLAGS")],
)
def test_exchange_refuses_by_bad(user: str, command: str) -> None:
    """Where RFC 3501 wants NO."""
    peer = site_of("exchange-imap").log_in(f"{user}@example.com")
    peer.say("a EXAMINE INBOX")
    assert peer.say(f"b {command}").startswith(b"b BAD ")
