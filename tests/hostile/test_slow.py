"""Slow clients, clients that stop half-way, clients that vanish."""

from __future__ import annotations

import select
import socket
import struct
from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from lazr_smtptest.smtp.limits import Limits

CONTENT = b"Subject: slow\r\n\r\n..\r\nbody\r\n"
SESSION = (
    b"EHLO a\r\nMAIL FROM:<from@example.com>\r\nRCPT TO:<to@example.com>\r\n"
    b"DATA\r\n" + CONTENT + b".\r\nQUIT\r\n"
)
# More octets than the buffers of the system hold.
ENOUGH = 32 * 1024 * 1024
CODES = ["250", "250", "250", "354", "250", "221"]


def test_a_client_may_send_octet_by_octet(site: Any) -> None:
    """It is served like any other as long as it is not silent for too long."""
    peer = site.connect()
    codes = []
    for octet in SESSION:
        codes += peer.say(bytes([octet]))
        site.clock.advance(1)
    assert codes == CODES
    assert site.contents == [CONTENT.replace(b"..", b".")]
    assert site.still_serves()


@pytest.mark.parametrize("end", [0, 5, 8, 40, 75, 90, len(SESSION) - 7])
def test_a_silent_client_is_sent_away(site: Any, end: int) -> None:
    """421 wherever it stopped, and nothing is delivered
    (RFC 5321 section 4.5.3.2.7).
    """
    peer = site.connect()
    peer.say(SESSION[:end])
    site.clock.advance(site.server.settings.limits.idle + 1)
    assert peer.heard().startswith(b"421 4.4.2 ")
    assert peer.transport.disconnecting
    assert site.contents == []
    assert site.still_serves()


def test_a_client_that_trickles_a_message_is_sent_away(site: Any) -> None:
    """Less than 500 octets a second is no delivery, once the grace time is over:
    an octet now and then does not hold a session for ever.
    """
    peer = site.connect()
    peer.say(SESSION[: SESSION.index(b"Subject")])
    seconds = 0
    while not peer.transport.disconnecting and seconds < 86_400:
        peer.protocol.dataReceived(b"x")
        site.clock.advance(200)
        seconds += 200
    assert peer.heard().startswith(b"421 ")
    assert site.contents == []
    assert site.still_serves()


def test_a_client_that_is_fast_enough_is_served_for_hours(site: Any) -> None:
    """More than 500 octets a second go on as long as they like."""
    peer = site.connect()
    peer.say(SESSION[: SESSION.index(b"Subject")])
    for _ in range(3600):
        assert peer.say(b"x" * 508 + b"\r\n") == []
        site.clock.advance(1)
    assert peer.say(b".\r\n") == ["250"]
    assert site.still_serves()


def test_a_session_lasts_as_long_as_it_may(new_site: Callable[..., Any]) -> None:
    """A client that says something now and then is sent away in the end."""
    site = new_site(limits=Limits(session=3600))
    peer = site.connect()
    for _ in range(35):
        assert peer.say(b"NOOP\r\n") == ["250"]
        site.clock.advance(100)
    site.clock.advance(100)
    assert peer.heard().startswith(b"421 ")
    assert peer.transport.disconnecting
    assert site.still_serves()


def test_a_client_that_vanishes_before_its_reply_harms_nobody(site: Any) -> None:
    """The handler comes to its end when nobody is there any more."""
    handled: Deferred[None] = Deferred()
    site.server.handle_envelope = lambda envelope: handled
    peer = site.connect()
    assert peer.say(SESSION) == CODES[:4]
    peer.disconnect()
    handled.callback(None)
    assert peer.heard() == b""
    del site.server.handle_envelope
    assert site.still_serves()


# On sockets


def test_a_client_that_sent_all_and_closed_its_half_gets_its_replies(
    host: Any,
) -> None:
    """shutdown() after the dot: the message counts, and its reply comes."""
    client = host.connect()
    client.send(SESSION)
    client.socket.shutdown(socket.SHUT_WR)
    assert client.codes() == ["220", *CODES]
    assert len(host.contents) == 1
    assert host.still_serves()


def test_a_client_that_closed_its_half_without_quit_gets_its_replies(
    host: Any,
) -> None:
    """The same without a QUIT: the dot was there."""
    client = host.connect()
    client.send(SESSION.removesuffix(b"QUIT\r\n"))
    client.socket.shutdown(socket.SHUT_WR)
    assert client.codes() == ["220", *CODES[:-1]]
    assert len(host.contents) == 1
    assert host.still_serves()


@pytest.mark.parametrize("cut", [1, 2, 3, 4, 10, 60])
def test_a_client_that_closed_its_half_too_early_delivers_nothing(
    host: Any, cut: int
) -> None:
    """Without the whole of CRLF.CRLF there is no message."""
    client = host.connect()
    unfinished = SESSION.removesuffix(b"QUIT\r\n")[:-cut]
    client.send(unfinished)
    client.socket.shutdown(socket.SHUT_WR)
    codes = client.codes()
    assert codes == ["220", *CODES][: len(codes)]
    assert host.contents == []
    assert host.still_serves()


def reset(client: Any) -> None:
    """Let the connection end with a RST."""
    now = struct.pack("ii", 1, 0)
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, now)
    client.close()


@pytest.mark.parametrize("end", [0, 3, 40, 95, len(SESSION) - 9])
def test_a_client_that_resets_the_connection_delivers_nothing(
    host: Any, end: int
) -> None:
    """RST in a command, in DATA and in the end of data."""
    for _ in range(10):
        client = host.connect()
        client.send(SESSION[:end])
        assert client.code() == "220"
        reset(client)
    assert host.still_serves()
    assert len(host.contents) == 1  # that of the proof


def test_connections_that_come_and_go_leave_nothing_behind(host: Any) -> None:
    """500 of them, half with a RST; the server forgets each."""
    for number in range(500):
        client = host.connect()
        if number % 2:
            reset(client)
        else:
            client.close()
    last = host.connect()
    assert last.code() == "220"
    assert last.say(b"QUIT\r\n") == "221"
    assert host.still_serves()


def test_a_client_that_never_reads_is_read_no_further(
    new_host: Callable[..., Any],
) -> None:
    """Back-pressure: the server does not work on for replies that nobody takes."""
    host = new_host(limits=Limits(errors=10**9))
    client = host.connect(small_buffers=True)
    assert client.pour(b"FOO\r\n" * 2000, ENOUGH) < ENOUGH
    assert host.still_serves()


def test_a_client_that_never_reads_is_disconnected(
    new_host: Callable[..., Any],
) -> None:
    """Once it is sent away it cannot keep the connection by not hearing of it."""
    host = new_host(limits=Limits(errors=10**9, idle=0.3, goodbye=0.3))
    client = host.connect(small_buffers=True)
    client.pour(b"FOO\r\n" * 2000, ENOUGH)
    lost = select.poll()
    lost.register(client.socket, 0)  # the end is told unasked
    assert lost.poll(10_000)
    assert host.still_serves()
