"""STARTTLS and implicit TLS, both ends in memory; the client is Python's `ssl`."""

from __future__ import annotations

import gc
import logging
import ssl
import weakref
from collections.abc import Callable
from typing import Any

import pytest
from twisted.cred.checkers import InMemoryUsernamePasswordDatabaseDontUse
from twisted.cred.portal import IRealm, Portal
from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.protocol import Factory, Protocol, ServerFactory
from twisted.internet.task import Clock
from twisted.mail.imap4 import PLAINCredentials
from twisted.mail.interfaces import IMessageDelivery
from twisted.protocols.policies import WrappingFactory
from twisted.protocols.tls import TLSMemoryBIOFactory
from twisted.python.failure import Failure
from twisted.test.iosim import FakeTransport
from zope.interface import implementer

from lazr_smtptest.server.delivery import HandlerDeliveryFactory
from lazr_smtptest.server.servers import Server
from lazr_smtptest.smtp.limits import Limits
from lazr_smtptest.smtp.settings import Settings
from lazr_smtptest.tls.context import TLS

from ..harness import Peer, TLSPeer

CLIENT = IPv4Address("TCP", "127.0.0.1", 50000)
NewWire = Callable[..., Any]


@pytest.fixture(scope="module")
def tls() -> TLS:
    """A certificate for the loopback, which asks for certificates of clients."""
    return TLS.auto(ask_client_certificate=True)


class Ends:
    """A session: the server's wire, and the client that speaks TLS over it."""

    def __init__(self, wire: Any, tls: TLS, user: str | None = None) -> None:
        self.wire = wire
        self.server = wire.protocol
        self.client = TLSPeer(wire.transport, tls.client_context(user))

    def upgrade(self) -> TLSPeer:
        """Go from clear to TLS."""
        assert self.wire.say("STARTTLS") == ["220 2.0.0 ready to start TLS"]
        self.client.handshake()
        return self.client


@pytest.fixture
def ends(new_wire: NewWire, tls: TLS) -> Ends:
    """A session with a server that offers STARTTLS."""
    return Ends(new_wire(settings=Settings(tls=tls)), tls)


MAIL = ("MAIL FROM:<from@example.com>", "RCPT TO:<to@example.com>", "DATA")


# The command


def test_starttls_is_announced(ends: Ends) -> None:
    """A server with a certificate offers STARTTLS."""
    assert "250-STARTTLS" in ends.wire.say("EHLO client.example.com")


def test_starttls_is_not_announced_without_a_certificate(wire: Any) -> None:
    """A server without one does not offer it."""
    assert not [line for line in wire.say("EHLO c") if "STARTTLS" in line]


def test_starttls_is_not_announced_within_tls(ends: Ends) -> None:
    """Once TLS is on it cannot be begun (RFC 3207 section 4.2)."""
    answer = ends.upgrade().say("EHLO client.example.com")
    assert answer[0].startswith("250-")
    assert not [line for line in answer if "STARTTLS" in line]


def test_starttls_takes_no_argument(ends: Ends) -> None:
    """An argument is a syntax error (RFC 3207 section 4)."""
    assert ends.wire.say("STARTTLS now") == ["501 5.5.4 STARTTLS takes no argument"]


def test_starttls_without_a_certificate_is_not_available(wire: Any) -> None:
    """A server without one says so."""
    assert wire.say("STARTTLS") == ["502 5.5.1 STARTTLS is not available"]


def test_starttls_that_is_hidden_does_not_work(new_wire: NewWire, tls: TLS) -> None:
    """What is not offered is refused like a verb that is not there."""
    wire = new_wire(settings=Settings(tls=tls, hidden=["STARTTLS"]))
    assert wire.codes("STARTTLS") == ["500"]


def test_starttls_within_tls_is_out_of_order(ends: Ends) -> None:
    """TLS cannot be put into TLS."""
    assert ends.upgrade().say("STARTTLS") == ["503 5.5.1 TLS is on already"]


def test_starttls_works_before_ehlo(ends: Ends) -> None:
    """A client that knows of it need not ask."""
    assert ends.upgrade().codes("NOOP") == ["250"]


def test_replies_of_a_batch_leave_before_tls_begins(ends: Ends) -> None:
    """What was asked before STARTTLS in the same piece is answered in clear."""
    answer = ends.wire.codes("NOOP", "NOOP", "STARTTLS")
    assert answer == ["250", "250", "220"]
    assert ends.client.handshake() == []


