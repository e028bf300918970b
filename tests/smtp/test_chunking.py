"""However TCP cuts what a client sends, the server says and keeps the same.

Each session is all the octets of one client. It is replayed in one piece, octet by
octet, and with random cuts: the sessions below, and those of the conformance table.

What is about arrival is left out: STARTTLS, what stands behind the last command of
a group in the strict profile (RFC 2920 section 3.1, RFC 3207 section 4.2), and the
warning ``pipelining`` that the standard profile makes of it. So sessions of the
strict profile get more cuts, but keep those that they have.
"""

from __future__ import annotations

import base64
from itertools import pairwise
from random import Random
from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from twisted.cred.checkers import InMemoryUsernamePasswordDatabaseDontUse
from twisted.cred.portal import Portal
from twisted.mail.imap4 import LOGINCredentials, PLAINCredentials
from twisted.mail.interfaces import IMessageDelivery

from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.server.delivery import HandlerDelivery
from lazr_smtptest.server.servers import Server
from lazr_smtptest.smtp.limits import Limits
from lazr_smtptest.smtp.lmtp import LMTPServerProtocol
from lazr_smtptest.smtp.protocol import SMTPServerProtocol
from lazr_smtptest.smtp.settings import Settings

from ..chance import some
from ..conformance.table import SCRIPTS


def commands(*lines: bytes) -> bytes:
    """A session of lines."""
    return b"".join(line + b"\r\n" for line in lines)


def chunk(octets: bytes, last: bool = False) -> bytes:
    """A BDAT and its octets."""
    return b"BDAT %d%s\r\n%b" % (len(octets), b" LAST" * last, octets)


EHLO = b"EHLO client.example.com"
MAIL = commands(EHLO, b"MAIL FROM:<a@example.com>", b"RCPT TO:<b@example.com>")
LMTP = MAIL.replace(b"EHLO", b"LHLO") + b"RCPT TO:<c@example.com>\r\n"
DATA = MAIL + b"DATA\r\n"
PLAIN = base64.b64encode(b"\0anna\0secret")
LISTENER = Settings(
    limits=Limits(command_line=100, message_size=400, recipients=3, errors=8)
)

SESSIONS = {
    # Good ones
    "a message": DATA + b"Subject: x\r\n\r\n..\r\n.a\r\n\r\n.\r\nQUIT\r\n",
    "an empty message": DATA + b".\r\nQUIT\r\n",
    "two messages": (DATA + b"one\r\n.\r\n") * 2 + b"QUIT\r\n",
    "HELO": DATA.replace(b"EHLO", b"HELO") + b"x\r\n.\r\nQUIT\r\n",
    "chunks": MAIL + chunk(b"one\r\n.\r\n") + chunk(b"") + chunk(b"two", last=True),
    "binary": MAIL.replace(b"com>", b"com> BODY=BINARYMIME", 1)
    + chunk(bytes(range(256)), last=True),
    "8 bits": DATA.replace(b"com>", b"com> BODY=8BITMIME", 1) + b"\xe9\r\n.\r\n",
    "parameters": commands(
        EHLO,
        b"MAIL FROM:<a@example.com> SIZE=10 RET=HDRS ENVID=x+2By",
        b"RCPT TO:<b@example.com> NOTIFY=NEVER ORCPT=rfc822;b@example.com",
        b"DATA",
        b".",
    ),
    "all commands": commands(
        EHLO, b"NOOP", b"HELP", b"VRFY x", b"EXPN x", b"RSET", b"HELO a", b"QUIT"
    ),
    "login": commands(EHLO, b"AUTH PLAIN " + PLAIN, b"AUTH PLAIN"),
    "login in two steps": commands(EHLO, b"AUTH PLAIN", PLAIN, b"NOOP"),
    "login in three steps": commands(
        EHLO, b"AUTH LOGIN", base64.b64encode(b"anna"), base64.b64encode(b"secret")
    ),
    # Bad ones
    "nothing": b"",
    "bad sequence": commands(b"DATA", b"RCPT TO:<a@b>", b"MAIL FROM:<a@b>", b"DATA"),
    "bad syntax": commands(b"EHLO", b"MAIL <a@b>", b"MAIL FROM:a@b", b"RSET x", b"FOO"),
    "bad login": commands(EHLO, b"AUTH PLAIN AAAA", b"AUTH PLAIN", b"=", b"AUTH X"),
    "cancelled login": commands(EHLO, b"AUTH LOGIN", b"*", b"NOOP"),
    "too many recipients": MAIL + commands(*[b"RCPT TO:<c@example.com>"] * 4),
    "too many errors": commands(*[b"FOO"] * 20),
    "a message too big": DATA + b"x\r\n" * 200 + b".\r\nNOOP\r\n",
    "chunks too big": MAIL + chunk(b"x" * 300) + chunk(b"x" * 300, last=True),
    "a chunk without MAIL": chunk(b"NOOP\r\nQUIT\r\n", last=True) + b"NOOP\r\n",
    "a bad chunk": MAIL + commands(b"BDAT -1", b"NOOP"),
    # Hostile ones
    "a long line": commands(EHLO, b"NOOP " + b"x" * 500, b"NOOP"),
    "a line of the limit": commands(b"NOOP " + b"x" * 93, b"NOOP " + b"x" * 94),
    "bare LF": commands(EHLO, b"NOOP\nMAIL FROM:<a@b>\nQUIT\n", b"NOOP\r", b"NOOP\n"),
    "CR before CRLF": commands(b"NOOP\r", b"NOOP\r\r", b"\r", b"\r\r"),
    "long and bare LF": commands(b"x" * 97 + b"\n", b"x" * 98 + b"\n", b"x" * 99),
    "smuggling": DATA
    + b"\n.\n\r.\r\n.\r\nMAIL FROM:<x@y>\r\n.\n\r\n.\r\r\n..\r\n\r\n.\r\nNOOP\r\n",
    "dots": DATA + b".\r.\n..\r\n.\r\r\n.\n\r\n...\r\n.\r\n.\r\n",
    "HTTP": b"POST / HTTP/1.1\r\nHost: localhost\r\n\r\n" + DATA,
    "TLS": b"\x16\x03\x01\x00\x05hello" + commands(EHLO),
    "NUL": commands(EHLO, b"NOOP\0", b"EHLO a\0b", b"MAIL FROM:<a\0@b>", b"\0"),
    "8-bit commands": commands(EHLO, b"\xff\xfe", b"EHLO \xe9", b"MAIL FROM:<\xe9@b>"),
    # LMTP, which begins with LHLO
    "LMTP": LMTP + b"DATA\r\n..x\r\n.\r\nQUIT\r\n",
    "LMTP with chunks": LMTP + chunk(b"x") + chunk(b"y", last=True) + b"QUIT\r\n",
    "LMTP with a message too big": LMTP + b"DATA\r\n" + b"x\r\n" * 200 + b".\r\n",
    "half a command": MAIL + b"DAT",
    "half a message": DATA + b"Subject: x\r\n.\r",
    "half a chunk": MAIL + b"BDAT 10 LAST\r\nx",
}


