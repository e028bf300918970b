"""What goes wrong with TLS: what Python's `ssl` makes of it, over real sockets."""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import pairwise
from typing import Any

import pytest
import trustme
from cryptography import x509
from OpenSSL import SSL

from lazr_smtptest import TLS, Controller, Server, Settings, TLSError
from lazr_smtptest.faults.certificates import KINDS

PATIENCE = 30


@pytest.fixture(scope="module")
def tls() -> TLS:
    """A certificate made on the spot."""
    return TLS.auto()


Start = Callable[..., Controller]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start servers; what their faults did wrong fails the test."""
    with ExitStack() as stack:

        def start(**settings: Any) -> Controller:
            server = Server()
            server.settings = Settings(**settings)
            return stack.enter_context(Controller(server))

        yield start


@pytest.fixture
def controller(start: Start, tls: TLS) -> Controller:
    """A server that offers STARTTLS."""
    return start(tls=tls)


@pytest.fixture
def implicit(start: Start, tls: TLS) -> Controller:
    """A server that begins with TLS."""
    return start(tls=tls, implicit_tls=True)


def secure(controller: Controller, context: ssl.SSLContext | None = None) -> Any:
    """Begin TLS as a client does; what it agreed on."""
    context = context or controller.server.client_context()
    with smtplib.SMTP(controller.host, controller.port, timeout=PATIENCE) as client:
        client._host = "localhost"  # type: ignore[attr-defined]
        client.starttls(context=context)
        assert client.noop()[0] == 250
        assert isinstance(client.sock, ssl.SSLSocket)
        return client.sock.version(), client.sock.cipher()


def secure_at_once(controller: Controller, context: ssl.SSLContext) -> str | None:
    """Begin with TLS as a client does; its version."""
    address = controller.host, controller.port
    with (
        socket.create_connection(address, PATIENCE) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as client,
    ):
        assert client.recv(3) == b"220"
        return client.version()


# What the client finds, by OpenSSL's words.
WHY = {
    "expired": "certificate has expired",
    "not-yet-valid": "certificate is not yet valid",
    "wrong-host": "[Hh]ostname mismatch",
    "unknown-ca": "unable to get local issuer|self.signed certificate in",
    "self-signed": "self.signed certificate",
    "missing-chain": "unable to get local issuer",
}


@pytest.mark.parametrize("kind", WHY)
def test_the_client_finds_what_is_wrong(controller: Controller, kind: str) -> None:
    """A client that checks certificates says why it goes."""
    controller.server.faults.on("TLS").certificate(kind)
    with pytest.raises(ssl.SSLCertVerificationError, match=WHY[kind]):
        secure(controller)
    controller.server.faults.assert_all_fired()


@pytest.mark.parametrize("kind", WHY)
def test_it_is_wrong_with_tls_from_the_beginning_too(
    implicit: Controller, kind: str
) -> None:
    """RFC 8314: the phase is the same one."""
    implicit.server.faults.on("TLS").certificate(kind)
    context = implicit.server.client_context()
    with pytest.raises(ssl.SSLCertVerificationError, match=WHY[kind]):
        secure_at_once(implicit, context)


def test_every_certificate_has_a_test() -> None:
    """OpenSSL puts a chain in order, so nothing is wrong with that one for it."""
    assert set(WHY) | {"wrong-order", "renewed"} == set(KINDS)


def serial(controller: Controller) -> int:
    """Begin TLS and check the certificate; its serial number."""
    context = controller.server.client_context()
    with smtplib.SMTP(controller.host, controller.port, timeout=PATIENCE) as client:
        client._host = "localhost"  # type: ignore[attr-defined]
        client.starttls(context=context)
        assert isinstance(client.sock, ssl.SSLSocket)
        octets = client.sock.getpeercert(binary_form=True)
        assert octets is not None
        return x509.load_der_x509_certificate(octets).serial_number


def test_a_renewed_certificate_is_another_valid_one(controller: Controller) -> None:
    """It stays the same from then on."""
    controller.server.faults.on("TLS", session=">=2").certificate("renewed")
    first, second, third = [serial(controller) for _ in range(3)]
    assert first != second == third


def test_a_certificate_may_be_renewed_after_it_expired(controller: Controller) -> None:
    """The client finds it expired once, and then comes in."""
    controller.server.faults.on("TLS", times=1).certificate("expired")
    controller.server.faults.on("TLS").certificate("renewed")
    with pytest.raises(ssl.SSLCertVerificationError, match="expired"):
        secure(controller)
    secure(controller)
    controller.server.faults.assert_all_fired()


def test_another_rule_renews_it_again(controller: Controller) -> None:
    """Each has a certificate of its own."""
    for _ in range(2):
        controller.server.faults.on("TLS", times=1).certificate("renewed")
    assert serial(controller) != serial(controller)


def test_a_chain_in_the_wrong_order_is_sent_so(controller: Controller) -> None:
    """RFC 5246 section 7.4.2: each is to certify the one before it."""
    controller.server.faults.on("TLS").certificate("wrong-order")
    context = SSL.Context(SSL.TLS_METHOD)
    with socket.create_connection((controller.host, controller.port)) as plain:
        plain.recv(1000)
        for command in (b"EHLO a\r\n", b"STARTTLS\r\n"):
            plain.sendall(command)
            plain.recv(1000)
        client = SSL.Connection(context, plain)
        client.set_connect_state()
        client.do_handshake()
        sent = client.get_peer_cert_chain(as_cryptography=True)
    chain = [each.issuer == issuer.subject for each, issuer in pairwise(sent)]
    assert chain == [False, False]


def test_the_next_client_finds_nothing_wrong(controller: Controller) -> None:
    """A fault is for one handshake."""
    controller.server.faults.on("TLS", times=1).certificate("expired")
    with pytest.raises(ssl.SSLCertVerificationError):
        secure(controller)
    secure(controller)


def test_the_certificate_of_a_file_cannot_be_changed(
    start: Start, tmp_path: Any
) -> None:
    """Its authority is not here: the test is told, the client is sent away."""
    leaf = trustme.CA().issue_cert("localhost")
    leaf.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "pem"))
    controller = start(tls=TLS.from_files(tmp_path / "pem", tmp_path / "pem"))
    controller.server.faults.on("TLS").certificate("expired")
    with pytest.raises((ssl.SSLError, OSError, smtplib.SMTPException)):
        secure(controller)
    with pytest.raises(TLSError, match=r"TLS\.auto"):
        controller.check()


@pytest.mark.parametrize("version", ["TLSv1", "TLSv1.1"])
def test_an_old_protocol_is_refused_by_a_client_of_today(
    controller: Controller, version: str
) -> None:
    """RFC 8996: TLS 1.0 and 1.1 are no more."""
    controller.server.faults.on("TLS").protocol(version)
    with pytest.raises(ssl.SSLError, match=r"(?i)protocol|alert|EOF"):
        secure(controller)


def test_a_client_that_knows_no_better_gets_the_old_protocol(
    controller: Controller,
) -> None:
    """It is TLS 1.1 and nothing else."""
    controller.server.faults.on("TLS").protocol("TLSv1.1")
    context = controller.server.client_context()
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        context.minimum_version = ssl.TLSVersion.TLSv1
    version, _ = secure(controller, context)
    assert version == "TLSv1.1"


def test_a_weak_cipher_is_all_there_is(controller: Controller) -> None:
    """The client gets what it would take last."""
    controller.server.faults.on("TLS").cipher("AES128-SHA")
    context = controller.server.client_context()
    context.set_ciphers("ALL:@SECLEVEL=0")
    # AES128-SHA takes a key of RSA, and trustme's are not.
    with pytest.raises(ssl.SSLError, match=r"(?i)handshake"):
        secure(controller, context)
    controller.server.faults.clear()
    controller.server.faults.on("TLS").cipher("ECDHE-ECDSA-AES128-SHA")
    _, (cipher, *_) = secure(controller, context)
    assert cipher == "ECDHE-ECDSA-AES128-SHA"


def test_a_certificate_and_a_protocol_go_together(controller: Controller) -> None:
    """What is wrong may be several things."""
    controller.server.faults.on("TLS").certificate("expired").protocol("TLSv1.2")
    with pytest.raises(ssl.SSLCertVerificationError, match="expired"):
        secure(controller)


def test_garbage_comes_instead_of_a_handshake(controller: Controller) -> None:
    """The client finds that this is no TLS."""
    controller.server.faults.on("TLS").raw(b"HTTP/1.1 400 Bad Request\r\n\r\n").drop()
    with pytest.raises(ssl.SSLError):
        secure(controller)


# Python's `ssl` leaves a socket that is gone already to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("end", ["drop", "reset"])
def test_the_handshake_is_broken_off(controller: Controller, end: str) -> None:
    """The reply was 220, and then there is nobody."""
    getattr(controller.server.faults.on("TLS"), end)()
    with pytest.raises((ssl.SSLError, OSError)):
        secure(controller)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("end", ["drop", "reset"])
def test_tls_from_the_beginning_is_broken_off(implicit: Controller, end: str) -> None:
    """The client's first octets find nobody."""
    getattr(implicit.server.faults.on("TLS"), end)()
    with pytest.raises((ssl.SSLError, OSError)):
        secure_at_once(implicit, implicit.server.client_context())