def test_message_comes_through_tls(ends: Ends) -> None:
    """A whole transaction runs within TLS."""
    client = ends.upgrade()
    assert client.codes("EHLO c", *MAIL) == ["250", "250", "250", "354"]
    assert client.codes("Subject: x", "", "body", ".") == ["250"]
    (envelope,) = ends.wire.envelopes
    assert (envelope.content, envelope.tls) == (b"Subject: x\r\n\r\nbody\r\n", True)


def test_message_in_clear_is_known_as_such(ends: Ends) -> None:
    """An envelope says whether TLS was on."""
    ends.wire.say("EHLO c", *MAIL[:2])
    ends.wire.say("DATA")
    ends.wire.say("Subject: x", "", ".")
    assert [envelope.tls for envelope in ends.wire.envelopes] == [False]


def test_quit_within_tls_ends_it_properly(ends: Ends) -> None:
    """The last reply comes, then TLS says that nothing more does (RFC 8446 6.1)."""
    client = ends.upgrade()
    assert client.codes("QUIT") == ["221"]
    # Otherwise it would raise: more could come.
    assert client.ssl.read() == b""


def test_what_was_agreed_on_is_known(ends: Ends) -> None:
    """The protocol knows the version and the cipher suite."""
    client = ends.upgrade()
    cipher = client.ssl.cipher()
    assert cipher is not None
    assert (ends.server.tls_version, ends.server.tls_cipher) == ("TLSv1.3", cipher[0])


def test_nothing_is_known_of_tls_in_clear(wire: Any) -> None:
    """Without TLS there is nothing to be agreed on."""
    server = wire.protocol
    assert (server.secure, server.tls_version, server.tls_cipher) == (False, None, None)
    assert server.client_certificate == ()


def test_client_certificate_is_known(new_wire: NewWire, tls: TLS) -> None:
    """The names in a client's certificate are there for AUTH EXTERNAL."""
    ends = Ends(new_wire(settings=Settings(tls=tls)), tls, "anna@example.com")
    ends.upgrade()
    assert ends.server.client_certificate == ("anna@example.com",)


# What was said in clear


@pytest.mark.parametrize(
    "behind",
    [b"NOOP\r\n", b"MAIL FROM:<evil@example.com>\r\n", b"X", b"\r\n", b"\x16\x03\x01"],
)
def test_bytes_behind_starttls_close_the_connection(ends: Ends, behind: bytes) -> None:
    """One reply, and nothing is run, not even STARTTLS (RFC 3207 section 4.2)."""
    assert ends.wire.send(b"STARTTLS\r\n" + behind) == [
        "421 4.7.0 commands came after STARTTLS, closing"
    ]
    assert ends.wire.transport.disconnecting


def test_commands_before_the_bytes_behind_are_answered(ends: Ends) -> None:
    """They came in clear and are answered in clear."""
    assert ends.wire.codes("NOOP", "STARTTLS", "RSET") == ["250", "421"]


def test_bytes_behind_starttls_are_logged(
    ends: Ends, caplog: pytest.LogCaptureFixture
) -> None:
    """A tester can find out why the connection was closed."""
    ends.wire.say("STARTTLS", "NOOP")
    assert "127.0.0.1:50000: closed: bytes came after STARTTLS" in caplog.messages


def test_bytes_behind_starttls_in_another_piece_are_no_command(ends: Ends) -> None:
    """What comes in clear after the reply is taken for a handshake, which fails."""
    ends.wire.say("STARTTLS")
    layer = ends.wire.transport.protocol
    layer.dataReceived(b"RSET\r\nMAIL FROM:<evil@example.com>\r\n")
    assert b"250" not in ends.wire.transport.value()
    assert ends.wire.transport.disconnecting


def test_starttls_that_waited_is_not_followed(new_wire: NewWire, tls: TLS) -> None:
    """Bytes that came while a command was pending count as sent in clear, too."""
    ends = Ends(new_wire(settings=Settings(tls=tls)), tls)
    pending: Deferred[None] = Deferred()
    ends.wire.handler.then = lambda: pending
    ends.wire.begin()
    ends.wire.say("Subject: x", "", ".")
    ends.wire.say("STARTTLS")
    ends.wire.say("NOOP")
    pending.callback(None)
    assert [line[:3] for line in ends.wire.heard()] == ["250", "421"]
    assert ends.wire.transport.disconnecting


