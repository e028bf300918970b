"""Our own API: the fault rules of the server."""

from __future__ import annotations

from typing import Any

import pytest

from lazr_smtptest.faults import Faults
from lazr_smtptest.faults.personalities import PERSONALITIES
from lazr_smtptest.model.fault_context import FaultContext
from lazr_smtptest.model.session import Session

from ..client import Client, Response
from ..conftest import Mail

SLOW = {
    "on": "RCPT",
    "recipient": "*@slow.example",
    "times": 2,
    "reply": [451, "Later"],
}


@pytest.fixture
def faults() -> Faults:
    """The rules of a server."""
    return Faults()


@pytest.fixture
def client(faults: Faults) -> Client:
    """A client of the HTTP side of that server."""
    return Mail(server={"faults": faults}).client


def add(client: Client, *rules: Any, **more: Any) -> Response:
    """Add rules."""
    return client.request("POST", "/api/v2/faults", json={"fault": rules, **more})


def listed(client: Client) -> list[Any]:
    return list(client.get("/api/v2/faults").json["rules"])


def rcpt(faults: Faults, recipient: str = "x@slow.example") -> bool:
    """Return whether a rule fires for a recipient."""
    session = Session(id="s-1", number=7)
    session.begin("ann@example.com")
    context = FaultContext(
        phase="RCPT",
        session=session,
        now=1_769_860_800.0,
        line=b"RCPT TO:<x@slow.example>",
        sender="ann@example.com",
        to=(recipient,),
        transaction=1,
    )
    return faults.decide(context) is not None


class TestRules:
    """Adding, listing and removing them."""

    def test_a_rule_fires_as_if_it_came_from_a_file(
        self, client: Client, faults: Faults
    ) -> None:
        answer = add(client, SLOW)
        assert answer.status == 201
        assert rcpt(faults)
        assert not rcpt(faults, "x@example.com")

    def test_its_counts_are_listed(self, client: Client, faults: Faults) -> None:
        add(client, SLOW)
        rcpt(faults)
        [rule] = listed(client)
        assert rule == {
            "id": rule["id"],
            "rule": "on('RCPT', recipient='*@slow.example', times=2)"
            ".reply(451, 'Later')",
            "phases": ["RCPT"],
            "seen": 1,
            "fired": 1,
            "times": 2,
            "optional": False,
            "missing": True,
            "shared": None,
            "counted_by_each": [],
        }
        assert client.get(f"/api/v2/faults/{rule['id']}").json == rule

    def test_those_of_a_test_in_python_are_listed_too(
        self, client: Client, faults: Faults
    ) -> None:
        faults.on("MAIL").reply(550, "No")
        add(client, SLOW)
        assert [each["phases"] for each in listed(client)] == [["MAIL"], ["RCPT"]]

    def test_a_removed_one_does_not_fire(self, client: Client, faults: Faults) -> None:
        [rule] = add(client, SLOW).json["rules"]
        path = f"/api/v2/faults/{rule['id']}"
        assert client.request("DELETE", path).status == 204
        assert client.request("DELETE", path).status == 404
        assert client.get(path).status == 404
        assert not rcpt(faults)

    def test_no_id_is_used_again(self, client: Client) -> None:
        ids = [add(client, SLOW).json["rules"][0]["id"] for _ in range(2)]
        client.request("DELETE", f"/api/v2/faults/{ids[1]}")
        ids += [add(client, SLOW).json["rules"][0]["id"]]
        assert len(set(ids)) == 3

    def test_all_can_be_removed(self, client: Client, faults: Faults) -> None:
        add(client, SLOW)
        rcpt(faults)
        assert client.request("DELETE", "/api/v2/faults").status == 204
        assert listed(client) == []
        assert client.get("/api/v2/faults/journal").json == {"fired": []}

    def test_a_personality_adds_its_rules(self, client: Client) -> None:
        name = {"name": "greylisting", "seconds": 5}
        added = add(client, personality=[name]).json["rules"]
        assert added == listed(client)
        assert added

    def test_the_personalities_are_listed_with_their_options(
        self, client: Client
    ) -> None:
        found = client.get("/api/v2/personalities").json
        assert [each["name"] for each in found] == list(PERSONALITIES)
        [grey] = [each for each in found if each["name"] == "greylisting"]
        assert grey["options"] == {"seconds": 300.0}
        assert all(each["summary"] for each in found)

    def test_a_personality_is_described_in_plain_text(self, client: Client) -> None:
        found = client.get("/api/v2/personalities").json
        assert not any("`" in each["summary"] for each in found)


