"""Fault rules in POP3 sessions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lazr_smtptest.faults import Faults, Rule

from .conftest import SIMPLE, Post


class Site(Post):
    """A maildrop of one message, with fault rules."""

    def __init__(self, **settings: Any) -> None:
        self.faults = Faults()
        super().__init__(SIMPLE, server={"faults": self.faults}, **settings)
        self.faults.use_clock(self.reactor)  # type: ignore[arg-type]


@pytest.fixture
def site() -> Site:
    """A store with a message, its POP3 side, and rules."""
    return Site()


# By phase, the command that it is about.
COMMANDS = {
    "CAPA": "CAPA",
    "STLS": "STLS",
    "USER": "USER bob",
    "LOGIN": "PASS secret",
    "STAT": "STAT",
    "LIST": "LIST 1",
    "UIDL": "UIDL",
    "RETR": "RETR 1",
    "TOP": "TOP 1 0",
    "DELE": "DELE 1",
    "RSET": "RSET",
    "NOOP": "NOOP",
    "QUIT": "QUIT",
    "OTHER": "XYZZY",
}


@pytest.mark.parametrize(("phase", "command"), COMMANDS.items())
def test_a_reply_of_a_rule_takes_the_place_of_the_servers(
    site: Site, phase: str, command: str
) -> None:
    """The command is not carried out, and the session goes on."""
    peer = site.log_in()
    site.faults.on(f"POP3 {phase}").reply("-ERR [SYS/TEMP] try later")
    assert peer.say(command, "nonsense" if phase != "OTHER" else "NOOP").startswith(
        b"-ERR [SYS/TEMP] try later\r\n"
    )
    assert site.faults.journal[0].phase == f"POP3 {phase}"
    assert not peer.closed


def test_a_refused_greeting_closes_the_connection(site: Site) -> None:
    """There is nothing that the client could do."""
    site.faults.on("POP3 GREETING").reply("-ERR [IN-USE] busy")
    peer = site.join()
    assert peer.heard() == b"-ERR [IN-USE] busy\r\n"
    assert peer.closed


def test_a_message_that_was_marked_stays_if_quit_is_refused(site: Site) -> None:
    """The rule is asked before they are removed."""
    site.faults.on("POP3 QUIT").drop()
    peer = site.log_in()
    peer.say("DELE 1", "QUIT")
    assert peer.closed
    assert site.store.numbers() == [1]


Write = Callable[[Rule], Rule]
RETRIEVED = b"+OK 23 octets\r\n" + SIMPLE + b".\r\n"


@pytest.mark.parametrize(
    ("write", "heard", "closed"),
    [
        (lambda rule: rule.cut(20), RETRIEVED[:20], True),
        (lambda rule: rule.swallow(), b"", False),
        (lambda rule: rule.reply("+OK x"), b"+OK x\r\n" + RETRIEVED[15:], False),
        (lambda rule: rule.raw(b"+OK\r\n.\r\n"), b"+OK\r\n.\r\n", False),
        (lambda rule: rule.raw(b"what\r\n"), b"what\r\n", False),
        (lambda rule: rule.go_on().then.drop(), RETRIEVED, True),
        (lambda rule: rule.split(), RETRIEVED, False),
    ],
    ids=["cut", "swallow", "reply", "raw", "raw nonsense", "drop", "split"],
)
def test_a_reply_is_changed(
    site: Site, write: Write, heard: bytes, closed: bool
) -> None:
    """As the table says."""
    peer = site.log_in()
    write(site.faults.on("POP3 RETR"))
    assert peer.say("RETR 1") == heard
    assert peer.closed == closed
    site.faults.assert_all_fired()


def test_an_accepted_text_does_not_hide_a_refusal(site: Site) -> None:
    """A client is not told that a wrong command was right."""
    site.faults.on("POP3 RETR").reply("+OK x")
    assert site.log_in().say("RETR 9").startswith(b"-ERR")


def test_a_capability_is_hidden(site: Site) -> None:
    """By its first word; others are added."""
    site.faults.on("POP3 CAPA").hide("SASL", "uidl").announce("LOGIN-DELAY 900")
    words = [line[:4] for line in site.connect().say("CAPA").split(b"\r\n")]
    assert b"SASL" not in words
    assert b"UIDL" not in words
    assert words[-4:] == [b"IMPL", b"LOGI", b".", b""]


def test_a_refused_capa_is_not_changed(site: Site) -> None:
    """It lists nothing."""
    site.faults.on("POP3 CAPA").reply("-ERR no").hide("SASL")
    assert site.connect().say("CAPA") == b"-ERR no\r\n"


def test_a_text_of_one_line_is_not_a_list(site: Site) -> None:
    """Bytes of a rule are not taken for capabilities."""
    site.faults.on("POP3 CAPA").raw(b"+OK\r\n").hide("SASL")
    assert site.connect().say("CAPA") == b"+OK\r\n"


@pytest.mark.parametrize(
    "lines",
    [["USER bob", "PASS x"], ["APOP bob 0123"], ["AUTH PLAIN AGJvYgB4"]],
    ids=["PASS", "APOP", "AUTH"],
)
def test_a_login_of_one_user_fails(site: Site, lines: list[str]) -> None:
    """Where a command tells who it is."""
    site.faults.on("POP3 LOGIN", user="bob").reply("-ERR [AUTH] no")
    assert site.connect().say(*lines).endswith(b"-ERR [AUTH] no\r\n")


@pytest.mark.parametrize("line", ["PASS x", "APOP bob", "AUTH PLAIN !", "AUTH PLAIN"])
def test_a_malformed_login_has_no_user(site: Site, line: str) -> None:
    """So a rule about a user does not fire."""
    rule = site.faults.on("POP3 LOGIN", user="*", optional=True).reply("-ERR no")
    site.connect().say(line)
    assert rule.fired == 0


def test_no_password_is_in_the_journal(site: Site) -> None:
    """The line of a login is left out."""
    site.faults.on("POP3 ANY").delay(0)
    peer = site.join()
    peer.say("USER bob", "PASS secret", "STAT")
    site.reactor.pump([0] * 6)
    lines = [each.line for each in site.faults.journal]
    assert lines == [b"", b"", b"", b"STAT"]


def test_a_function_that_fails_refuses(site: Site) -> None:
    """And the session goes on."""

    def broken(context: object) -> bool:
        raise RuntimeError("broken")

    site.faults.on("POP3 NOOP", where=broken, optional=True).reply("-ERR no")
    heard = site.log_in().say("NOOP")
    assert heard == b"-ERR [SYS/TEMP] a fault rule failed\r\n"


@pytest.mark.parametrize(("phase", "command"), COMMANDS.items())
def test_a_drop_closes_the_connection(site: Site, phase: str, command: str) -> None:
    """Nothing is answered, in each phase."""
    peer = site.log_in()
    site.faults.on(f"POP3 {phase}").drop()
    assert peer.say(command) == b""
    assert peer.closed


def test_a_delay_is_that_of_the_clock(site: Site) -> None:
    """And the command is carried out after it."""
    peer = site.log_in()
    site.faults.on("POP3 NOOP").delay(5)
    assert peer.say("NOOP") == b""
    site.reactor.advance(5)
    assert peer.heard().startswith(b"+OK")


def test_a_client_that_is_held_gets_nothing(site: Site) -> None:
    """However long it waits."""
    peer = site.log_in()
    site.faults.on("POP3 RETR").hold()
    assert peer.say("RETR 1") == b""
    site.reactor.advance(10_000)
    assert (peer.heard(), peer.closed) == (b"", False)


def test_a_reply_comes_slowly(site: Site) -> None:
    """Octet by octet."""
    peer = site.log_in()
    site.faults.on("POP3 NOOP").trickle(1)
    assert peer.say("NOOP") == b"+"
    site.reactor.pump([1] * 2)
    assert peer.heard() == b"OK"