def test_name_of_the_client_is_forgotten(ends: Ends) -> None:
    """What EHLO said in clear does not count (RFC 3207 section 4.2)."""
    ends.wire.say("EHLO clear.example.com")
    client = ends.upgrade()
    client.say(*MAIL)
    client.say("Subject: x", "", ".")
    assert [envelope.helo for envelope in ends.wire.envelopes] == [""]


def test_sender_is_forgotten(ends: Ends) -> None:
    """A transaction does not go on within TLS."""
    ends.wire.say("EHLO c", "MAIL FROM:<clear@example.com>")
    assert ends.upgrade().codes("RCPT TO:<to@example.com>") == ["503"]


def test_recipients_are_forgotten(ends: Ends) -> None:
    """Recipients given in clear do not get what comes by TLS."""
    ends.wire.say("EHLO c", *MAIL[:1], "RCPT TO:<clear@example.com>")
    client = ends.upgrade()
    client.say("EHLO c", *MAIL)
    client.say("Subject: x", "", ".")
    assert [e.rcpt_tos for e in ends.wire.envelopes] == [("to@example.com",)]


def test_what_was_offered_is_forgotten(ends: Ends) -> None:
    """What only TLS allows is allowed at once (RFC 8689)."""
    ends.wire.say("EHLO c")
    command = "MAIL FROM:<from@example.com> REQUIRETLS"
    assert ends.upgrade().codes(command) == ["250"]


@implementer(IRealm)
class Realm:
    """Notes who has left; may fail at that."""

    def __init__(self) -> None:
        self.left: list[object] = []
        self.failing = False

    def leave(self, user: object) -> None:
        self.left.append(user)
        if self.failing:
            raise ValueError("cannot leave")

    def requestAvatar(self, user: object, mind: object, *interfaces: Any) -> Any:
        delivery = HandlerDeliveryFactory(Server()).getMessageDelivery()
        return IMessageDelivery, delivery, lambda: self.leave(user)


@pytest.fixture
def portal() -> Portal:
    """Knows one user."""
    return Portal(Realm(), [InMemoryUsernamePasswordDatabaseDontUse(anna=b"secret")])


@pytest.fixture
def logged_in(new_wire: NewWire, tls: TLS, portal: Any) -> Ends:
    """A session whose client has logged in, in clear."""
    wire = new_wire(
        settings=Settings(tls=tls),
        portal=portal,
        challengers={b"PLAIN": PLAINCredentials},
    )
    wire.say("EHLO c")
    # "\0anna\0secret"
    assert wire.codes("AUTH PLAIN AGFubmEAc2VjcmV0") == ["235"]
    return Ends(wire, tls)


def test_login_is_forgotten(logged_in: Ends) -> None:
    """Who logged in in clear has to do it again (RFC 3207 section 4.2)."""
    client = logged_in.upgrade()
    client.say("EHLO c")
    assert not logged_in.server.authenticated
    assert client.codes("AUTH PLAIN AGFubmEAc2VjcmV0") == ["235"]


def test_name_of_the_login_is_forgotten(logged_in: Ends) -> None:
    """The session has no user until it logs in anew."""
    logged_in.server.session.user = "anna"
    logged_in.upgrade()
    assert logged_in.server.user is None


def test_delivery_of_the_login_is_forgotten(logged_in: Ends) -> None:
    """The mail goes where that of a client without a login goes: nowhere here."""
    assert logged_in.server.delivery is not None
    logged_in.upgrade()
    assert logged_in.server.delivery is None


def test_login_is_ended_by_starttls(logged_in: Ends, portal: Any) -> None:
    """The realm hears of it, once."""
    logged_in.upgrade()
    assert portal.realm.left == [b"anna"]
    logged_in.wire.disconnect()
    assert portal.realm.left == [b"anna"]


def test_logout_that_fails_is_answered_in_clear(logged_in: Ends, portal: Any) -> None:
    """TLS is not begun, and may be once more."""
    portal.realm.failing = True
    assert logged_in.wire.codes("STARTTLS") == ["451"]
    assert logged_in.upgrade().codes("NOOP") == ["250"]


