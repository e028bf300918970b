"""Our own API: the call that asserts."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from typing import Any

import attrs
import pytest

from lazr_smtptest.faults import Faults
from lazr_smtptest.mailbox.box import Mailbox
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.fault_context import FaultContext
from lazr_smtptest.model.session import Session
from lazr_smtptest.parsing.functions import LARGE
from lazr_smtptest.readers.context import run_here
from lazr_smtptest.readers.http.api import details, wait
from lazr_smtptest.readers.http.condition import Condition
from lazr_smtptest.readers.judging import JUDGING

from ..client import Client, Response
from ..conftest import Mail
from .test_sessions import make_session
from .test_wait import add, is_waiting, subjects

WELCOME = (
    "From: Shop <shop@example.com>\nTo: anna@example.com\nSubject: Welcome\n\n"
    "Your code is 481516.\n"
)


def check(client: Client, criteria: Any = None, **options: Any) -> Response:
    """Assert that messages are there."""
    if criteria is not None:
        options["criteria"] = criteria
    return client.request("POST", "/api/v2/assert", json=options)


def send(client: Client, **options: Any) -> None:
    """Make an assertion that may wait."""
    body = json.dumps(options).encode()
    head = f"POST /api/v2/assert HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}"
    client.send(f"{head}\r\n\r\n".encode() + body)


class TestCriteria:
    """The words are those of a mailbox."""

    @pytest.mark.parametrize(
        "criteria",
        [
            {},
            {"sender": "ann@example.com"},
            {"recipient": "bob@*"},
            {"recipient": "bob@example.com"},
            {"to": "anna@example.com", "cc": None},
            {"bcc": "bob@example.com"},
            {"subject": "Welcome"},
            {"subject": {"regex": "^W.*e$"}},
            {"header": {"From": {"regex": "Shop"}}},
            {"text": "481516"},
            {"html": None, "user": None},
        ],
    )
    def test_a_message_that_meets_them_is_the_answer(
        self, mail: Mail, criteria: dict[str, Any]
    ) -> None:
        mail.add(WELCOME)
        answer = check(mail.client, criteria)
        assert answer.status == 200, answer.text
        assert subjects(answer) == ["Welcome"]

    @pytest.mark.parametrize(
        "criteria",
        [
            {"sender": "ann@example.org"},
            {"recipient": "anna@example.com"},
            {"subject": "welcome"},
            {"subject": None},
            {"header": {"From": {"regex": "Shop$"}}},
            {"text": "Welcome"},
            {"attachment": {"name": "a.txt", "content": "YWJj"}},
        ],
    )
    def test_one_that_does_not_is_none(
        self, mail: Mail, criteria: dict[str, Any]
    ) -> None:
        mail.add(WELCOME)
        assert check(mail.client, criteria).status == 409

    def test_the_content_of_an_attachment_is_in_base64(self, mail: Mail) -> None:
        mail.add(
            "Content-Type: application/octet-stream\n"
            'Content-Disposition: attachment; filename="a.bin"\n'
            "Content-Transfer-Encoding: base64\n\nAAECAw==\n"
        )
        wanted = {"content": base64.b64encode(bytes(range(4))).decode()}
        assert check(mail.client, {"attachment": wanted}).status == 200

    def test_a_query_is_one_too(self, mail: Mail) -> None:
        add(mail, "one")
        add(mail, "two", "wanted")
        assert subjects(check(mail.client, query="wanted")) == ["two"]
        assert check(mail.client, {"subject": "one"}, query="wanted").status == 409
        assert check(mail.client, {"subject": "two"}, query="wanted").status == 200

    @pytest.mark.parametrize(
        ("criteria", "words"),
        [
            ({"recipent": "x@example.com"}, "did you mean recipient=?"),
            ({"recipient": ""}, "must not be empty"),
            (
                {"subject": 5},
                'subject must be a string, {"regex": "..."} or null, not 5',
            ),
            ({"text": {"regexp": "x"}}, 'or null, not {"regexp": "x"}'),
            ({"recipient": ["x"]}, 'or null, not ["x"]'),
            ({"header": "X-A"}, 'header must be an object such as {"X-Run": "17"}'),
            ({"header": {"X-A": 1}}, "header X-A must be a string"),
            ({"attachment": 4}, "or null or an object, not 4"),
            ({"sender": None}, "sender must not be null: every message has one"),
            ({"user": ""}, "user must not be empty: write null"),
            ({"recipent": 5}, "did you mean recipient=?"),
            ({"subject": {"regex": "("}}, "bad criteria"),
            ({"warning": "none such"}, "there is no warning"),
            ({"attachment": {"content": "?"}}, "bad criteria"),
        ],
    )
    def test_a_wrong_one_is_an_error(
        self, client: Client, criteria: dict[str, Any], words: str
    ) -> None:
        answer = check(client, criteria)
        assert answer.status == 400
        assert words in answer.json["detail"]

    @pytest.mark.parametrize(
        ("body", "words"),
        [
            ({"timeout": "1s"}, "timeout must be a number, not a string"),
            ({"timeout": -1}, "timeout must be a number >= 0.0"),
            ({"count": "1"}, "count must be a whole number or null, not a string"),
            ({"criteria": []}, "criteria must be an object, not a list"),
            ({"query": 4}, "query must be a string, not a whole number"),
        ],
    )
    def test_a_wrong_type_is_told_in_the_words_of_json(
        self, client: Client, body: dict[str, Any], words: str
    ) -> None:
        assert check(client, **body).json["detail"] == f"bad body: {words}"

    @pytest.mark.parametrize("body", [{"timeout": "1s"}, {"query": "is:odd"}])
    def test_an_error_is_plain_text_for_those_who_prefer_it(
        self, client: Client, body: dict[str, Any]
    ) -> None:
        detail = check(client, **body).json["detail"]
        answer = client.request(
            "POST", "/api/v2/assert", json=body, accept="text/plain"
        )
        assert answer.status == 400
        assert answer.text == f"{detail}\n"

    @pytest.mark.parametrize(
        "body",
        [
            {"count": -1},
            {"count": 1001},
            {"count": 1.5},
            {"timeout": -1},
            {"timeout": 3601},
            {"since": -1},
            {"qurey": "x"},
            {"extract": "secret"},
            {"query": "is:odd"},
        ],
    )
    def test_a_wrong_body_is_an_error(
        self, client: Client, body: dict[str, Any]
    ) -> None:
        assert check(client, **body).status == 400


class TestBrokenJSON:
    """A body that is not JSON."""

    @pytest.mark.parametrize(
        ("body", "position"),
        [
            (b'{"query": "a" "b"}', 14),
            (b"{,}", 1),
            (b'{"query": "a"', 13),
            (b"", None),
            (b"nul", 3),
            (b"\xef\xbb\xbf{,}", 1),
            (b"\xff\xfe{\0}\0", 0),
            (b'{"count": 1, "count": 1}', 13),
            (b'{"count": 1, "c\\u006funt" : 2}', 13),
            (b'{"criteria": {"subject": "a", "header": {}, "subject": "b"}}', 44),
            (b'{"criteria": {"a": [{"b": "\\"c\\":", "b": {}}]}}', 36),
            (b'{"query": "\xff"}', 11),
            (b'{"query": "\xed\xa0\x80"}', 11),
            (b'{"query": "\\ud800"}', 11),
            (b"[" * 100_000, None),
            (b'{"criteria":' * 100_000, None),
            (b'{"criteria":{"header":' + b'{"x":' * 600 + b"1" + b"}" * 602, None),
            (b'{"criteria":{"subject":' + b"[" * 600 + b"]" * 600 + b"}}", None),
        ],
    )
    def test_it_is_an_error_with_its_position(
        self, client: Client, body: bytes, position: int | None
    ) -> None:
        answer = client.request("POST", "/api/v2/assert", body=body)
        assert answer.status == 400
        assert answer.json["detail"].startswith("bad ")
        assert answer.json.get("position") == position

    def test_a_name_that_is_there_twice_is_shown(self, client: Client) -> None:
        body = b'{"count": 0, "count": 1}'
        answer = client.request("POST", "/api/v2/assert", body=body)
        assert answer.json["detail"] == (
            "bad body: the name 'count' is there twice (byte 13)"
        )


@pytest.mark.parametrize(
    "body",
    [
        b'\xef\xbb\xbf{"count": 0}',
        b'{"count": 0, "criteria": {"header": {"a": "{\\\\", "b": "\\\\\\":"}}}',
        b'{"count":0,"criteria":{"subject":"count"},"query":"{"}',
        b'{"count": 0, "query": ""}',
    ],
    ids=["a byte order mark", "escapes", "a name as a value", "an empty string"],
)
def test_a_body_is_read_as_json_has_it(client: Client, body: bytes) -> None:
    """RFC 8259 section 8.1 lets a mark be ignored."""
    answer = client.request("POST", "/api/v2/assert", body=body)
    assert answer.json == {"messages": []}


class TestCount:
    """How many there have to be."""

    def test_without_one_it_is_one_or_more(self, mail: Mail) -> None:
        add(mail, "one")
        add(mail, "two")
        assert subjects(check(mail.client)) == ["one"]

    @pytest.mark.parametrize(("count", "status"), [(1, 409), (2, 200), (3, 409)])
    def test_it_is_exact(self, mail: Mail, count: int, status: int) -> None:
        add(mail, "one")
        add(mail, "two")
        assert check(mail.client, count=count).status == status

    def test_none_is_asserted_with_zero(self, mail: Mail) -> None:
        assert check(mail.client, count=0).json == {"messages": []}
        add(mail, "one")
        answer = check(mail.client, count=0)
        assert answer.status == 409
        assert answer.json["detail"].startswith("unwanted: 'one' to bob@example.com\n")
        assert [each["subject"] for each in answer.json["found"]] == ["one"]

    def test_more_than_one_page_is_searched(self, mail: Mail) -> None:
        for _ in range(600):
            mail.store.add(Envelope(mail_from="", rcpt_tos=("a@b",), content=b""))
        add(mail, "last")
        assert subjects(check(mail.client, {"subject": "last"})) == ["last"]

    def test_those_up_to_since_do_not_count(self, mail: Mail) -> None:
        add(mail, "one")
        add(mail, "two")
        assert subjects(check(mail.client, count=1, since=1)) == ["two"]


class TestTimeout:
    """It waits as the other call does."""

    def test_a_message_that_comes_in_time_is_the_answer(self, mail: Mail) -> None:
        send(mail.client, criteria={"subject": "two"}, timeout=5)
        add(mail, "one")
        assert is_waiting(mail.client)
        add(mail, "two")
        assert subjects(mail.client.response()) == ["two"]

    def test_after_it_the_assertion_has_failed(self, mail: Mail) -> None:
        send(mail.client, criteria={"subject": "two"}, timeout=5)
        mail.reactor.advance(5)
        answer = mail.client.response()
        assert answer.status == 409
        assert "no message arrived within 5 s" in answer.json["detail"]

    def test_none_may_come_meanwhile_where_none_is_wanted(self, mail: Mail) -> None:
        send(mail.client, count=0, timeout=5)
        add(mail, "one")
        assert mail.client.response().status == 409
        mail.store.clear()
        send(mail.client, count=0, timeout=5)
        mail.reactor.advance(5)
        assert mail.client.response().status == 200

    def test_it_is_bounded_by_a_setting(self, make_mail: Any) -> None:
        """As every wait."""
        mail = make_mail(longest_wait=7200.0)
        send(mail.client, timeout=7201)
        refused = mail.client.response()
        assert (refused.status, "7200" in refused.json["detail"]) == (400, True)
        send(mail.client, timeout=7200)
        add(mail, "one")
        assert mail.client.response().status == 200

    def test_it_takes_a_place_among_those_that_wait(self, make_mail: Any) -> None:
        mail = make_mail(max_waiters=1)
        send(mail.client, timeout=5)
        other = mail.connect()
        send(other, timeout=5)
        assert other.response().status == 429


class TestExplanation:
    """The answer to an assertion that fails."""

    CRITERIA = {"recipient": "bob@example.com", "text": "Your code is 654321"}

    def test_it_is_that_of_a_mailbox(self, mail: Mail) -> None:
        mail.add(WELCOME)
        mailbox = Mailbox()
        for envelope in mail.store:
            mailbox.add(envelope)
        with pytest.raises(AssertionError) as failure:
            mailbox.assert_received(**self.CRITERIA)
        answer = check(mail.client, self.CRITERIA)
        assert answer.json["detail"] == str(failure.value)

    def test_it_tells_of_faults(self) -> None:
        faults = Faults()
        mail = Mail(server={"faults": faults})
        faults.on("RCPT").reply(550, "No such user")
        faults.on("DATA").drop()
        context = FaultContext(
            phase="RCPT",
            session=Session(id="a"),
            now=1_769_860_800.0,
            sender="ann@example.com",
            to=("bob@example.com",),
            transaction=1,
        )
        context.session.begin("ann@example.com")
        assert faults.decide(context) is not None
        mail.store.keep_session(make_session("a", time.time()))
        detail = check(mail.client, {"recipient": "bob@example.com"}).json["detail"]
        assert detail.splitlines()[0].endswith("on('RCPT').reply(550, 'No such user')")
        assert "Faults that did not fire:\n  - on('DATA').drop()" in detail

    def test_as_text_it_is_the_whole_answer(self, mail: Mail) -> None:
        mail.add(WELCOME)
        detail = check(mail.client, self.CRITERIA).json["detail"]
        answer = mail.client.request(
            "POST",
            "/api/v2/assert",
            json={"criteria": self.CRITERIA},
            accept="text/plain, application/json;q=0.5",
        )
        assert answer.status == 409
        assert answer.headers["content-type"].startswith("text/plain")
        assert answer.text == f"{detail}\n"

    @pytest.mark.parametrize(
        "accept",
        [
            "*/*",
            "application/json",
            "text/plain;q=0.1, application/json",
            "text/plain;q=x",
        ],
    )
    def test_a_client_that_does_not_prefer_text_gets_json(
        self, client: Client, accept: str
    ) -> None:
        answer = client.get("/api/v2/wait?timeout=0", accept=accept)
        assert answer.headers["content-type"] == "application/problem+json"

    def test_the_nearest_messages_are_in_the_object(self, mail: Mail) -> None:
        id = mail.add(WELCOME)
        [near] = check(mail.client, self.CRITERIA).json["nearest"]
        assert (near["id"], near["number"], near["missed"]) == (id, 1, ["text"])
        assert "  - contains 'Your code is 654321'" in near["differences"]

    def test_explanations_asked_for_together_take_one_call_of_a_thread(
        self, mail: Mail, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        clients = [mail.connect() for _ in range(50)]
        for number, client in enumerate(clients):
            send(client, criteria={"subject": str(number)}, timeout=5)
        calls: list[Any] = []
        monkeypatch.setattr(mail, "callInThread", calls.append)
        mail.reactor.advance(5)
        # Four threads, each with a last search of an assertion, and no explanation yet.
        assert len(calls) == 4
        monkeypatch.undo()
        for call in calls:
            call()
        assert {client.response().status for client in clients} == {409}

    def test_a_message_that_was_removed_is_not_compared(self, mail: Mail) -> None:
        mail.add(WELCOME)
        envelope, mail.store.envelope = mail.store.envelope, lambda number: None
        answer = check(mail.client, query="other")
        mail.store.envelope = envelope
        assert answer.json["nearest"] == []


class TestSlowPatterns:
    """A regular expression that backtracks for hours."""

    CRITERIA = {"subject": {"regex": "(a|aa)+$"}}
    SUBJECT = f"Subject: {'a' * 500}!\n\nx\n"

    @pytest.fixture(autouse=True)
    def _short(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("lazr_smtptest._patterns._SECONDS", 0.01)

    def test_it_is_refused_and_named(self, mail: Mail) -> None:
        mail.add(self.SUBJECT)
        answer = check(mail.client, self.CRITERIA)
        assert answer.status == 400
        assert answer.json["detail"] == (
            "the regular expression '(a|aa)+$' took more than 0.01 s for one value: "
            "write it without a repetition inside of another one"
        )

    def test_it_ends_a_wait(self, mail: Mail) -> None:
        send(mail.client, criteria=self.CRITERIA, timeout=30)
        mail.add(self.SUBJECT)
        assert mail.client.response().status == 400

    def test_other_waits_go_on(self, mail: Mail) -> None:
        other = mail.connect()
        send(mail.client, criteria=self.CRITERIA, timeout=30)
        send(other, criteria={"subject": "two"}, timeout=30)
        mail.add(self.SUBJECT)
        assert is_waiting(other)
        mail.add("Subject: two\n\nx\n")
        assert subjects(other.response()) == ["two"]

    def test_one_given_as_a_text_is_explained_quickly(self, mail: Mail) -> None:
        """The hint that it may be meant as a pattern gives up."""
        mail.add(self.SUBJECT)
        assert check(mail.client, {"subject": "(a|aa)+$"}).status == 409

    def test_many_wildcards_are_quick(self, mail: Mail) -> None:
        mail.add(f"Subject: hi\n\n{'a' * 500}!\n", user="a" * 500 + "!")
        assert check(mail.client, {"user": "*a" * 50 + "b"}).status == 409


class TestLargeMessages:
    """Their texts are searched in the process that reads messages."""

    CONTENT = f"Subject: big\n\n{'x ' * LARGE}481516\n"

    @pytest.mark.parametrize(
        ("wanted", "status"), [("[0-9]{6}", 200), ("[0-9]{7}", 409)]
    )
    def test_criteria_are_checked_there(self, wanted: str, status: int) -> None:
        """A regular expression, and the difference from it."""
        asked: list[str] = []

        def parsing(name: str, *arguments: Any) -> Any:
            asked.append(name)
            return run_here(name, *arguments)

        mail = Mail(server={"parsing": parsing})
        mail.add(self.CONTENT)
        assert check(mail.client, {"text": {"regex": wanted}}).status == status
        assert set(asked) >= {JUDGING}
        mail.reader.close()

    def test_a_slow_regular_expression_is_an_error(self) -> None:
        """As for a small message."""

        def parsing(name: str, *arguments: Any) -> Any:
            return attrs.evolve(run_here(name, *arguments), gave_up=("a", 1.0))

        mail = Mail(server={"parsing": parsing})
        mail.add(self.CONTENT)
        answer = check(mail.client, {"text": {"regex": "a"}})
        assert answer.status == 400
        assert "regular expression 'a' took more than 1 s" in answer.json["detail"]
        mail.reader.close()


class TestThreads:
    """What may take time with a large message is not done by the reactor's thread."""

    @pytest.fixture
    def depths(
        self, mail: Mail, monkeypatch: pytest.MonkeyPatch
    ) -> dict[str, set[int]]:
        """Return in how many calls of threads each function ran."""
        depth = 0
        depths: dict[str, set[int]] = {}

        def in_thread(function: Callable[[], None]) -> None:
            nonlocal depth
            depth += 1
            function()
            depth -= 1

        def watched(name: str, function: Any) -> Any:
            def call(*arguments: Any, **options: Any) -> Any:
                depths.setdefault(name, set()).add(depth)
                return function(*arguments, **options)

            return call

        monkeypatch.setattr(mail, "callInThread", in_thread)
        for owner, name in (
            (Condition, "search"),
            (details, "message_of"),
            (wait, "json_answer"),
            (Envelope, "code"),
        ):
            monkeypatch.setattr(owner, name, watched(name, getattr(owner, name)))
        return depths

    @pytest.mark.parametrize(
        "body",
        [{"criteria": {"recipient": "bob@example.com"}}, {"query": "subject:big"}],
        ids=["criteria", "query"],
    )
    def test_a_hit_is_read_and_written_in_others(
        self, mail: Mail, depths: dict[str, set[int]], body: dict[str, Any]
    ) -> None:
        mail.add("Subject: big\n\n" + "Your code is 4711.\n" * 10_000)
        answer = check(mail.client, **body)
        assert answer.status == 200
        assert len(answer.body) > 190_000
        names = ("search", "message_of", "code", "json_answer")
        assert depths == {name: {1} for name in names}
