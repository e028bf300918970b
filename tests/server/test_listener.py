"""`lazr_smtptest.server.listener`: several ways into one server, on real sockets."""

from __future__ import annotations

import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import attrs
import pytest
from twisted.internet.task import Clock

from lazr_smtptest import (
    TLS,
    Controller,
    Envelope,
    Listener,
    LMTPServerProtocol,
    Settings,
    SMTPService,
    StoreServer,
)
from lazr_smtptest.net.reactor import PrivateReactor
from lazr_smtptest.server.listener import tls_first
from lazr_smtptest.stores import MemoryStore

# Seconds; nothing waits for them to pass.
PATIENCE = 30

# As in RFC 5737.
PROXIED = ("192.0.2.7", 4711)
PROXY = b"PROXY TCP4 192.0.2.7 192.0.2.1 4711 25\r\n"

WAYS = ("plain", "starttls", "smtps", "lmtp")


class Site:
    """A service that listens in several ways, on a reactor in a thread."""

    def __init__(self, *listeners: Listener) -> None:
        self.store = MemoryStore()
        self.reactor = PrivateReactor()
        self.service = SMTPService(StoreServer(self.store), listeners, self.reactor)
        self._started = threading.Event()
        self._thread = threading.Thread(target=self.reactor.run_in_thread)

    def start(self) -> None:
        """Listen; returns when it does."""
        self.reactor.callWhenRunning(self._listen)
        self._thread.start()
        assert self._started.wait(PATIENCE)

    def _listen(self) -> None:
        self.service.startService()
        self.service.listening.addCallback(lambda _: self._started.set())

    def ports(self) -> list[int]:
        """The ports, in the order of the listeners."""
        return [port.getHost().port for port in self.service.ports]

    def stop(self) -> None:
        """Stop the service and then the reactor; returns when both are done."""
        self.reactor.callFromThread(self._stop)
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()
        self.reactor.close()

    def _stop(self) -> None:
        self.service.stopService().addBoth(lambda _: self.reactor.stop())

    def last(self) -> Envelope:
        """The message that came last."""
        return list(self.store)[-1]


@pytest.fixture(scope="module")
def tls() -> TLS:
    """A certificate for localhost."""
    return TLS.auto()


@pytest.fixture(scope="module")
def trust(tls: TLS) -> ssl.SSLContext:
    """The context of a client that trusts it."""
    return tls.client_context()


@pytest.fixture
def site(tls: TLS) -> Iterator[Site]:
    """Plain SMTP, STARTTLS, TLS from the beginning, and LMTP."""
    secure = Settings(tls=tls)
    local = "tcp:0:interface=127.0.0.1"
    site = Site(
        Listener(local),
        Listener(local, settings=secure),
        Listener(local, settings=attrs.evolve(secure, implicit_tls=True)),
        Listener(local, protocol=LMTPServerProtocol),
    )
    site.start()
    yield site
    site.stop()


def connect(way: str, port: int, trust: ssl.SSLContext) -> smtplib.SMTP:
    """Connect a client of the standard library in one of the ways."""
    address: dict[str, Any] = {"host": "localhost", "port": port, "timeout": PATIENCE}
    if way == "smtps":
        return smtplib.SMTP_SSL(**address, context=trust)
    if way == "lmtp":
        # Python 3.10 gives the constructor of LMTP's timeout to nobody.
        return smtplib.LMTP("localhost", port)
    client = smtplib.SMTP(**address)
    if way == "starttls":
        client.starttls(context=trust)
    return client


def send(client: smtplib.SMTP) -> None:
    client.sendmail("me@example.com", ["you@example.com"], "Subject: Hi\n\nHello.\n")


@pytest.mark.parametrize("way", WAYS)
def test_mail_arrives_in_each_way(site: Site, trust: ssl.SSLContext, way: str) -> None:
    """One process listens for all of them, and keeps the mail in one place."""
    with connect(way, site.ports()[WAYS.index(way)], trust) as client:
        send(client)
    assert site.last().rcpt_tos == ("you@example.com",)


@pytest.mark.parametrize("way", WAYS)
def test_the_envelope_tells_of_tls(site: Site, trust: ssl.SSLContext, way: str) -> None:
    """Whether the message came through it."""
    with connect(way, site.ports()[WAYS.index(way)], trust) as client:
        send(client)
    assert site.last().tls is (way in ("starttls", "smtps"))


