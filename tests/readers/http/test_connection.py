"""What a connection may cost: turns, time to send and to read, and malformed requests.

What is right is said by RFC 9110 and RFC 9112.
"""

from __future__ import annotations

import logging
import re
from typing import Any

import pytest
from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from lazr_smtptest.readers import capacity
from lazr_smtptest.readers.http.answer import Answer, HTTPError, Stream, text_answer
from lazr_smtptest.readers.http.call import Call, weights_of
from lazr_smtptest.readers.http.gate import Gate
from lazr_smtptest.readers.http.routes import Handler, Route, Routes
from lazr_smtptest.readers.http.site import HTTPSite

from .client import Client

GET = b"GET /fixed HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST /fixed HTTP/1.1\r\nHost: a\r\n"


async def echo(call: Call) -> Answer:
    return text_answer(f"{call.method} {call.body.decode()}")


async def large(call: Call) -> Answer:
    return text_answer("x" * 1_000_000)


class Site:
    """A site, and its clock."""

    def __init__(self, handler: Handler = echo, **options: Any) -> None:
        self.clock = Clock()
        routes = Routes()
        for method in ("GET", "POST"):
            for template in ("/fixed", "/things/{name}"):
                routes.add(Route(method=method, template=template, handler=handler))
        self.site = HTTPSite(routes, Gate(), reactor=self.clock, **options)

    def connect(self) -> Client:
        return Client(self.site, self.clock)


@pytest.fixture
def site() -> Site:
    """A site that answers at once."""
    return Site()


@pytest.fixture
def client(site: Site) -> Client:
    """A client of it."""
    return site.connect()


def count(client: Client) -> int:
    """Return how many answers have come."""
    return int(client.transport.value().count(b"HTTP/1.1 200 OK"))


def lose(client: Client) -> None:
    client.protocol.connectionLost(Failure(ConnectionDone()))