# The handshake


def test_nothing_but_the_reply_is_said_before_the_handshake(ends: Ends) -> None:
    """The server waits for the client, who begins."""
    assert ends.wire.say("STARTTLS") == ["220 2.0.0 ready to start TLS"]
    assert ends.wire.heard() == []


def test_handshake_that_never_ends_is_disconnected(ends: Ends) -> None:
    """It takes as long as the limit says, and no longer."""
    ends.wire.say("STARTTLS")
    ends.wire.clock.advance(29.9)
    assert not ends.wire.transport.disconnected
    ends.wire.clock.advance(0.2)
    assert ends.wire.transport.disconnected


def test_limit_of_the_handshake_counts_the_whole(ends: Ends) -> None:
    """Single octets do not make it longer."""
    ends.wire.say("STARTTLS")
    with pytest.raises(ssl.SSLWantReadError):
        ends.client.ssl.do_handshake()
    hello = ends.client.outgoing.read()
    for octet in hello[:4]:
        ends.wire.clock.advance(10)
        if not ends.wire.transport.disconnected:
            ends.wire.transport.protocol.dataReceived(bytes([octet]))
    assert ends.wire.transport.disconnected


def test_limit_of_the_handshake_is_a_setting(new_wire: NewWire, tls: TLS) -> None:
    """It is one of the limits of the listener."""
    wire = new_wire(settings=Settings(tls=tls, limits=Limits(handshake=2)))
    ends = Ends(wire, tls)
    wire.say("STARTTLS")
    wire.clock.advance(2.1)
    assert ends.wire.transport.disconnected


def test_idle_client_within_tls_is_sent_away(ends: Ends) -> None:
    """After the handshake the limit of idle clients holds again."""
    client = ends.upgrade()
    ends.wire.clock.advance(299)
    assert client.heard() == []
    ends.wire.clock.advance(2)
    assert client.heard() == ["421 4.4.2 nothing heard for too long, closing"]


def test_each_command_within_tls_begins_the_time_anew(ends: Ends) -> None:
    """A client that speaks is not idle."""
    client = ends.upgrade()
    for _ in range(3):
        ends.wire.clock.advance(200)
        assert client.codes("NOOP") == ["250"]


