"""The outgoing HTTP client, in memory."""

from __future__ import annotations

import sys

import pytest
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ConnectionDone, ConnectionRefusedError
from twisted.python.failure import Failure

from lazr_smtptest.errors import BlockedError, RequestError
from tests.outbound.http.servers import PUBLIC, Network, result_of

URL = "http://example.com/a?b=c"


def test_a_request_is_sent_to_the_checked_address():
    """The name is resolved once, and the connection goes to its address."""
    network = Network()
    asked = network.client.request("GET", URL)
    peer = network.take()
    assert (peer.host, peer.port) == (PUBLIC, 80)
    assert peer.line == "GET /a?b=c HTTP/1.1"
    assert b"Host: example.com\r\n" in peer.request
    assert b"User-Agent: lazr.smtptest/" in peer.request
    peer.answer(body=b"Hi", X_Y="z")
    response = result_of(asked)
    assert (response.status, response.body, response.url) == (200, b"Hi", URL)
    assert response.headers.getRawHeaders("x-y") == ["z"]


def test_a_body_and_headers_are_sent():
    """The length of the body is announced."""
    network = Network()
    network.client.request("POST", URL, body=b"{}", headers={"X-A": "b"})
    request = network.take().request
    assert request.endswith(b"\r\n\r\n{}")
    assert b"Content-Length: 2\r\n" in request
    assert b"X-A: b\r\n" in request


def test_an_answer_without_success_is_an_answer():
    """Whatever its status, the caller gets it."""
    network = Network()
    asked = network.client.request("GET", URL)
    network.take().answer("503 Busy")
    assert result_of(asked).status == 503


@pytest.mark.parametrize(
    "addresses", [["127.0.0.1"], ["::1"], ["::ffff:10.0.0.1"], ["169.254.169.254"]]
)
def test_a_private_address_is_not_connected_to(addresses):
    """A public name may have one."""
    network = Network()
    network.addresses["example.com"] = addresses
    with pytest.raises(BlockedError, match="private address"):
        result_of(network.client.request("GET", URL))
    assert not network.connections


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/", "http://[::1]/", "http://2130706433/"]
)
def test_an_address_is_checked_like_a_name(url):
    """Also in an unusual notation, which the resolver understands."""
    network = Network()
    network.addresses["2130706433"] = ["127.0.0.1"]
    with pytest.raises(BlockedError):
        result_of(network.client.request("GET", url))


def test_a_host_that_is_not_allowed_is_not_even_resolved():
    """Nobody learns that a mail was read."""
    network = Network("other.example")
    network.resolve = None  # type: ignore[method-assign, assignment]
    with pytest.raises(BlockedError, match="not allowed"):
        result_of(network.client.request("GET", URL))


def test_the_public_addresses_of_a_host_are_tried():
    """A private one among them is left out."""
    network = Network()
    network.addresses["example.com"] = ["10.0.0.1", PUBLIC]
    network.client.request("GET", URL)
    assert network.take().host == PUBLIC


def test_the_next_address_is_tried_if_one_refuses():
    """As browsers do."""
    network = Network()
    network.addresses["example.com"] = [PUBLIC, "8.8.8.8"]
    asked = network.client.request("GET", URL)
    network.refuse(ConnectionRefusedError())
    peer = network.take()
    assert peer.host == "8.8.8.8"
    peer.answer()
    assert result_of(asked).status == 200


def test_a_refused_connection_is_an_error_with_a_reason():
    """The error of the system is in it."""
    network = Network()
    asked = network.client.request("GET", URL)
    network.refuse(ConnectionRefusedError())
    with pytest.raises(RequestError, match="refused"):
        result_of(asked)


def test_an_unknown_host_is_an_error():
    """It has no addresses."""
    network = Network()
    network.addresses["example.com"] = []
    with pytest.raises(RequestError, match=r"example\.com is unknown"):
        result_of(network.client.request("GET", URL))


def test_a_redirect_is_an_answer_by_default():
    """It is followed only as far as the caller allows."""
    network = Network()
    asked = network.client.request("GET", URL)
    network.take().answer("302 Found", Location="/b")
    assert result_of(asked).status == 302


def test_redirects_are_followed_up_to_the_bound():
    """The last answer is the result."""
    network = Network()
    asked = network.client.request("GET", URL, redirects=2)
    for path in ("/1", "/2", "/3"):
        network.take().answer("302 Found", Location=path)
    response = result_of(asked)
    assert (response.status, response.url) == (302, "http://example.com/2")
    assert not network.connections


@pytest.mark.parametrize(
    "location", ["http://127.0.0.1/", "ftp://example.com/", "http://[", "//10.0.0.1/a"]
)
def test_a_redirect_is_checked_like_a_url(location):
    """It may lead anywhere."""
    network = Network()
    asked = network.client.request("GET", URL, redirects=3)
    network.take().answer("302 Found", Location=location)
    with pytest.raises(RequestError):
        result_of(asked)
    assert not network.connections


