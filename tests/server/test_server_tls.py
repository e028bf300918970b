"""What a server lends its clients for TLS, and the name that it goes by."""

from __future__ import annotations

import ssl

import pytest
from twisted.internet.task import Clock
from twisted.mail.smtp import DNSNAME

from lazr_smtptest import TLS, Server, Settings, StateError


@pytest.fixture(scope="module")
def tls() -> TLS:
    """A certificate for localhost."""
    return TLS.auto()


@pytest.fixture
def server(tls: TLS) -> Server:
    """A server with TLS."""
    server = Server()
    server.settings = Settings(tls=tls)
    return server


def test_the_ca_is_that_of_the_settings(server: Server, tls: TLS) -> None:
    """A client that takes a file can be given it."""
    assert server.ca_pem == tls.ca_pem


def test_the_context_trusts_the_ca(server: Server) -> None:
    """And no other."""
    context = server.client_context()
    der = ssl.PEM_cert_to_DER_cert(server.ca_pem.decode())
    assert context.get_ca_certs(binary_form=True) == [der]
    assert context.verify_mode == ssl.CERT_REQUIRED


def test_the_context_may_have_a_user(server: Server) -> None:
    """Who is then known by a certificate."""
    assert isinstance(server.client_context("anna@example.com"), ssl.SSLContext)


def test_without_tls_there_is_no_ca() -> None:
    """The error says what is missing."""
    with pytest.raises(StateError, match="no TLS: use tls=True in the marker smtptest"):
        _ = Server().ca_pem


def test_without_tls_there_is_no_context() -> None:
    """The error says what is missing."""
    with pytest.raises(StateError, match="no TLS: use tls=True in the marker smtptest"):
        Server().client_context()


def test_the_host_name_is_that_of_the_factory() -> None:
    """It is what the greeting says."""
    server = Server()
    server.hostname = "mx.example.com"
    assert server.factory(Clock()).domain == b"mx.example.com"


def test_without_a_host_name_it_is_that_of_the_machine() -> None:
    """As Twisted knows it."""
    assert Server().factory(Clock()).domain == DNSNAME
