"""Our own API: lists, single messages, and changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lazr_smtptest.faults import Faults
from lazr_smtptest.model.session import Session
from lazr_smtptest.stores import MaildirStore, SQLiteStore

from ..client import Client
from ..conftest import Mail

MESSAGE = """\
From: Ann <ann@example.com>
To: Bob <bob@example.com>, carol@example.com
Cc: =?utf-8?q?D=C3=B6rte?= <d@example.com>
Reply-To: replies@example.com
Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=
Message-ID: <1@example.com>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: multipart/alternative; boundary=c

--c

Your code is 481516. See https://example.com/a
--c
Content-Type: text/html

<p>Your code is <b>481516</b>.</p><a href="https://example.com/b">b</a>
--c--
--b
Content-Type: application/pdf
Content-Disposition: attachment; filename="../../a.pdf"
Content-Transfer-Encoding: base64

JVBERi0=
--b--
"""


def numbers(mail: Mail, path: str) -> list[int]:
    """Return the numbers of a page."""
    return [each["number"] for each in mail.client.get(path).json["messages"]]


class TestSession:
    """The session that delivered a message."""

    @pytest.mark.parametrize("path", ["", "/envelope"])
    def test_its_id_is_known_when_the_store_reads_the_message_again(
        self, make_mail: Any, tmp_path: Path, path: str
    ) -> None:
        for store in (SQLiteStore(tmp_path / "db"), MaildirStore(tmp_path / "md")):
            mail = make_mail(store=store)
            mail.add(session=Session(id="s-1"))
            answer = mail.client.get(f"/api/v2/messages/latest{path}").json
            assert answer.get("envelope", answer)["session_id"] == "s-1"
            mail.reader.close()
            store.close()

    def test_an_envelope_that_the_client_has_is_not_sent_again(
        self, mail: Mail
    ) -> None:
        mail.add()
        path = "/api/v2/messages/latest/envelope"
        tag = mail.client.get(path).headers["etag"]
        assert mail.client.get(path, if_none_match=tag).status == 304


class TestLatest:
    """``latest`` among the ids of a change is the newest message."""

    @pytest.fixture(autouse=True)
    def _fill(self, mail: Mail) -> None:
        for _ in range(2):
            mail.add()

    @pytest.mark.parametrize(
        ("method", "path", "body"),
        [
            ("PATCH", "/api/v2/messages", {"ids": ["latest"], "add_tags": ["a"]}),
            ("PUT", "/api/v1/tags", {"IDs": ["latest"], "Tags": ["a"]}),
        ],
    )
    def test_it_gets_tags(
        self, mail: Mail, method: str, path: str, body: dict[str, Any]
    ) -> None:
        mail.client.request(method, path, json=body)
        assert numbers(mail, "/api/v2/messages?query=tag:a") == [2]

    def test_it_is_marked_as_read(self, mail: Mail) -> None:
        body = {"IDs": ["latest"], "Read": True}
        mail.client.request("PUT", "/api/v1/messages", json=body)
        assert numbers(mail, "/api/v2/messages?query=is:read") == [2]

    @pytest.mark.parametrize(
        ("path", "name"), [("/api/v2/messages", "ids"), ("/api/v1/messages", "IDs")]
    )
    def test_it_is_deleted(self, mail: Mail, path: str, name: str) -> None:
        mail.client.request("DELETE", path, json={name: ["latest"]})
        assert numbers(mail, "/api/v2/messages") == [1]

    def test_it_is_counted_once_beside_its_id(self, mail: Mail) -> None:
        id = mail.client.get("/api/v2/messages/latest").json["summary"]["id"]
        body = {"ids": [id, "latest"], "add_tags": ["a"]}
        answer = mail.client.request("PATCH", "/api/v2/messages", json=body)
        assert answer.json == {"messages": 1}

    def test_it_is_no_message_of_an_empty_store(self, mail: Mail) -> None:
        mail.store.clear()
        body = {"ids": ["latest"]}
        answer = mail.client.request("DELETE", "/api/v2/messages", json=body)
        assert answer.json == {"messages": 0}


class TestPages:
    """``GET /messages``."""

    def test_an_empty_store_has_an_empty_page(self, client: Client) -> None:
        page = client.get("/api/v2/messages").json
        assert page == {"messages": [], "next": None, "missing": 0}

    def test_the_newest_message_is_the_first(self, mail: Mail) -> None:
        ids = [mail.add() for _ in range(3)]
        page = mail.client.get("/api/v2/messages").json
        assert [each["id"] for each in page["messages"]] == ids[::-1]

    def test_the_oldest_can_be_the_first(self, mail: Mail) -> None:
        ids = [mail.add() for _ in range(3)]
        page = mail.client.get("/api/v2/messages?order=oldest").json
        assert [each["id"] for each in page["messages"]] == ids

    def test_pages_follow_each_other(self, mail: Mail) -> None:
        for _ in range(5):
            mail.add()
        first = mail.client.get("/api/v2/messages?limit=2").json
        found = [each["number"] for each in first["messages"]]
        path = f"/api/v2/messages?limit=9&after={first['next']}"
        assert found + numbers(mail, path) == numbers(mail, "/api/v2/messages")

    def test_the_last_page_has_no_next(self, mail: Mail) -> None:
        mail.add()
        assert mail.client.get("/api/v2/messages?limit=5").json["next"] is None

    def test_a_query_finds_some(self, mail: Mail) -> None:
        mail.add("Subject: one\n\nx\n")
        two = mail.add("Subject: two\n\nx\n")
        page = mail.client.get("/api/v2/messages?query=subject:two").json
        assert [each["id"] for each in page["messages"]] == [two]

    def test_a_bad_query_is_an_error_with_its_position(self, client: Client) -> None:
        answer = client.get("/api/v2/messages?query=is:odd")
        assert answer.status == 400
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json["position"] == 3
        assert "unread" in answer.json["expected"]

    @pytest.mark.parametrize(
        "arguments",
        [
            *("limit=0", "limit=1001", "limit=x", "limit=-1", "after=-1", "order=up"),
            *("limit=", "limit=1&limit=2", "query=a&query=b"),
        ],
    )
    def test_a_bad_argument_is_an_error_that_names_it(
        self, client: Client, arguments: str
    ) -> None:
        answer = client.get(f"/api/v2/messages?{arguments}")
        assert answer.status == 400
        assert answer.json["detail"].startswith(f"bad {arguments.partition('=')[0]}")

    def test_a_summary_has_all_that_a_list_shows(self, mail: Mail) -> None:
        id = mail.add(
            MESSAGE,
            user="ann",
            tls=True,
            session=Session(id="s-1"),
            rcpt_tos=("bob@example.com", "hidden@example.com"),
        )
        (summary,) = mail.client.get("/api/v2/messages").json["messages"]
        snippet = summary.pop("snippet")
        assert snippet.startswith("Your code is 481516.")
        assert summary == {
            "number": summary["number"],
            "id": id,
            "received_at": "2026-01-31T12:00:00.120000Z",
            "mail_from": "ann@example.com",
            "rcpt_tos": ["bob@example.com", "hidden@example.com"],
            "from": [{"name": "Ann", "address": "ann@example.com"}],
            "to": [
                {"name": "Bob", "address": "bob@example.com"},
                {"name": "", "address": "carol@example.com"},
            ],
            "cc": [{"name": "Dörte", "address": "d@example.com"}],
            "bcc": [{"name": "", "address": "hidden@example.com"}],
            "reply_to": [{"name": "", "address": "replies@example.com"}],
            "subject": "Grüße",
            "message_id": "1@example.com",
            "size": len(MESSAGE.replace("\n", "\r\n")),
            "attachments": 1,
            "inlines": 0,
            "flags": [],
            "tags": [],
            "user": "ann",
            "tls": True,
            "session_id": "s-1",
            "warnings": 0,
        }


class TestArguments:
    """The names in the query of a URL."""

    def test_a_mistyped_name_is_an_error_with_the_nearest_one(
        self, client: Client
    ) -> None:
        answer = client.get("/api/v2/messages?qurey=to:bob")
        assert answer.status == 400
        assert answer.json["detail"] == (
            "unknown argument 'qurey', did you mean 'query'?"
        )

    def test_another_name_is_an_error_with_those_that_are_known(
        self, client: Client
    ) -> None:
        answer = client.get("/api/v2/counts?x=1")
        assert answer.json["detail"] == "unknown argument 'x', known: query, timeout"

    def test_a_path_without_arguments_says_so(self, client: Client) -> None:
        answer = client.get("/api/v2/tags?x=1")
        assert answer.json["detail"] == "unknown argument 'x', known: none"

    @pytest.mark.parametrize("path", ["/api/v2//", "/api/v2/nothing"])
    def test_a_wrong_path_is_a_problem_too(self, client: Client, path: str) -> None:
        answer = client.get(path)
        assert answer.status == 404
        assert answer.headers["content-type"] == "application/problem+json"


class TestCounts:
    """``GET /counts``."""

    def test_all_unread_and_matching_messages_are_counted(self, mail: Mail) -> None:
        for subject in ("one", "two", "two"):
            mail.add(f"Subject: {subject}\n\nx\n")
        counts = mail.client.get("/api/v2/counts?query=subject:two").json
        assert counts == {"messages": 3, "unread": 3, "matching": 2, "missing": 0}


class TestMessage:
    """``GET /messages/{id}``, and what is under it."""

    def test_it_is_found_by_its_id(self, mail: Mail) -> None:
        id = mail.add()
        assert mail.client.get(f"/api/v2/messages/{id}").json["summary"]["id"] == id

    def test_it_is_found_by_its_number(self, mail: Mail) -> None:
        id = mail.add()
        (number,) = numbers(mail, "/api/v2/messages")
        found = mail.client.get(f"/api/v2/messages/{number}").json
        assert found["summary"]["id"] == id

    def test_the_latest_is_found_by_that_name(self, mail: Mail) -> None:
        mail.add()
        id = mail.add()
        assert mail.client.get("/api/v2/messages/latest").json["summary"]["id"] == id

    def test_the_latest_of_a_query_is_found(self, mail: Mail) -> None:
        id = mail.add("Subject: one\n\nx\n")
        mail.add()
        found = mail.client.get("/api/v2/messages/latest?query=one").json
        assert found["summary"]["id"] == id

    @pytest.mark.parametrize("name", ["nothing", "17", "latest", "9" * 30, "..", "a b"])
    @pytest.mark.parametrize("part", ["", "/raw", "/text", "/links"])
    def test_one_that_is_not_there_is_not_found(
        self, client: Client, name: str, part: str
    ) -> None:
        answer = client.get(f"/api/v2/messages/{name.replace(' ', '%20')}{part}")
        assert answer.status == 404
        assert answer.json["detail"] == f"there is no message {name!r}"

    def test_the_latest_of_a_query_is_named_by_the_query(self, client: Client) -> None:
        answer = client.get("/api/v2/messages/latest?query=one")
        assert answer.json["detail"] == "there is no message that matches 'one'"

    def test_it_has_its_texts_links_and_code(self, mail: Mail) -> None:
        found = mail.client.get(f"/api/v2/messages/{mail.add(MESSAGE)}").json
        assert found["text"].startswith("Your code is 481516.")
        assert "<b>481516</b>" in found["html"]
        assert found["links"] == ["https://example.com/a", "https://example.com/b"]
        assert found["code"] == "481516"

    def test_it_has_its_attachments(self, mail: Mail) -> None:
        found = mail.client.get(f"/api/v2/messages/{mail.add(MESSAGE)}").json
        (attachment,) = found["attachments"]
        assert attachment["name"] == "../../a.pdf"
        assert attachment["content_type"] == "application/pdf"
        assert attachment["size"] == 5

    def test_it_has_its_header_fields_in_order(self, mail: Mail) -> None:
        found = mail.client.get(f"/api/v2/messages/{mail.add(MESSAGE)}").json
        assert [each["name"].lower() for each in found["headers"]][:3] == [
            "from",
            "to",
            "cc",
        ]
        assert found["headers"][4]["value"] == "Grüße"

    def test_it_has_its_envelope(self, mail: Mail) -> None:
        id = mail.add(
            MESSAGE,
            rcpt_tos=("bob@example.com", "hidden@example.com"),
            mail_options={"SIZE": "10", "SMTPUTF8": None},
            rcpt_options=({}, {"NOTIFY": "NEVER"}),
            helo="client.example.com",
            peer=("127.0.0.1", 40001),
        )
        envelope = mail.client.get(f"/api/v2/messages/{id}/envelope").json
        assert envelope["mail_options"] == {"SIZE": "10", "SMTPUTF8": None}
        assert envelope["recipients"] == [
            {"address": "bob@example.com", "options": {}, "is_bcc": False},
            {
                "address": "hidden@example.com",
                "options": {"NOTIFY": "NEVER"},
                "is_bcc": True,
            },
        ]
        assert envelope["peer"] == ["127.0.0.1", 40001]

    def test_its_raw_bytes_are_those_that_came(self, mail: Mail) -> None:
        content = b"Subject: \xff\n\n" + bytes(range(256)) * 2000
        id = mail.add(content)
        answer = mail.client.get(f"/api/v2/messages/{id}/raw")
        assert answer.body == content.replace(b"\n", b"\r\n")
        assert answer.headers["content-type"] == "message/rfc822"

    def test_its_html_may_run_nothing(self, mail: Mail) -> None:
        answer = mail.client.get(f"/api/v2/messages/{mail.add(MESSAGE)}/html")
        assert answer.headers["content-security-policy"].startswith("sandbox;")
        assert answer.text.startswith("<p>Your code")

    def test_its_text_is_plain(self, mail: Mail) -> None:
        answer = mail.client.get(f"/api/v2/messages/{mail.add(MESSAGE)}/text")
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"

    def test_its_code_is_plain(self, mail: Mail) -> None:
        id = mail.add(MESSAGE)
        assert mail.client.get(f"/api/v2/messages/{id}/code").text == "481516"

    @pytest.mark.parametrize("part", ["html", "code"])
    def test_what_it_does_not_have_is_not_found(self, mail: Mail, part: str) -> None:
        answer = mail.client.get(f"/api/v2/messages/{mail.add()}/{part}")
        assert answer.status == 404
        assert "has no" in answer.json["detail"]

    def test_an_attachment_is_saved_under_a_name_of_ours(self, mail: Mail) -> None:
        id = mail.add(MESSAGE)
        answer = mail.client.get(f"/api/v2/messages/{id}/attachments/0")
        assert answer.body == b"%PDF-"
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["content-disposition"] == (
            'attachment; filename="attachment-0"'
        )

    @pytest.mark.parametrize("index", ["1", "-1", "x", "9" * 5000])
    def test_another_attachment_is_not_found(self, mail: Mail, index: str) -> None:
        id = mail.add(MESSAGE)
        answer = mail.client.get(f"/api/v2/messages/{id}/attachments/{index}")
        assert answer.status == 404


class TestChanges:
    """``PATCH`` and ``DELETE``."""

    def test_flags_are_set_by_ids(self, mail: Mail) -> None:
        id, other = mail.add(), mail.add()
        answer = mail.client.request(
            "PATCH", "/api/v2/messages", json={"ids": [id], "set_flags": ["seen"]}
        )
        assert answer.json == {"messages": 1}
        flags = {each.id: set(each.flags) for each in mail.store.page()}
        assert flags == {id: {"seen"}, other: set()}

    def test_the_newest_has_a_name_among_ids(self, mail: Mail) -> None:
        id, newest = mail.add(), mail.add()
        body = {"ids": [id, newest, "latest"], "set_flags": ["seen"]}
        answer = mail.client.request("PATCH", "/api/v2/messages", json=body)
        assert answer.json == {"messages": 2}

    def test_an_empty_store_has_no_newest(self, mail: Mail) -> None:
        answer = mail.client.request(
            "DELETE", "/api/v2/messages", json={"ids": ["latest"]}
        )
        assert answer.json == {"messages": 0}

    def test_tags_are_added_by_a_query(self, mail: Mail) -> None:
        mail.add("Subject: one\n\nx\n")
        mail.add("Subject: two\n\nx\n")
        mail.client.request(
            "PATCH", "/api/v2/messages", json={"query": "two", "add_tags": ["Good"]}
        )
        assert mail.client.get("/api/v2/tags").json == {"Good": 1}

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"ids": [], "query": ""},
            {"ids": "one"},
            {"query": "", "set_flags": ["odd"]},
            {"query": "", "add_tags": ["a,b"]},
            {"query": "", "add_tag": ["a"]},
            {"query": "", "add_tags": [str(number) for number in range(101)]},
            {"numbers": list(range(10_001)), "set_flags": ["seen"]},
            [],
            "x",
        ],
    )
    def test_what_cannot_be_changed_is_an_error(self, mail: Mail, body: Any) -> None:
        answer = mail.client.request("PATCH", "/api/v2/messages", json=body)
        assert answer.status == 400

    @pytest.mark.parametrize(
        "body", [b" ", b"{", b"[" * 100_000, b'"\\ud800"', b"\xff", b"{} {}"]
    )
    def test_what_is_not_json_is_an_error(self, client: Client, body: bytes) -> None:
        answer = client.request("PATCH", "/api/v2/messages", body=body)
        assert answer.status == 400
        assert answer.json["detail"].startswith("bad body: ")

    def test_an_unknown_field_is_an_error_with_the_known_ones(
        self, client: Client
    ) -> None:
        answer = client.request("DELETE", "/api/v2/messages", json={"x": "y"})
        assert answer.status == 400
        assert answer.json["detail"] == (
            "bad body: Object contains unknown field `x`; known: ids, numbers, query"
        )

    @pytest.mark.parametrize(
        ("method", "path", "name", "meant"),
        [
            ("DELETE", "messages", "id", "ids"),
            ("PATCH", "messages", "add_tag", "add_tags"),
            ("POST", "mailboxes", "adress", "address"),
            ("POST", "assert", "critera", "criteria"),
        ],
    )
    def test_a_mistyped_field_is_answered_by_the_right_one(
        self, client: Client, method: str, path: str, name: str, meant: str
    ) -> None:
        answer = client.request(method, f"/api/v2/{path}", json={name: "x"})
        assert answer.status == 400
        wrong = f"unknown field `{name}`, did you mean `{meant}`? known: "
        assert wrong in answer.json["detail"]

    @pytest.mark.parametrize(
        ("body", "given"),
        [
            ({}, "none of them"),
            ({"ids": ["x"], "query": "y"}, "ids and query"),
        ],
    )
    def test_a_selection_names_what_was_given(
        self, client: Client, body: dict[str, object], given: str
    ) -> None:
        answer = client.request("DELETE", "/api/v2/messages", json=body)
        assert answer.status == 400
        assert answer.json["detail"] == (
            "bad body: exactly one of ids, numbers and query selects messages, not "
            + given
        )

    def test_bounds_are_written_as_people_write_them(self, client: Client) -> None:
        answer = client.get("/api/v2/wait?timeout=x")
        assert answer.json["detail"].endswith("it must be a number from 0 to 3600")

    def test_a_rule_without_its_list_gets_an_example(self, mail: Mail) -> None:
        answer = Mail(server={"faults": Faults()}).client.request(
            "POST", "/api/v2/faults", json={"on": "RCPT", "reply": 550}
        )
        assert "`on`; known: fault, personality; such as {" in answer.json["detail"]

    def test_messages_are_removed_by_a_query(self, mail: Mail) -> None:
        one = mail.add("Subject: one\n\nx\n")
        mail.add("Subject: two\n\nx\n")
        answer = mail.client.request(
            "DELETE", "/api/v2/messages", json={"query": "two"}
        )
        assert answer.json == {"messages": 1}
        assert [each.id for each in mail.store] == [one]

    def test_a_delete_without_a_body_removes_nothing(self, mail: Mail) -> None:
        mail.add()
        answer = mail.client.request("DELETE", "/api/v2/messages")
        assert (answer.status, len(mail.store)) == (400, 1)
        assert answer.json["detail"] == (
            "bad body: expected a JSON object with one or more of: ids, numbers, query"
        )

    def test_one_message_is_removed(self, mail: Mail) -> None:
        id = mail.add()
        path = f"/api/v2/messages/{id}"
        assert mail.client.request("DELETE", path).status == 204
        assert mail.client.request("DELETE", path).status == 404