@pytest.mark.parametrize(
    ("status", "method", "line"),
    [
        ("302 Found", "POST", "GET /b HTTP/1.1"),
        ("303 See Other", "POST", "GET /b HTTP/1.1"),
        ("307 Temporary Redirect", "POST", "POST /b HTTP/1.1"),
        ("302 Found", "HEAD", "HEAD /b HTTP/1.1"),
    ],
)
def test_a_redirect_keeps_the_method_as_the_rfc_says(status, method, line):
    """RFC 9110 section 15.4."""
    network = Network()
    body = b"{}" if method == "POST" else b""
    network.client.request(method, URL, body=body, redirects=1)
    network.take().answer(status, Location="/b")
    peer = network.take()
    assert peer.line == line
    assert peer.request.endswith(b"{}") == line.startswith("POST")


def test_a_silent_server_is_left_after_the_time():
    """The time counts for the whole request."""
    network = Network()
    asked = network.client.request("GET", URL, timeout=5)
    peer = network.take()
    network.reactor.advance(5)
    with pytest.raises(RequestError, match="no answer within 5 s"):
        result_of(asked)
    assert peer.is_closed


def test_a_slow_body_is_left_after_the_time():
    """The first bytes are no answer."""
    network = Network()
    asked = network.client.request("GET", URL, timeout=5)
    peer = network.take()
    peer.answer(body=b"", Content_Length="10")
    network.reactor.advance(5)
    with pytest.raises(RequestError, match="no answer within 5 s"):
        result_of(asked)


def test_a_slow_resolver_is_left_after_the_time():
    """A name server may not answer."""
    network = Network()
    waiting: Deferred[list[str]] = Deferred()
    network.client = type(network.client)(
        network.reactor, network.client._allowed, resolve=lambda host: waiting
    )
    asked = network.client.request("GET", URL, timeout=5)
    network.reactor.advance(5)
    with pytest.raises(RequestError, match="no answer within 5 s"):
        result_of(asked)


def test_a_long_body_is_cut():
    """No more than the bound is read, and the connection is closed."""
    network = Network()
    asked = network.client.request("GET", URL, most_bytes=3)
    peer = network.take()
    peer.answer(body=b"12345", Content_Length="100")
    assert result_of(asked).body == b"123"


def test_a_body_that_is_not_wanted_is_not_read():
    """The status is all that is asked for."""
    network = Network()
    asked = network.client.request("GET", URL, most_bytes=0)
    network.take().answer(body=b"12345", Content_Length="100")
    assert result_of(asked).body == b""


def test_a_body_that_ends_too_early_is_an_error():
    """The connection was lost within it."""
    network = Network()
    asked = network.client.request("GET", URL)
    peer = network.take()
    peer.answer(body=b"12345", Content_Length="100")
    peer.protocol.connectionLost(Failure(ConnectionDone()))
    with pytest.raises(RequestError):
        result_of(asked)


def test_no_http_is_an_error():
    """Another protocol may listen there."""
    network = Network()
    asked = network.client.request("GET", URL)
    peer = network.take()
    peer.protocol.dataReceived(b"220 mail.example ESMTP\r\n")
    with pytest.raises(RequestError):
        result_of(asked)


def test_an_ipv6_address_is_connected_to():
    """The brackets of the URL are no part of it."""
    network = Network("[::1]:8080")
    network.client.request("GET", "http://[::1]:8080/")
    peer = network.take()
    assert (peer.host, peer.port) == ("::1", 8080)


def test_a_request_can_be_cancelled():
    """In the middle of it, and while it connects."""
    network = Network()
    asked = network.client.request("GET", URL)
    peer = network.take()
    asked.cancel()
    with pytest.raises(CancelledError):
        result_of(asked)
    assert peer.is_closed
    connecting = network.client.request("GET", URL)
    connecting.cancel()
    with pytest.raises(CancelledError):
        result_of(connecting)
    assert not network.reactor.getDelayedCalls()


def test_https_begins_with_tls_for_the_host():
    """On its port; the name of the host is in the first message of TLS."""
    network = Network()
    network.client.request("GET", "https://example.com/a")
    peer = network.take()
    assert (peer.host, peer.port) == (PUBLIC, 443)
    assert peer.request.startswith(b"\x16\x03")
    assert b"example.com" in peer.request
    assert b"GET" not in peer.request


def test_https_without_its_packages_names_the_extra(monkeypatch):
    """Nothing is sent in clear instead."""
    monkeypatch.setitem(sys.modules, "twisted.internet.ssl", None)
    network = Network()
    with pytest.raises(RequestError, match=r"lazr\.smtptest\[tls\]"):
        result_of(network.client.request("GET", "https://example.com/a"))
    assert not network.connections
