"""Octets that are no SMTP: other protocols, control characters, noise."""

from __future__ import annotations

from typing import Any

import pytest

# The beginning of a connection whose client speaks something else.
OTHERS = {
    "HTTP GET": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "HTTP POST": b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 200\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(32) + b"\r\n",
    "SSH": b"SSH-2.0-OpenSSH_9.2\r\n",
    "PROXY 1": b"PROXY TCP4 192.0.2.1 192.0.2.2 1000 25\r\n",
    "PROXY 2": b"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c" + bytes(12) + b"\r\n",
}
MAIL = (
    b"HELO a\r\nMAIL FROM:<evil@example.com>\r\nRCPT TO:<to@example.com>\r\n"
    b"DATA\r\nSubject: from a browser\r\n\r\n.\r\n"
)


@pytest.mark.parametrize("first", OTHERS.values(), ids=OTHERS)
def test_another_protocol_delivers_no_mail(site: Any, first: bytes) -> None:
    """The connection ends with 421, and what follows is not run: a browser that
    is made to post to this port cannot send (RFC 5321 section 3.8).
    """
    peer = site.connect()
    assert peer.say(first + MAIL)[-1] == "421"
    assert peer.transport.disconnecting
    assert site.contents == []
    assert site.still_serves()


@pytest.mark.parametrize("first", OTHERS.values(), ids=OTHERS)
def test_another_protocol_in_single_octets_delivers_no_mail(
    site: Any, first: bytes
) -> None:
    """The same, however the stream is cut."""
    peer = site.connect()
    said = [code for octet in first + MAIL for code in peer.say(bytes([octet]))]
    assert said[-1] == "421"
    assert site.contents == []
    assert site.still_serves()


@pytest.mark.parametrize("octet", [*range(1, 0x20), *range(0x7F, 0x100)])
def test_no_octet_alone_is_a_command(site: Any, octet: int) -> None:
    """RFC 5321 section 4.2.4; the session goes on."""
    peer = site.connect()
    peer.say(b"EHLO a\r\n")
    assert peer.say(bytes([octet]) + b"\r\n") == ["500"]
    assert peer.say(b"NOOP\r\n") == ["250"]
    assert site.still_serves()


@pytest.mark.parametrize("verb", [b"EHLO", b"HELO", b"MAIL", b"RCPT", b"DATA", b"RSET"])
@pytest.mark.parametrize("octet", [b"\0", b"\r", b"\x1b", b"\x7f", b"\x80", b"\xff"])
def test_an_odd_octet_in_an_argument_is_one_reply(
    site: Any, verb: bytes, octet: bytes
) -> None:
    """Whatever the answer is, there is one, and the session goes on."""
    peer = site.connect()
    (code,) = peer.say(verb + b" x" + octet + b"y\r\n")
    assert code[0] in "25"
    assert peer.say(b"NOOP\r\n") == ["250"]
    assert site.still_serves()


@pytest.mark.parametrize("octet", [*range(0x20), 0x7F])
@pytest.mark.parametrize("verb", [b"EHLO", b"HELO"])
def test_no_control_character_gets_into_a_clients_name(
    site: Any, verb: bytes, octet: int
) -> None:
    """RFC 5321 section 4.1.1.1: a header made of the name stays one line."""
    (code,) = site.connect().say(verb + b" a%cb\r\n" % octet)
    assert code in ("500", "501")
    assert site.still_serves()


@pytest.mark.parametrize("attribute", ["NAME", "HELO", "LOGIN"])
@pytest.mark.parametrize("octet", ["00", "0A", "0D", "1B", "7F"])
def test_no_control_character_gets_in_through_xclient(
    new_site: Any, attribute: str, octet: str
) -> None:
    """Encoded (RFC 3461 section 4) they are no better."""
    site = new_site(xclient=True)
    line = f"XCLIENT {attribute}=a+{octet}b\r\n".encode()
    assert site.connect().say(line) == ["501"]
    assert site.still_serves()


def test_xclient_is_unknown_where_nobody_asked_for_it(site: Any) -> None:
    """A client does not speak for others by itself."""
    peer = site.connect()
    assert peer.say(b"EHLO a\r\nXCLIENT ADDR=192.0.2.1\r\n") == ["250", "500"]
    assert site.still_serves()


@pytest.mark.parametrize("octet", [0x00, 0x1B, 0x7F, 0x80, 0xFF])
def test_no_reply_echoes_an_odd_octet(site: Any, octet: int) -> None:
    """Replies are printable (RFC 5321 section 4.2): logs and terminals show them."""
    peer = site.connect()
    odd = b"x%cy" % octet
    for line in (b"EHLO " + odd, b"MAIL FROM:<" + odd, b"FOO " + odd, odd):
        peer.protocol.dataReceived(line + b"\r\n")
    said = peer.heard()
    assert said.replace(b"\r\n", b"").decode("ascii").isprintable()
    assert site.still_serves()


def test_a_message_may_hold_any_octet(site: Any) -> None:
    """All 256 come through as they were sent (standard profile)."""
    content = bytes(range(256)) * 3 + b"\r\n"
    peer = site.connect()
    from_to = b"EHLO a\r\nMAIL FROM:<a@b> BODY=8BITMIME\r\nRCPT TO:<c@d>\r\nDATA\r\n"
    assert peer.say(from_to + content + b".\r\n")[-1] == "250"
    assert site.contents == [content]
    assert site.still_serves()


def test_a_flood_of_errors_ends_the_session(site: Any) -> None:
    """421 after so many, and no more answers (RFC 5321 section 4.3.2 allows it)."""
    peer = site.connect()
    codes = peer.say(b"FOO\r\n" * 10_000)
    assert codes[-1] == "421"
    assert len(codes) <= 21
    assert peer.transport.disconnecting
    assert site.still_serves()


@pytest.mark.parametrize("line", [b"NOOP", b"RSET", b"VRFY x", b"HELP"])
def test_a_flood_of_idle_commands_ends_the_session(site: Any, line: bytes) -> None:
    """Commands that bring no mail on its way are not answered for ever."""
    peer = site.connect()
    codes = peer.say((line + b"\r\n") * 5_000)
    assert codes[-1] == "421"
    assert site.still_serves()


def test_recipients_have_a_limit(site: Any) -> None:
    """452 beyond the thousandth, and the mail still goes to those before
    (RFC 5321 section 4.5.3.1.10).
    """
    peer = site.connect()
    peer.say(b"EHLO a\r\nMAIL FROM:<a@b>\r\n")
    many = b"".join(b"RCPT TO:<r%d@example.com>\r\n" % number for number in range(1010))
    assert peer.say(many) == ["250"] * 1000 + ["452"] * 10
    assert peer.say(b"DATA\r\n.\r\n") == ["354", "250"]
    assert len(site.envelopes[0].rcpt_tos) == 1000
    assert site.still_serves()


def test_a_session_that_goes_away_at_any_octet_delivers_nothing(site: Any) -> None:
    """Only the dot's own CRLF commits a message (RFC 5321 section 4.1.1.4)."""
    whole = (
        b"EHLO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n"
        b"DATA\r\nSubject: x\r\n\r\nbody\r\n.\r\n"
    )
    for end in range(len(whole)):
        peer = site.connect()
        peer.say(whole[:end])
        peer.disconnect()
    assert site.contents == []
    assert not len(site.factory.connections)
    assert site.still_serves()
