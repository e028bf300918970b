"""What every request passes: the bound of its body, its path, its method, its end."""

from __future__ import annotations

import zlib
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from lazr_smtptest.errors import QueryError, StateError, StoreError
from lazr_smtptest.readers.context import AbsentError
from lazr_smtptest.readers.http.answer import Answer, HTTPError, text_answer
from lazr_smtptest.readers.http.call import Call
from lazr_smtptest.readers.http.gate import Gate
from lazr_smtptest.readers.http.routes import Handler, Route, Routes
from lazr_smtptest.readers.http.site import HTTPSite

from .client import Client


async def echo(call: Call) -> Answer:
    name = call.parameters.get("name", "")
    return text_answer(f"{call.method} {name} {len(call.body)}")


async def in_pieces(call: Call) -> Answer:
    return Answer(body=iter([b"a", b"b"]), length=2)


def make_site(handler: Handler = echo, **options: Any) -> HTTPSite:
    """Make a site whose paths lead to a handler."""
    routes = Routes()
    for method, template in (
        ("GET", "/fixed"),
        ("POST", "/fixed"),
        ("GET", "/things/{name}"),
        ("GET", "/things/latest"),
        ("DELETE", "/things/{name}"),
    ):
        routes.add(Route(method=method, template=template, handler=handler))
    return HTTPSite(routes, Gate(), reactor=Clock(), **options)


@pytest.fixture
def client() -> Client:
    """Connect to a site that takes bodies of 100 bytes."""
    return Client(make_site(max_body=100))


class TestPaths:
    """The route of a request."""

    def test_a_fixed_path_is_found(self, client: Client) -> None:
        assert client.get("/fixed").text == "GET  0"

    def test_a_part_of_a_path_is_a_parameter(self, client: Client) -> None:
        assert client.get("/things/a").text == "GET a 0"

    def test_a_parameter_is_decoded(self, client: Client) -> None:
        assert client.get("/things/%C3%A4%20b").body == "GET ä b 0".encode()

    def test_a_fixed_path_wins(self, client: Client) -> None:
        assert client.get("/things/latest").text == "GET  0"

    @pytest.mark.parametrize(
        "path", ["/", "/fixed/", "//fixed", "/Fixed", "/things/", "/things/a/b", "*"]
    )
    def test_another_path_is_not_found(self, client: Client, path: str) -> None:
        assert client.get(path).status == 404

    @pytest.mark.parametrize("path", ["/fi%78ed", "/%66ixed", "/things%2Fa"])
    def test_every_encoding_of_a_path_is_that_path(
        self, client: Client, path: str
    ) -> None:
        assert client.get(path).status == 200

    @pytest.mark.parametrize("path", ["/things/..%2ffixed", "/things/%2e%2e/fixed"])
    def test_no_path_leads_upwards(self, client: Client, path: str) -> None:
        assert client.get(path).status == 404

    def test_an_error_shows_the_path_as_text(self, client: Client) -> None:
        answer = client.get("/%3Cscript%3E")
        assert answer.text == "no such path: /<script>\n"
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        assert answer.headers["x-content-type-options"] == "nosniff"


class TestMethods:
    """The method of a request."""

    @pytest.mark.parametrize("method", ["PUT", "PATCH", "BREW", "TRACE"])
    def test_another_method_gets_those_that_are_allowed(
        self, client: Client, method: str
    ) -> None:
        answer = client.request(method, "/fixed")
        assert answer.status == 405
        assert answer.headers["allow"] == "GET, HEAD, OPTIONS, POST"

    def test_head_is_get_without_the_body(self, client: Client) -> None:
        answer = client.request("HEAD", "/fixed")
        assert (answer.status, answer.body) == (200, b"")
        assert answer.headers["content-length"] == str(len("GET  0"))

    def test_options_says_what_is_allowed(self, client: Client) -> None:
        answer = client.request("OPTIONS", "/things/a")
        assert answer.status == 204
        assert answer.headers["allow"] == "DELETE, GET, HEAD, OPTIONS"

    def test_options_of_no_path_is_not_found(self, client: Client) -> None:
        assert client.request("OPTIONS", "/nothing").status == 404

    def test_several_requests_take_one_connection(self, client: Client) -> None:
        assert [client.get("/fixed").status for _ in range(3)] == [200] * 3


