"""TLS of the clients, beside a reactor that does not run: Twisted's global one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lazr_smtptest import CaptureController
from lazr_smtptest.net.reactor import PrivateReactor
from lazr_smtptest.outbound.client import Mail, send_mail
from lazr_smtptest.outbound.connection import UntrustedError
from lazr_smtptest.outbound.settings import Server
from lazr_smtptest.server.storing import CaptureServer
from lazr_smtptest.smtp.settings import Settings
from lazr_smtptest.tls.context import TLS
from tests.leaks import delayed_calls
from tests.outbound.http.servers import Network
from tests.reactors import call_in, running_reactor


@pytest.fixture
def reactor() -> Iterator[PrivateReactor]:
    """The reactor of a Controller: it runs in a thread."""
    with running_reactor() as reactor:
        yield reactor


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_mail_is_sent_by_tls_on_a_private_reactor(
    reactor: PrivateReactor, mail: Mail, security: str
) -> None:
    """Its commands do not wait for the global reactor."""
    tls, implicit = TLS.auto(), security == "tls"
    receiving = CaptureServer()
    receiving.settings = Settings(tls=tls, implicit_tls=implicit)
    with CaptureController(server=receiving) as controller:
        target = Server(
            host="localhost",
            port=controller.port,
            security="tls" if implicit else "starttls",
            ca=tls.ca_pem,
        )
        call_in(reactor, send_mail, reactor, target, mail)
    (envelope,) = receiving.mailbox
    assert envelope.tls


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_that_is_not_trusted_is_told(
    reactor: PrivateReactor, mail: Mail, security: str
) -> None:
    """In words, not in those of OpenSSL."""
    receiving = CaptureServer()
    implicit = security == "tls"
    receiving.settings = Settings(tls=TLS.auto(), implicit_tls=implicit)
    with CaptureController(server=receiving) as controller:
        target = Server(host="localhost", port=controller.port, security=security)
        with pytest.raises(UntrustedError, match="its certificate is not trusted"):
            call_in(reactor, send_mail, reactor, target, mail)


def test_a_request_by_https_adds_no_call_to_the_global_reactor() -> None:
    """What is written within TLS waits for no reactor but its own."""
    before = delayed_calls()
    network = Network()
    network.client.request("GET", "https://example.com/")
    assert network.take().request
    assert delayed_calls() <= before
