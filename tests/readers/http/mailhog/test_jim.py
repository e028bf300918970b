"""MailHog's Jim."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Hog

NEVER = {
    "DisconnectChance": 0,
    "AcceptChance": 1,
    "LinkSpeedAffect": 0,
    "LinkSpeedMin": 1024,
    "LinkSpeedMax": 10240,
    "RejectSenderChance": 0,
    "RejectRecipientChance": 0,
    "RejectAuthChance": 0,
}


def status(hog: Hog, method: str, body: object = None) -> int:
    return hog.client.request(method, "/api/v2/jim", json=body).status


def rules(hog: Hog) -> list[str]:
    return [str(rule) for rule in hog.faults.rules]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_it_is_off_at_first(hog: Hog, method: str) -> None:
    assert status(hog, method, {}) == 404


def test_it_is_switched_on_with_defaults(hog: Hog) -> None:
    assert hog.client.request("POST", "/api/v2/jim").status == 201
    assert hog.client.get("/api/v2/jim").json == {
        "DisconnectChance": 0.005,
        "AcceptChance": 0.99,
        "LinkSpeedAffect": 0.1,
        "LinkSpeedMin": 1024,
        "LinkSpeedMax": 10240,
        "RejectSenderChance": 0.05,
        "RejectRecipientChance": 0.05,
        "RejectAuthChance": 0.05,
    }
    assert len(rules(hog)) == 6


def test_it_is_not_switched_on_twice(hog: Hog) -> None:
    status(hog, "POST", {})
    assert status(hog, "POST", {}) == 400


def test_what_is_left_out_of_a_change_is_0(hog: Hog) -> None:
    status(hog, "POST", {})
    assert status(hog, "PUT", {"AcceptChance": 1, "rejectsenderchance": 0.5}) == 200
    assert rules(hog) == [
        "on('MAIL', probability=0.5, optional=True).reply(550, 'Invalid sender')"
    ]


def test_it_is_switched_off(hog: Hog) -> None:
    status(hog, "POST", {})
    assert status(hog, "DELETE") == 200
    assert rules(hog) == []
    assert status(hog, "GET") == 404


def test_rules_of_others_stay(hog: Hog) -> None:
    hog.faults.on("EOD").reply(451, "no")
    status(hog, "POST", NEVER)
    assert len(rules(hog)) == 1
    status(hog, "DELETE")
    assert len(rules(hog)) == 1


@pytest.mark.parametrize("value", [-1, 1.5, "x", True, None])
def test_a_chance_that_is_none_changes_nothing(hog: Hog, value: object) -> None:
    status(hog, "POST", NEVER)
    assert status(hog, "PUT", {"RejectAuthChance": value}) == 400
    assert hog.client.get("/api/v2/jim").json == NEVER


def test_a_body_that_is_no_json_keeps_the_defaults(hog: Hog) -> None:
    answer = hog.client.request("POST", "/api/v2/jim", body=b"{")
    assert answer.status == 201
