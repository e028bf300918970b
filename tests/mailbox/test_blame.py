"""`lazr_smtptest.mailbox.blame`: a fault that fired is told as the cause."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.testing import MemoryReactorClock

from lazr_smtptest import CaptureServer, NotReceived
from lazr_smtptest.faults.phases import ACTIONS
from lazr_smtptest.faults.rules import Scripted
from lazr_smtptest.mailbox import blame

from ..harness import Peer

TO = "bob@example.com"
Write = Callable[[Scripted], object]


class Site:
    """A server in memory, and the client of one connection."""

    def __init__(self, write: Write) -> None:
        self.server = CaptureServer()
        write(self.server.faults)
        self.reactor = MemoryReactorClock()
        self.client = Peer(self.server.factory(self.reactor))

    def say(self, *lines: str) -> None:
        """Send lines, each alone, until the server has closed the connection."""
        for line in lines:
            if not self.client.closed:
                self.client.say(line)

    def leave(self) -> None:
        self.client.leave()

    def failure(self, **criteria: Any) -> str:
        """Return the first line of what a test says that wanted a message."""
        self.server.mailbox.grace = 0.0
        with pytest.raises(NotReceived) as caught:
            self.server.mailbox.assert_received(**criteria)
        return str(caught.value).splitlines()[0]


MAIL = ("EHLO c", "MAIL FROM:<ann@example.com>", f"RCPT TO:<{TO}>", "DATA")
MESSAGE = (*MAIL, "Subject: Hi", "", "Hi.", ".")


def said(write: Write, *lines: str, leave: bool = True, **criteria: Any) -> str:
    site = Site(write)
    site.say(*(lines or MESSAGE))
    if leave:
        site.leave()
    return site.failure(**criteria)


ENDS: list[tuple[Write, str]] = [
    (
        lambda faults: faults.on("EOD").drop(),
        "the server dropped the connection at EOD: on('EOD').drop()",
    ),
    (
        lambda faults: faults.on("EOD").reset(),
        "the server reset the connection at EOD: on('EOD').reset()",
    ),
    (
        lambda faults: faults.on("RCPT", recipient="bob@*").drop(),
        "the server dropped the connection at RCPT: "
        "on('RCPT', recipient='bob@*').drop()",
    ),
    (
        lambda faults: faults.on("EOD").hold(),
        "the server stopped answering at EOD: on('EOD').hold()",
    ),
    (
        lambda faults: faults.on("EOD").delay(30),
        "the server delayed its reply at EOD: on('EOD').delay(30)",
    ),
    (
        lambda faults: faults.on("DATA").cut(3),
        "the server cut its reply off at DATA: on('DATA').cut(3)",
    ),
    (
        lambda faults: faults.on("CONNECT").drop(),
        "the server dropped the connection at CONNECT: on('CONNECT').drop()",
    ),
    (
        lambda faults: faults.on("EHLO").drop(),
        "the server dropped the connection at EHLO: on('EHLO').drop()",
    ),
]


@pytest.mark.parametrize(("write", "line"), ENDS)
def test_what_a_fault_ended_is_told_with_its_rule(write: Write, line: str) -> None:
    """The client did nothing wrong, so nothing is said of it."""
    assert said(write) == line


REFUSALS: list[tuple[Write, str]] = [
    (
        lambda faults: faults.on("RCPT").reply(452, "4.2.2 Mailbox full"),
        f"{TO} was refused with 452 4.2.2 Mailbox full: "
        "on('RCPT').reply(452, '4.2.2 Mailbox full')",
    ),
    (
        lambda faults: faults.on("MAIL").reply(451, "4.3.0 no"),
        "sender <ann@example.com> was refused with 451 4.3.0 no: "
        "on('MAIL').reply(451, '4.3.0 no')",
    ),
    (
        lambda faults: faults.on("EOD").reply(554, "5.7.1 spam"),
        f"the message to {TO} was refused with 554 5.7.1 spam: "
        "on('EOD').reply(554, '5.7.1 spam')",
    ),
    (
        lambda faults: faults.on("EHLO").reply(421, "4.3.2 busy"),
        "EHLO c was refused with 421 4.3.2 busy: on('EHLO').reply(421, '4.3.2 busy')",
    ),
]


@pytest.mark.parametrize(("write", "line"), REFUSALS)
def test_what_a_fault_refused_is_told_with_its_rule(write: Write, line: str) -> None:
    """After the reply, as it was written with all its arguments."""
    assert said(write) == line


def test_a_greylist_is_told_with_its_rule() -> None:
    """It refuses with a reply of its own."""
    line = said(lambda faults: faults.on("RCPT").greylist(60))
    assert line.startswith(f"{TO} was refused with 451 ")
    assert ": on('RCPT').greylist(60" in line


def test_what_a_fault_threw_away_is_told_with_its_rule() -> None:
    """The client was told that the message was accepted."""
    line = said(lambda faults: faults.on("EOD").discard())
    assert line == (
        "the server accepted the message and discarded it: on('EOD').discard()"
    )


def test_what_a_fault_threw_away_is_told_of_the_wanted_message_only() -> None:
    """It was for another recipient."""
    line = said(lambda faults: faults.on("EOD").discard(), recipient="eve@*")
    assert "discard" not in line


def test_a_fault_is_no_cause_where_the_client_went_on() -> None:
    """It was slow at MAIL, and broke off for a reason of its own."""
    line = said(lambda faults: faults.on("EHLO").go_on(), *MAIL)
    assert line == f"the message to {TO} never came to its end"


def test_a_refusal_of_the_servers_own_is_not_a_faults() -> None:
    """Also if a fault fired at the same recipient."""
    line = said(lambda faults: faults.on("RCPT").go_on(), "EHLO c", "RCPT TO:<x@y>")
    assert "on(" not in line


def test_a_session_that_a_fault_ended_for_being_idle_is_told_so() -> None:
    """The rule fired long before, when nothing was wrong yet."""
    site = Site(lambda faults: faults.on("EHLO").idle(5, silent=True))
    site.say(*MAIL)
    site.reactor.advance(6)
    site.leave()
    assert site.failure() == (
        "the server closed the idle connection: on('EHLO').idle(5, silent=True)"
    )


def test_a_client_that_left_was_not_idle_for_too_long() -> None:
    """The rule would have ended the session later."""
    line = said(lambda faults: faults.on("EHLO").idle(500), *MAIL)
    assert line == f"the message to {TO} never came to its end"


def test_a_port_that_a_fault_closed_is_told() -> None:
    """Nobody could connect."""
    write = lambda faults: faults.on("QUIT").refuse_connections(9)  # noqa: E731
    site = Site(write)
    site.say(*MESSAGE, "QUIT")
    site.leave()
    site.server.mailbox.clear()
    assert site.failure() == (
        "the port refused connections: on('QUIT').refuse_connections(9)"
    )


def test_what_every_action_does_is_known() -> None:
    """Three actions cannot be a cause."""
    known = {*blame._DOES, *blame._LOSES, *blame._GUARDS, "idle", "refuse_connections"}
    assert set(ACTIONS) - known == {"duplicate", "go_on", "window"}


def test_a_fault_of_another_session_is_no_cause() -> None:
    """Each session has its own."""
    site = Site(lambda faults: faults.on("EOD", session=2).drop())
    site.say(*MAIL)
    site.leave()
    assert site.failure() == f"the message to {TO} never came to its end"


def test_a_client_that_waits_is_not_blamed_for_a_fault() -> None:
    """The fault makes it wait."""
    line = said(lambda faults: faults.on("EOD").hold(), leave=False)
    assert line == "the server stopped answering at EOD: on('EOD').hold()"


def test_a_text_that_looks_like_an_action_is_none() -> None:
    """Quoted text of a rule is not an action."""
    line = said(lambda faults: faults.on("EOD").reply(250, "2.0.0 ok .drop()"), *MAIL)
    assert line == f"the message to {TO} never came to its end"


def test_a_part_of_a_mailbox_tells_of_the_faults_of_the_whole() -> None:
    """Whoever wrote them: they are why it did not arrive."""
    site = Site(lambda faults: faults.on("EOD").drop())
    site.say(*MESSAGE)
    site.leave()
    site.server.mailbox.grace = 0.0
    with pytest.raises(NotReceived, match=r"\Athe server dropped the connection"):
        site.server.mailbox.for_recipient(TO).assert_received()


@pytest.mark.parametrize("phase", ["CONNECT", "MAIL", "RCPT"])
@pytest.mark.parametrize(
    ("action", "argument"),
    [("inject", b"550 more\r\n"), ("raw", b"250 a\r\n550 b\r\n"), ("blank", 99)],
)
def test_a_rule_that_confuses_the_client_is_named(
    phase: str, action: str, argument: object
) -> None:
    """The client gives up later, as it takes the line for another reply."""
    lines = ("EHLO c", "MAIL FROM:<ann@example.com>", f"RCPT TO:<{TO}>", "RSET", "QUIT")
    line = said(
        lambda faults: getattr(faults.on(phase), action)(argument), *lines, to=TO
    )
    assert f"at {phase}: on({phase!r}).{action}({argument!r})" in line


def test_a_rule_that_announces_a_smaller_size_is_named() -> None:
    """It is why the message was refused."""
    line = said(
        lambda faults: faults.on("EHLO").announce("SIZE 10"),
        *("EHLO c", "MAIL FROM:<ann@example.com> SIZE=99", "QUIT"),
    )
    assert line.endswith(": on('EHLO').announce('SIZE 10')")


def test_a_refusal_without_a_command_is_that_of_the_client() -> None:
    """Before the greeting there is no command."""
    line = said(lambda faults: faults.on("CONNECT").reply(554, "no"), "QUIT")
    assert "the client was refused with 554" in line


@pytest.mark.parametrize(
    ("came", "wanted"),
    [
        ("e\u0301", "\xe9"),
        ("p\u0430y", "pay"),
        ("\u2764\ufe0f", "\u2764"),
        ("\u039fmega", "Omega"),
    ],
)
def test_texts_that_look_equal_are_shown_by_their_code_points(
    came: str, wanted: str
) -> None:
    """The difference could not be seen otherwise."""
    site = Site(lambda faults: None)
    lines = [*MAIL, f"Subject: {came}", "", "Hi.", "."]
    lines[1] += " SMTPUTF8"
    site.say(*lines)
    line = site.failure(subject=wanted)
    assert f"subject is {came!a}, wanted {wanted!a}" in line


def test_a_port_that_a_fault_closed_is_told_though_another_message_came() -> None:
    """It came in the session whose fault closed the port."""
    site = Site(lambda faults: faults.on("KEPT").refuse_connections(9))
    site.say(*MESSAGE, "QUIT")
    site.leave()
    assert site.failure(recipient="eve@example.com") == (
        "the port refused connections: on('KEPT').refuse_connections(9)"
    )


def test_a_port_that_was_open_again_is_not_told() -> None:
    """A later session had a message."""
    site = Site(lambda faults: faults.on("KEPT", times=1).refuse_connections(9))
    for _ in range(2):
        site.say(*MESSAGE, "QUIT")
        site.leave()
        site.client = Peer(site.server.factory(site.reactor))
    assert "refused connections" not in site.failure(recipient="eve@example.com")
