"""Our own API: the call that waits."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.error import ConnectionDone
from twisted.python.failure import Failure

from lazr_smtptest.model.document import Document
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.query.document import read_document, read_documents_with
from lazr_smtptest.readers.http.api import wait
from lazr_smtptest.stores import SQLiteStore
from lazr_smtptest.stores._indexer import Indexer

from ..client import Client, Response
from ..conftest import Mail
from .test_sessions import make_session


def ask(client: Client, arguments: str = "") -> None:
    """Make a request that may wait."""
    ask_at(client, f"/api/v2/wait?{arguments}")


def ask_at(client: Client, path: str) -> None:
    """Make a request at a path that may wait."""
    client.send(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())


def subjects(answer: Response) -> list[str]:
    """Return the subjects of the messages in an answer."""
    return [each["summary"]["subject"] for each in answer.json["messages"]]


def add(mail: Mail, subject: str, body: str = "x") -> str:
    return mail.add(f"Subject: {subject}\n\n{body}\n")


@contextlib.contextmanager
def read_elsewhere() -> Iterator[list[Envelope]]:
    """Read messages where the process has chosen to; yield those."""
    sent: list[Envelope] = []

    def read(envelopes: Sequence[Envelope]) -> list[Document]:
        sent.extend(envelopes)
        return [read_document(each) for each in envelopes]

    end = read_documents_with(read)
    yield sent
    end()


def timeouts(mail: Mail) -> list[object]:
    """Return the calls that will end waits."""
    calls = mail.reactor.getDelayedCalls()
    return [each for each in calls if getattr(each.func, "__name__", "") == "_time_out"]


def is_waiting(client: Client) -> bool:
    return not client.transport.value()


class TestMessages:
    """Which messages end a wait."""

    def test_one_that_came_before_is_an_answer_at_once(self, mail: Mail) -> None:
        add(mail, "one")
        assert subjects(mail.client.get("/api/v2/wait")) == ["one"]

    def test_one_that_comes_later_is_an_answer_then(self, mail: Mail) -> None:
        ask(mail.client)
        assert is_waiting(mail.client)
        add(mail, "one")
        assert subjects(mail.client.response()) == ["one"]

    def test_one_that_does_not_match_is_none(self, mail: Mail) -> None:
        ask(mail.client, "query=subject:two")
        add(mail, "one")
        assert is_waiting(mail.client)
        add(mail, "two")
        assert subjects(mail.client.response()) == ["two"]

    def test_several_are_waited_for(self, mail: Mail) -> None:
        add(mail, "one")
        ask(mail.client, "count=3")
        add(mail, "two")
        assert is_waiting(mail.client)
        add(mail, "three")
        assert subjects(mail.client.response()) == ["one", "two", "three"]

    def test_the_oldest_come_first_and_no_more_than_asked_for(self, mail: Mail) -> None:
        for subject in ("one", "two", "three"):
            add(mail, subject)
        assert subjects(mail.client.get("/api/v2/wait?count=2")) == ["one", "two"]

    def test_those_up_to_since_do_not_count(self, mail: Mail) -> None:
        add(mail, "one")
        answer = mail.client.get("/api/v2/wait")
        number = answer.json["messages"][0]["summary"]["number"]
        ask(mail.client, f"since={number}")
        assert is_waiting(mail.client)
        add(mail, "two")
        assert subjects(mail.client.response()) == ["two"]

    @pytest.mark.slow
    def test_a_client_that_asks_again_gets_each_message_once(self, mail: Mail) -> None:
        found, since = [], 0
        for subject in ("one", "two", "three"):
            add(mail, subject)
            answer = mail.client.get(f"/api/v2/wait?since={since}")
            since = answer.json["messages"][0]["summary"]["number"]
            found += subjects(answer)
        assert found == ["one", "two", "three"]

    def test_one_that_comes_during_the_first_search_hides_none_before(
        self, mail: Mail, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        add(mail, "one")
        ask(mail.connect(), "since=1")
        calls: list[Any] = []
        monkeypatch.setattr(mail, "callInThread", calls.append)
        # The call for its first search, and then the one for the look at "two".
        ask(mail.client, "count=1")
        add(mail, "two")
        search, look = calls
        look()
        assert is_waiting(mail.client)
        search()
        while len(calls) > 2:
            calls.pop()()
        assert subjects(mail.client.response()) == ["one"]

    @pytest.mark.slow
    def test_a_thousand_waits_get_each_its_own(self, mail: Mail) -> None:
        clients = [mail.connect() for _ in range(1000)]
        for number, client in enumerate(clients):
            ask(client, f"query=subject:number-{number}-")
        for number in range(1000):
            add(mail, f"number-{number}-")
        assert [subjects(client.response()) for client in clients] == [
            [f"number-{number}-"] for number in range(1000)
        ]


class TestExtract:
    """Values that are extracted of a message."""

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("code", "481516"),
            ("link", "https://example.com/reset"),
            ("subject", "one"),
            ("html", None),
        ],
    )
    def test_it_is_beside_the_messages(
        self, mail: Mail, name: str, value: str | None
    ) -> None:
        add(mail, "one", "Your code is 481516: https://example.com/reset")
        answer = mail.client.get(f"/api/v2/wait?extract={name}")
        assert answer.json["extract"] == [value]

    def test_an_unknown_one_is_an_error_at_once(self, client: Client) -> None:
        answer = client.get("/api/v2/wait?extract=secret")
        assert answer.status == 400
        assert "code, link, text, html, subject" in answer.json["detail"]


class TestTimeout:
    """A wait that ends without its messages."""

    def test_it_is_an_error_that_no_client_repeats(self, mail: Mail) -> None:
        ask(mail.client, "timeout=2.5")
        mail.reactor.advance(2.4)
        assert is_waiting(mail.client)
        mail.reactor.advance(0.2)
        answer = mail.client.response()
        assert answer.status == 409
        assert answer.json["detail"].startswith(
            "the store has no message, and no session has ended\n"
            "no message arrived within 2.5 s\n\nwanted:\n  any message\n\n"
            "Possible causes: "
        )

    @pytest.mark.parametrize("timeout", [0, 5])
    def test_what_is_there_is_found_however_long_the_search_takes(
        self, mail: Mail, monkeypatch: pytest.MonkeyPatch, timeout: int
    ) -> None:
        add(mail, "one")
        calls: list[Any] = []
        monkeypatch.setattr(mail, "callInThread", calls.append)
        ask(mail.client, f"timeout={timeout}")
        mail.reactor.advance(6)
        assert is_waiting(mail.client)
        monkeypatch.undo()
        calls.pop(0)()
        assert subjects(mail.client.response()) == ["one"]

    def test_it_tells_what_did_arrive(self, mail: Mail) -> None:
        add(mail, "Welcome")
        ask(mail.client, "query=subject:reset&timeout=0")
        answer = mail.client.response()
        assert answer.json["detail"] == (
            "subject does not contain 'reset'\n"
            "no message matches (1 arrived)\n\n"
            "wanted:\n"
            "  subject  contains 'reset'\n\n"
            "Message 1 of 1, from <ann@example.com> to bob@example.com:\n"
            "  subject\n"
            "    - contains 'reset'\n"
            "    + 'Welcome'"
        )
        assert [each["subject"] for each in answer.json["arrived"]] == ["Welcome"]

    def test_it_tells_how_many_of_several_arrived(self, mail: Mail) -> None:
        add(mail, "one")
        ask(mail.client, "count=2&timeout=1")
        mail.reactor.advance(1)
        answer = mail.client.response()
        assert "1 message matches within 1 s, wanted 2" in answer.json["detail"]
        assert [each["subject"] for each in answer.json["found"]] == ["one"]

    def test_it_tells_who_was_refused(self, mail: Mail) -> None:
        mail.store.keep_session(make_session("a", time.time()))
        ask(mail.client, "query=rcpt:bob@example.com&timeout=0")
        answer = mail.client.response()
        first, *_, last = answer.json["detail"].splitlines()
        assert first == "bob@example.com was refused with 550 5.1.1 No such user"
        assert last.endswith("550 5.1.1 No such user")
        assert [each["id"] for each in answer.json["failed_sessions"]] == ["a"]

    def test_sessions_that_ended_long_before_it_are_no_reason(self, mail: Mail) -> None:
        """A server that runs for long has those of other tests, too."""
        mail.store.keep_session(make_session("old", time.time() - 120))
        ask(mail.client, "query=rcpt:bob@example.com&timeout=0")
        answer = mail.client.response()
        assert answer.json["detail"].splitlines()[0] == (
            "the store has no message; 1 session has ended"
        )
        assert answer.json["failed_sessions"] == []

    def test_older_messages_are_not_taken_for_none(self, mail: Mail) -> None:
        """Where `since` leaves them all out, the store has some nevertheless."""
        add(mail, "one")
        [number] = mail.store.numbers()
        ask(mail.client, f"since={number}&timeout=0")
        first, *_ = mail.client.response().json["detail"].splitlines()
        assert first == f"no message after number {number}"

    @pytest.mark.parametrize(
        ("query", "is_told"),
        [
            ("rcpt:anna+test@example.com", True),
            ("rcpt:anna%2Btest@example.com", False),
            ("rcpt:anna@example.com+test@example.com", False),
        ],
    )
    def test_a_plus_sign_that_became_a_space_is_told(
        self, client: Client, query: str, is_told: bool
    ) -> None:
        """As in forms, it is one in a URL."""
        answer = client.get(f"/api/v2/wait?timeout=0&query={query}")
        assert answer.status == 409
        assert ("write %2B in its place" in answer.json["detail"]) is is_told

    def test_a_session_that_ends_during_it_is_a_reason(self, mail: Mail) -> None:
        """However long the wait is."""
        ask(mail.client, "query=rcpt:bob@example.com&timeout=600")
        mail.store.keep_session(make_session("a", time.time()))
        mail.reactor.advance(600)
        assert "550 5.1.1" in mail.client.response().json["detail"].splitlines()[0]

    @pytest.mark.parametrize(
        ("method", "path", "body"),
        [
            ("DELETE", "/api/v2/messages", {"query": ""}),
            ("DELETE", "/api/v1/messages", {}),
        ],
    )
    def test_sessions_that_ended_before_a_clear_are_no_reason(
        self, mail: Mail, method: str, path: str, body: Any
    ) -> None:
        """Also if it was just now."""
        mail.store.keep_session(make_session("a", time.time() - 5))
        assert mail.client.request(method, path, json=body).status == 200
        ask(mail.client, "query=rcpt:bob@example.com&timeout=0")
        assert mail.client.response().json["failed_sessions"] == []

    def test_sessions_that_ended_before_since_are_no_reason(self, mail: Mail) -> None:
        """The message with that number came later."""
        mail.store.keep_session(make_session("a", time.time() - 5))
        mail.add(received_at=datetime.now(timezone.utc))
        for since, reasons in ((0, ["a"]), (1, [])):
            ask(mail.client, f"query=rcpt:carl@example.com&since={since}&timeout=0")
            failed = mail.client.response().json["failed_sessions"]
            assert [each["id"] for each in failed] == reasons

    def test_it_tells_that_a_recipient_is_in_the_envelope_only(
        self, mail: Mail
    ) -> None:
        add(mail, "Welcome")
        ask(mail.client, "query=to:BOB&timeout=0")
        assert mail.client.response().json["detail"].splitlines()[-1] == (
            "note: to: is the header field To; the recipient of the envelope is rcpt:"
        )


class TestBounds:
    """How many, and how long."""

    @pytest.mark.parametrize(
        "arguments",
        [
            "count=0",
            "count=x",
            "timeout=-1",
            "timeout=3601",
            "timeout=nan",
            "since=-1",
            "count=",
            "since=",
            "timeout=",
            "timeout=0&timeout=3",
            "query=to:bob&query=to:ann",
            "extract=&extract=code",
            "qurey=to:bob",
            "unknown=1",
        ],
    )
    def test_a_bad_argument_is_an_error(self, client: Client, arguments: str) -> None:
        assert client.get(f"/api/v2/wait?{arguments}").status == 400

    def test_a_bad_query_is_an_error_at_once(self, client: Client) -> None:
        assert client.get("/api/v2/wait?query=is:odd").json["position"] == 3

    def test_more_waits_than_allowed_are_refused(self, make_mail: Any) -> None:
        mail = make_mail(max_waiters=2)
        clients = [mail.connect() for _ in range(3)]
        for client in clients:
            ask(client)
        assert [is_waiting(client) for client in clients] == [True, True, False]
        assert clients[2].response().status == 429

    @pytest.mark.parametrize("path", ["/api/v2/wait", "mailbox"])
    def test_a_wait_is_bounded_by_a_setting(self, make_mail: Any, path: str) -> None:
        """Of the whole store and of a mailbox."""
        mail = make_mail(longest_wait=7200.0)
        if path == "mailbox":
            made = mail.client.request("POST", "/api/v2/mailboxes", body=b"{}").json
            path = f"/api/v2/mailboxes/{made['name']}/wait"
        refused = mail.client.get(f"{path}?timeout=7201")
        assert (refused.status, "7200" in refused.json["detail"]) == (400, True)
        ask_at(mail.client, f"{path}?timeout=7200")
        assert is_waiting(mail.client)

    def test_the_default_wait_is_within_the_bound(self, make_mail: Any) -> None:
        mail = make_mail(longest_wait=2.0)
        ask(mail.client)
        mail.reactor.advance(2)
        assert mail.client.response().status == 409

    @pytest.mark.slow
    def test_waits_that_begin_together_take_one_call_of_a_thread(
        self, mail: Mail, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ask(mail.client)
        calls: list[Any] = []
        monkeypatch.setattr(mail, "callInThread", calls.append)
        for _ in range(500):
            ask(mail.connect())
        assert len(calls) == 1

    def test_the_first_one_imports_what_reads_messages(
        self, mail: Mail, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """While it waits; others find it done."""
        prepared: list[bool] = []
        monkeypatch.setattr(wait, "prepare", lambda: prepared.append(True))
        for _ in range(3):
            ask(mail.connect())
        assert prepared == [True]
        add(mail, "one")

    def test_a_small_message_is_read_in_the_process_of_the_server(
        self, mail: Mail
    ) -> None:
        """It takes longer to send it to another one."""
        ask(mail.client)
        with read_elsewhere() as sent:
            add(mail, "one")
        assert subjects(mail.client.response()) == ["one"]
        assert not sent

    def test_a_large_message_is_read_in_another_process(self, mail: Mail) -> None:
        ask(mail.client)
        with read_elsewhere() as sent:
            add(mail, "one", "x" * 20_000)
        assert subjects(mail.client.response()) == ["one"]
        assert len(sent) == 1

    def test_waits_that_end_together_take_one_call_of_a_thread(
        self, mail: Mail, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        clients = [mail.connect() for _ in range(500)]
        for client in clients:
            ask(client, "extract=subject")
        calls: list[Any] = []
        monkeypatch.setattr(mail, "callInThread", calls.append)
        add(mail, "one")
        calls.pop()()
        # The look at the message has ended; there may be a look at what came since.
        assert len(calls) <= 2
        while calls:
            calls.pop()()
        answers = [client.response() for client in clients]
        assert {answer.status for answer in answers} == {200}
        assert answers[0].json["extract"] == ["one"]

    def test_a_message_that_is_removed_meanwhile_is_gone(
        self, mail: Mail, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        add(mail, "one")
        monkeypatch.setattr(mail.store, "envelope", lambda number: None)
        assert mail.client.get("/api/v2/wait").status == 410

    def test_a_client_that_leaves_makes_room(self, make_mail: Any) -> None:
        mail = make_mail(max_waiters=1)
        gone = mail.connect()
        ask(gone)
        gone.protocol.connectionLost(Failure(ConnectionDone()))
        ask(mail.client)
        assert is_waiting(mail.client)

    def test_a_server_that_stops_ends_all_waits(self, mail: Mail) -> None:
        ask(mail.client)
        mail.reader.close()
        answer = mail.client.response()
        assert answer.status == 503

    def test_nothing_is_left_of_a_hundred_waits(self, mail: Mail) -> None:
        """Some end with a message, some at their time, and some with their client."""
        served, late, gone = ([mail.connect() for _ in range(34)] for _ in range(3))
        for client in served:
            ask(client, "query=subject:one")
        for client in late:
            ask(client, "query=subject:two&timeout=5")
        for client in gone:
            ask(client, "query=subject:two")
        assert len(timeouts(mail)) == 102
        add(mail, "one")
        mail.reactor.advance(5)
        for client in gone:
            client.protocol.connectionLost(Failure(ConnectionDone()))
        assert {client.response().status for client in served} == {200}
        assert {client.response().status for client in late} == {409}
        assert (len(mail.reader._waiters), timeouts(mail)) == (0, [])


class TestWords:
    """The words of a query that no message contains, in a failure."""

    def test_the_nearest_message_does_not_contain_them(self, mail: Mail) -> None:
        add(mail, "one")
        answer = mail.client.get("/api/v2/wait?query=zzz&timeout=0")
        assert "it does not contain 'zzz'" in answer.json["detail"]

    def test_a_message_with_a_text_is_not_said_to_have_none(self, mail: Mail) -> None:
        add(mail, "one")
        answer = mail.client.get("/api/v2/wait?query=zzz&timeout=0")
        assert "+ none" not in answer.json["detail"]

    def test_the_argument_that_is_given_twice_is_named(self, mail: Mail) -> None:
        answer = mail.client.get("/api/v2/wait?timeout=0&timeout=3")
        assert (
            answer.json["detail"] == "bad timeout: it is there 2 times, allowed: once"
        )


class TestIncompleteIndex:
    """The messages that no search finds yet."""

    NOTE = "note: 2 messages were not searched: the index is not complete yet"

    def test_a_failure_tells_of_them(self, lagging: Mail) -> None:
        answer = lagging.client.get("/api/v2/wait?query=zzz&timeout=0")
        assert self.NOTE in answer.json["detail"]

    def test_a_failure_without_a_query_has_searched_all(self, lagging: Mail) -> None:
        answer = lagging.client.get("/api/v2/wait?count=2&timeout=0")
        assert (answer.status, "not searched" in answer.text) == (409, False)

    def test_a_failure_of_what_needs_no_index_has_searched_all(
        self, lagging: Mail
    ) -> None:
        answer = lagging.client.get("/api/v2/wait?query=rcpt:nobody@x.org&timeout=0")
        assert (answer.status, "not searched" in answer.text) == (409, False)

    def test_a_request_that_does_not_wait_finds_what_is_not_indexed_yet(
        self, make_mail: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with contextlib.closing(SQLiteStore(tmp_path / "mail.db")) as store:
            mail = make_mail(store=store)
            with monkeypatch.context() as patch:
                patch.setattr(Indexer, "wake", lambda self: None)
                add(mail, "one")
            answer = mail.client.get("/api/v2/wait?query=one&timeout=0")
            mail.reader.close()
        assert answer.status == 200

    def test_a_page_counts_them(self, lagging: Mail) -> None:
        page = lagging.client.get("/api/v2/messages?query=hi").json
        assert page["missing"] == 2

    def test_the_counts_of_a_mailbox_count_them(self, lagging: Mail) -> None:
        answer = lagging.client.request("POST", "/api/v2/mailboxes", json={})
        path = answer.headers["location"]
        counts = lagging.client.get(f"{path}/counts?query=hi").json
        assert counts["missing"] == 2
