"""Commands that are slipped in before TLS (RFC 3207 sections 4.2 and 6).

What was sent in clear, by whoever sits between, must not be taken for what came
over TLS: a line or a part of one, a transaction, a login.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from typing import Any

import pytest

from lazr_smtptest.smtp.limits import Limits
from lazr_smtptest.tls.context import TLS

INJECTED = {
    "a command": b"NOOP\r\n",
    "a transaction": b"MAIL FROM:<evil@example.com>\r\nRCPT TO:<evil@example.com>\r\n",
    "the whole of a message": (
        b"EHLO a\r\nMAIL FROM:<evil@example.com>\r\nRCPT TO:<evil@example.com>\r\n"
        b"DATA\r\nSubject: evil\r\n\r\n.\r\n"
    ),
    "a part of a line": b"NOOP",
    "one octet": b"N",
    "a line end": b"\r\n",
    "a line that is too long": b"x" * 3000 + b"\r\n",
}


@pytest.fixture(scope="module")
def tls() -> TLS:
    """A certificate made on the spot."""
    return TLS.auto()


@pytest.fixture
def host(new_host: Callable[..., Any], tls: TLS) -> Any:
    """A server that offers STARTTLS."""
    return new_host(tls=tls)


def encrypt(client: Any, tls: TLS) -> Any:
    """Do the handshake; give the client's file within TLS."""
    context = tls.client_context()
    client.socket = context.wrap_socket(client.socket, server_hostname="localhost")
    return client.socket.makefile("rwb")


def ask(file: Any, line: bytes) -> bytes:
    """Send a line within TLS; give the last line of its answer."""
    file.write(line + b"\r\n")
    file.flush()
    answer: bytes = file.readline()
    while answer[3:4] == b"-":
        answer = file.readline()
    return answer


@pytest.mark.parametrize("injected", INJECTED.values(), ids=INJECTED)
def test_what_came_with_starttls_is_not_run(host: Any, injected: bytes) -> None:
    """One reply, and the connection is closed; nothing of it is run."""
    client = host.connect()
    assert client.code() == "220"
    assert client.say(b"EHLO a\r\n") == "250"
    client.send(b"STARTTLS\r\n" + injected)
    assert client.codes() == ["421"]
    assert host.contents == []
    assert host.still_serves()


@pytest.mark.parametrize("injected", INJECTED.values(), ids=INJECTED)
def test_what_came_after_starttls_in_clear_is_not_run(
    host: Any, injected: bytes
) -> None:
    """Behind the 220 there is TLS, or nothing: clear text breaks the handshake."""
    client = host.connect()
    assert client.code() == "220"
    assert client.say(b"EHLO a\r\nSTARTTLS\r\n") == "250"
    assert client.code() == "220"
    client.send(injected + b"\r\n" * 20)
    client.socket.shutdown(socket.SHUT_WR)
    said = client.socket.recv(65536)
    # At the most an alert of TLS.
    assert said[:1] in (b"", b"\x15")
    assert host.contents == []
    assert host.still_serves()


@pytest.mark.parametrize("end", [1, 5, 11])
def test_a_command_cut_by_tls_is_no_command(host: Any, tls: TLS, end: int) -> None:
    """What is begun in clear does not go on within TLS."""
    client = host.connect()
    assert client.code() == "220"
    assert client.say(b"STARTTLS\r\n") == "220"
    with encrypt(client, tls) as file:
        assert ask(file, b"MAIL FROM:<>"[end:])[:3] == b"500"
        assert ask(file, b"QUIT")[:3] == b"221"
    assert host.still_serves()


def test_a_transaction_begun_in_clear_is_forgotten(host: Any, tls: TLS) -> None:
    """RFC 3207 section 4.2: the session begins anew."""
    client = host.connect()
    client.begin()
    assert client.say(b"STARTTLS\r\n") == "220"
    with encrypt(client, tls) as file:
        assert ask(file, b"DATA")[:3] == b"503"
        assert ask(file, b"RCPT TO:<b@example.com>")[:3] == b"503"
        assert ask(file, b"QUIT")[:3] == b"221"
    assert host.still_serves()


def test_the_name_given_in_clear_is_forgotten(host: Any, tls: TLS) -> None:
    """RFC 3207 section 4.2 names the EHLO argument."""
    client = host.connect()
    assert client.code() == "220"
    assert client.say(b"EHLO evil.example.com\r\nSTARTTLS\r\n") == "250"
    assert client.code() == "220"
    with encrypt(client, tls) as file:
        ask(file, b"MAIL FROM:<a@example.com>")
        ask(file, b"RCPT TO:<b@example.com>")
        ask(file, b"DATA")
        assert ask(file, b".")[:3] == b"250"
    (envelope,) = host.store
    assert (envelope.helo, envelope.tls) == ("", True)
    assert host.still_serves()


def test_errors_in_clear_still_count_within_tls(host: Any, tls: TLS) -> None:
    """The limit on errors is one of the connection: STARTTLS does not reset it."""
    client = host.connect()
    assert client.code() == "220"
    for _ in range(15):
        assert client.say(b"FOO\r\n") == "500"
    assert client.say(b"STARTTLS\r\n") == "220"
    with encrypt(client, tls) as file:
        answers = [ask(file, b"FOO")[:3] for _ in range(5)]
        assert answers == [b"500"] * 5
        assert file.readline()[:3] == b"421"
    assert host.still_serves()


def test_starttls_within_tls_is_refused(host: Any, tls: TLS) -> None:
    """It is not announced there, and is no way to begin again."""
    client = host.connect()
    assert client.code() == "220"
    assert client.say(b"STARTTLS\r\n") == "220"
    with encrypt(client, tls) as file:
        assert ask(file, b"STARTTLS")[:3] == b"503"
        assert ask(file, b"NOOP")[:3] == b"250"
    assert host.still_serves()


def test_a_handshake_that_does_not_come_ends(
    new_host: Callable[..., Any], tls: TLS
) -> None:
    """Whoever is silent behind the 220 is disconnected after a while."""
    host = new_host(tls=tls, limits=Limits(handshake=0.2))
    client = host.connect()
    assert client.code() == "220"
    assert client.say(b"STARTTLS\r\n") == "220"
    assert client.is_closed()
    assert host.still_serves()


def test_a_client_may_vanish_in_its_handshake(host: Any, tls: TLS) -> None:
    """Half of a ClientHello, and then nothing."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    hello = tls.client_context().wrap_bio(incoming, outgoing)
    with pytest.raises(ssl.SSLWantReadError):
        hello.do_handshake()
    client = host.connect()
    assert client.code() == "220"
    assert client.say(b"STARTTLS\r\n") == "220"
    client.send(outgoing.read()[:40])
    client.close()
    assert host.still_serves()
