"""Real clients speak TLS with a server under a controller."""

from __future__ import annotations

import asyncio
import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import aiosmtplib
import pytest

from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.server.controller import Controller
from lazr_smtptest.server.storing import StoreServer
from lazr_smtptest.smtp.limits import Limits
from lazr_smtptest.smtp.settings import Settings
from lazr_smtptest.stores.memory import MemoryStore
from lazr_smtptest.tls.context import TLS
from tests.leaks import Opened

# Longer than anything takes on a busy machine; nothing waits for it to pass.
PATIENCE = 60

MESSAGE = "Subject: A test\r\n\r\nHi Bart.\r\n"


class Server(StoreServer):
    """A server with a certificate."""

    def __init__(self, tls: TLS, *, implicit: bool = False) -> None:
        super().__init__(MemoryStore())
        self.tls = tls
        self.settings = Settings(
            tls=tls, implicit_tls=implicit, limits=Limits(closing=5.0)
        )
        self.ended = threading.Event()

    def handle_session(self, session: object) -> None:
        self.ended.set()

    @property
    def envelopes(self) -> list[Envelope]:
        return list(self.store)

    def check_well(self) -> None:
        """Send a message over TLS, and see it arrive."""
        before = len(self.envelopes)
        with self.connect() as client:
            send(client)
        assert len(self.envelopes) == before + 1

    def connect(self, user: str | None = None) -> smtplib.SMTP:
        """Connect, with TLS."""
        context = self.tls.client_context(user)
        if self.settings.implicit_tls:
            return smtplib.SMTP_SSL(
                "127.0.0.1", self.port, context=context, timeout=PATIENCE
            )
        client = smtplib.SMTP("127.0.0.1", self.port, timeout=PATIENCE)
        client.starttls(context=context)
        return client

    def connect_raw(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)


def send(client: smtplib.SMTP, message: str = MESSAGE) -> None:
    client.sendmail("from@example.com", ["to@example.com"], message)


@contextmanager
def running(server: Server) -> Iterator[Server]:
    with Controller(server):
        yield server


@pytest.fixture(scope="module")
def tls() -> TLS:
    return TLS.auto(ask_client_certificate=True)


@pytest.fixture
def server(tls: TLS) -> Iterator[Server]:
    """A server that offers STARTTLS."""
    with running(Server(tls)) as server:
        yield server


@pytest.fixture
def implicit(tls: TLS) -> Iterator[Server]:
    """A server that begins with TLS."""
    with running(Server(tls, implicit=True)) as server:
        yield server


@pytest.fixture(params=["starttls", "implicit"])
def either(request: pytest.FixtureRequest, tls: TLS) -> Iterator[Server]:
    """A server of each kind."""
    with running(Server(tls, implicit=request.param == "implicit")) as server:
        yield server


# Clients


def test_smtplib_delivers_over_tls(either: Server) -> None:
    """A message arrives as it was, and is known to have come over TLS."""
    with either.connect() as client:
        send(client)
    (envelope,) = either.envelopes
    assert (envelope.content, envelope.tls) == (MESSAGE.encode(), True)


def test_smtplib_is_answered_at_once(either: Server) -> None:
    """No reply waits for anything but its command."""
    with either.connect() as client:
        times = []
        for _ in range(100):
            begin = time.monotonic()
            assert client.noop()[0] == 250
            times.append(time.monotonic() - begin)
    # A delayed acknowledgement would hold up each of them for 0.04 seconds.
    assert min(times) < 0.03


@pytest.mark.slow
def test_large_message_arrives_over_tls(either: Server) -> None:
    """5 MB come through as they were."""
    body = MESSAGE + ("x" * 98 + "\r\n") * 50_000
    with either.connect() as client:
        send(client, body)
    assert [envelope.content for envelope in either.envelopes] == [body.encode()]