@pytest.mark.parametrize("seconds", [0, 0.1])
def test_a_late_handshake_is_one_all_the_same(
    controller: Controller, seconds: float
) -> None:
    """What the client has sent meanwhile is part of it."""
    controller.server.faults.on("TLS").delay(seconds)
    secure(controller)


def test_tls_from_the_beginning_may_be_late(implicit: Controller) -> None:
    """What the client has sent meanwhile is part of it."""
    implicit.server.faults.on("TLS").delay(0.1)
    assert secure_at_once(implicit, implicit.server.client_context())


def test_a_greeting_within_tls_may_be_late(implicit: Controller) -> None:
    """CONNECT is after the handshake."""
    implicit.server.faults.on("CONNECT", tls=True).delay(0.1)
    assert secure_at_once(implicit, implicit.server.client_context())
    implicit.server.faults.assert_all_fired()


def test_an_answer_in_clear_comes_before_the_handshake(
    controller: Controller,
) -> None:
    """A client that keeps it takes it for the reply to what it says within TLS."""
    controller.server.faults.on("STARTTLS").inject(b"250 injected\r\n")
    with socket.create_connection((controller.host, controller.port)) as plain:
        plain.recv(1000)
        plain.sendall(b"EHLO a\r\n")
        plain.recv(1000)
        plain.sendall(b"STARTTLS\r\n")
        said = plain.recv(1000)
        assert said == b"220 2.0.0 ready to start TLS\r\n250 injected\r\n"
        context = controller.server.client_context()
        with context.wrap_socket(plain, server_hostname="localhost") as client:
            client.sendall(b"NOOP\r\n")
            assert client.recv(3) == b"250"


