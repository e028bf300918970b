"""HTTP on a port of HTTPS."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.importorskip("OpenSSL")
pytest.importorskip("trustme")

from lazr_smtptest.tls.context import TLS

from ...harness import Peer, TLSPeer, Transport
from .conftest import Mail


@pytest.fixture(autouse=True)
def _tcp(monkeypatch: pytest.MonkeyPatch) -> None:
    """TLS passes on what a transport of TCP has."""
    monkeypatch.setattr(
        Transport, "setTcpNoDelay", lambda transport, on: None, raising=False
    )


@pytest.fixture(scope="module")
def tls() -> TLS:
    """Certificates of a throw-away CA."""
    return TLS.auto()


@pytest.fixture
def mail(tls: TLS) -> Iterator[Mail]:
    """A store, and its HTTPS side."""
    mail = Mail(tls=tls)
    yield mail
    mail.reader.close()


@pytest.mark.parametrize("method", ["GET", "POST", "PRI", "options"])
def test_a_client_without_tls_is_told(mail: Mail, method: str) -> None:
    """In an answer that it can read."""
    peer = Peer(mail.reader.factory)
    answer = peer.say(f"{method} / HTTP/1.1", "Host: localhost", "").decode()
    assert answer.startswith("HTTP/1.1 400 Bad Request\r\n")
    assert answer.endswith(
        "\r\n\r\nthis port speaks HTTPS: write https:// in front of the address\n"
    )
    assert peer.closed


def test_a_client_with_tls_is_answered(mail: Mail, tls: TLS) -> None:
    """Its first byte is another one."""
    peer = Peer(mail.reader.factory)
    client = TLSPeer(peer.transport, tls.client_context())
    client.handshake()
    said = client.say("GET /livez HTTP/1.1", "Host: localhost", "")
    assert said[0] == "HTTP/1.1 200 OK"
