"""MailHog's ``release`` and ``outgoing-smtp``."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from twisted.python.failure import Failure

from lazr_smtptest.outbound.settings import Login, Outgoing, Relay, Server
from lazr_smtptest.readers.context import ReaderContext
from lazr_smtptest.readers.http.mailhog.reader import MailHogReader
from lazr_smtptest.readers.http.reader import HTTPSettings

from ..mailpit.test_release import Connecting, serve
from .conftest import Hog

RELAY = Relay(
    server=Server(
        host="127.0.0.1", port=2525, login=Login(user="ann", password="secret")
    ),
    blocked="^root@",
)
WANTED = {"Email": "bob@example.com", "Host": "127.0.0.1", "Port": "2525"}


def release(hog: Hog, id: str, body: object) -> tuple[int, str]:
    answer = hog.client.request("POST", f"/api/v1/messages/{id}/release", json=body)
    return answer.status, answer.text


def test_nothing_is_sent_by_default(hog: Hog) -> None:
    code, text = release(hog, hog.add(), WANTED)
    assert code == 403
    assert "nothing may be sent to '127.0.0.1' port 2525" in text


@pytest.mark.parametrize(
    ("change", "code", "text"),
    [
        ({"Port": "26"}, 403, "nothing may be sent to '127.0.0.1' port 26"),
        ({"Host": "x"}, 403, "nothing may be sent to 'x' port 2525"),
        ({"Port": "x"}, 400, "bad Port 'x'"),
        ({"Name": "other"}, 400, "there is no server 'other'"),
        ({"Save": True}, 400, "servers cannot be saved"),
        ({"Email": "root@example.com"}, 403, "nothing may be sent to 'root@"),
    ],
)
def test_a_request_that_is_refused(
    make_hog: Callable[..., Hog], change: dict[str, Any], code: int, text: str
) -> None:
    hog = make_hog(outgoing=Outgoing(relay=RELAY))
    got, why = release(hog, hog.add(), {**WANTED, **change})
    assert got == code
    assert text in why


def test_an_unknown_mechanism_is_an_error(make_hog: Callable[..., Hog]) -> None:
    hog = make_hog(outgoing=Outgoing(hosts=["127.0.0.1:2525"]))
    body = {**WANTED, "Username": "a", "Password": "b", "Mechanism": "NTLM"}
    code, text = release(hog, hog.add(), body)
    assert (code, text.partition(":")[0]) == (400, "bad Mechanism 'NTLM'")


def test_a_body_that_is_no_json_is_an_error(hog: Hog) -> None:
    path = f"/api/v1/messages/{hog.add()}/release"
    answer = hog.client.request("POST", path, body=b"{")
    assert (answer.status, answer.text) == (400, "Error decoding request body")


class Releasing(Hog):
    """A store whose HTTP side may send mail on, and the connections that it makes."""

    def __init__(self, **outgoing: Any) -> None:
        super().__init__()
        self.reader.close()
        self.reactor = Connecting()  # type: ignore[assignment]
        context = ReaderContext(store=self.store, reactor=self.reactor, pool=self)
        settings = HTTPSettings(outgoing=Outgoing(**outgoing))
        self.reader = MailHogReader(context, settings)
        self.client = self.connect()

    def ask(self, id: str, body: object) -> None:
        """Make a request, whose answer comes when the server has replied."""
        data = json.dumps(body).encode()
        self.client.send(
            f"POST /api/v1/messages/{id}/release HTTP/1.1\r\nHost: localhost\r\n"
            f"Content-Length: {len(data)}\r\n\r\n".encode()
            + data
        )


class TestSent:
    """A message that is sent on."""

    @pytest.fixture
    def mail(self) -> Iterator[Releasing]:
        """A store that may send to one server."""
        mail = Releasing(hosts=["127.0.0.1:2525"])
        yield mail
        mail.reader.close()

    def test_it_goes_to_the_server_and_the_recipient_of_the_request(
        self, mail: Releasing
    ) -> None:
        mail.ask(mail.add("Subject: hi\n\nHello.\n"), WANTED)
        replies = ("250 ok", "250 ok", "354 go", "250 ok")
        sender, recipient, _, content, _ = serve(mail.reactor, *replies)
        assert mail.reactor.tcpClients[0][:2] == ("127.0.0.1", 2525)
        assert sender.startswith(b"MAIL FROM:<nobody@")
        assert recipient == b"RCPT TO:<bob@example.com>\r\n"
        assert content.endswith(b"Subject: hi\r\n\r\nHello.\r\n.\r\n")
        assert mail.client.response().status == 200

    def test_it_stays_in_the_store(self, mail: Releasing) -> None:
        id = mail.add()
        mail.ask(id, WANTED)
        serve(mail.reactor, "250 ok", "250 ok", "354 go", "250 ok")
        assert mail.client.response().status == 200
        assert mail.store.envelope(id) is not None

    def test_the_refusal_of_the_server_is_an_error(self, mail: Releasing) -> None:
        mail.ask(mail.add(), WANTED)
        serve(mail.reactor, "250 ok", "550 5.1.1 unknown")
        answer = mail.client.response()
        assert answer.status == 500
        assert "550 5.1.1 unknown" in answer.text

    def test_a_server_that_is_away_is_an_error(self, mail: Releasing) -> None:
        mail.ask(mail.add(), WANTED)
        factory = mail.reactor.tcpClients[0][2]
        factory.clientConnectionFailed(None, Failure(ConnectionRefusedError("no")))
        assert mail.client.response().status == 500


def test_the_name_of_the_relay_is_enough() -> None:
    """It stands for its host, its port and its login."""
    mail = Releasing(relay=Relay(server=Server(host="127.0.0.1", port=2526)))
    mail.ask(mail.add(), {"Email": "bob@example.com", "Name": "relay"})
    serve(mail.reactor, "250 ok", "250 ok", "354 go", "250 ok")
    assert mail.reactor.tcpClients[0][:2] == ("127.0.0.1", 2526)
    assert mail.client.response().status == 200
    mail.reader.close()


def test_an_unknown_message_is_not_found(hog: Hog) -> None:
    assert release(hog, "unknown", WANTED)[0] == 404


def test_without_a_relay_there_are_no_servers(hog: Hog) -> None:
    assert hog.client.get("/api/v2/outgoing-smtp").json == {}


def test_the_relay_is_a_server_without_its_password(
    make_hog: Callable[..., Hog],
) -> None:
    hog = make_hog(outgoing=Outgoing(relay=RELAY))
    assert hog.client.get("/api/v2/outgoing-smtp").json == {
        "relay": {
            "Name": "relay",
            "Save": False,
            "Email": "",
            "Host": "127.0.0.1",
            "Port": "2525",
            "Username": "ann",
            "Password": "",
            "Mechanism": "PLAIN",
        }
    }
