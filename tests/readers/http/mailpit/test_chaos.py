"""Mailpit's chaos, which are fault rules of the server."""

from __future__ import annotations

from typing import Any

import pytest

from lazr_smtptest.auth.login import Auth

from ..client import Client, Response
from .served import Served

OFF = {
    "Sender": {"ErrorCode": 451, "Probability": 0},
    "Recipient": {"ErrorCode": 451, "Probability": 0},
    "Authentication": {"ErrorCode": 535, "Probability": 0},
}


def put(served: Served, body: Any) -> Response:
    return served.client.request("PUT", "/api/v1/chaos", json=body)


def test_nothing_is_set_at_first(served: Served) -> None:
    assert served.client.get("/api/v1/chaos").json == OFF


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_without_fault_rules_it_is_not_enabled(client: Client, method: str) -> None:
    answer = client.request(method, "/api/v1/chaos", json={})
    assert (answer.status, answer.text) == (400, "Chaos is not enabled")


def test_what_is_set_is_the_answer(served: Served) -> None:
    sender = {"ErrorCode": 421, "Probability": 5}
    wanted = {**OFF, "Sender": sender}
    assert put(served, {"Sender": sender}).json == wanted
    assert served.client.get("/api/v1/chaos").json == wanted


def test_what_is_left_out_is_set_to_its_default(served: Served) -> None:
    put(served, {"Sender": {"ErrorCode": 421, "Probability": 5}})
    assert put(served, {}).json == OFF
    assert served.server.faults.rules == ()


def test_keys_are_compared_without_case(served: Served) -> None:
    answer = put(served, {"recipient": {"errorcode": 500, "PROBABILITY": 1}})
    assert answer.json["Recipient"] == {"ErrorCode": 500, "Probability": 1}


def test_the_code_0_is_the_default(served: Served) -> None:
    answer = put(served, {"Authentication": {"ErrorCode": 0, "Probability": 1}})
    assert answer.json["Authentication"] == {"ErrorCode": 535, "Probability": 1}


@pytest.mark.parametrize(
    ("trigger", "error"),
    [
        ({"ErrorCode": 399}, "error code must be between 400 and 599"),
        ({"ErrorCode": 600}, "error code must be between 400 and 599"),
        ({"ErrorCode": "451"}, "error code must be between 400 and 599"),
        ({"Probability": -1}, "probability must be between 0 and 100"),
        ({"Probability": 101}, "probability must be between 0 and 100"),
        ({"Probability": True}, "probability must be between 0 and 100"),
        (5, "Recipient must be an object with ErrorCode and Probability"),
    ],
)
def test_a_wrong_value_changes_nothing(
    served: Served, trigger: Any, error: str
) -> None:
    sender = {"ErrorCode": 421, "Probability": 5}
    answer = put(served, {"Sender": sender, "Recipient": trigger})
    assert (answer.status, answer.text) == (400, error)
    assert served.client.get("/api/v1/chaos").json == OFF


def test_a_sender_is_refused(served: Served) -> None:
    put(served, {"Sender": {"ErrorCode": 455, "Probability": 100}})
    reply = served.smtp().say("MAIL FROM:<a@example.com>")
    assert reply == b"455 4.0.0 Chaos sender error\r\n"


def test_a_recipient_is_refused(served: Served) -> None:
    put(served, {"Recipient": {"ErrorCode": 550, "Probability": 100}})
    peer = served.smtp()
    peer.say("MAIL FROM:<a@example.com>")
    reply = peer.say("RCPT TO:<b@example.com>")
    assert reply == b"550 5.1.1 Chaos recipient error\r\n"


def test_a_login_is_refused(served: Served) -> None:
    served.server.auth = Auth.users({"ann": "secret"})
    put(served, {"Authentication": {"ErrorCode": 454, "Probability": 100}})
    reply = served.smtp().say("AUTH PLAIN AGFubgBzZWNyZXQ=")
    assert reply == b"454 4.7.0 Chaos authentication error\r\n"


def test_what_others_remove_is_off(served: Served) -> None:
    put(served, {"Sender": {"Probability": 100}})
    served.server.faults.clear()
    assert served.client.get("/api/v1/chaos").json == OFF


def test_rules_of_others_stay(served: Served) -> None:
    rule = served.server.faults.on("EOD")
    rule.reply(451, "no")
    put(served, {"Sender": {"Probability": 100}})
    put(served, {})
    assert served.server.faults.rules == (rule,)