class TestTurns:
    """A client that sends very many requests at once leaves the reactor to others."""

    @pytest.fixture(autouse=True)
    def _tick(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let each look at the clock take a millisecond."""

        def tick(clock: Clock) -> float:
            clock.rightNow += 0.001
            return clock.rightNow

        monkeypatch.setattr(Clock, "seconds", tick)

    def finish(self, site: Site) -> None:
        # A turn is a call that is due at once; the others are timeouts.
        while site.clock.getDelayedCalls()[0].getTime() <= site.clock.rightNow:
            site.clock.advance(0)

    def test_a_few_are_answered_at_once(self, client: Client) -> None:
        client.send(GET * 8)
        assert count(client) == 8

    def test_of_very_many_a_part_is_answered_at_once(self, client: Client) -> None:
        client.send(GET * 1000)
        assert 8 <= count(client) < 100

    @pytest.mark.parametrize(
        "request_", [GET, POST + b"Content-Length: 2\r\n\r\nhi"], ids=["GET", "POST"]
    )
    def test_all_are_answered_turn_by_turn(
        self, site: Site, client: Client, request_: bytes
    ) -> None:
        client.send(request_ * 1000)
        assert count(client) < 100
        self.finish(site)
        assert count(client) == 1000

    def test_twenty_of_them_hold_the_reactor_for_a_short_time(self, site: Site) -> None:
        clients = [site.connect() for _ in range(20)]
        begun = site.clock.rightNow
        for client in clients:
            client.send(GET * 1000)
        # Another client is greeted when each has had a turn.
        assert site.clock.rightNow - begun < 0.25

    def test_what_comes_meanwhile_is_no_second_turn(
        self, site: Site, client: Client
    ) -> None:
        client.send(GET * 1000)
        before = count(client)
        client.send(GET)
        assert count(client) == before
        self.finish(site)
        assert count(client) == 1001

    def test_a_client_that_is_far_ahead_is_not_read_from(self, client: Client) -> None:
        client.send(GET * 1000)
        assert client.transport.producerState == "paused"

    def test_one_that_leaves_has_no_further_turn(
        self, site: Site, client: Client
    ) -> None:
        client.send(GET * 1000)
        lose(client)
        assert site.clock.getDelayedCalls() == []

    def test_answers_of_a_thread_are_turns_too(self) -> None:
        waiting: list[Deferred[None]] = []

        async def wait(call: Call) -> Answer:
            waiting.append(Deferred())
            await waiting[-1]
            return text_answer("ok")

        client = Site(wait).connect()
        client.send(GET * 3)
        for number in range(3):
            assert count(client) == number
            waiting.pop().callback(None)
        assert count(client) == 3


class TestSlowRequests:
    """A client that sends a request byte by byte."""

    def send_slowly(self, site: Site, client: Client, data: bytes) -> None:
        for octet in data:
            client.send(bytes([octet]))
            site.clock.advance(10)

    def test_a_header_has_a_minute(self, site: Site, client: Client) -> None:
        self.send_slowly(site, client, b"GET /fix")
        answer = client.response()
        assert answer.status == 408
        assert answer.text == "the header of the request took more than 60 s\n"
        assert client.transport.disconnecting

    def test_a_body_has_a_least_rate(self, site: Site, client: Client) -> None:
        client.send(POST + b"Content-Length: 1000\r\n\r\n")
        self.send_slowly(site, client, b"12345678")
        assert client.response().status == 408

    def test_a_large_body_that_comes_steadily_is_taken(
        self, site: Site, client: Client
    ) -> None:
        client.send(POST + b"Content-Length: 200000\r\n\r\n")
        for _ in range(20):
            client.send(b"x" * 10_000)
            site.clock.advance(15)
        assert client.response().status == 200

    def test_one_that_is_complete_in_time_is_answered(
        self, site: Site, client: Client
    ) -> None:
        client.send(GET[:10])
        site.clock.advance(50)
        client.send(GET[10:])
        site.clock.advance(15)
        assert client.response().status == 200
        assert not client.transport.disconnecting

    def test_it_gets_one_answer(self, site: Site, client: Client) -> None:
        client.send(POST + b"Content-Length: 99999999\r\n\r\n")
        assert client.response().status == 413
        site.clock.advance(61)
        assert client.transport.value() == b""
        assert client.transport.disconnecting


class TestSlowReaders:
    """A client that does not read its answers."""

    def test_it_is_disconnected_after_a_minute(self) -> None:
        site = Site(large)
        client = site.connect()
        client.send(GET)
        client.protocol.pauseProducing()
        site.clock.advance(59)
        assert not client.transport.disconnected
        site.clock.advance(2)
        assert client.transport.disconnected

    def test_one_that_reads_slowly_is_not(self) -> None:
        async def wait(call: Call) -> Answer:
            await Deferred()
            return text_answer("never")

        site = Site(wait)
        client = site.connect()
        client.send(GET)
        for _ in range(5):
            client.protocol.pauseProducing()
            site.clock.advance(50)
            client.protocol.resumeProducing()
        assert not client.transport.disconnected

    def test_it_does_not_keep_an_ending_connection(self, site: Site) -> None:
        client = site.connect()
        client.send(b"GET /fixed HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert client.transport.disconnecting
        site.clock.advance(16)
        assert client.transport.disconnected

    def test_a_stream_ends_for_it(self) -> None:
        async def stream(call: Call) -> Answer:
            return Answer(body=Stream(lambda write, end: lambda: None))

        site = Site(stream)
        client = site.connect()
        client.send(GET)
        client.protocol.pauseProducing()
        site.clock.advance(61)
        assert client.transport.disconnected


class TestNumber:
    """How many connections there may be."""

    def test_one_more_gets_a_503(self, caplog: pytest.LogCaptureFixture) -> None:
        site = Site(max_connections=2)
        clients = [site.connect() for _ in range(2)]
        with caplog.at_level(logging.WARNING, "lazr.smtptest"):
            others = [Client(site.site) for _ in range(3)]
        for client in others:
            answer = client.response()
            assert answer.status == 503
            assert answer.text == "2 connections are open already: try again later\n"
            assert client.transport.disconnecting
        assert clients[0].get("/fixed").status == 200
        assert [record.getMessage() for record in caplog.records] == [
            "HTTP: 2 connections are open, and further ones get 503: "
            "--http-connections allows more, if ulimit -n does"
        ]

    def test_one_that_ends_makes_room(self) -> None:
        site = Site(max_connections=1)
        lose(site.connect())
        assert site.connect().get("/fixed").status == 200

    @pytest.mark.parametrize(
        ("limit", "most"),
        [(20, 8), (100, 36), (1024, 896), (1_000_000, 20_000), (-1, 20_000)],
    )
    def test_descriptors_are_left_for_others(
        self, monkeypatch: pytest.MonkeyPatch, limit: int, most: int
    ) -> None:
        resource = pytest.importorskip("resource")
        monkeypatch.setattr(resource, "getrlimit", lambda which: (limit, limit))
        assert capacity.most_connections() == most


class TestStop:
    """The end of a site."""

    def test_an_idle_connection_ends_at_once(self, site: Site, client: Client) -> None:
        assert client.get("/fixed").status == 200
        site.site.close()
        assert client.transport.disconnecting

    def test_a_request_is_answered_before(self) -> None:
        waiting: Deferred[None] = Deferred()

        async def wait(call: Call) -> Answer:
            await waiting
            return text_answer("ok")

        site = Site(wait)
        client = site.connect()
        client.send(GET)
        site.site.close()
        assert not client.transport.disconnecting
        waiting.callback(None)
        assert client.response().text == "ok"
        assert client.transport.disconnecting

    def test_one_that_does_not_end_is_aborted(self) -> None:
        async def wait(call: Call) -> Answer:
            await Deferred()
            return text_answer("never")

        site = Site(wait)
        client = site.connect()
        client.send(GET)
        site.site.close()
        site.clock.advance(5)
        assert client.transport.disconnected

    def test_it_has_ended_with_the_last_connection(self, site: Site) -> None:
        clients = [site.connect() for _ in range(2)]
        ended: list[object] = []
        site.site.close().addCallback(ended.append)
        for number, client in enumerate(clients):
            assert len(ended) == 0, number
            lose(client)
        assert len(ended) == 1
        assert site.clock.getDelayedCalls() == []

    def test_nobody_connects_any_more(self, site: Site) -> None:
        site.site.close()
        assert site.site.buildProtocol(None) is None


class TestVersions:
    """HTTP/1.0 (RFC 9112 appendix C)."""

    def test_the_connection_ends_after_the_answer(self, client: Client) -> None:
        client.send(b"GET /fixed HTTP/1.0\r\nHost: a\r\n\r\n")
        assert client.response().status == 200
        assert client.transport.disconnecting

    def test_it_stays_open_if_the_client_asks_for_it(self, client: Client) -> None:
        client.send(b"GET /fixed HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n")
        answer = client.response()
        assert (answer.status, answer.headers["connection"]) == (200, "keep-alive")
        assert not client.transport.disconnecting

    def test_a_host_is_not_needed(self, client: Client) -> None:
        client.send(b"GET /fixed HTTP/1.0\r\n\r\n")
        assert client.response().status == 200

    def test_another_host_is_refused(self, client: Client) -> None:
        client.send(b"GET /fixed HTTP/1.0\r\nHost: evil.example\r\n\r\n")
        assert client.response().status == 421

    def test_a_stream_has_no_chunks(self) -> None:
        async def stream(call: Call) -> Answer:
            return Answer(body=iter([b"a", b"b"]))

        client = Site(stream).connect()
        client.send(b"GET /fixed HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        answer = client.response()
        assert "transfer-encoding" not in answer.headers
        assert answer.text == "ab"
        assert client.transport.disconnecting

    @pytest.mark.parametrize(
        "options", [b"close", b"foo,close", b"foo\r\nConnection: Close", b"close,foo"]
    )
    def test_a_client_may_ask_for_the_end(self, client: Client, options: bytes) -> None:
        client.send(GET[:-2] + b"Connection: " + options + b"\r\n\r\n")
        assert client.response().headers["connection"] == "close"
        assert client.transport.disconnecting


MALFORMED = {
    "no version": b"GET /fixed\r\nHost: a\r\n\r\n",
    "two spaces": b"GET  /fixed HTTP/1.1\r\nHost: a\r\n\r\n",
    "another protocol": b"GET /fixed HTTPS/1.1\r\nHost: a\r\n\r\n",
    "a bad method": b"G@T /fixed HTTP/1.1\r\nHost: a\r\n\r\n",
    "NUL in the path": b"GET /fi\0xed HTTP/1.1\r\nHost: a\r\n\r\n",
    "a space before the colon": b"GET /fixed HTTP/1.1\r\nHost : a\r\n\r\n",
    "a line without a colon": b"GET /fixed HTTP/1.1\r\nHost: a\r\nfoo\r\n\r\n",
    "a first line that begins with a space": b"GET / HTTP/1.1\r\n Host: a\r\n\r\n",
    "an empty name": b"GET /fixed HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n",
    "NUL in a field": b"GET /fixed HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n",
    "a bare LF": b"GET /fixed HTTP/1.1\r\nHost: a\r\nX: a\nY: b\r\n\r\n",
    "bare LFs only": b"GET /fixed HTTP/1.1\nHost: a\n\n",
    "a bare LF after the first line": b"GET /fixed HTTP/1.1\r\nHost: a\n\n",
    "a bare CR": b"GET /fixed HTTP/1.1\r\nHost: a\r\nX: a\rY: b\r\n\r\n",
    "two lengths": POST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nhi!",
    "a list of lengths": POST + b"Content-Length: 2, 2\r\n\r\nhi",
    "a length with a sign": POST + b"Content-Length: +2\r\n\r\nhi",
    "a negative length": POST + b"Content-Length: -2\r\n\r\nhi",
    "a length with a line": POST + b"Content-Length: 0_2\r\n\r\nhi",
    "a hexadecimal length": POST + b"Content-Length: 0x2\r\n\r\nhi",
    "an empty length": POST + b"Content-Length: \r\n\r\nhi",
    "a length of other digits": POST + b"Content-Length: \xef\xbc\x92\r\n\r\nhi",
    "a length and chunks": POST
    + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and a length": POST
    + b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n",
    "chunks twice": POST
    + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a list of chunks": POST + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "an empty encoding": POST + b"Transfer-Encoding:\r\n\r\n0\r\n\r\n",
    "a list with an empty encoding": POST
    + b"Transfer-Encoding: , chunked\r\n\r\n0\r\n\r\n",
    "chunks in HTTP/1.0": POST.replace(b"1.1", b"1.0")
    + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "very many empty lines": b"\r\n" * 9,
    "a vertical tab": POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "a bad size": POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    "a negative size": POST + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n",
    "a size with 0x": POST
    + b"Transfer-Encoding: chunked\r\n\r\n0x2\r\nhi\r\n0\r\n\r\n",
    "a chunk without its end": POST
    + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhiXX0\r\n\r\n",
    "a bare LF after a size": POST + b"Transfer-Encoding: chunked\r\n\r\n2\nhi\n0\n\n",
    "a bare LF in a trailer": POST
    + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX: y\n\r\n\r\n",
    "a trailer without a colon": POST
    + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\nfoo\r\n\r\n",
    "a space before the colon of a trailer": POST
    + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX : y\r\n\r\n",
    "a trailer that begins with a space": POST
    + b"Transfer-Encoding: chunked\r\n\r\n0\r\n X: y\r\n\r\n",
    "NUL in a trailer": POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX: \0\r\n\r\n",
    "a long trailer": POST
    + b"Transfer-Encoding: chunked\r\n\r\n0\r\n"
    + b"X: y\r\n" * 20_000
    + b"\r\n",
}


@pytest.mark.parametrize("sent", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_request_is_refused_and_is_the_last(
    client: Client, sent: bytes
) -> None:
    """What follows may be meant as another request, and may be not."""
    client.send(sent + GET)
    client.send(GET)
    data = client.transport.value()
    assert len(re.findall(rb"HTTP/1.1 \d{3} ", data)) == 1
    answer = client.response()
    assert answer.status == 400
    assert answer.headers["connection"] == "close"
    assert answer.text.endswith("\n")
    assert client.transport.disconnecting


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (
            b"GET /a b HTTP/1.1\r\n",
            "bad request line 'GET /a b HTTP/1.1': it must be a method, a path and "
            "HTTP/1.1, with one space in between (RFC 9112 section 3)",
        ),
        (
            b"G@T / HTTP/1.1\r\n",
            "bad request line 'G@T / HTTP/1.1': the method has '@' in it "
            "(RFC 9112 section 3)",
        ),
        (
            b"GET /\x01 HTTP/1.1\r\n",
            r"bad request line 'GET /\x01 HTTP/1.1': the path has '\x01' in it "
            "(RFC 9112 section 3)",
        ),
        (
            b"GET / HTTPS/1.1\r\n",
            "bad request line 'GET / HTTPS/1.1': it must end with HTTP/1.1 "
            "(RFC 9112 section 3)",
        ),
        (
            b"\r\n" * 9,
            "more than 8 empty lines are before a request",
        ),
        (
            GET[:-2] + b"X : y\r\n\r\n",
            "bad header line 'X : y': a space is before the colon "
            "(RFC 9112 section 5.1)",
        ),
        (
            GET[:-2] + b"X\r\nY: z\r\n\r\n",
            "bad header line 'X': it has no colon (RFC 9112 section 5)",
        ),
        (
            GET[:-2] + b": y\r\n\r\n",
            "bad header line ': y': it has no name before the colon "
            "(RFC 9112 section 5)",
        ),
        (
            GET[:-2] + b"X(: y\r\n\r\n",
            "bad header line 'X(: y': its name has '(' in it (RFC 9110 section 5.1)",
        ),
        (
            b"GET / HTTP/1.1\r\n Host: a\r\n\r\n",
            "bad header line ' Host: a': the first one begins with a space "
            "(RFC 9112 section 2.2)",
        ),
        (
            GET[:-2] + b"X: a\0b\xff\r\n\r\n",
            r"bad header line 'X: a\x00b\xff': it has NUL, CR or LF in it "
            "(RFC 9110 section 5.5)",
        ),
        (
            GET[:-2] + b"X: y\nZ: z\r\n\r\n",
            r"bad header line 'X: y\nZ: z': it has NUL, CR or LF in it "
            "(RFC 9110 section 5.5)",
        ),
        (
            GET[:-2] + b"X: y\n\n",
            "bad line 'X: y': LF without CR ends it (RFC 9112 section 2.2)",
        ),
        (
            POST + b"Content-Length: 2x\r\n\r\n",
            "bad header line 'Content-Length: 2x': the length must be one whole "
            "number (RFC 9110 section 8.6)",
        ),
        (
            POST + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n",
            "bad header line 'Content-Length: 2': one before it tells the length of "
            "the body already (RFC 9112 section 6.3)",
        ),
        (
            POST + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
            "bad header line 'Transfer-Encoding: chunked': one before it tells the "
            "length of the body already (RFC 9112 section 6.3)",
        ),
        (
            POST + b"Transfer-Encoding: chunked, chunked\r\n\r\n",
            "bad Transfer-Encoding 'chunked, chunked': it must be chunked, once",
        ),
        (
            POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n",
            r"bad Transfer-Encoding '\x0bchunked': it must be chunked",
        ),
        (
            POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
            "bad body at 'zz': the size of a chunk must be a hexadecimal number "
            "(RFC 9112 section 7.1)",
        ),
        (
            POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n",
            "bad body at 'bc': CR LF must end a chunk after as many bytes as its "
            "size says (RFC 9112 section 7.1)",
        ),
        (
            POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + b"X: y\r\n" * 20_000,
            "bad body at 'X: y': the fields after the last chunk are too long "
            "(RFC 9112 section 7.1)",
        ),
    ],
)
def test_a_refusal_names_the_line_and_the_reason(
    client: Client, sent: bytes, reason: str
) -> None:
    """In printable characters, whatever was sent."""
    client.send(sent)
    answer = client.response()
    assert (answer.status, answer.text) == (400, f"{reason}\n")
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("line", [b"X" * 10_000, b"X" * 10_000 + b"\n", b"X :" * 3000])
def test_a_refusal_quotes_the_beginning_of_a_line(client: Client, line: bytes) -> None:
    """Not all of it."""
    client.send(GET[:-2] + line + b"\r\n\r\n")
    answer = client.response()
    assert answer.status == 400
    assert "..." in answer.text
    assert len(answer.text) < 250


@pytest.mark.parametrize(
    "value", ["gzip, chunked", "gzip", "xchunked", "identity", "chunked, gzip", "Foo"]
)
def test_an_unknown_transfer_coding_is_not_implemented(
    client: Client, value: str
) -> None:
    """RFC 9112 section 6.1; where such a body ends, nobody knows."""
    client.send(POST + f"Transfer-Encoding: {value}\r\n\r\n0\r\n\r\n".encode() + GET)
    assert client.transport.value().count(b"HTTP/1.1 ") == 1
    answer = client.response()
    assert (answer.status, answer.headers["connection"]) == (501, "close")
    assert answer.text == (
        f"Transfer-Encoding '{value}' is not implemented: this server reads chunked, "
        "and no other transfer coding (RFC 9112 section 6.1)\n"
    )
    assert client.transport.disconnecting


def test_empty_lines_of_a_connection_are_counted_for_each_request(
    client: Client,
) -> None:
    """A client may send one after each body."""
    for _ in range(20):
        client.send(GET + b"\r\n")
        assert client.response().status == 200


def test_empty_lines_one_by_one_are_counted_too(client: Client) -> None:
    for _ in range(8):
        client.send(b"\r")
        client.send(b"\n")
    assert client.transport.value() == b""
    client.send(b"\r\n")
    assert client.response().status == 400


@pytest.mark.parametrize("size", ["ffffffffffffffff", "fffffff"])
def test_a_chunk_that_is_too_large_is_refused_before_it_comes(
    client: Client, size: str
) -> None:
    """With 413, as a body whose length is known."""
    client.send(POST + f"Transfer-Encoding: chunked\r\n\r\n{size}\r\n".encode())
    assert client.response().status == 413


@pytest.mark.parametrize(
    ("body", "line"),
    [
        (b"2\n", "2"),
        (b"2\r\nhi\n", ""),
        (b"2\r\nhi\r\n0\n", "0"),
        (b"0\r\nX: y\n", "X: y"),
    ],
)
def test_a_bare_lf_among_chunks_is_refused_at_once(
    client: Client, body: bytes, line: str
) -> None:
    """The client would wait for an answer, and the server for CR LF."""
    client.send(POST + b"Transfer-Encoding: chunked\r\n\r\n" + body)
    answer = client.response()
    assert (answer.status, answer.text) == (
        400,
        f"bad line '{line}': LF without CR ends it (RFC 9112 section 2.2)\n",
    )


@pytest.mark.parametrize(
    "trailer", [b"", b"X: y\r\n", b"X:\r\n", b"X: y\r\n z\r\nHost: evil\r\n"]
)
def test_a_trailer_is_ignored(client: Client, trailer: bytes) -> None:
    client.send(POST + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n" + trailer)
    assert client.transport.value() == b""
    client.send(b"\r\n")
    assert client.response().text == "POST hi"


def test_a_body_of_chunks_may_have_a_line_feed(client: Client) -> None:
    client.send(POST + b"Transfer-Encoding: chunked\r\n\r\n3\r\na\nb\r\n0\r\n\r\n")
    assert client.response().text == "POST a\nb"


def test_a_line_that_is_cut_is_no_bare_lf(client: Client) -> None:
    """Its CR came before its LF."""
    client.send(GET[:-1])
    client.send(GET[-1:])
    assert client.response().status == 200


@pytest.mark.parametrize(
    "sent",
    [
        b"\r\n" + GET,
        b"\r\n" * 8 + GET,
        b"GET /fixed HTTP/1.1\r\nhOsT:a\r\n\r\n",
        b"GET /fixed HTTP/1.1\r\nHost:\ta \r\n\r\n",
        b"GET /fixed HTTP/1.1\r\nHost: a\r\nX:\r\n\r\n",
        b"GET /fixed HTTP/1.1\r\nHost: a\r\nX: one\r\n  two\r\n\r\n",
        POST + b"Transfer-Encoding: Chunked\r\n\r\n0\r\nX: y\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\n\r\n2;a=b\r\nhi\r\n0\r\n\r\n",
        POST + b"Content-Length: 2\r\n\r\nhi",
        POST + b"\r\n",
    ],
)
def test_what_is_allowed_is_taken(client: Client, sent: bytes) -> None:
    """Also what few clients send; and the next request is the next one."""
    client.send(sent)
    assert client.response().status == 200
    assert client.get("/fixed").status == 200


@pytest.mark.parametrize(
    ("target", "host", "status"),
    [
        (b"http://localhost/fixed", b"evil.example", 200),
        (b"HTTP://LOCALHOST:80/fixed", b"localhost", 200),
        (b"http://evil.example/fixed", b"localhost", 421),
        (b"http://evil.example?/localhost/fixed", b"localhost", 421),
        (b"http://user@localhost/fixed", b"localhost", 400),
        (b"http:///fixed", b"localhost", 400),
        (b"http://localhost/fixed", b"", 200),
        (b"//localhost/fixed", b"localhost", 404),
        (b"ftp://localhost/fixed", b"localhost", 404),
        (b"localhost:80", b"localhost", 404),
    ],
)
def test_the_host_of_an_absolute_target_counts(
    client: Client, target: bytes, host: bytes, status: int
) -> None:
    """RFC 9112 section 3.2.2; the field has to be there all the same."""
    client.send(b"GET %b HTTP/1.1\r\nHost: %b\r\n\r\n" % (target, host))
    assert client.response().status == status
    client = Client(client.protocol.site)
    client.send(b"GET %b HTTP/1.1\r\n\r\n" % target)
    assert client.response().status == 400


@pytest.mark.parametrize(
    ("host", "status"),
    [
        *(("localhost", 200), ("LocalHost.", 200), ("localhost:1", 200)),
        ("localhost:", 200),
        *(("a.localhost", 200), ("[::1]", 200), ("[::1]:80", 200), ("127.0.0.1", 200)),
        *(("192.0.2.1:99", 200), ("mail", 200), ("host.docker.internal", 200)),
        *(("localhost.evil", 421), ("localhost.evil.example", 421)),
        *(("evillocalhost.example", 421), ("127.0.0.1.evil.example", 421)),
        *(("127.1", 421), ("localhost..", 400), (".localhost", 400), (".", 400)),
        *(("::1", 400), ("[::1", 400), ("localhost::", 400), ("localhost:x", 400)),
        *(("a@localhost", 400), ("localhost/", 400), ("localhost, evil", 400)),
        *(("localhost evil", 400), ("localhost#", 400), ("localhost?", 400)),
        *(("", 400), ("localhost\tevil", 400), ("[fe80::1%25eth0]", 400)),
    ],
)
def test_a_host_is_one_of_ours(client: Client, host: str, status: int) -> None:
    """However it is spelled; anything else may be a page that rebinds its name."""
    client.send(f"GET /fixed HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    assert client.response().status == status


def test_very_many_fields_are_a_431(client: Client) -> None:
    """RFC 6585 section 5."""
    client.send(GET[:-2] + b"X: y\r\n" * 501 + b"\r\n")
    assert client.response().status == 431


def test_a_client_that_waits_is_told_to_go_on(client: Client) -> None:
    """RFC 9110 section 10.1.1."""
    client.send(POST + b"Content-Length: 2\r\nExpect: 100-Continue\r\n\r\n")
    assert client.transport.value() == b"HTTP/1.1 100 Continue\r\n\r\n"
    client.transport.clear()
    client.send(b"hi")
    assert client.response().text == "POST hi"


def test_one_of_another_version_is_not(client: Client) -> None:
    """HTTP/1.0 has no such answer."""
    client.send(
        b"POST /fixed HTTP/1.0\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
    )
    assert client.transport.value() == b""
    client.send(b"hi")
    assert client.response().text == "POST hi"


def test_the_transport_is_told_of_a_producer() -> None:
    """So that it can pause a connection."""
    site = Site()
    client = site.connect()
    assert isinstance(client.transport, StringTransport)
    assert client.transport.producer is client.protocol


class TestBareLineFeeds:
    """LF without CR ends no line of a header (RFC 9112 section 2.2)."""

    def test_one_in_a_second_request_is_refused_after_the_first_answer(
        self, client: Client
    ) -> None:
        client.send(GET + GET.replace(b"\r\n", b"\n"))
        answers = client.transport.value()
        assert count(client) == 1
        assert answers.count(b"HTTP/1.1 400 Bad Request") == 1

    def test_bytes_one_by_one_are_no_bare_line_feeds(self, client: Client) -> None:
        for at in range(len(GET)):
            client.send(GET[at : at + 1])
        assert client.response().status == 200

    def test_a_body_may_have_them(self, client: Client) -> None:
        client.send(POST + b"Content-Length: 2\r\n\r\n")
        client.send(b"\n")
        client.send(b"\n")
        assert client.response().text == "POST \n\n"


class TestChunks:
    """A chunk that is larger than a body may be is refused before it comes."""

    HEAD = POST + b"Transfer-Encoding: chunked\r\n\r\n"

    @pytest.mark.parametrize("sent", [b"2\r\nhi\r\n9\r\n", b"b\r\nhello"])
    def test_a_later_one_is_refused_too(self, sent: bytes) -> None:
        client = Site(max_body=10).connect()
        client.send(self.HEAD + sent)
        answer = client.response()
        assert (answer.status, answer.headers["connection"]) == (413, "close")

    def test_chunks_that_fit_are_read(self) -> None:
        client = Site(max_body=10).connect()
        client.send(self.HEAD + b"5\r\nhello\r\n5\r\n")
        client.send(b"world\r\n0\r\n\r\n")
        assert client.response().text == "POST helloworld"


class TestPending:
    """The memory of answers that clients do not read."""

    @pytest.fixture
    def site(self) -> Site:
        return Site(large, max_pending=2_500_000)

    def stalled(self, site: Site, number: int) -> list[Client]:
        clients = [site.connect() for _ in range(number)]
        for client in clients:
            client.protocol.pauseProducing()
            client.send(GET)
        return clients

    def test_one_that_does_not_fit_is_a_503(self, site: Site) -> None:
        self.stalled(site, 2)
        answer = site.connect().get("/fixed")
        assert answer.status == 503
        assert answer.text == (
            "too many answers wait for clients to read them: try again later\n"
        )

    def test_one_that_stalls_makes_room(self, site: Site) -> None:
        first, second = self.stalled(site, 2)
        site.clock.advance(6)
        assert site.connect().get("/fixed").status == 200
        assert first.transport.disconnected
        assert not second.transport.disconnected

    def test_one_that_was_read_makes_room(self, site: Site) -> None:
        for client in self.stalled(site, 2):
            client.protocol.resumeProducing()
            assert client.response().status == 200
        assert site.connect().get("/fixed").status == 200

    def test_one_whose_client_left_makes_room(self, site: Site) -> None:
        for client in self.stalled(site, 2):
            lose(client)
        assert site.connect().get("/fixed").status == 200

    def test_one_alone_may_be_larger(self) -> None:
        client = Site(large, max_pending=1000).connect()
        assert client.get("/fixed").status == 200


class TestCompressedBodies:
    """A body with a Content-Encoding is refused (RFC 9110 section 15.5.16)."""

    @pytest.mark.parametrize("coding", ["gzip", "GZIP", "br", "identity, gzip", "x"])
    def test_it_is(self, client: Client, coding: str) -> None:
        client.send(
            POST + f"Content-Encoding: {coding}\r\nContent-Length: 2\r\n\r\n".encode()
        )
        answer = client.response()
        assert (answer.status, answer.headers["accept-encoding"]) == (415, "identity")
        assert answer.text == (
            f"the Content-Encoding '{coding}' is not supported: send the body as it "
            "is, without one\n"
        )

    def test_so_are_its_chunks(self, client: Client) -> None:
        client.send(
            POST + b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        assert client.response().status == 415

    @pytest.mark.parametrize("coding", ["", "identity", "Identity"])
    def test_one_that_changes_nothing_is_not(self, client: Client, coding: str) -> None:
        answer = client.request("POST", "/fixed", body=b"hi", content_encoding=coding)
        assert answer.text == "POST hi"

    def test_a_request_without_a_body_is_not(self, client: Client) -> None:
        assert client.get("/fixed", content_encoding="gzip").status == 200


class TestLongBodies:
    """A long body is read in a thread."""

    @pytest.mark.parametrize(("size", "in_thread"), [(60_000, 0), (70_000, 1)])
    @pytest.mark.parametrize("path", ["/fixed", "/things/a"])
    def test_it_is(self, path: str, size: int, in_thread: int) -> None:
        calls: list[Any] = []

        def call_in_thread(function: Any, *arguments: Any) -> Deferred[Any]:
            calls.append(function)
            return succeed(function(*arguments))

        async def read(call: Call) -> Answer:
            return text_answer(str(len(await call.json(str))))  # type: ignore[arg-type]

        client = Site(read, in_thread=call_in_thread).connect()
        answer = client.request("POST", path, body=b'"%b"' % (b"x" * size))
        assert answer.text == str(size)
        assert len(calls) == in_thread


@pytest.mark.parametrize(
    ("value", "weights"),
    [
        ("gzip", {"gzip": 1.0}),
        ("GZIP ; Q=0.5 , br;q=0", {"gzip": 0.5, "br": 0.0}),
        ("a;q=1.000,b;q=0.123", {"a": 1.0, "b": 0.123}),
        ("a;q=1.5,b;q=nan,c;q=1e0,d;q=,e;q=-1", dict.fromkeys("abcde", 0.0)),
        ("text/html;level=1;q=0.3", {"text/html": 0.3}),
    ],
)
def test_what_a_client_accepts_has_weights(
    value: str, weights: dict[str, float]
) -> None:
    """RFC 9110 section 12.4.2; a malformed weight is none."""
    assert weights_of(value) == weights


@pytest.mark.parametrize(
    "text",
    ["1_0", " 1", "1 ", "+1", "1e3", "1.", ".5", "nan", "inf", "0x1", "９", "--1"],  # noqa: RUF001
)
@pytest.mark.parametrize("kind", [int, float])
def test_a_number_in_a_query_is_written_in_digits(text: str, kind: type) -> None:
    """What Python takes for a number is more."""
    with pytest.raises(HTTPError, match="bad n "):
        Call(method="GET", path="/", query={"n": [text]}).number(
            "n", 1, least=0, most=10**6, kind=kind
        )
