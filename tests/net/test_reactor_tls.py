"""TLS on a private reactor takes its time from there, not from the global one."""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Iterator

import pytest

from lazr_smtptest.server.controller import Controller
from lazr_smtptest.server.servers import Server
from lazr_smtptest.smtp.limits import Limits
from lazr_smtptest.smtp.settings import Settings
from lazr_smtptest.tls.context import TLS
from tests.leaks import delayed_calls

# Seconds: what is said to come comes at once, or not at all.
PATIENCE = 60
SHORT = 0.2


@pytest.fixture(scope="module")
def tls() -> TLS:
    return TLS.auto()


def start(tls: TLS, implicit: bool, limits: Limits | None = None) -> Controller:
    server = Server()
    server.settings = Settings(
        tls=tls, implicit_tls=implicit, limits=limits or Limits()
    )
    return Controller(server)


@pytest.fixture
def starttls(tls: TLS) -> Iterator[Controller]:
    with start(tls, implicit=False) as controller:
        yield controller


@pytest.fixture
def implicit(tls: TLS) -> Iterator[Controller]:
    with start(tls, implicit=True) as controller:
        yield controller


def connect(controller: Controller, tls: TLS) -> smtplib.SMTP:
    context = tls.client_context()
    host, port = "127.0.0.1", controller.port
    if controller.server.settings.implicit_tls:
        return smtplib.SMTP_SSL(host, port, context=context, timeout=PATIENCE)
    client = smtplib.SMTP(host, port, timeout=PATIENCE)
    client.starttls(context=context)
    return client


def is_disconnected(client: socket.socket) -> bool:
    try:
        return client.recv(1024) == b""
    except ConnectionResetError:
        return True


def test_replies_after_starttls_arrive(starttls: Controller, tls: TLS) -> None:
    """A reply within TLS does not wait for a reactor that does not run."""
    with connect(starttls, tls) as client:
        assert client.ehlo()[0] == 250


def test_greeting_within_tls_arrives(implicit: Controller, tls: TLS) -> None:
    """Nor does the greeting, where TLS comes first."""
    with connect(implicit, tls) as client:
        assert client.noop()[0] == 250


@pytest.mark.parametrize("first", [False, True], ids=["starttls", "implicit"])
def test_idle_client_within_tls_is_sent_away(tls: TLS, first: bool) -> None:
    """The timeout runs on the reactor that runs the server."""
    with start(tls, first, Limits(idle=SHORT)) as controller:
        client = connect(controller, tls)
        assert client.getreply()[0] == 421
        client.close()


@pytest.mark.parametrize("first", [False, True], ids=["starttls", "implicit"])
def test_handshake_that_never_ends_is_disconnected(tls: TLS, first: bool) -> None:
    """So does that of the handshake."""
    with start(tls, first, Limits(handshake=SHORT)) as controller:
        address = ("127.0.0.1", controller.port)
        with socket.create_connection(address, timeout=PATIENCE) as client:
            if not first:
                client.recv(1024)
                client.sendall(b"STARTTLS\r\n")
                client.recv(1024)
            assert is_disconnected(client)


def test_global_reactor_has_nothing_to_do(starttls: Controller, tls: TLS) -> None:
    """No call waits there, for a turn that never comes."""
    before = delayed_calls()
    with connect(starttls, tls) as client:
        client.ehlo()
        assert delayed_calls() <= before


def test_controllers_with_tls_run_beside_each_other(
    starttls: Controller, implicit: Controller, tls: TLS
) -> None:
    """Each has its own reactor, and all may share a certificate."""
    with connect(starttls, tls) as one, connect(implicit, tls) as other:
        assert (one.noop()[0], other.noop()[0]) == (250, 250)


def test_certificate_outlives_a_controller(tls: TLS) -> None:
    """It belongs to no reactor: the next server may show it."""
    for _ in range(2):
        with start(tls, implicit=True) as controller, connect(controller, tls) as one:
            assert one.sock is not None
            assert isinstance(one.sock, ssl.SSLSocket)