def test_the_connection_ends_without_a_word_of_tls(controller: Controller) -> None:
    """RFC 8446 section 6.1: the client cannot tell it from an attack."""
    controller.server.faults.on("QUIT").drop(close_notify=False)
    context = controller.server.client_context()
    with smtplib.SMTP(controller.host, controller.port, timeout=PATIENCE) as client:
        client._host = "localhost"  # type: ignore[attr-defined]
        client.starttls(context=context)
        assert isinstance(client.sock, ssl.SSLSocket)
        client.sock.suppress_ragged_eofs = False
        client.send("QUIT\r\n")
        with pytest.raises(ssl.SSLEOFError):
            client.sock.recv(1)
        client.close()


def test_the_connection_ends_with_a_word_of_tls(controller: Controller) -> None:
    """The other drop is clean."""
    controller.server.faults.on("QUIT").drop()
    context = controller.server.client_context()
    with smtplib.SMTP(controller.host, controller.port, timeout=PATIENCE) as client:
        client._host = "localhost"  # type: ignore[attr-defined]
        client.starttls(context=context)
        assert isinstance(client.sock, ssl.SSLSocket)
        client.sock.suppress_ragged_eofs = False
        client.send("QUIT\r\n")
        assert client.sock.recv(1) == b""
        client.close()


def test_starttls_is_offered_and_refused(controller: Controller) -> None:
    """RFC 3207 section 4: 454 is for the moment only."""
    controller.server.faults.on("STARTTLS").reply(454, "4.7.0 not now")
    with pytest.raises(smtplib.SMTPResponseException, match="454"):
        secure(controller)


def test_a_trickling_reply_is_whole_before_tls_begins(controller: Controller) -> None:
    """The engine waits with the handshake until the client has its reply."""
    controller.server.faults.on("STARTTLS").trickle(1000)
    secure(controller)


def test_auth_is_missing_after_tls(start: Start, tls: TLS) -> None:
    """What is announced may depend on TLS."""
    controller = start(tls=tls)
    controller.server.faults.on("EHLO", tls=True).hide("SIZE")
    context = controller.server.client_context()
    with smtplib.SMTP(controller.host, controller.port, timeout=PATIENCE) as client:
        client._host = "localhost"  # type: ignore[attr-defined]
        client.ehlo()
        assert client.has_extn("SIZE")
        client.starttls(context=context)
        client.ehlo()
        assert not client.has_extn("SIZE")