@pytest.mark.parametrize(
    "garbage", [b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\0\x05abcde", b"\0" * 4096]
)
def test_garbage_for_a_handshake_closes_the_connection(
    ends: Ends, garbage: bytes
) -> None:
    """What is no handshake ends the session, and nothing of it runs."""
    ends.wire.say("STARTTLS")
    ends.wire.transport.protocol.dataReceived(garbage)
    assert ends.wire.transport.disconnecting


def test_failed_handshake_is_logged(
    ends: Ends, caplog: pytest.LogCaptureFixture
) -> None:
    """A tester can find out why there is no TLS."""
    caplog.set_level(logging.INFO, "lazr.smtptest")
    ends.wire.say("STARTTLS")
    layer = ends.wire.transport.protocol
    layer.dataReceived(b"GET / HTTP/1.1\r\n\r\n")
    layer.connectionLost(Failure(ConnectionDone()))
    (message,) = caplog.messages
    assert message.startswith("127.0.0.1:50000: the TLS handshake failed: ")


def test_session_that_ends_after_its_handshake_did_not_fail(
    ends: Ends, caplog: pytest.LogCaptureFixture
) -> None:
    """The log speaks of handshakes that failed only."""
    caplog.set_level(logging.INFO, "lazr.smtptest")
    ends.upgrade()
    ends.wire.transport.protocol.connectionLost(Failure(ConnectionDone()))
    assert caplog.messages == []
    assert not len(ends.wire.factory.connections)


def test_client_that_refuses_the_certificate_is_gone(new_wire: NewWire) -> None:
    """Its alert ends the connection; nothing is left in memory of it."""
    tls = TLS.auto("mx.example.com")
    ends = Ends(new_wire(settings=Settings(tls=tls)), tls)
    ends.wire.say("STARTTLS")
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        ends.client.handshake()
    ends.client.pump()
    assert ends.wire.transport.disconnecting


def test_garbage_within_tls_closes_the_connection(ends: Ends) -> None:
    """What is not encrypted is not taken once TLS is on."""
    ends.upgrade()
    ends.wire.transport.protocol.dataReceived(b"NOOP\r\n")
    assert ends.wire.transport.disconnecting


# The stop


def test_server_that_stops_tells_clients_within_tls(ends: Ends) -> None:
    """421 comes through TLS."""
    client = ends.upgrade()
    ends.wire.factory.end_sessions()
    assert client.heard() == ["421 4.3.2 the server is shutting down"]


def test_stop_during_a_handshake_is_told_after_it(ends: Ends) -> None:
    """Nothing can be said before; the first reason is the one that is given."""
    ends.wire.say("STARTTLS")
    ends.wire.factory.end_sessions()
    ends.server.end(None)
    assert ends.client.handshake() == ["421 4.3.2 the server is shutting down"]


def test_stop_does_not_wait_for_a_handshake_for_ever(ends: Ends) -> None:
    """The time for closing is the longest that it takes."""
    ends.wire.say("STARTTLS")
    ends.wire.factory.end_sessions()
    ends.wire.clock.advance(1.1)
    assert ends.wire.transport.disconnected


def test_end_without_a_word_during_a_handshake_waits_for_it(ends: Ends) -> None:
    """TLS is ended as it should be."""
    ends.wire.say("STARTTLS")
    ends.server.end(None)
    assert ends.client.handshake() == []
    assert ends.client.ssl.read() == b""


def test_client_that_does_not_end_tls_is_disconnected(ends: Ends) -> None:
    """Its good-bye (RFC 8446 section 6.1) has a time."""
    client = ends.upgrade()
    assert client.codes("QUIT") == ["221"]
    ends.wire.clock.advance(Limits().goodbye - 0.1)
    assert not ends.wire.transport.disconnected
    client.say("NOOP")
    ends.wire.clock.advance(0.2)
    assert ends.wire.transport.disconnected


def test_session_over_tls_leaves_nothing_in_memory(ends: Ends) -> None:
    """When the connection is lost the protocol and its TLS go."""
    ends.upgrade()
    left = [weakref.ref(ends.server), weakref.ref(ends.server.transport)]
    ends.wire.transport.protocol.connectionLost(Failure(ConnectionDone()))
    del ends.server, ends.wire.protocol, ends.wire.transport, ends.client
    gc.collect()
    assert [each() for each in left] == [None, None]


# Back-pressure


def test_client_that_takes_no_replies_is_not_read_from(ends: Ends) -> None:
    """The transport's pause reaches the server through TLS."""
    ends.upgrade()
    ends.wire.transport.producer.pauseProducing()
    assert ends.wire.transport.producerState == "paused"


def test_client_that_takes_its_replies_again_is_read_from(ends: Ends) -> None:
    """It goes on where it was."""
    client = ends.upgrade()
    ends.wire.transport.producer.pauseProducing()
    client.ssl.write(b"NOOP\r\n")
    assert client.heard() == []
    ends.wire.transport.producer.resumeProducing()
    assert [line[:3] for line in client.heard()] == ["250"]


def test_pause_in_clear_does_not_stop_tls(new_wire: NewWire, tls: TLS) -> None:
    """A transport that was full at STARTTLS has not asked TLS for a pause."""
    ends = Ends(new_wire(settings=Settings(tls=tls)), tls)
    transport, write = ends.wire.transport, ends.wire.transport.write

    def write_and_pause(octets: bytes) -> None:
        write(octets)
        transport.write = write
        transport.producer.pauseProducing()

    transport.write = write_and_pause
    client = ends.upgrade()
    assert transport.producerState == "producing"
    assert client.codes("NOOP") == ["250"]


def test_many_replies_come_through_tls(ends: Ends) -> None:
    """A long batch is answered to its end, in order."""
    client = ends.upgrade()
    answer = client.codes(*["NOOP", "RSET", "HELP"] * 200)
    assert answer == ["250", "250", "214"] * 200


# Transports


def test_starttls_works_behind_a_wrapper(tls: TLS, new_wire: NewWire) -> None:
    """An endpoint may have put a protocol of its own in between."""
    inner = new_wire(settings=Settings(tls=tls)).factory
    peer = Peer(WrappingFactory(inner))
    peer.say("STARTTLS")
    client = TLSPeer(peer.transport, tls.client_context())
    client.handshake()
    assert client.codes("NOOP") == ["250"]


def test_starttls_works_on_a_simulated_transport(tls: TLS, new_wire: NewWire) -> None:
    """Twisted's transport for two ends in memory is one, too."""
    protocol = new_wire(settings=Settings(tls=tls)).factory.buildProtocol(CLIENT)
    transport = FakeTransport(protocol, True, peerAddress=CLIENT)
    protocol.makeConnection(transport)
    transport.bufferReceived(b"STARTTLS\r\n")
    transport.getOutBuffer()
    transport.value = lambda: b"".join(transport.stream)
    transport.clear = transport.stream.clear
    client = TLSPeer(transport, tls.client_context())
    client.handshake()
    assert client.codes("NOOP") == ["250"]


# Implicit TLS


class Implicit:
    """A session that begins with TLS (RFC 8314)."""

    def __init__(self, factory: ServerFactory, tls: TLS, clock: Clock) -> None:
        self.clock = clock
        peer = Peer(tls.wrap(factory, clock))
        self.transport = peer.transport
        self.server = peer.protocol.wrappedProtocol
        self.client = TLSPeer(self.transport, tls.client_context())


@pytest.fixture
def implicit(new_wire: NewWire, tls: TLS) -> Implicit:
    """A session that begins with TLS."""
    wire = new_wire(settings=Settings(tls=tls))
    return Implicit(wire.factory, tls, wire.clock)


def test_implicit_greeting_follows_the_handshake(implicit: Implicit) -> None:
    """The first that is said within TLS is the greeting."""
    assert [line[:4] for line in implicit.client.handshake()] == ["220 "]


def test_implicit_nothing_is_said_before_the_handshake(implicit: Implicit) -> None:
    """The client begins."""
    assert implicit.transport.value() == b""


def test_implicit_session_is_secure(implicit: Implicit) -> None:
    """STARTTLS has no place in it."""
    implicit.client.handshake()
    answer = implicit.client.say("EHLO c", "STARTTLS")
    assert "250-STARTTLS" not in answer
    assert answer[-1] == "503 5.5.1 TLS is on already"


def test_implicit_version_is_known(implicit: Implicit) -> None:
    """What was agreed on is known as it is after STARTTLS."""
    implicit.client.handshake()
    assert implicit.server.tls_version == "TLSv1.3"


def test_implicit_handshake_that_never_ends_is_disconnected(implicit: Implicit) -> None:
    """The limit is that of STARTTLS."""
    implicit.clock.advance(30.1)
    assert implicit.transport.disconnected


def test_implicit_idle_client_is_sent_away(implicit: Implicit) -> None:
    """The limit of idle clients holds after the handshake."""
    implicit.client.handshake()
    implicit.clock.advance(301)
    assert [line[:3] for line in implicit.client.heard()] == ["421"]


def test_implicit_clear_text_closes_the_connection(implicit: Implicit) -> None:
    """A client that does not speak TLS gets no SMTP."""
    implicit.transport.protocol.dataReceived(b"EHLO client.example.com\r\n")
    assert implicit.transport.disconnecting
    assert b"250" not in implicit.transport.value()


def test_implicit_one_connection_too_many_is_told(new_wire: NewWire, tls: TLS) -> None:
    """421 is well-formed there, too: it comes after the handshake."""
    wire = new_wire(settings=Settings(tls=tls, limits=Limits(connections=1)))
    implicit = Implicit(wire.factory, tls, wire.clock)
    assert implicit.client.handshake() == ["421 4.3.2 too many connections"]


def test_implicit_wrapper_that_hides_the_handshake_does_no_harm(
    new_wire: NewWire, tls: TLS
) -> None:
    """A protocol between TLS and the server need not tell of the handshake."""
    wire = new_wire(settings=Settings(tls=tls))
    factory = WrappingFactory(wire.factory)
    implicit = Implicit(factory, tls, wire.clock)
    implicit.client.handshake()
    assert [line[:3] for line in implicit.client.say("NOOP")] == ["220", "250"]


def test_certificate_works_with_twisteds_own_tls(tls: TLS) -> None:
    """`context_factory` is what Twisted's functions for TLS take."""
    factory = TLSMemoryBIOFactory(
        tls.context_factory(), False, Factory.forProtocol(Protocol), Clock()
    )
    peer = Peer(factory)
    assert TLSPeer(peer.transport, tls.client_context()).handshake() == []
