"""Each action at each phase where it makes sense: what the client gets of it.

A client comes to a phase in the same way with a rule and without one. What it
hears with the rule is told by what it hears without.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from lazr_smtptest.faults.phases import PHASES
from lazr_smtptest.smtp.lmtp import LMTPServerProtocol
from lazr_smtptest.tls.context import TLS

if TYPE_CHECKING:
    from tests.faults.conftest import Client, Site

HELLO = "EHLO client.example.com"
MAIL = "MAIL FROM:<from@example.com>"
RCPT = "RCPT TO:<to@example.com>"
MESSAGE = "Subject: Hi\r\n\r\nHello.\r\n.\r\n"


@attrs.frozen
class Way:
    """How a client comes to a phase.

    Attributes:
        before: the lines that it has said already.
        last: the octets that bring it there; ``None``: it connects.
        goes_on: whether an ordinary command may follow.
        lmtp: whether it speaks LMTP.
    """

    before: tuple[str, ...]
    last: bytes | None
    goes_on: bool = True
    lmtp: bool = False


def way(*lines: str, goes_on: bool = True, lmtp: bool = False) -> Way:
    """Make a way of lines; the last one, if it has no CRLF, gets one."""
    *before, last = lines
    if not last.endswith("\n"):
        last += "\r\n"
    return Way(tuple(before), last.encode(), goes_on, lmtp)


WAYS = {
    "CONNECT": Way((), None),
    "HELO": way("HELO client.example.com"),
    "EHLO": way(HELLO),
    "LHLO": way("LHLO client.example.com", lmtp=True),
    "STARTTLS": way(HELLO, "STARTTLS", goes_on=False),
    "AUTH": way(HELLO, "AUTH LOGIN", goes_on=False),
    "LOGIN": way(HELLO, "AUTH PLAIN AGFubmEAc2VjcmV0"),
    "MAIL": way(HELLO, MAIL),
    "RCPT": way(HELLO, MAIL, RCPT),
    "DATA": way(HELLO, MAIL, RCPT, "DATA", goes_on=False),
    "CONTENT": way(HELLO, MAIL, RCPT, "DATA", MESSAGE),
    "BDAT": way(HELLO, MAIL, RCPT, "BDAT 4 LAST\r\nHi\r\n"),
    "EOD": way(HELLO, MAIL, RCPT, "DATA", MESSAGE),
    "KEPT": way(HELLO, MAIL, RCPT, "DATA", MESSAGE),
    "RSET": way(HELLO, "RSET"),
    "NOOP": way(HELLO, "NOOP"),
    "VRFY": way(HELLO, "VRFY anna"),
    "EXPN": way(HELLO, "EXPN list"),
    "HELP": way(HELLO, "HELP"),
    "QUIT": way(HELLO, "QUIT", goes_on=False),
    "XCLIENT": way(HELLO, "XCLIENT NAME=client.example.com"),
    "OTHER": way(HELLO, "XYZZY"),
    "ANY": way(HELLO, "NOOP"),
}


@attrs.define
class Case:
    """A client at a phase where a rule has fired.

    Attributes:
        phase: the phase.
        usual: what the server says there otherwise.
        site: the server.
        client: the client.
        heard: what it has heard so far.
        writes: what the server has written, each time.
    """

    phase: str
    usual: bytes
    site: Site
    client: Client
    heard: bytes
    writes: list[bytes]

    def wait(self, seconds: float) -> bytes:
        """Let time go by; what was heard meanwhile."""
        self.site.clock.advance(seconds)
        return self.client.heard()

    def check_goes_on(self) -> None:
        """Check that the server does all that it does otherwise."""
        if WAYS[self.phase].goes_on:
            assert self.client.codes("NOOP") == ["250"]


# What is checked


def delayed(case: Case) -> None:
    assert case.heard == case.wait(2.9) == b""
    assert case.wait(0.2) == case.usual
    case.check_goes_on()


def held(case: Case) -> None:
    assert case.heard == case.wait(1000) == b""
    assert not case.client.closed
    assert case.client.say("NOOP") == b""


def dropped(case: Case) -> None:
    assert case.heard == b""
    assert case.client.closed


def broken_off(case: Case) -> None:
    assert case.heard == b""
    assert case.client.transport.aborted


def deaf(case: Case) -> None:
    assert case.heard == b""
    assert case.client.transport.producerState == "paused"
    assert case.wait(5) == case.usual
    assert case.client.transport.producerState == "producing"
    case.check_goes_on()


def unchanged(case: Case) -> None:
    assert case.heard == case.usual
    case.check_goes_on()


def refused(case: Case) -> None:
    assert case.heard == b"451 4.3.0 not now\r\n"
    codes = case.client.codes("NOOP", "QUIT")
    assert codes == (["503", "221"] if case.phase == "CONNECT" else ["250", "221"])
    assert case.site.envelopes == [] or case.phase == "KEPT"


def garbage(case: Case) -> None:
    assert case.heard == b"what?\r\n"
    assert not case.client.closed


def answered_and_dropped(case: Case) -> None:
    assert case.heard == case.usual
    assert case.client.closed


def garbled(case: Case) -> None:
    assert case.heard != case.usual
    assert bytes(each & 0x7F for each in case.heard) == case.usual
    case.check_goes_on()


def with_more(case: Case) -> None:
    assert case.heard == case.usual + b"250 more\r\n"
    case.check_goes_on()


def single(case: Case) -> None:
    assert case.heard == case.usual
    assert [len(each) for each in case.writes] == [1] * len(case.usual)
    case.check_goes_on()


def slowly(case: Case) -> None:
    heard = case.heard
    assert len(heard) == 1
    for _ in case.usual[1:]:
        assert case.client.heard() == b""
        octet = case.wait(0.1)
        assert len(octet) == 1
        heard += octet
    assert heard == case.usual
    case.check_goes_on()


def line_by_line(case: Case) -> None:
    heard = [case.heard] if case.heard else []
    while piece := case.wait(0.5):
        heard.append(piece)
    assert heard == case.usual.splitlines(keepends=True)
    case.check_goes_on()


def after_a_blank_line(case: Case) -> None:
    assert case.heard == b"\r\n" + case.usual
    case.check_goes_on()


def swallowed(case: Case) -> None:
    assert case.heard == b""
    case.check_goes_on()


def idle(case: Case) -> None:
    assert case.heard == case.usual
    if case.phase not in ("STARTTLS", "QUIT"):
        assert case.wait(4.9) == b""
        assert not case.client.closed
        assert case.wait(0.2) == b"421 4.4.2 nothing heard for too long, closing\r\n"
        assert case.client.closed


def cut(case: Case) -> None:
    assert case.heard == case.usual[:5]
    assert case.client.closed


def endless(case: Case) -> None:
    first = case.usual.partition(b"\r\n")[0]
    *lines, rest = case.heard.split(b"\r\n")
    assert set(lines) == {first[:3] + b"-" + first[4:]}
    assert rest == b""
    assert len(case.heard) >= 1000
    assert case.client.closed


def too_much(case: Case) -> None:
    assert case.heard == b"421 4.7.0 too much at once, try again later\r\n"
    assert case.client.closed


def greylisted(case: Case) -> None:
    assert case.heard == b"451 4.7.1 greylisted, try again in 60 seconds\r\n"
    case.check_goes_on()


def full(case: Case) -> None:
    assert case.heard == b"452 4.2.2 mailbox full\r\n"
    case.check_goes_on()


def lost(case: Case) -> None:
    unchanged(case)
    assert case.site.envelopes == []


def twice(case: Case) -> None:
    unchanged(case)
    one, other = case.site.envelopes
    assert one == other
    assert one.id != other.id


def bounced(case: Case) -> None:
    lost(case)
    [(host, port, *_)] = case.site.clock.tcpClients
    assert (host, port) == ("127.0.0.1", 2525)


def announced(case: Case) -> None:
    lines = case.heard.splitlines()
    assert lines[-2:] == [b"250-SIZE 1000", b"250 XYZZY"]
    assert len([line for line in lines if b"SIZE" in line]) == 1
    assert len(lines) == len(case.usual.splitlines()) + 1
    case.check_goes_on()


def hidden(case: Case) -> None:
    gone = {line[4:] for line in case.usual.splitlines()}
    gone -= {line[4:] for line in case.heard.splitlines()}
    assert {line.split()[0] for line in gone} == {b"SIZE", b"HELP"}
    assert case.heard.splitlines()[-1].startswith(b"250 ")
    case.check_goes_on()


Write = Callable[[Any], object]
ACTIONS: dict[str, tuple[Write, Callable[[Case], None]]] = {
    "delay": (lambda rule: rule.delay(3), delayed),
    "hold": (lambda rule: rule.hold(), held),
    "drop": (lambda rule: rule.drop(), dropped),
    "reset": (lambda rule: rule.reset(), broken_off),
    "stop_reading": (lambda rule: rule.stop_reading(5), deaf),
    "window": (lambda rule: rule.window(1000), unchanged),
    "reply": (lambda rule: rule.reply(451, "4.3.0 not now"), refused),
    "raw": (lambda rule: rule.raw(b"what?\r\n"), garbage),
    "go_on": (lambda rule: rule.go_on().then.drop(), answered_and_dropped),
    "garble": (lambda rule: rule.garble(), garbled),
    "inject": (lambda rule: rule.inject(b"250 more\r\n"), with_more),
    "split": (lambda rule: rule.split(), single),
    "trickle": (lambda rule: rule.trickle(10), slowly),
    "pieces": (lambda rule: rule.pieces(0.5), line_by_line),
    "blank": (lambda rule: rule.blank(), after_a_blank_line),
    "swallow": (lambda rule: rule.swallow(), swallowed),
    "idle": (lambda rule: rule.idle(5), idle),
    "refuse_connections": (lambda rule: rule.refuse_connections(5), unchanged),
    "cut": (lambda rule: rule.cut(5), cut),
    "endless": (lambda rule: rule.endless(1000), endless),
    "limit_rate": (lambda rule: rule.limit_rate(0), too_much),
    "greylist": (lambda rule: rule.greylist(60), greylisted),
    "quota": (lambda rule: rule.quota(messages=0), full),
    "discard": (lambda rule: rule.discard(), lost),
    "duplicate": (lambda rule: rule.duplicate(), twice),
    "bounce": (lambda rule: rule.bounce("127.0.0.1", 2525), bounced),
    "announce": (lambda rule: rule.announce("SIZE 1000", "XYZZY"), announced),
    "hide": (lambda rule: rule.hide("size", "HELP"), hidden),
}

# No address of a client here is one of those; test_answers has its test.
ELSEWHERE = {"reply_by_address"}

# The handshake has no reply; test_handshakes has its table.
TABLE = [
    pytest.param(phase.name, action, id=f"{phase.name}-{action}")
    for phase in PHASES.values()
    if phase.name != "TLS"
    for action in sorted(phase.actions - ELSEWHERE)
]


@pytest.fixture(scope="module")
def tls() -> TLS:
    """A certificate, for STARTTLS."""
    return TLS.auto()


def play(site: Site, phase: str, write: Write | None) -> tuple[Client, bytes]:
    """Bring a client to a phase; give what it hears there at once."""
    way = WAYS[phase]
    if way.last is None and write is not None:
        write(site.faults.on(phase, times=1))
    client = site.connect()
    if way.last is None:
        return client, client.heard()
    client.say(*way.before)
    if write is not None:
        write(site.faults.on(phase, times=1))
    client.heard()
    client.transport.writes.clear()
    return client, client.send(way.last)


@pytest.mark.parametrize(("phase", "action"), TABLE)
def test_the_client_gets_what_was_written(
    new_site: type[Site], tls: TLS, phase: str, action: str
) -> None:
    """Whatever the rule says, it happens there, and the journal has it."""
    # What FUTURERELEASE announces depends on the time.
    options: dict[str, Any] = {"tls": tls, "xclient": True}
    options["hidden"] = ["FUTURERELEASE"]
    if WAYS[phase].lmtp:
        options["protocol"] = LMTPServerProtocol
    _, usual = play(new_site(**options), phase, None)
    site = new_site(**options)
    write, check = ACTIONS[action]
    client, heard = play(site, phase, write)
    check(Case(phase, usual, site, client, heard, client.transport.writes[:]))
    assert site.faults.journal[0].session == 1
    assert len(site.faults.journal) == 1
    site.faults.assert_all_fired()
    site.server.check()


def test_the_table_is_complete() -> None:
    """No phase and no action is left out of it."""
    assert set(WAYS) == set(PHASES) - {"TLS"}
    known = {name for phase in PHASES.values() for name in phase.actions}
    assert set(ACTIONS) == known - ELSEWHERE - {"certificate", "protocol", "cipher"}