def test_only_the_listener_with_tls_offers_starttls(
    site: Site, trust: ssl.SSLContext
) -> None:
    """What one offers, its neighbours do not."""
    offers = []
    for port in site.ports()[:2]:
        with smtplib.SMTP("localhost", port, timeout=PATIENCE) as client:
            client.ehlo()
            offers.append(client.has_extn("starttls"))
    assert offers == [False, True]


def test_starttls_is_not_offered_within_tls(site: Site, trust: ssl.SSLContext) -> None:
    """TLS is on already (RFC 3207 section 4.2)."""
    with connect("smtps", site.ports()[2], trust) as client:
        client.ehlo()
        assert not client.has_extn("starttls")


def test_a_stop_ends_the_sessions_of_all(site: Site, trust: ssl.SSLContext) -> None:
    """Each client is told that the server goes away (RFC 5321 section 3.8)."""
    with ExitStack() as stack:
        clients = [
            connect(way, port, trust)
            for way, port in zip(WAYS, site.ports(), strict=True)
        ]
        for client in clients:
            stack.callback(client.close)
        site.reactor.callFromThread(site.service.stopService)
        assert [client.getreply()[0] for client in clients] == [421] * 4


def test_without_tls_the_factory_itself_listens() -> None:
    """There is nothing to put before it."""
    factory = StoreServer(MemoryStore()).factory(Clock())
    assert tls_first(factory) is factory


def test_starttls_leaves_the_beginning_in_clear(tls: TLS) -> None:
    """TLS comes first only where that is asked for."""
    server = StoreServer(MemoryStore())
    factory = server.factory(Clock(), settings=Settings(tls=tls))
    assert tls_first(factory) is factory


# A controller


def test_a_controller_begins_with_tls(tls: TLS) -> None:
    """Where the server's settings say so."""
    store = MemoryStore()
    server = StoreServer(store)
    server.settings = Settings(tls=tls, implicit_tls=True)
    with (
        Controller(server) as controller,
        smtplib.SMTP_SSL(
            "localhost", controller.port, context=server.client_context()
        ) as client,
    ):
        send(client)
    (envelope,) = store
    assert envelope.tls


# The PROXY protocol


class Proxied(smtplib.SMTP):
    """A client behind a proxy, which says whom it speaks for."""

    def _get_socket(self, *arguments: Any) -> socket.socket:
        connection: socket.socket = super()._get_socket(*arguments)  # type: ignore[misc]
        connection.sendall(PROXY)
        return connection


@pytest.fixture
def behind_proxy(tls: TLS) -> Iterator[Site]:
    """STARTTLS, and TLS from the beginning, both behind a proxy."""
    local = "haproxy:tcp:0:interface=127.0.0.1"
    site = Site(
        Listener(local, settings=Settings(tls=tls)),
        Listener(local, settings=Settings(tls=tls, implicit_tls=True)),
    )
    site.start()
    yield site
    site.stop()


def test_the_peer_is_whom_the_proxy_speaks_for(behind_proxy: Site) -> None:
    """It is the client's address, not the proxy's, that a test wants to see."""
    with Proxied("localhost", behind_proxy.ports()[0], timeout=PATIENCE) as client:
        send(client)
    assert behind_proxy.last().peer == PROXIED


def test_starttls_works_behind_a_proxy(
    behind_proxy: Site, trust: ssl.SSLContext
) -> None:
    """TLS begins after what the proxy has said."""
    port = behind_proxy.ports()[0]
    with Proxied("localhost", port, timeout=PATIENCE) as client:
        client.starttls(context=trust)
        send(client)
    assert behind_proxy.last().tls
    assert behind_proxy.last().peer == PROXIED


def test_tls_from_the_beginning_works_behind_a_proxy(
    behind_proxy: Site, trust: ssl.SSLContext
) -> None:
    """The proxy speaks in clear, the client does not."""

    class Client(smtplib.SMTP):
        def _get_socket(self, *arguments: Any) -> socket.socket:
            connection: socket.socket = super()._get_socket(  # type: ignore[misc]
                *arguments
            )
            connection.sendall(PROXY)
            return trust.wrap_socket(connection, server_hostname="localhost")

    with Client("localhost", behind_proxy.ports()[1], timeout=PATIENCE) as client:
        send(client)
    assert behind_proxy.last().peer == PROXIED


def test_a_client_that_is_no_proxy_is_disconnected(behind_proxy: Site) -> None:
    """Nobody can come in past the proxy."""
    address = ("127.0.0.1", behind_proxy.ports()[0])
    with socket.create_connection(address, PATIENCE) as client:
        client.sendall(b"EHLO client.example.com\r\n")
        said = client.makefile("rb").read()
    assert said.startswith(b"220 ")
    assert said.count(b"\r\n") == 1
