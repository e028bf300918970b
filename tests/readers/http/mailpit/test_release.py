"""Mailpit's ``release``."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.python.failure import Failure

from lazr_smtptest.outbound.settings import Outgoing, Relay, Server
from lazr_smtptest.readers.context import ReaderContext
from lazr_smtptest.readers.http.reader import HTTPReader, HTTPSettings

from ..client import Client, Response
from ..conftest import Mail

MESSAGE = "From: Ann <ann@example.com>\nBcc: c@example.com\nSubject: hi\n\nHello.\n"


class Connecting(MemoryReactorClock):
    """A reactor that keeps the connections to make, and whose threads are this one."""

    def callFromThread(self, function: Callable[..., Any], *arguments: Any) -> None:
        function(*arguments)


class Releasing(Mail):
    """A store whose HTTP side may send mail on.

    Args:
        relay: the options of the relay; ``None`` for none.
    """

    def __init__(self, relay: dict[str, Any] | None) -> None:
        super().__init__()
        self.reader.close()
        self.reactor = Connecting()  # type: ignore[assignment]
        server = Server(host="127.0.0.1", port=2525)
        outgoing = Outgoing(
            relay=None if relay is None else Relay(server=server, **relay)
        )
        context = ReaderContext(store=self.store, reactor=self.reactor, pool=self)
        self.reader = HTTPReader(context, HTTPSettings(outgoing=outgoing))
        self.client = self.connect()

    def ask(self, id: str, body: object) -> None:
        """Make a request, whose answer may come later."""
        data = json.dumps(body).encode()
        self.client.send(
            f"POST /api/v1/message/{id}/release HTTP/1.1\r\nHost: localhost\r\n"
            f"Content-Length: {len(data)}\r\n\r\n".encode()
            + data
        )

    def answer(self, id: str, body: object) -> Response:
        """Make a request that is answered at once."""
        self.ask(id, body)
        return self.client.response()

    def serve(self, *replies: str) -> list[bytes]:
        """Be the server; see `serve`."""
        return serve(self.reactor, *replies)


def serve(reactor: Any, *replies: str) -> list[bytes]:
    """Be the server that a reactor connects to.

    Returns:
        what it was told, after the greeting and EHLO.
    """
    factory = reactor.tcpClients[0][2]
    transport = StringTransport()
    protocol = factory.buildProtocol(None)
    protocol.makeConnection(transport)
    said = []
    for reply in ("220 mx", "250 mx", *replies):
        transport.clear()
        protocol.dataReceived(reply.encode() + b"\r\n")
        said.append(transport.value())
    if not transport.disconnecting:
        protocol.connectionLost(Failure(ConnectionError("gone")))
    return said[1:]


@pytest.fixture
def make() -> Iterator[Callable[..., Releasing]]:
    """Makes a store whose HTTP side may send mail on."""
    made = []

    def make(**relay: Any) -> Releasing:
        made.append(Releasing(relay))
        return made[-1]

    yield make
    for each in made:
        each.reader.close()


def test_a_message_is_sent_on(make: Callable[..., Releasing]) -> None:
    mail = make()
    mail.ask(mail.add(MESSAGE), {"To": ["Bob <bob@example.com>"]})
    sender, recipient, _, content, _ = mail.serve(
        "250 ok", "250 ok", "354 go", "250 ok"
    )
    answer = mail.client.response()
    assert (answer.status, answer.text) == (200, "ok")
    assert sender == b"MAIL FROM:<ann@example.com>\r\n"
    assert recipient == b"RCPT TO:<bob@example.com>\r\n"
    assert content.endswith(b"\r\n\r\nHello.\r\n.\r\n")
    assert b"c@example.com" not in content


def test_the_sender_comes_before_from(make: Callable[..., Releasing]) -> None:
    mail = make()
    id = mail.add("Sender: team@example.com\n" + MESSAGE)
    mail.ask(id, {"To": ["bob@example.com"]})
    assert mail.serve()[0] == b"MAIL FROM:<team@example.com>\r\n"


def test_the_return_path_comes_before_both(make: Callable[..., Releasing]) -> None:
    mail = make(return_path="bounce@example.com")
    mail.ask(mail.add(MESSAGE), {"To": ["bob@example.com"]})
    said = mail.serve("250 ok", "250 ok", "354 go")
    assert said[0] == b"MAIL FROM:<bounce@example.com>\r\n"
    assert b"\r\nReturn-Path: <bounce@example.com>\r\n" in said[3]


def test_the_error_of_the_server_is_the_answer(make: Callable[..., Releasing]) -> None:
    mail = make()
    mail.ask(mail.add(MESSAGE), {"To": ["bob@example.com"]})
    mail.serve("550 5.7.1 no")
    answer = mail.client.response()
    assert (answer.status, answer.text) == (
        400,
        "SMTP error: 127.0.0.1 port 2525: reply to MAIL FROM:<ann@example.com>: "
        "550 5.7.1 no",
    )


def test_the_latest_message_can_be_sent_on(make: Callable[..., Releasing]) -> None:
    mail = make()
    mail.add(MESSAGE)
    mail.ask("latest", {"To": ["bob@example.com"]})
    assert mail.serve()[0] == b"MAIL FROM:<ann@example.com>\r\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({}, "No valid addresses found"),
        ({"To": []}, "No valid addresses found"),
        ({"To": ["bob"]}, "Invalid email address: bob"),
        ({"To": ["a@b, c@d"]}, "Invalid email address: a@b, c@d"),
        ({"To": [5]}, "Invalid email address: 5"),
        (
            {"To": ["r@example.com>\r\nDATA"]},
            "Invalid email address: r@example.com>\r\nDATA",
        ),
        (
            {"To": ["a@other.example"]},
            "Failed: Address do not match the allowlist: a@other.example",
        ),
        (
            {"To": ["a@other.example", "b@example.com", "c@x.example"]},
            "Failed: Addresses do not match the allowlist: "
            "a@other.example, c@x.example",
        ),
        (
            {"To": ["root@example.com"]},
            "Failed: Address found on blocklist: root@example.com",
        ),
        ("x", "bad body: expected a JSON object, not a string"),
    ],
)
def test_a_request_that_is_refused_sends_nothing(
    make: Callable[..., Releasing], body: object, error: str
) -> None:
    mail = make(allowed=r"@example\.com$", blocked="^root@")
    answer = mail.answer(mail.add(MESSAGE), body)
    assert (answer.status, answer.text) == (400, error)
    assert mail.reactor.tcpClients == []  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ("Subject: hi\n\nx\n", "No From header found"),
        ("From: Ann\n\nx\n", "Failed: unable to parse From header: Ann"),
    ],
)
def test_a_message_without_a_sender_is_not_sent_on(
    make: Callable[..., Releasing], content: str, error: str
) -> None:
    mail = make()
    answer = mail.answer(mail.add(content), {"To": ["bob@example.com"]})
    assert (answer.status, answer.text) == (400, error)


def test_an_unknown_message_is_not_found(make: Callable[..., Releasing]) -> None:
    answer = make().answer("unknown", {"To": ["bob"]})
    assert (answer.status, answer.text) == (404, "404 page not found")


def test_without_a_relay_nothing_is_sent() -> None:
    mail = Releasing(None)
    answer = mail.answer(mail.add(MESSAGE), {"To": ["bob@example.com"]})
    assert (answer.status, answer.text) == (
        400,
        "no relay is configured: see --relay-host",
    )
    mail.reader.close()


def test_a_page_of_another_site_sends_nothing(make: Callable[..., Releasing]) -> None:
    mail = make()
    answer = Client(mail.reader.site, mail.reactor).request(
        "POST",
        f"/api/v1/message/{mail.add(MESSAGE)}/release",
        json={"To": ["bob@example.com"]},
        origin="https://evil.example",
    )
    assert answer.status == 403
    assert mail.reactor.tcpClients == []  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "recipient",
    [
        "bob@example.com>\r\nDATA",
        "Bob\r\nX: y <bob@example.com>",
        "bob@example.com\n",
        "bob\x00 <bob@example.com>",
        "Bob\u2028 <bob@example.com>",
    ],
)
def test_a_recipient_with_a_control_character_is_refused(
    make: Callable[..., Releasing], recipient: str
) -> None:
    mail = make()
    answer = mail.answer(mail.add(MESSAGE), {"To": [recipient]})
    assert answer.status == 400
    assert "Invalid email address" in answer.text
    assert not mail.reactor.tcpClients