def test_several_messages_go_over_one_connection(either: Server) -> None:
    """TLS lasts for the session."""
    with either.connect() as client:
        for _ in range(3):
            send(client)
    assert len(either.envelopes) == 3


def test_message_before_starttls_is_kept(server: Server) -> None:
    """What was delivered in clear stays delivered."""
    with smtplib.SMTP("127.0.0.1", server.port, timeout=PATIENCE) as client:
        send(client)
        client.starttls(context=server.tls.client_context())
        send(client)
    assert [envelope.tls for envelope in server.envelopes] == [False, True]


def test_clients_without_tls_are_served_beside_others(server: Server) -> None:
    """STARTTLS is an offer, not a demand."""
    with server.connect() as secure:
        with smtplib.SMTP("127.0.0.1", server.port, timeout=PATIENCE) as clear:
            send(clear)
        send(secure)
    assert [envelope.tls for envelope in server.envelopes] == [False, True]


def test_ten_clients_at_once_speak_tls(either: Server) -> None:
    """Sessions do not get into each other's way."""
    clients = [either.connect() for _ in range(10)]
    for client in clients:
        send(client)
    for client in clients:
        client.quit()
    assert len(either.envelopes) == 10


@pytest.mark.parametrize("options", [{"start_tls": True}, {"start_tls": None}])
def test_aiosmtplib_delivers_by_starttls(
    server: Server, options: dict[str, bool | None]
) -> None:
    """It takes TLS where it is asked to, and where it is offered."""
    asyncio.run(
        aiosmtplib.send(
            MESSAGE,
            sender="from@example.com",
            recipients=["to@example.com"],
            hostname="127.0.0.1",
            port=server.port,
            tls_context=server.tls.client_context(),
            **options,
        )
    )
    assert [envelope.tls for envelope in server.envelopes] == [True]


def test_aiosmtplib_delivers_by_implicit_tls(implicit: Server) -> None:
    """It begins with TLS where it is asked to."""
    asyncio.run(
        aiosmtplib.send(
            MESSAGE,
            sender="from@example.com",
            recipients=["to@example.com"],
            hostname="127.0.0.1",
            port=implicit.port,
            use_tls=True,
            tls_context=implicit.tls.client_context(),
        )
    )
    assert [envelope.tls for envelope in implicit.envelopes] == [True]


def test_client_with_a_certificate_is_served(either: Server) -> None:
    """A certificate of our own CA is no hindrance."""
    with either.connect("anna@example.com") as client:
        send(client)
    assert len(either.envelopes) == 1


# Handshakes that fail


def handshake_with(server: Server, context: ssl.SSLContext, name: str) -> None:
    """Do a handshake with a server, in whichever way it wants."""
    with server.connect_raw() as client:
        if not server.settings.implicit_tls:
            assert client.recv(1024).startswith(b"220 ")
            client.sendall(b"STARTTLS\r\n")
            assert client.recv(1024).startswith(b"220 ")
        with context.wrap_socket(client, server_hostname=name) as secure:
            # With TLS 1.3 a client hears only now that its certificate is no good.
            secure.recv(1024)


def test_client_that_expects_another_name_does_no_harm(either: Server) -> None:
    """It goes away, and the next one is served."""
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        handshake_with(either, either.tls.client_context(), "mx.example.com")
    either.check_well()


def test_client_that_does_not_know_the_ca_does_no_harm(either: Server) -> None:
    """It goes away, and the next one is served."""
    with pytest.raises(ssl.SSLCertVerificationError, match="verify failed"):
        handshake_with(either, ssl.create_default_context(), "localhost")
    either.check_well()


def test_client_with_a_certificate_of_nobody_does_no_harm(either: Server) -> None:
    """It is refused, and the next one is served."""
    context = TLS.auto().client_context("evil@example.com")
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with pytest.raises(ssl.SSLError, match=r"(?i)unknown.ca"):
        handshake_with(either, context, "localhost")
    either.check_well()


