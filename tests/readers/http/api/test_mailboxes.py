"""Our own API: disposable mailboxes."""

from __future__ import annotations

import time
from typing import Any
from unittest.mock import Mock

import pytest
from twisted.internet.protocol import connectionDone

from lazr_smtptest.faults import Faults
from lazr_smtptest.model.session import Session
from lazr_smtptest.query.selection import Selection
from lazr_smtptest.readers.http.api.part import StorePart
from lazr_smtptest.readers.http.gate import Gate

from ..conftest import Mail
from .test_faults import rcpt
from .test_sessions import make_session
from .test_wait import ask_at, is_waiting, subjects

PATH = "/api/v2/mailboxes"
ANNA = "anna@example.com"


def make(mail: Mail, **given: Any) -> Any:
    """Make a mailbox, and return its path and its record."""
    answer = mail.client.request("POST", PATH, json=given)
    assert answer.status == 201, answer
    path = answer.headers["location"]
    assert path == f"{PATH}/{answer.json['name']}"
    return path, answer.json


def found(mail: Mail, path: str, arguments: str = "") -> list[str]:
    """Return the subjects of a page of a mailbox."""
    page = mail.client.get(f"{path}/messages{arguments}").json
    return [each["subject"] for each in page["messages"]]


class TestMaking:
    """``POST /mailboxes``."""

    def test_without_a_condition_it_gets_an_address(self, mail: Mail) -> None:
        path, record = make(mail)
        other, _ = make(mail)
        mail.add("Subject: mine\n\nx\n", rcpt_tos=(record["address"],))
        assert (found(mail, path), found(mail, other)) == (["mine"], [])

    def test_no_body_is_no_condition(self, mail: Mail) -> None:
        answer = mail.client.request("POST", PATH)
        assert answer.status == 201
        assert answer.json["address"].endswith("@mailbox.test")

    def test_nothing_of_it_can_be_guessed(self, mail: Mail) -> None:
        records = [make(mail)[1] for _ in range(50)]
        assert len({each["name"] for each in records}) == 50
        assert len({each["address"] for each in records}) == 50
        assert {len(each["name"]) for each in records} == {32}

    def test_it_has_only_what_comes_later(self, mail: Mail) -> None:
        mail.add(rcpt_tos=(ANNA,))
        path, _ = make(mail, address=ANNA)
        assert found(mail, path) == []

    @pytest.mark.parametrize(
        ("given", "wanted"),
        [
            ({"address": ANNA}, ["a"]),
            ({"address": "*@example.com"}, ["c", "a"]),
            ({"user": "shop"}, ["b"]),
            ({"header": {"X-Run": "7"}}, ["c", "b"]),
            ({"query": "subject:c"}, ["c"]),
            ({"address": "*@example.com", "header": {"X-Run": "7"}}, ["c"]),
            ({"address": ANNA, "query": "subject:c OR subject:b"}, []),
        ],
    )
    def test_all_that_is_given_has_to_be_met(
        self, mail: Mail, given: Any, wanted: list[str]
    ) -> None:
        path, _ = make(mail, **given)
        mail.add("Subject: a\n\nx\n", rcpt_tos=(ANNA,))
        mail.add("Subject: b\nX-Run: 7\n\nx\n", rcpt_tos=("x@y.example",), user="shop")
        mail.add("Subject: c\nX-Run: 7\n\nx\n", rcpt_tos=("bob@example.com",))
        assert found(mail, path) == wanted

    @pytest.mark.parametrize(
        "given",
        [
            {"adress": ANNA},
            {"lifetime": 0},
            {"lifetime": 700_000},
            {"max_messages": 0},
            {"header": {"": "x"}},
            {"header": {"a b": "x"}},
            {"query": "is:odd"},
        ],
    )
    def test_a_wrong_condition_is_an_error(self, mail: Mail, given: Any) -> None:
        assert mail.client.request("POST", PATH, json=given).status == 400
        assert mail.client.get(PATH).json == {"mailboxes": []}

    def test_they_are_listed(self, mail: Mail) -> None:
        records = [make(mail)[1] for _ in range(3)]
        assert mail.client.get(PATH).json == {"mailboxes": records}
        [path, record] = make(mail, address=ANNA, lifetime=60)
        assert mail.client.get(path).json == record

    def test_too_many_are_refused(
        self, mail: Mail, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("lazr_smtptest.readers.http.api.mailboxes._MOST", 2)
        for _ in range(2):
            make(mail)
        assert mail.client.request("POST", PATH).status == 429


def test_its_path_has_the_base(make_mail: Any) -> None:
    """A client follows it."""
    mail = make_mail(base="/mail")
    path = mail.client.request("POST", f"/mail{PATH}").headers["location"]
    assert mail.client.get(path).status == 200


@pytest.fixture
def boxes(mail: Mail) -> tuple[Mail, str, str]:
    """Two mailboxes with a message each, and another message in neither."""
    anna, _ = make(mail, address=ANNA)
    bob, _ = make(mail, address="bob@example.com")
    for name in ("anna", "bob", "carl"):
        mail.add(f"Subject: {name}\n\nx\n", rcpt_tos=(f"{name}@example.com",))
    return mail, anna, bob


Boxes = tuple[Mail, str, str]


class TestSeparation:
    """A mailbox shows nothing of another one."""

    def test_pages(self, boxes: Boxes) -> None:
        mail, anna, bob = boxes
        assert (found(mail, anna), found(mail, bob)) == (["anna"], ["bob"])
        for arguments in ("?order=oldest", "?query=x", "?limit=1", "?query=-zz"):
            assert found(mail, anna, arguments) == ["anna"]
        assert found(mail, anna, "?query=subject:bob") == []
        assert found(mail, anna, "?query=subject:anna+OR+subject:bob") == ["anna"]

    @pytest.mark.parametrize("name", ["number", "id"])
    @pytest.mark.parametrize("what", ["", "/raw", "/text", "/envelope", "/parts/1"])
    def test_messages(self, boxes: Boxes, name: str, what: str) -> None:
        mail, anna, bob = boxes
        [summary] = mail.client.get(f"{bob}/messages").json["messages"]
        path = f"/messages/{summary[name]}{what}"
        assert mail.client.get(bob + path).status == 200
        assert mail.client.get(anna + path).status == 404

    def test_the_latest(self, boxes: Boxes) -> None:
        mail, anna, _ = boxes
        latest = mail.client.get(f"{anna}/messages/latest").json
        assert latest["summary"]["subject"] == "anna"

    def test_counts_and_tags(self, boxes: Boxes) -> None:
        mail, anna, _ = boxes
        mail.store.change(Selection(query=""), add_tags=["all"])
        assert mail.client.get(f"{anna}/tags").json == {"all": 1}
        counts = mail.client.get(f"{anna}/counts?query=subject:bob").json
        assert counts == {"messages": 1, "unread": 1, "matching": 0, "missing": 0}

    @pytest.mark.parametrize(
        "selected",
        [{"query": ""}, {"numbers": [1, 2, 3]}, {"query": "bob OR -anna OR anna"}],
    )
    def test_changes(self, boxes: Boxes, selected: Any) -> None:
        mail, anna, _ = boxes
        changed = mail.client.request(
            "PATCH", f"{anna}/messages", json={**selected, "set_flags": ["seen"]}
        )
        assert changed.json == {"messages": 1}
        removed = mail.client.request("DELETE", f"{anna}/messages", json=selected)
        assert removed.json == {"messages": 1}
        rest = mail.client.get("/api/v2/messages?order=oldest").json["messages"]
        assert [(each["subject"], each["flags"]) for each in rest] == [
            ("bob", []),
            ("carl", []),
        ]

    def test_waits(self, boxes: Boxes) -> None:
        mail, anna, _ = boxes
        ask_at(mail.client, f"{anna}/wait?since=1")
        mail.add(rcpt_tos=("bob@example.com",))
        assert is_waiting(mail.client)
        mail.add("Subject: again\n\nx\n", rcpt_tos=(ANNA,))
        assert subjects(mail.client.response()) == ["again"]

    def test_assertions_and_their_explanations(self, boxes: Boxes) -> None:
        mail, anna, _ = boxes
        for name in ("anna", "bob"):
            now = time.time()
            session = Session(id=name, started=now - 1, ended=now, refusals=1)
            session.begin(f"sender-of-{name}@x").rcpt_tos = (f"{name}@example.com",)
            mail.store.keep_session(session)
        answer = mail.client.request(
            "POST", f"{anna}/assert", json={"criteria": {"text": "y"}}
        )
        assert answer.status == 409
        assert "anna" in answer.text
        assert "bob" not in answer.text
        assert "carl" not in answer.text

    def test_sessions(self, boxes: Boxes) -> None:
        mail, anna, bob = boxes
        mail.store.keep_session(make_session("a"))
        assert mail.client.get(f"{anna}/sessions").json["sessions"] == []
        assert mail.client.get(f"{anna}/sessions/a").status == 404
        [session] = mail.client.get(f"{bob}/sessions?failed=true").json["sessions"]
        assert session["id"] == "a"
        assert mail.client.get(f"{bob}/sessions/a/transcript").status == 200

    @pytest.mark.parametrize(
        "path", ["sessions", "sessions/a", "sessions/a/transcript"]
    )
    def test_of_a_shared_session_nothing_of_others_is_shown(
        self, boxes: Boxes, path: str
    ) -> None:
        """A client may use a connection again."""
        mail, anna, _ = boxes
        session = Session(id="a", started=1.0, ended=2.0, delivered=2, refusals=1)
        for name in ("anna", "bob"):
            transaction = session.begin(f"sender-of-{name}@x")
            transaction.rcpt_tos = (f"{name}@example.com",)
            transaction.outcome = "delivered"
            session.transcript.client(f"RCPT TO:<{name}@example.com>".encode())
        transaction.refuse("bob-junior@example.com", None)
        mail.store.keep_session(session)
        answer = mail.client.get(f"{anna}/{path}")
        assert answer.status == 200
        assert "bob" not in answer.text
        assert "sender-of-anna" in answer.text or "left out" in answer.text

    def test_a_shared_session_that_failed_for_others_has_not_failed(
        self, boxes: Boxes
    ) -> None:
        mail, anna, bob = boxes
        session = Session(id="a", started=1.0, ended=2.0, delivered=1, refusals=1)
        for name in ("anna", "bob"):
            transaction = session.begin("sender@x")
            transaction.rcpt_tos = (f"{name}@example.com",)
            transaction.outcome = "delivered" if name == "anna" else "refused"
        mail.store.keep_session(session)
        failed = {
            path: [
                len(mail.client.get(f"{path}/sessions?failed={each}").json["sessions"])
                for each in ("true", "false")
            ]
            for path in (anna, bob)
        }
        assert failed == {anna: [0, 1], bob: [1, 0]}

    def test_a_query_with_parentheses_gets_around_nothing(self, boxes: Boxes) -> None:
        mail, anna, _ = boxes
        for query in (")+OR+(", "x)+OR+(bob", "bob)", "(bob", '"'):
            answer = mail.client.get(f"{anna}/messages?query={query}")
            assert answer.status == 400 or "bob" not in answer.text
            assert answer.status == 400 or "carl" not in answer.text

    def test_an_error_of_a_query_has_its_own_position(self, boxes: Boxes) -> None:
        mail, anna, _ = boxes
        assert mail.client.get(f"{anna}/messages?query=is:odd").json["position"] == 3

    def test_many_messages_of_others_are_passed_over(
        self, boxes: Boxes, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("lazr_smtptest.readers.http.api.part._AT_A_TIME", 5)
        mail, anna, _ = boxes
        path, _ = make(mail, address="*@a.example")
        for number in range(11):
            to = "x@a.example" if number % 4 == 0 else "x@b.example"
            mail.add(f"Subject: {number}\n\nx\n", rcpt_tos=(to,))
        assert found(mail, path) == ["8", "4", "0"]
        assert found(mail, path, "?order=oldest&limit=2") == ["0", "4"]
        assert found(mail, anna) == ["anna"]


class TestFaults:
    """Rules for one mailbox."""

    def test_they_are_for_its_address(self) -> None:
        faults = Faults()
        mail = Mail(server={"faults": faults})
        path, _ = make(mail, address="x@slow.example")
        other, _ = make(mail, address="y@slow.example")
        rules = {"fault": [{"on": "RCPT", "reply": [451, "Later"]}]}
        added = mail.client.request("POST", f"{path}/faults", json=rules)
        assert added.status == 201
        assert rcpt(faults)
        assert not rcpt(faults, "y@slow.example")
        assert len(mail.client.get(f"{path}/faults/journal").json["fired"]) == 1
        assert mail.client.get(f"{other}/faults").json == {"rules": []}

    def test_a_wrong_one_adds_none(self) -> None:
        mail = Mail(server={"faults": Faults()})
        path, _ = make(mail, address=ANNA)
        rules = [{"on": "RCPT", "drop": True}, {"on": "RCPT", "drpo": True}]
        answer = mail.client.request("POST", f"{path}/faults", json={"fault": rules})
        assert answer.status == 400
        assert mail.client.get("/api/v2/faults").json == {"rules": []}

    def test_they_end_with_it(self) -> None:
        faults = Faults()
        mail = Mail(server={"faults": faults})
        path, _ = make(mail, address=ANNA)
        rules = {"fault": [{"on": "RCPT", "drop": True}]}
        mail.client.request("POST", f"{path}/faults", json=rules)
        mail.client.request("DELETE", path)
        assert faults.rules == ()

    def test_one_without_an_address_has_none(self) -> None:
        mail = Mail(server={"faults": Faults()})
        path, _ = make(mail, query="code")
        answer = mail.client.get(f"{path}/faults")
        assert answer.status == 409
        assert "neither an address nor a user" in answer.json["detail"]


class TestLogin:
    """The name of a mailbox is its password."""

    @pytest.fixture
    def locked(self, make_mail: Any) -> tuple[Mail, str]:
        """A server with a login, and a mailbox in it."""
        mail = make_mail(gate=Gate(users={"ann": "secret"}))
        basic = "Basic YW5uOnNlY3JldA=="
        answer = mail.client.request("POST", PATH, authorization=basic)
        return mail, answer.headers["location"]

    def test_it_needs_no_other(self, locked: tuple[Mail, str]) -> None:
        mail, path = locked
        assert mail.client.get(path).status == 200
        assert mail.client.get(f"{path}/messages").status == 200
        answer = mail.client.request("POST", f"{path}/assert", json={"count": 0})
        assert answer.status == 200

    @pytest.mark.parametrize("path", [PATH, "/api/v2/messages", "/api/v1/messages"])
    def test_all_else_needs_one(self, locked: tuple[Mail, str], path: str) -> None:
        mail, _ = locked
        assert mail.client.get(path).status == 401
        body = {"query": ""}
        answer = mail.connect().request("DELETE", path, json=body)
        assert answer.status == 401

    @pytest.mark.parametrize("what", ["", "/messages", "/wait", "/faults"])
    def test_another_name_is_not_found(
        self, locked: tuple[Mail, str], what: str
    ) -> None:
        mail, _ = locked
        assert mail.client.get(f"{PATH}/{'0' * 32}{what}").status == 404


class TestEnd:
    """Bounds, and what is left."""

    def test_the_oldest_messages_go_first(self, mail: Mail) -> None:
        path, _ = make(mail, address=ANNA, max_messages=2)
        for number in range(4):
            mail.add(f"Subject: {number}\n\nx\n", rcpt_tos=(ANNA,))
            mail.add("Subject: other\n\nx\n")
        assert found(mail, path) == ["3", "2"]
        assert mail.store.counts("subject:other").matching == 4

    def test_mail_of_others_does_not_list_its_messages(
        self, mail: Mail, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        make(mail, address=ANNA, max_messages=2)
        listed = Mock(return_value=[])
        monkeypatch.setattr(StorePart, "numbers", listed)
        for to in (ANNA, ANNA, "x@b.example", "x@b.example"):
            mail.add("Subject: x\n\nx\n", rcpt_tos=(to,))
        listed.assert_not_called()
        mail.add("Subject: x\n\nx\n", rcpt_tos=(ANNA,))
        listed.assert_called_once_with()

    def test_it_takes_its_messages_along(self, boxes: Boxes) -> None:
        mail, anna, _ = boxes
        assert mail.client.request("DELETE", anna).status == 204
        assert mail.client.get(anna).status == 404
        assert mail.store.numbers() == [2, 3]

    def test_its_lifetime_ends(self, mail: Mail) -> None:
        path, _ = make(mail, address=ANNA, lifetime=60)
        mail.add(rcpt_tos=(ANNA,))
        mail.reactor.advance(59)
        assert mail.client.get(path).status == 200
        mail.reactor.advance(1)
        assert mail.client.get(path).status == 404
        assert mail.store.numbers() == []

    def test_a_wait_ends_with_it(self, mail: Mail) -> None:
        path, _ = make(mail)
        waiting = mail.connect()
        ask_at(waiting, f"{path}/wait")
        mail.client.request("DELETE", path)
        answer = waiting.response()
        assert answer.status == 410
        name = path.rpartition("/")[2]
        assert answer.json["detail"].startswith(f"the mailbox {name} was removed\n")

    def test_a_wait_says_what_arrived_before_its_lifetime_ended(
        self, mail: Mail
    ) -> None:
        path, record = make(mail, address=ANNA, lifetime=3)
        waiting = mail.connect()
        ask_at(waiting, f"{path}/wait?query=subject:welcome&timeout=6")
        mail.add("Subject: other\n\nx\n", rcpt_tos=(ANNA,))
        mail.reactor.advance(3)
        answer = waiting.response()
        assert answer.status == 410
        assert answer.json["detail"].startswith(
            f"the lifetime of mailbox {record['name']} (3 s) has ended\n"
        )
        assert [each["subject"] for each in answer.json["arrived"]] == ["other"]
        assert mail.store.numbers() == []

    def test_a_later_request_is_told_why_it_ended(self, mail: Mail) -> None:
        path, record = make(mail, lifetime=3)
        mail.reactor.advance(3)
        assert mail.client.get(f"{path}/wait").json["detail"] == (
            f"there is no mailbox {record['name']!r}: the lifetime of mailbox "
            f"{record['name']} (3 s) has ended"
        )

    def test_a_server_that_stops_keeps_the_messages(self, mail: Mail) -> None:
        make(mail, address=ANNA)
        mail.add(rcpt_tos=(ANNA,))
        ended: list[Any] = []
        mail.reader.close().addCallback(ended.append)
        mail.client.protocol.connectionLost(connectionDone)
        assert ended
        assert len(mail.store.numbers()) == 1
        assert mail.reactor.getDelayedCalls() == []


class TestAccounts:
    """With ``--accounts`` the name of a mailbox is that of a user of IMAP and POP3."""

    def test_a_mailbox_with_an_address_is_one(self, mail: Mail) -> None:
        _, record = make(mail)
        _, anna = make(mail, address=ANNA)
        assert mail.context.mailbox_addresses == {
            record["name"]: record["address"],
            anna["name"]: ANNA,
        }

    @pytest.mark.parametrize(
        "condition",
        [{"user": "anna"}, {"query": "is:unread"}, {"header": {"X-Test": "1"}}],
    )
    def test_a_mailbox_with_other_conditions_is_none(
        self, mail: Mail, condition: dict[str, Any]
    ) -> None:
        """An account has the mail to an address, and no other one."""
        make(mail, **condition)
        make(mail, address=ANNA, **condition)
        assert mail.context.mailbox_addresses == {}

    def test_a_mailbox_with_a_pattern_is_none(self, mail: Mail) -> None:
        make(mail, address="*@example.com")
        make(mail, address="ann?@example.com")
        assert mail.context.mailbox_addresses == {}

    def test_a_mailbox_that_has_ended_is_none(self, mail: Mail) -> None:
        make(mail, lifetime=60)
        path, _ = make(mail)
        mail.client.request("DELETE", path)
        mail.reactor.advance(60)
        assert mail.context.mailbox_addresses == {}

    def test_a_server_that_has_stopped_has_none(self, mail: Mail) -> None:
        make(mail)
        mail.reader.close()
        assert mail.context.mailbox_addresses == {}
