"""MailHog's ``release`` and ``outgoing-smtp``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from lazr_smtptest.outbound.settings import Login, Outgoing, Relay, Server

if TYPE_CHECKING:
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