class TestBodies:
    """The bound of a body."""

    def test_a_body_up_to_the_bound_is_taken(self, client: Client) -> None:
        answer = client.request("POST", "/fixed", body=b"x" * 100)
        assert answer.text == "POST  100"

    def test_a_larger_length_is_refused_before_the_body(self, client: Client) -> None:
        client.send(b"POST /fixed HTTP/1.1\r\nHost: a\r\nContent-Length: 101\r\n\r\n")
        answer = client.response()
        assert (answer.status, answer.headers["connection"]) == (413, "close")
        assert answer.text == "the body is larger than 100 bytes\n"

    def test_a_larger_body_in_chunks_is_refused_while_it_is_read(
        self, client: Client
    ) -> None:
        client.send(
            b"POST /fixed HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        client.send(b"40\r\n" + b"x" * 64 + b"\r\n")
        assert client.transport.value() == b""
        client.send(b"40\r\n" + b"x" * 64 + b"\r\n")
        assert client.response().status == 413

    def test_a_refused_client_is_not_told_to_continue(self, client: Client) -> None:
        client.send(
            b"POST /fixed HTTP/1.1\r\nHost: a\r\nContent-Length: 101\r\n"
            b"Expect: 100-continue\r\n\r\n"
        )
        assert client.transport.value().startswith(b"HTTP/1.1 413")

    def test_the_connection_ends_with_a_refused_body(self, client: Client) -> None:
        client.send(b"POST /fixed HTTP/1.1\r\nHost: a\r\nContent-Length: 101\r\n\r\n")
        client.send(b"x" * 101)
        assert client.transport.disconnecting
        assert client.transport.value().count(b"HTTP/1.1") == 1

    def test_a_refused_client_that_goes_on_for_long_is_cut_off(
        self, client: Client
    ) -> None:
        client.send(
            b"POST /fixed HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n"
        )
        for _ in range(20):
            client.send(bytes(1024 * 1024))
        assert client.transport.disconnected


class TestAnswers:
    """What is written."""

    def test_a_large_text_is_compressed_if_the_client_takes_it(self) -> None:
        async def large(call: Call) -> Answer:
            return text_answer("x" * 5000)

        client = Client(make_site(large))
        answer = client.get("/fixed", accept_encoding="br, gzip;q=0.5")
        assert answer.headers["content-encoding"] == "gzip"
        assert int(answer.headers["content-length"]) < 100
        assert answer.body == b"x" * 5000

    def test_one_that_is_asked_for_again_is_compressed_once(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made, compress = [], zlib.compressobj

        def count(*arguments: int) -> Any:
            made.append(arguments)
            return compress(*arguments)

        monkeypatch.setattr(zlib, "compressobj", count)
        kept = text_answer(f"a text of this test {id(self)}" * 100)

        async def large(call: Call) -> Answer:
            return kept

        client = Client(make_site(large))
        first, second = [client.get("/fixed", accept_encoding="gzip") for _ in "12"]
        assert first.body == second.body == kept.body
        assert len(made) == 1

    @pytest.mark.parametrize("accepted", ["", "br", "gzip;q=0", "gzip;q=0.0"])
    def test_it_is_not_if_the_client_does_not(self, accepted: str) -> None:
        async def large(call: Call) -> Answer:
            return text_answer("x" * 5000)

        answer = Client(make_site(large)).get("/fixed", accept_encoding=accepted)
        assert "content-encoding" not in answer.headers
        assert answer.headers["vary"] == "Accept-Encoding"

    def test_a_body_in_pieces_waits_while_the_client_does_not_read(self) -> None:
        client = Client(make_site(in_pieces))

        class Slow(StringTransport):
            def write(self, data: bytes) -> None:
                super().write(data)
                if data == b"a":
                    client.protocol.pauseProducing()

        client.transport = client.protocol.transport = Slow()
        client.send(b"GET /fixed HTTP/1.1\r\nHost: a\r\n\r\n")
        assert client.transport.value().endswith(b"\r\n\r\na")
        client.protocol.resumeProducing()
        assert client.response().text == "ab"

    def test_a_body_in_pieces_ends_with_its_client(self) -> None:
        client = Client(make_site(in_pieces))
        client.protocol.pauseProducing()
        client.send(b"GET /fixed HTTP/1.1\r\nHost: a\r\n\r\n")
        client.protocol.connectionLost(Failure(ConnectionDone()))
        assert not client.transport.disconnecting

    def test_a_fault_of_a_handler_is_a_500_without_its_text(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        async def faulty(call: Call) -> Answer:
            raise RuntimeError("the secret")

        answer = Client(make_site(faulty)).get("/fixed")
        assert (answer.status, answer.text) == (500, "the server has a fault\n")
        assert "the secret" in caplog.text

    def test_a_bad_query_is_a_400(self) -> None:
        async def bad(call: Call) -> Answer:
            raise QueryError("is:odd", 3, "read or unread")

        answer = Client(make_site(bad)).get("/fixed")
        assert answer.status == 400
        assert "at character 4 expected read or unread" in answer.text

    def test_a_part_that_is_elsewhere_is_a_409(self) -> None:
        async def ask(call: Call) -> Answer:
            raise AbsentError("fault rules", "they are far away")

        answer = Client(make_site(ask)).get("/fixed")
        assert answer.status == 409
        assert answer.text == "there are no fault rules here: they are far away\n"

    @pytest.mark.parametrize("kind", [StoreError, StateError])
    def test_a_store_that_cannot_be_read_is_a_503(self, kind: type[Exception]) -> None:
        """Or a process that stops, and reads no message any more."""

        async def away(call: Call) -> Answer:
            raise kind("cannot read it")

        answer = Client(make_site(away)).get("/fixed")
        assert (answer.status, answer.text) == (503, "cannot read it\n")

    def test_an_error_is_described_as_its_paths_do(self) -> None:
        async def no(call: Call) -> Answer:
            raise HTTPError(409, "no")

        def shout(error: HTTPError) -> Answer:
            return text_answer(error.message.upper(), error.status)

        site = make_site(no, describe={"/things/": shout})
        assert Client(site).get("/things/a").text == "NO"
        assert Client(site).get("/fixed").text == "no\n"


class TestOddRequests:
    """What no usual client sends."""

    @pytest.mark.parametrize("name", [b"Accept-Encoding", b"Origin", b"Last-Event-ID"])
    def test_a_header_of_other_bytes_is_answered(self, name: bytes) -> None:
        async def large(call: Call) -> Answer:
            return text_answer("x" * 5000)

        client = Client(make_site(large))
        client.send(b"GET /fixed HTTP/1.1\r\nHost: a\r\n" + name + b": \xff\r\n\r\n")
        assert client.response().status in (200, 403)

    def test_a_host_of_other_bytes_is_not_ours(self, client: Client) -> None:
        client.send(b"GET /fixed HTTP/1.1\r\nHost: \xff\r\n\r\n")
        assert client.response().status == 421

    def test_a_target_with_a_host_is_its_path(self, client: Client) -> None:
        assert client.get("http://localhost:8025/fixed").text == "GET  0"

    def test_a_url_elsewhere_in_a_target_stays(self, client: Client) -> None:
        assert client.get("/fixedhttp://localhost").status == 404

    def test_an_answer_without_a_body_has_no_length(self, client: Client) -> None:
        answer = client.request("OPTIONS", "/fixed")
        assert "content-length" not in answer.headers

    def test_a_body_from_a_stranger_is_not_read(self, client: Client) -> None:
        client.send(
            b"POST /fixed HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 101\r\n\r\n"
        )
        assert client.response().status == 421

    def test_requests_whose_answers_nobody_reads_wait(self) -> None:
        answered: list[str] = []

        async def large(call: Call) -> Answer:
            answered.append(call.path)
            return text_answer("x" * 1_000_000)

        client = Client(make_site(large))
        client.protocol.pauseProducing()
        client.send(b"GET /fixed HTTP/1.1\r\nHost: a\r\n\r\n" * 20)
        assert len(answered) == 1
        client.protocol.resumeProducing()
        assert len(answered) == 20

    def test_an_answer_that_cannot_be_written_ends_the_connection(self) -> None:
        async def odd(call: Call) -> Answer:
            return Answer(body=b"", headers={"X-Odd": 1})  # type: ignore[dict-item]

        client = Client(make_site(odd))
        client.send(b"GET /fixed HTTP/1.1\r\nHost: a\r\n\r\n")
        assert client.transport.disconnected


class TestLeaving:
    """A client that goes away."""

    def test_what_is_done_for_it_ends(self) -> None:
        cancelled: list[str] = []

        async def wait(call: Call) -> Answer:
            await Deferred(lambda _: cancelled.append("yes"))
            return text_answer("never")

        client = Client(make_site(wait))
        client.send(b"GET /fixed HTTP/1.1\r\nHost: a\r\n\r\n")
        client.protocol.connectionLost(Failure(ConnectionDone()))
        assert cancelled == ["yes"]

    def test_an_idle_connection_ends(self) -> None:
        clock = Clock()
        routes = Routes()
        client = Client(HTTPSite(routes, Gate(), reactor=clock), clock)
        clock.advance(61)
        assert client.transport.disconnecting


class TestTheBase:
    """A path before all others."""

    @pytest.fixture
    def client(self) -> Client:
        return Client(make_site(base="/mail"))

    def test_paths_are_below_it(self, client: Client) -> None:
        assert client.get("/mail/fixed").text == "GET  0"

    @pytest.mark.parametrize("path", ["/fixed", "/mailfixed", "//mail/fixed", "/"])
    def test_others_are_not_found(self, client: Client, path: str) -> None:
        assert client.get(path).status == 404

    @pytest.mark.parametrize("path", ["/fixed", "/fixxed"])
    def test_a_path_without_it_is_answered_by_the_one_with_it(
        self, client: Client, path: str
    ) -> None:
        assert client.get(path).text == (
            f"no such path: {path}; every path begins with /mail; "
            "did you mean /mail/fixed?\n"
        )

    def test_a_wrong_path_below_it_is_answered_by_the_nearest(
        self, client: Client
    ) -> None:
        assert client.get("/mail/fixxed").text == (
            "no such path: /mail/fixxed; did you mean /mail/fixed?\n"
        )

    def test_a_misspelt_one_is_answered_by_the_right_one(self, client: Client) -> None:
        assert client.get("/mial/fixed").text == (
            "no such path: /mial/fixed; every path begins with /mail; "
            "did you mean /mail/fixed?\n"
        )

    def test_of_several_parts_all_may_be_misspelt(self) -> None:
        client = Client(make_site(base="/a/mail"))
        assert "did you mean /a/mail/fixed?" in client.get("/a/mial/fixed").text

    def test_an_encoding_of_it_is_the_same(self, client: Client) -> None:
        assert client.get("/m%61il/fixed").status == 200

    def test_errors_are_those_of_the_path_below_it(self) -> None:
        def describe(error: HTTPError) -> Answer:
            return text_answer("described", error.status)

        site = make_site(base="/mail", describe={"/things": describe})
        assert Client(site).get("/mail/things/a/b").text == "described"


class TestLongLines:
    """Lines of a request that are longer than any real one."""

    def test_a_long_path_is_a_414(self, client: Client) -> None:
        client.send(b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n")
        assert client.response().status == 414
        assert client.transport.disconnecting

    def test_a_long_header_field_is_a_431(self, client: Client) -> None:
        client.send(b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 20_000 + b"\r\n\r\n")
        assert client.response().status == 431
        assert client.transport.disconnecting

    def test_a_length_of_many_digits_is_a_400(self, client: Client) -> None:
        client.send(
            b"POST /fixed HTTP/1.1\r\nHost: a\r\nContent-Length: "
            + b"9" * 5000
            + b"\r\n\r\n"
        )
        assert client.response().status == 400
        assert client.transport.disconnecting


class TestLongAnswers:
    """A long answer is compressed in a thread."""

    TEXT = "Hello. " * 100_000

    def make(self, in_thread: Any) -> Client:
        async def answer(call: Call) -> Answer:
            return text_answer(self.TEXT)

        return Client(make_site(answer, in_thread=in_thread))

    def test_it_is_written_when_the_thread_is_ready(self) -> None:
        calls: list[tuple[Any, bytes, Deferred[bytes]]] = []

        def in_thread(function: Any, body: bytes) -> Deferred[bytes]:
            compressed: Deferred[bytes] = Deferred()
            calls.append((function, body, compressed))
            return compressed

        client = self.make(in_thread)
        client.send(
            b"GET /fixed HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\r\n"
        )
        assert client.transport.value() == b""
        [(function, body, compressed)] = calls
        compressed.callback(function(body))
        answer = client.response()
        assert answer.headers["content-encoding"] == "gzip"
        assert answer.headers["vary"] == "Accept-Encoding"
        assert answer.text == self.TEXT

    def test_a_client_that_leaves_is_forgotten(self) -> None:
        compressed: Deferred[bytes] = Deferred()
        client = self.make(lambda function, body: compressed)
        client.send(
            b"GET /fixed HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\r\n"
        )
        client.protocol.connectionLost(Failure(ConnectionDone()))
        assert compressed.called

    def test_it_is_as_it_is_for_a_client_without_gzip(self) -> None:
        client = self.make(lambda function, body: 1 / 0)
        assert client.get("/fixed").text == self.TEXT


@pytest.mark.parametrize("path", ["/fixed", "/nothing"])
def test_no_other_window_reaches_one_of_ours(path: str) -> None:
    """By the policy of every answer."""
    answer = Client(make_site()).get(path)
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
