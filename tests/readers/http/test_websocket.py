"""Websockets: their opening, their bounds, and their end."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from twisted.internet.error import ConnectionDone
from twisted.python.failure import Failure

from lazr_smtptest.readers.http.gate import Gate

from .client import Client
from .conftest import Mail
from .sockets import Websocket, ask, open_websocket, refused

PATH = "/api/v2/events"


def open_one(mail: Mail, **headers: str) -> Websocket:
    """Open a websocket on a connection of its own."""
    pytest.importorskip("twisted.web.websocket")
    return open_websocket(mail.connect(), PATH, **headers)


@pytest.fixture
def socket(mail: Mail) -> Websocket:
    """An open websocket."""
    return open_one(mail)


def closed_with(socket: Websocket) -> int:
    """Return the code with which the server has closed the websocket."""
    [event] = socket.events()
    assert socket.client.transport.disconnecting
    return int(event.code)


class TestOpening:
    """Requests that get a websocket, and others."""

    @pytest.mark.parametrize(
        "key",
        [
            *("", "abc", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25jZQ= ="),
            *("dGhlIHNhbXBsZSBub25jZR==", "dGhlIHNhbXBsZSBub25jZTEyMzQ="),
            "dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        ],
    )
    def test_a_key_is_sixteen_bytes(self, mail: Mail, key: str) -> None:
        pytest.importorskip("twisted.web.websocket")
        answer = refused(mail.client, PATH, Sec_WebSocket_Key=key)
        assert answer.status == 400
        assert "Sec-WebSocket-Key: 16 bytes" in answer.text

    @pytest.mark.parametrize("version", ["", "8", "12", "14", "13, 8", "１３"])  # noqa: RUF001
    def test_another_version_is_told_the_right_one(
        self, mail: Mail, version: str
    ) -> None:
        pytest.importorskip("twisted.web.websocket")
        answer = refused(mail.client, PATH, Sec_WebSocket_Version=version)
        assert (answer.status, answer.headers["sec-websocket-version"]) == (426, "13")

    def test_one_of_http_1_0_is_none(self, mail: Mail) -> None:
        pytest.importorskip("twisted.web.websocket")
        mail.client.send(
            f"GET {PATH} HTTP/1.0\r\nHost: a\r\nConnection: Upgrade\r\n"
            "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
        )
        assert mail.client.response().status == 426

    def test_a_client_that_is_no_browser_gets_one(self, socket: Websocket) -> None:
        assert socket.events() == []

    @pytest.mark.parametrize("origin", ["http://localhost", "https://LOCALHOST"])
    def test_a_page_of_the_server_itself_gets_one(
        self, mail: Mail, origin: str
    ) -> None:
        assert open_one(mail, Origin=origin).events() == []

    def test_a_page_of_an_allowed_site_gets_one(self, make_mail: Any) -> None:
        mail = make_mail(gate=Gate(origins={"http://app.example"}))
        assert open_one(mail, Origin="http://app.example").events() == []

    @pytest.mark.parametrize("path", [PATH, "/api/v2/%65vents", "/%61pi/v2/events"])
    @pytest.mark.parametrize(
        "origin", ["http://evil.example", "null", "http://localhost.evil.example"]
    )
    def test_a_page_of_another_site_gets_none(
        self, client: Client, path: str, origin: str
    ) -> None:
        assert refused(client, path, Origin=origin).status == 403

    def test_a_client_without_a_login_gets_none(self, make_mail: Any) -> None:
        mail = make_mail(gate=Gate(users={"ann": "secret"}))
        assert refused(mail.client, PATH).status == 401

    def test_another_host_gets_none(self, client: Client) -> None:
        assert refused(client, PATH, Host="evil.example").status == 421

    @pytest.mark.parametrize(
        "headers",
        [
            {"Upgrade": "h2c"},
            {"Sec_WebSocket_Version": "8", "Sec-WebSocket-Version": ""},
        ],
    )
    def test_another_protocol_is_told_which_one_is_there(
        self, client: Client, headers: dict[str, str]
    ) -> None:
        pytest.importorskip("twisted.web.websocket")
        answer = refused(client, PATH, **headers)
        assert answer.status == 426
        assert answer.headers["upgrade"] == "websocket"
        assert answer.headers["sec-websocket-version"] == "13"

    @pytest.mark.parametrize(
        "headers", [{"Sec-WebSocket-Key": ""}, {"Connection": "close"}]
    )
    def test_a_malformed_opening_is_an_error(
        self, client: Client, headers: dict[str, str]
    ) -> None:
        pytest.importorskip("twisted.web.websocket")
        assert refused(client, PATH, **headers).status == 400

    def test_a_request_for_the_header_alone_opens_none(self, mail: Mail) -> None:
        pytest.importorskip("twisted.web.websocket")
        fields = {"Upgrade": "websocket", "Sec_WebSocket_Version": "13"}
        assert mail.client.request("HEAD", PATH, **fields).status == 426

    def test_an_older_twisted_has_none(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "twisted.web.websocket", None)
        answer = refused(client, PATH)
        assert answer.status == 501
        assert "server-sent events" in answer.json["detail"]


class TestSending:
    """What the server sends."""

    def test_events_of_the_same_time_are_one_write(self, mail: Mail) -> None:
        pytest.importorskip("twisted.web.websocket")
        for _ in range(3):
            mail.add()
        client = mail.connect()
        writes: list[bytes] = []
        write = client.transport.write

        def note(data: bytes) -> None:
            writes.append(data)
            write(data)

        client.transport.write = note
        ask(client, f"{PATH}?since=0")
        assert [n for each in writes if (n := each.count(b'"kept"'))] == [3]


class TestReceiving:
    """Frames of a client."""

    def test_a_ping_is_answered(self, socket: Websocket) -> None:
        from wsproto.events import Ping, Pong

        socket.send(Ping(b"are you there"))
        assert socket.events() == [Pong(bytearray(b"are you there"))]

    def test_a_short_text_does_nothing(self, mail: Mail, socket: Websocket) -> None:
        from wsproto.events import BytesMessage, TextMessage

        socket.send(TextMessage("hello"))
        socket.send(BytesMessage(b"hello"))
        assert socket.events() == []
        mail.add()
        assert len(socket.texts()) == 1

    @pytest.mark.parametrize("pieces", [1, 50])
    def test_a_long_one_closes_it(self, socket: Websocket, pieces: int) -> None:
        from wsproto.events import TextMessage

        for number in range(pieces):
            is_last = number == pieces - 1
            socket.send(TextMessage("x" * (5000 // pieces), message_finished=is_last))
        assert closed_with(socket) == 1009

    def test_what_comes_after_the_end_is_ignored(self, socket: Websocket) -> None:
        for _ in range(3):
            socket.client.send(b"x" * 5000)
        assert closed_with(socket) == 1009

    @pytest.mark.parametrize(
        ("data", "code"),
        [
            (b"\x81\x01a", 1002),
            (b"\x8f\x80abcd", 1002),
            (b"\x81\x81\0\0\0\0\xff", 1007),
            (b"\x81\xff" + b"\xff" * 8, 1002),
            (b"\x81\xff\x80" + b"\0" * 7, 1002),
            (b"\x89\xfe\1\0", 1002),
        ],
        ids=[
            *("unmasked", "unknown opcode", "bad UTF-8", "a size of 64 bits"),
            *("the first bit of a size", "a long ping"),
        ],
    )
    def test_broken_frames_close_it(
        self, socket: Websocket, data: bytes, code: int
    ) -> None:
        socket.client.send(data)
        assert closed_with(socket) == code

    @pytest.mark.parametrize(
        "size",
        [
            *(
                b"\x7f" + b"\xff" * 7,
                b"\x40" + b"\0" * 7,
                b"\0" * 3 + b"\1" + b"\0" * 4,
            ),
            *(b"\0" * 5 + b"\1\0\0", b"\xff\xff", b"\x10\1"),
        ],
        ids=bytes.hex,
    )
    @pytest.mark.parametrize("before", [b"", b"\x81\x83abcdxyz", b"\x8a\x80abcd"])
    def test_a_frame_that_will_be_too_large_closes_it_at_once(
        self, socket: Websocket, before: bytes, size: bytes
    ) -> None:
        """Before its bytes come, however its beginning is cut."""
        head = b"\x82\xff" if len(size) == 8 else b"\x82\xfe"
        for octet in before + head + size[:-1]:
            socket.client.send(bytes([octet]))
            assert not socket.client.transport.disconnecting
        socket.client.send(size[-1:])
        assert closed_with(socket) == 1009

    def test_frames_within_the_bound_are_read(self, socket: Websocket) -> None:
        from wsproto.events import Ping, Pong, TextMessage

        for size in (0, 125, 126, 1000):
            socket.send(TextMessage("x" * size))
        socket.send(Ping(b""))
        assert socket.events() == [Pong(bytearray())]

    def test_a_client_that_closes_it_is_answered(
        self, mail: Mail, socket: Websocket
    ) -> None:
        from wsproto.events import CloseConnection

        socket.send(CloseConnection(1000))
        assert closed_with(socket) == 1000
        mail.add()
        assert socket.client.transport.value() == b""


class TestPings:
    """The server asks whether the client is still there."""

    def test_a_client_that_answers_stays(self, mail: Mail, socket: Websocket) -> None:
        from wsproto.events import Ping

        for _ in range(3):
            mail.reactor.advance(54)
            [ping] = socket.events()
            assert isinstance(ping, Ping)
            socket.send(ping.response())
        assert not socket.client.transport.disconnecting

    def test_one_that_does_not_is_disconnected(
        self, mail: Mail, socket: Websocket
    ) -> None:
        mail.reactor.advance(54)
        mail.reactor.advance(9)
        assert not socket.client.transport.disconnecting
        mail.reactor.advance(1)
        assert socket.client.transport.disconnecting

    def test_each_gives_the_client_new_room(
        self, mail: Mail, socket: Websocket
    ) -> None:
        from wsproto.events import TextMessage

        for _ in range(3):
            socket.send(TextMessage("x" * 3000))
            mail.reactor.advance(54)
            [ping] = socket.events()
            socket.send(ping.response())
        assert not socket.client.transport.disconnecting


class TestEnd:
    """How a websocket ends."""

    def test_a_server_that_stops_closes_it(self, mail: Mail, socket: Websocket) -> None:
        mail.reader.close()
        assert closed_with(socket) == 1001

    def test_nothing_is_left_of_one_whose_client_has_gone(self, mail: Mail) -> None:
        before = len(mail.reactor.getDelayedCalls())
        socket = open_one(mail)
        socket.client.protocol.connectionLost(Failure(ConnectionDone()))
        assert len(mail.reactor.getDelayedCalls()) == before
        mail.add()
        assert socket.client.transport.value() == b""

    def test_it_gives_its_place_to_the_next_client(self, make_mail: Any) -> None:
        mail = make_mail(max_listeners=1)
        first = open_one(mail)
        assert refused(mail.connect(), PATH).status == 429
        first.client.protocol.connectionLost(Failure(ConnectionDone()))
        assert open_one(mail).events() == []


class TestSlowClients:
    """A client that reads more slowly than the server writes."""

    def test_it_gets_all_when_it_reads_again(
        self, mail: Mail, socket: Websocket
    ) -> None:
        socket.client.protocol.pauseProducing()
        ids = [mail.add() for _ in range(3)]
        assert socket.events() == []
        socket.client.protocol.resumeProducing()
        assert [each["data"]["ids"] for each in socket.texts()] == [[id] for id in ids]

    def test_one_that_reads_nothing_is_disconnected(
        self, mail: Mail, socket: Websocket
    ) -> None:
        from lazr_smtptest.model.envelope import Envelope

        envelope = Envelope(mail_from="", rcpt_tos=("bob@example.com",), content=b"x")
        socket.client.protocol.pauseProducing()
        number = 0
        while not socket.client.transport.disconnecting and number < 20_000:
            mail.store.add(envelope)
            mail.reactor.advance(0.001)
            number += 1
        assert 3000 < number < 20_000

    def test_one_that_pauses_again_waits_again(
        self, mail: Mail, socket: Websocket
    ) -> None:
        protocol = socket.client.protocol
        protocol.pauseProducing()
        for _ in range(3):
            mail.add()
        write = socket.client.transport.write

        def full(data: bytes) -> None:
            write(data)
            protocol.pauseProducing()

        socket.client.transport.write = full
        protocol.resumeProducing()
        assert len(socket.texts()) == 1
        socket.client.transport.write = write
        protocol.resumeProducing()
        assert len(socket.texts()) == 2