class TestWrongRules:
    """They are refused, and nothing is added."""

    @pytest.mark.parametrize(
        ("rule", "words"),
        [
            ({"on": "RCTP", "reply": [450, "x"]}, "fault[1].on"),
            ({"on": "RCPT"}, "nothing happens"),
            ({"on": "RCPT", "repyl": [450, "x"]}, "fault[1].repyl"),
            ({"on": "RCPT", "reply": [999, "x"]}, "fault[1].reply"),
            ({"on": "RCPT", "where": "x", "drop": True}, "fault[1].where"),
            ({"on": "RCPT", "recipient": {"regex": "("}, "drop": True}, "regular"),
            ({"on": "RCPT", "do": ["drop", "drop"]}, "fault[1].do"),
            ({"on": 5, "drop": True}, "fault[1].on"),
        ],
    )
    def test_the_error_names_the_place(
        self, client: Client, rule: Any, words: str
    ) -> None:
        answer = add(client, SLOW, rule)
        assert answer.status == 400
        assert words in answer.json["detail"]
        assert listed(client) == []

    @pytest.mark.parametrize(
        ("body", "words"),
        [
            ({"faults": []}, "faults"),
            ({"limits": {"size": 5}}, "limits"),
            ({"fault": {"on": "RCPT"}}, "fault must be a list"),
            ({"personality": [{"name": "none such"}]}, "personality[0].name"),
            ({"personality": [{}]}, "name is missing"),
        ],
    )
    def test_other_tables_are_an_error(
        self, client: Client, body: Any, words: str
    ) -> None:
        answer = client.request("POST", "/api/v2/faults", json=body)
        assert answer.status == 400
        assert words in answer.json["detail"]

    @pytest.mark.slow
    @pytest.mark.parametrize("key", ["recipient", "header", "do", "reply"])
    def test_deep_nesting_is_an_error(self, client: Client, key: str) -> None:
        value = b'{"x":' * 900 + b"1" + b"}" * 900
        body = b'{"fault":[{"on":"RCPT","%b":%b}]}' % (key.encode(), value)
        answer = client.request("POST", "/api/v2/faults", body=body)
        assert answer.status == 400


class TestJournal:
    """The rules that fired."""

    def test_it_has_what_fired_oldest_first(
        self, client: Client, faults: Faults
    ) -> None:
        add(client, SLOW)
        rcpt(faults)
        rcpt(faults)
        first, second = client.get("/api/v2/faults/journal").json["fired"]
        assert (first["nth"], second["nth"]) == (1, 2)
        assert first | {"rule": ""} == {
            "rule": "",
            "nth": 1,
            "phase": "RCPT",
            "at": "2026-01-31T12:00:00Z",
            "session": 7,
            "session_id": "s-1",
            "transaction": 1,
            "helo": "",
            "sender": "ann@example.com",
            "to": ["x@slow.example"],
            "line": "RCPT TO:<x@slow.example>",
        }
        latest = client.get("/api/v2/faults/journal?limit=1").json["fired"]
        assert latest == [second]

    def test_that_all_fired_can_be_asserted(
        self, client: Client, faults: Faults
    ) -> None:
        path = "/api/v2/faults/assert-all-fired"
        add(client, SLOW)
        rcpt(faults)
        answer = client.request("POST", path)
        assert answer.status == 409
        assert "1 of 2 times" in answer.json["detail"]
        assert answer.json["rules"] == listed(client)
        text = client.request("POST", path, accept="text/plain")
        assert (text.status, text.text) == (409, f"{answer.json['detail']}\n")
        rcpt(faults)
        assert client.request("POST", path).status == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("POST", ""),
        ("DELETE", ""),
        ("GET", "/1"),
        ("DELETE", "/1"),
        ("GET", "/journal"),
        ("POST", "/assert-all-fired"),
    ],
)
def test_a_process_without_them_says_so(mail: Mail, method: str, path: str) -> None:
    """In one line."""
    answer = mail.client.request(method, f"/api/v2/faults{path}")
    assert answer.status == 409
    assert answer.json["detail"] == (
        "there are no fault rules here: this process receives no mail, it only reads a "
        "store"
    )


class TestTheirNumber:
    """How many rules there may be."""

    RULE = {"on": "NOOP", "reply": [450, "Later"]}

    @pytest.fixture
    def client(self, faults: Faults) -> Client:
        return Mail(server={"faults": faults}, max_rules=20).client

    def test_a_request_may_fill_the_bound(self, client: Client) -> None:
        assert add(client, *[self.RULE] * 20).status == 201
        assert len(listed(client)) == 20

    def test_more_are_refused_together(self, client: Client) -> None:
        add(client, *[self.RULE] * 19)
        answer = add(client, self.RULE, self.RULE)
        assert answer.status == 429
        assert answer.json["detail"] == (
            "there are 19 fault rules, and with these there would be more than 20: "
            "remove some first"
        )
        assert len(listed(client)) == 19

    def test_those_of_files_count(self, client: Client, faults: Faults) -> None:
        for _ in range(20):
            faults.on("NOOP").reply(450)
        assert add(client, self.RULE).status == 429

    def test_many_are_read_in_a_thread(self, faults: Faults) -> None:
        mail = Mail(server={"faults": faults})
        calls: list[Any] = []
        mail.callInThread = calls.append  # type: ignore[method-assign]
        add_many = b'{"fault": [%b]}' % b", ".join(
            [b'{"on": "NOOP", "reply": 450}'] * 11
        )
        mail.client.send(
            b"POST /api/v2/faults HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%b"
            % (len(add_many), add_many)
        )
        assert faults.rules == ()
        calls.pop()()
        assert len(faults.rules) == 11