def test_client_that_speaks_clear_text_does_no_harm(implicit: Server) -> None:
    """A client that does not begin with TLS is closed."""
    with implicit.connect_raw() as client:
        client.sendall(b"EHLO client.example.com\r\n")
        answer = client.recv(1024)
        assert b"250" not in answer
        assert client.recv(1024) == b""
    implicit.check_well()


def test_client_that_leaves_in_its_handshake_does_no_harm(server: Server) -> None:
    """A connection that is lost then is just lost."""
    with server.connect_raw() as client:
        client.recv(1024)
        client.sendall(b"STARTTLS\r\n")
        client.recv(1024)
        client.sendall(b"\x16\x03\x01\x02\x00")
    server.check_well()


def test_stop_does_not_wait_for_a_handshake(tls: TLS) -> None:
    """A client that hangs in its handshake has the time for closing."""
    server = Server(tls)
    server.settings = Settings(tls=tls, limits=Limits(closing=0.2, handshake=600.0))
    begin = time.monotonic()
    with running(server), server.connect_raw() as client:
        client.recv(1024)
        client.sendall(b"STARTTLS\r\n")
        client.recv(1024)
    assert time.monotonic() - begin < PATIENCE


# Bytes behind STARTTLS


def test_commands_behind_starttls_do_not_run(server: Server) -> None:
    """There is one reply, and the connection is closed (RFC 3207 section 4.2)."""
    with server.connect_raw() as client:
        client.recv(1024)
        client.sendall(b"STARTTLS\r\nMAIL FROM:<evil@example.com>\r\n")
        with client.makefile() as replies:
            assert [line[:9] for line in replies] == ["421 4.7.0"]
    server.check_well()


def test_commands_behind_starttls_in_another_segment_do_not_run(
    server: Server,
) -> None:
    """What comes in clear after the reply is no command, and no handshake."""
    with server.connect_raw() as client:
        client.recv(1024)
        client.sendall(b"STARTTLS\r\n")
        assert client.recv(1024) == b"220 2.0.0 ready to start TLS\r\n"
        client.sendall(b"MAIL FROM:<evil@example.com>\r\nRSET\r\n")
        answer = b""
        while octets := client.recv(1024):
            answer += octets
    assert b"250" not in answer
    server.check_well()


# Leaks


@pytest.mark.slow
def test_fifty_sessions_over_tls_leave_nothing_open(either: Server) -> None:
    """Descriptors are no more than after the first."""
    either.check_well()
    opened = Opened()
    for _ in range(50):
        either.check_well()
    # The server hears a little later than the client that it has gone.
    assert opened.left() == []


@pytest.mark.slow
def test_fifty_servers_with_tls_leave_nothing_open(tls: TLS) -> None:
    """Starting and stopping costs no descriptor and no thread."""
    with running(Server(tls)) as first:
        first.check_well()
    opened = Opened()
    for _ in range(50):
        with running(Server(tls)) as server:
            server.check_well()
    assert opened.left() == []


@pytest.mark.parametrize("armed", [False, True])
def test_a_client_that_waits_for_a_greeting_is_told_of_tls(
    implicit: Server, armed: bool
) -> None:
    """It has sent nothing when it gives up, and the failure says why."""
    if armed:
        implicit.faults.on("RCPT", optional=True).drop()
    with socket.create_connection(("127.0.0.1", implicit.port)):
        pass
    assert implicit.ended.wait(60)
    [line, _] = implicit.sessions[-1].transcript.lines()
    assert line.text == "the TLS handshake failed: the client sent nothing"


def test_a_client_that_has_begun_tls_has_sent_something(implicit: Server) -> None:
    """It does not trust the server."""
    with pytest.raises(ssl.SSLError):
        smtplib.SMTP_SSL(
            "127.0.0.1", implicit.port, context=ssl.create_default_context()
        )
    assert implicit.ended.wait(60)
    line = implicit.sessions[-1].transcript.lines()[0]
    assert "sent nothing" not in line.text