@attrs.frozen
class Outcome:
    """What came of a session."""

    said: bytes
    closed: bool
    envelopes: list[Envelope]


class _Realm:
    """Lets anybody who has logged in deliver, and anybody else as well."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def requestAvatar(self, name: object, mind: object, *interfaces: object) -> Any:
        return IMessageDelivery, HandlerDelivery(self._server), lambda: None


def replay(
    new_wire: Any, pieces: list[bytes], listener: Settings = LISTENER
) -> Outcome:
    """Send a session in pieces to a server of its own."""
    lmtp = b"".join(pieces).startswith(b"LHLO")
    protocol = LMTPServerProtocol if lmtp else SMTPServerProtocol
    wire = new_wire(settings=listener, protocol=protocol)
    users = InMemoryUsernamePasswordDatabaseDontUse(anna=b"secret")
    wire.protocol.portal = Portal(_Realm(wire.handler), [users])
    wire.protocol.challengers = {b"PLAIN": PLAINCredentials, b"LOGIN": LOGINCredentials}
    for piece in pieces:
        wire.protocol.dataReceived(piece)
    return Outcome(
        wire.transport.value(),
        wire.transport.disconnecting,
        [without_arrival(envelope) for envelope in wire.envelopes],
    )


def without_arrival(envelope: Envelope) -> Envelope:
    """An envelope without what is said on when its commands came."""
    warnings = tuple(word for word in envelope.warnings if word != "pipelining")
    return attrs.evolve(envelope, warnings=warnings)


def cut(octets: bytes, places: list[int]) -> list[bytes]:
    """Cut octets at these places."""
    edges = sorted({0, len(octets), *(place % (len(octets) + 1) for place in places)})
    return [octets[start:end] for start, end in pairwise(edges)]


@pytest.mark.parametrize("name", SESSIONS)
def test_a_session_in_single_octets_is_the_same(new_wire: Any, name: str) -> None:
    """Nothing is said or kept otherwise."""
    octets = SESSIONS[name]
    single = [octets[index : index + 1] for index in range(len(octets))]
    assert replay(new_wire, single) == replay(new_wire, cut(octets, []))


PLACES = st.lists(st.integers(0, 10_000), max_size=12)


def examples(count: int) -> Any:
    """Try so many; the fixture only makes servers, and may serve for all of them."""
    return settings(
        max_examples=some(count),
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )


@pytest.mark.parametrize("name", SESSIONS)
@examples(25)
@given(places=PLACES)
@example(places=[-1])
@example(places=[-2])
def test_a_session_with_any_cuts_is_the_same(
    new_wire: Any, name: str, places: list[int]
) -> None:
    """Nothing is said or kept otherwise."""
    octets = SESSIONS[name]
    assert replay(new_wire, cut(octets, places)) == replay(new_wire, cut(octets, []))


@examples(100)
@given(names=st.lists(st.sampled_from(sorted(SESSIONS)), max_size=4), places=PLACES)
def test_sessions_one_after_another_with_any_cuts_are_the_same(
    new_wire: Any, names: list[str], places: list[int]
) -> None:
    """Whatever state one leaves for the next."""
    octets = b"".join(SESSIONS[name] for name in names)
    assert replay(new_wire, cut(octets, places)) == replay(new_wire, cut(octets, []))


@pytest.mark.parametrize(
    ("name", "listener", "steps"),
    [
        pytest.param(name, listener, steps, id=name)
        for name, listener, steps in SCRIPTS
        # What came at the same time as a bare LF is no command.
        if "pipelining" not in name and "bare-lf" not in name
    ],
)
def test_a_row_of_the_conformance_table_with_any_cuts_is_the_same(
    new_wire: Any, name: str, listener: Settings, steps: list[bytes]
) -> None:
    """It says and keeps the same as in the table's own steps."""
    wanted = replay(new_wire, steps, listener)
    # Hypothesis takes longer to think of cuts than the server takes for a thousand
    # rows. The name is the seed: the cuts of a row are always the same.
    chance = Random(name)
    for _ in range(some(5)):
        places = [chance.randrange(10_000) for _ in range(chance.randrange(1, 13))]
        if listener.profile == "strict":
            pieces = [piece for step in steps for piece in cut(step, places)]
        else:
            pieces = cut(b"".join(steps), places)
        assert replay(new_wire, pieces, listener) == wanted, pieces
