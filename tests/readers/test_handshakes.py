"""The TLS handshakes of the sessions in which mail is read."""

from __future__ import annotations

import logging
import ssl

import pytest

from lazr_smtptest.tls.context import TLS
from tests.harness import Peer, TLSPeer

from .imap.peers import Inbox
from .pop3.conftest import Post
from .sides import Side

# A side, and the command that begins TLS.
BY_PROTOCOL = {"imap": (Inbox, "a STARTTLS"), "pop3": (Post, "STLS")}


@pytest.fixture(scope="module")
def tls() -> TLS:
    """A certificate for localhost."""
    return TLS.auto()


@pytest.fixture(params=BY_PROTOCOL)
def protocol(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def implicit(protocol: str, tls: TLS) -> Side:
    """A side whose connections begin with TLS."""
    return BY_PROTOCOL[protocol][0](server={"tls": tls}, begins_with_tls=True)


def notes_of(side: Side) -> list[str]:
    """Return the notes in the transcript of the only session."""
    [session] = side.context.reader_sessions
    return [line.text for line in session.transcript if line.who == "note"]


def advance(side: Side, peer: Peer, seconds: float) -> None:
    """Let time pass; a connection that was aborted ends."""
    side.reactor.advance(seconds)
    if peer.aborted:
        peer.leave()


def test_a_plain_client_on_a_tls_port_is_disconnected(implicit: Side) -> None:
    """It waits for a greeting, and would wait for as long as it may be idle."""
    peer = implicit.join()
    advance(implicit, peer, 29.9)
    assert not peer.aborted
    advance(implicit, peer, 0.2)
    assert peer.aborted


def test_the_transcript_says_that_it_sent_nothing(implicit: Side) -> None:
    advance(implicit, implicit.join(), 31)
    assert notes_of(implicit) == [
        "the TLS handshake failed: the client sent nothing",
        "the server closed the connection",
    ]


def test_one_line_is_logged(implicit: Side, caplog: pytest.LogCaptureFixture) -> None:
    """With the address of the client."""
    with caplog.at_level(logging.INFO, "lazr.smtptest"):
        advance(implicit, implicit.join(), 31)
    assert [record.getMessage() for record in caplog.records] == [
        "127.0.0.1:50000: the TLS handshake failed: the client sent nothing"
    ]


def test_a_client_that_leaves_before_its_handshake_is_noted(implicit: Side) -> None:
    peer = implicit.join()
    peer.leave()
    assert notes_of(implicit)[0] == "the TLS handshake failed: the client sent nothing"


def test_plain_text_on_a_tls_port_is_noted(implicit: Side) -> None:
    """The connection ends at once: OpenSSL knows that it is no handshake."""
    peer = implicit.join()
    peer.send(b"a CAPABILITY\r\n")
    assert peer.closed
    peer.leave()
    assert "wrong version number" in notes_of(implicit)[0]


def test_single_bytes_of_a_handshake_do_not_make_it_longer(
    implicit: Side, tls: TLS
) -> None:
    peer = implicit.join()
    client = TLSPeer(peer.transport, tls.client_context())
    with pytest.raises(ssl.SSLWantReadError):
        client.ssl.do_handshake()
    for byte in client.outgoing.read()[:4]:
        peer.transport.protocol.dataReceived(bytes([byte]))
        implicit.reactor.advance(10)
    assert peer.aborted


def test_a_handshake_after_the_command_is_limited_too(protocol: str, tls: TLS) -> None:
    make, command = BY_PROTOCOL[protocol]
    side = make(server={"tls": tls})
    peer = side.connect()
    peer.say(command)
    side.reactor.advance(29.9)
    assert not peer.aborted
    side.reactor.advance(0.2)
    assert peer.aborted


def test_after_the_handshake_a_client_may_be_idle(protocol: str, tls: TLS) -> None:
    make, command = BY_PROTOCOL[protocol]
    side = make(server={"tls": tls}, idle=600)
    peer = side.connect()
    peer.say(command)
    client = TLSPeer(peer.transport, tls.client_context())
    client.handshake()
    side.reactor.advance(599)
    assert not peer.aborted
    assert client.say("a NOOP")


def test_a_handshake_that_has_ended_did_not_fail(implicit: Side, tls: TLS) -> None:
    """Whenever the client leaves then."""
    peer = implicit.join()
    TLSPeer(peer.transport, tls.client_context()).handshake()
    peer.leave()
    assert not any("handshake failed" in note for note in notes_of(implicit))


def test_the_limit_is_a_setting(protocol: str, tls: TLS) -> None:
    side = BY_PROTOCOL[protocol][0](
        server={"tls": tls}, begins_with_tls=True, handshake=2
    )
    peer = side.join()
    side.reactor.advance(2.1)
    assert peer.aborted
