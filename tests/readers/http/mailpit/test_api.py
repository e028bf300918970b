"""Mailpit's API: what its clients ask, and get."""

from __future__ import annotations

import hashlib
import json
from typing import Any
from urllib.parse import quote

import pytest

from lazr_smtptest.query.selection import Selection

from ..api.test_messages import MESSAGE
from ..client import Client
from ..conftest import Mail

SUMMARY_KEYS = [
    "ID",
    "MessageID",
    "Read",
    "From",
    "To",
    "Cc",
    "Bcc",
    "ReplyTo",
    "Subject",
    "Created",
    "Username",
    "Tags",
    "Size",
    "Attachments",
    "Snippet",
]
MESSAGE_KEYS = [
    "ID",
    "MessageID",
    "From",
    "To",
    "Cc",
    "Bcc",
    "ReplyTo",
    "ReturnPath",
    "Subject",
    "ListUnsubscribe",
    "Date",
    "Tags",
    "Username",
    "Text",
    "HTML",
    "Size",
    "Inline",
    "Attachments",
]


def add(mail: Mail, subject: str, **fields: Any) -> str:
    return mail.add(f"Subject: {subject}\n\nx\n", **fields)


def found(mail: Mail, path: str) -> list[str]:
    """Return the subjects of a page."""
    return [each["Subject"] for each in mail.client.get(path).json["messages"]]


def request(mail: Mail, method: str, path: str, body: object) -> tuple[int, str]:
    """Make a request with a body; return the status and the text."""
    answer = mail.client.request(method, path, json=body)
    return answer.status, answer.text


class TestLists:
    """``messages`` and ``search``."""

    def test_an_empty_store(self, client: Client) -> None:
        assert client.get("/api/v1/messages").json == {
            "total": 0,
            "unread": 0,
            "count": 0,
            "messages_count": 0,
            "messages_unread": 0,
            "start": 0,
            "tags": [],
            "messages": [],
        }

    def test_a_summary_has_its_keys_in_order(self, mail: Mail) -> None:
        recipients = ("bob@example.com", "hidden@example.com")
        mail.add(MESSAGE, rcpt_tos=recipients, user="ann")
        (summary,) = mail.client.get("/api/v1/messages").json["messages"]
        assert list(summary) == SUMMARY_KEYS
        assert summary["MessageID"] == "1@example.com"
        assert summary["Read"] is False
        assert summary["From"] == {"Name": "Ann", "Address": "ann@example.com"}
        assert summary["Bcc"] == [{"Name": "", "Address": "hidden@example.com"}]
        assert summary["Created"] == "2026-01-31T12:00:00.12Z"
        assert summary["Username"] == "ann"
        assert summary["Attachments"] == 1

    def test_empty_lists_are_never_null(self, mail: Mail) -> None:
        add(mail, "one")
        for path in ("messages", "search?query=one"):
            (summary,) = mail.client.get(f"/api/v1/{path}").json["messages"]
            lists = [summary[name] for name in ("To", "Cc", "ReplyTo", "Tags")]
            assert lists == [[], [], [], []]

    def test_a_page_begins_at_start(self, mail: Mail) -> None:
        for subject in ("one", "two", "three", "four"):
            add(mail, subject)
        page = mail.client.get("/api/v1/messages?start=1&limit=2").json
        assert [each["Subject"] for each in page["messages"]] == ["three", "two"]
        assert (page["total"], page["count"], page["start"]) == (4, 2, 1)

    @pytest.mark.parametrize("start", [4, 5, 100])
    def test_a_page_after_the_end_is_empty(self, mail: Mail, start: int) -> None:
        for subject in ("one", "two", "three", "four"):
            add(mail, subject)
        assert found(mail, f"/api/v1/messages?start={start}") == []

    @pytest.mark.parametrize(
        "arguments", ["start=-1", "start=x", "limit=-1", "limit=y"]
    )
    def test_a_bad_number_is_the_default(self, mail: Mail, arguments: str) -> None:
        add(mail, "one")
        assert found(mail, f"/api/v1/messages?{arguments}") == ["one"]

    def test_no_limit_is_all_messages(self, mail: Mail) -> None:
        for number in range(60):
            add(mail, str(number))
        assert len(found(mail, "/api/v1/messages?limit=0")) == 60

    def test_a_search_without_a_limit_only_counts(self, mail: Mail) -> None:
        add(mail, "one")
        page = mail.client.get("/api/v1/search?query=one&limit=0").json
        assert (page["messages"], page["messages_count"]) == ([], 1)

    def test_a_search_counts_what_it_found(self, mail: Mail) -> None:
        for subject in ("one", "two", "two"):
            add(mail, subject)
        page = mail.client.get("/api/v1/search?query=subject:two&limit=1").json
        assert (page["total"], page["messages_count"], page["count"]) == (3, 2, 1)
        assert page["messages_unread"] == 2

    def test_a_search_finds_a_part_of_a_word(self, mail: Mail) -> None:
        add(mail, "invoices")
        assert found(mail, "/api/v1/search?query=VOICE") == ["invoices"]

    def test_a_search_without_a_query_is_an_error(self, client: Client) -> None:
        answer = client.get("/api/v1/search?query=%20")
        assert (answer.status, answer.text) == (400, "Error: no search query")

    def test_before_restricts_a_list(self, mail: Mail) -> None:
        add(mail, "one")
        assert found(mail, "/api/v1/messages?before=2026-01-31T12:00:00Z") == []
        assert found(mail, "/api/v1/messages?before=2026-02-01T00:00:00Z") == ["one"]


class TestChanges:
    """Reading, removing, tagging."""

    def test_messages_are_marked_as_read_by_ids(self, mail: Mail) -> None:
        one = add(mail, "one")
        add(mail, "two")
        body = {"Read": True, "IDs": [one]}
        assert request(mail, "PUT", "/api/v1/messages", body) == (200, "ok")
        assert found(mail, "/api/v1/search?query=is:read") == ["one"]

    def test_keys_of_a_body_are_compared_without_case(self, mail: Mail) -> None:
        one = add(mail, "one")
        request(mail, "PUT", "/api/v1/messages", {"read": True, "ids": [one]})
        assert found(mail, "/api/v1/search?query=is:read") == ["one"]

    def test_messages_are_marked_by_a_search(self, mail: Mail) -> None:
        add(mail, "one")
        add(mail, "two")
        body = {"Read": True, "Search": "two"}
        request(mail, "PUT", "/api/v1/messages", body)
        assert found(mail, "/api/v1/search?query=is:read") == ["two"]

    def test_without_either_all_messages_are_marked(self, mail: Mail) -> None:
        add(mail, "one")
        request(mail, "PUT", "/api/v1/messages", {"Read": True})
        assert mail.client.get("/api/v1/messages").json["unread"] == 0
        request(mail, "PUT", "/api/v1/messages", {"Read": False})
        assert mail.client.get("/api/v1/messages").json["unread"] == 1

    def test_both_is_an_error(self, mail: Mail) -> None:
        body = {"Read": True, "IDs": ["a"], "Search": "b"}
        assert request(mail, "PUT", "/api/v1/messages", body) == (
            400,
            "You may specify either IDs or a search query, not both",
        )

    def test_a_search_that_is_too_long_is_an_error_at_once(self, mail: Mail) -> None:
        body = {"Search": "a " * 2_000_000}
        assert request(mail, "PUT", "/api/v1/messages", body) == (
            400,
            "a search has at most 8192 characters",
        )

    def test_messages_are_removed_by_ids(self, mail: Mail) -> None:
        one = add(mail, "one")
        add(mail, "two")
        body = {"IDs": [one, "unknown"]}
        assert request(mail, "DELETE", "/api/v1/messages", body) == (200, "ok")
        assert found(mail, "/api/v1/messages") == ["two"]

    @pytest.mark.parametrize("body", [b"", b"{}", b'{"IDs":[]}', b"IDs=a", b"{"])
    def test_without_ids_all_are_removed(self, mail: Mail, body: bytes) -> None:
        add(mail, "one")
        answer = mail.client.request("DELETE", "/api/v1/messages", body=body)
        assert (answer.status, answer.text) == (200, "ok")
        assert len(mail.store) == 0

    def test_messages_are_removed_by_a_search(self, mail: Mail) -> None:
        add(mail, "one")
        add(mail, "two")
        mail.client.request("DELETE", "/api/v1/search?query=one")
        assert found(mail, "/api/v1/messages") == ["two"]

    def test_tags_are_replaced(self, mail: Mail) -> None:
        one = add(mail, "one")
        for tags in (["A", "B"], ["C"]):
            request(mail, "PUT", "/api/v1/tags", {"IDs": [one], "Tags": tags})
        assert mail.client.get("/api/v1/tags").json == ["C"]

    def test_other_characters_of_tags_become_spaces(self, mail: Mail) -> None:
        """When they are set, and when one is renamed."""
        one = add(mail, "one")
        body = {"IDs": [one], "Tags": ["x,y/z", "a"]}
        assert request(mail, "PUT", "/api/v1/tags", body) == (200, "ok")
        request(mail, "PUT", "/api/v1/tags/a", {"Name": "b!c"})
        assert mail.client.get("/api/v1/tags").json == ["b c", "x y z"]

    @pytest.mark.parametrize("tags", ["word", [["a"]], [1], ["!"]])
    def test_what_is_no_tag_is_an_error(self, mail: Mail, tags: object) -> None:
        """And no message is changed."""
        one = add(mail, "one")
        body = {"IDs": [one], "Tags": tags}
        assert request(mail, "PUT", "/api/v1/tags", body)[0] == 400

    def test_tags_of_no_message_are_not_set(self, mail: Mail) -> None:
        add(mail, "one")
        request(mail, "PUT", "/api/v1/tags", {"Tags": ["A"]})
        assert mail.client.get("/api/v1/tags").json == []

    def test_a_tag_is_renamed(self, mail: Mail) -> None:
        one = add(mail, "one")
        request(mail, "PUT", "/api/v1/tags", {"IDs": [one], "Tags": ["a b"]})
        assert request(mail, "PUT", "/api/v1/tags/a%20b", {"Name": "c"}) == (200, "ok")
        assert mail.client.get("/api/v1/tags").json == ["c"]

    @pytest.mark.parametrize(
        ("path", "name", "error"),
        [
            ("X", "y", "tag not found: X"),
            ("a", "", "invalid tag name: "),
            ("a", "B", "tag already exists: B"),
        ],
    )
    def test_a_tag_that_cannot_be_renamed(
        self, mail: Mail, path: str, name: str, error: str
    ) -> None:
        one = add(mail, "one")
        request(mail, "PUT", "/api/v1/tags", {"IDs": [one], "Tags": ["a", "b"]})
        body = {"Name": name}
        assert request(mail, "PUT", f"/api/v1/tags/{path}", body) == (400, error)

    @pytest.mark.parametrize("tag", ['a"b', "a\\", "a*", "(a"])
    def test_a_tag_with_characters_of_a_query_is_removed(
        self, mail: Mail, tag: str
    ) -> None:
        """It was set by another API."""
        add(mail, "one")
        mail.store.change(Selection(query=""), tags=[tag, "b"])
        path = f"/api/v1/tags/{quote(tag, safe='')}"
        assert mail.client.request("DELETE", path).text == "ok"
        assert mail.client.get("/api/v1/tags").json == ["b"]

    def test_a_tag_is_found_as_it_was_set(self, mail: Mail) -> None:
        one = add(mail, "one")
        request(mail, "PUT", "/api/v1/tags", {"IDs": [one], "Tags": ["a/b"]})
        assert found(mail, "/api/v1/search?query=tag:a/b") == ["one"]

    def test_a_tag_is_removed(self, mail: Mail) -> None:
        one = add(mail, "one")
        request(mail, "PUT", "/api/v1/tags", {"IDs": [one], "Tags": ["a", "b"]})
        assert mail.client.request("DELETE", "/api/v1/tags/a").text == "ok"
        assert mail.client.get("/api/v1/tags").json == ["b"]
        assert mail.client.request("DELETE", "/api/v1/tags/a").text == (
            "tag not found: a"
        )


class TestMessage:
    """``message``, and what is under it."""

    def test_it_has_its_keys_in_order(self, mail: Mail) -> None:
        answer = mail.client.get(f"/api/v1/message/{mail.add(MESSAGE)}")
        message = json.loads(answer.body)
        assert list(message) == MESSAGE_KEYS
        assert message["ReturnPath"] == "ann@example.com"
        assert message["Text"].startswith("Your code is 481516.")
        (attachment,) = message["Attachments"]
        assert attachment["PartID"] == "2"
        assert attachment["Size"] == 5
        assert attachment["Checksums"] == {
            "MD5": "561318f0d57972e7c62fe701849032af",
            "SHA1": "e86519502b289fa060be9987ca53f79b8159538b",
            "SHA256": hashlib.sha256(b"%PDF-").hexdigest(),
        }

    def test_getting_it_marks_it_as_read(self, mail: Mail) -> None:
        id = mail.add()
        mail.client.get(f"/api/v1/message/{id}")
        assert mail.client.get("/api/v1/messages").json["unread"] == 0

    def test_the_client_of_an_earlier_version_gets_its_key(self, mail: Mail) -> None:
        path = f"/api/v1/message/{mail.add()}"
        message = mail.client.get(path, user_agent="python-httpx/0.28.1").json
        assert message["Read"] is True
        assert "Read" not in mail.client.get(path).json

    @pytest.mark.parametrize("part", ["/headers", "/raw", "/part/0"])
    def test_its_parts_do_not(self, mail: Mail, part: str) -> None:
        id = mail.add()
        assert mail.client.get(f"/api/v1/message/{id}{part}").status == 200
        assert mail.client.get("/api/v1/messages").json["unread"] == 1

    def test_the_latest_is_found(self, mail: Mail) -> None:
        mail.add()
        id = mail.add()
        assert mail.client.get("/api/v1/message/latest").json["ID"] == id

    def test_the_latest_that_matches_is_found(self, mail: Mail) -> None:
        id = add(mail, "one")
        add(mail, "two")
        found = mail.client.get("/api/v1/message/latest?query=one").json
        assert found["ID"] == id

    def test_without_a_message_the_latest_is_not_found(self, client: Client) -> None:
        answer = client.get("/api/v1/message/latest")
        assert (answer.status, answer.text) == (404, "Message not found")

    @pytest.mark.parametrize("part", ["", "/headers", "/raw", "/part/1"])
    def test_an_unknown_one_is_not_found(self, client: Client, part: str) -> None:
        answer = client.get(f"/api/v1/message/unknown{part}")
        assert (answer.status, answer.text) == (404, "404 page not found")

    def test_header_names_are_canonical_and_bodies_as_they_came(
        self, mail: Mail
    ) -> None:
        id = mail.add("subject: =?utf-8?q?a?=\nX-FOO-bar: 1\n 2\nx-foo-Bar: 3\n\nx\n")
        headers = mail.client.get(f"/api/v1/message/{id}/headers").json
        assert headers == {"Subject": ["=?utf-8?q?a?="], "X-Foo-Bar": ["1 2", "3"]}
        assert list(headers) == sorted(headers)

    def test_raw_can_be_a_download(self, mail: Mail) -> None:
        id = mail.add()
        answer = mail.client.get(f"/api/v1/message/{id}/raw?dl=1")
        assert answer.headers["content-disposition"] == (
            f'attachment; filename="{id}.eml"'
        )
        assert answer.body == b"Subject: hi\r\n\r\nHello.\r\n"

    def test_a_part_is_decoded(self, mail: Mail) -> None:
        answer = mail.client.get(f"/api/v1/message/{mail.add(MESSAGE)}/part/2")
        assert answer.body == b"%PDF-"
        assert answer.headers["content-type"] == "application/pdf"
        assert answer.headers["content-security-policy"].startswith("sandbox")

    def test_a_thumbnail_is_a_blank_picture(self, mail: Mail) -> None:
        answer = mail.client.get(f"/api/v1/message/{mail.add(MESSAGE)}/part/2/thumb")
        assert (answer.status, answer.headers["content-type"]) == (200, "image/jpeg")
        assert answer.body.startswith(b"\xff\xd8\xff")
        assert answer.body.endswith(b"\xff\xd9")
        # Height and width of its frame (ITU-T T.81 section B.2.2).
        assert b"\x00\x78\x00\xb4" in answer.body

    @pytest.mark.parametrize("path", ["latest/part/9", "unknown/part/0"])
    def test_a_thumbnail_of_nothing_is_an_error(self, mail: Mail, path: str) -> None:
        mail.add()
        assert mail.client.get(f"/api/v1/message/{path}/thumb").status == 400

    def test_parts_within_a_part_have_ids(self, mail: Mail) -> None:
        answer = mail.client.get(f"/api/v1/message/{mail.add(MESSAGE)}/part/1.2")
        assert b"<b>481516</b>" in answer.body


class TestViews:
    """``view``."""

    def test_html_is_verbatim(self, mail: Mail) -> None:
        id = mail.add("Content-Type: text/html\n\n<p>a</p>\n<p>cid:x</p>\n")
        answer = mail.client.get(f"/view/{id}.html")
        assert answer.text == "<p>a</p>\n<p>cid:x</p>\n"
        assert answer.headers["content-security-policy"].startswith("sandbox")

    def test_references_to_parts_become_their_paths(self, mail: Mail) -> None:
        id = mail.add(
            "Content-Type: multipart/related; boundary=b\n\n"
            "--b\nContent-Type: text/html\n\n<img src='cid:i@x'>\n"
            "--b\nContent-Type: image/png\nContent-ID: <i@x>\n\nx\n--b--\n"
        )
        html = mail.client.get(f"/view/{id}.html").text
        assert f"src='/api/v1/message/{id}/part/2?token=" in html

    def test_text_is_plain(self, mail: Mail) -> None:
        answer = mail.client.get(f"/view/{mail.add()}.txt")
        assert (answer.text, answer.headers["content-type"]) == (
            "Hello.\n",
            "text/plain; charset=utf-8",
        )

    def test_a_view_marks_as_read(self, mail: Mail) -> None:
        mail.client.get(f"/view/{mail.add()}.txt")
        assert mail.client.get("/api/v1/messages").json["unread"] == 0

    def test_an_unknown_message_is_not_found(self, client: Client) -> None:
        answer = client.get("/view/unknown.html")
        assert (answer.status, answer.text) == (404, "Message not found")

    def test_a_message_without_html_says_so(self, mail: Mail) -> None:
        answer = mail.client.get(f"/view/{mail.add()}.html")
        assert (answer.status, answer.text) == (
            404,
            "This message does not contain a HTML part",
        )

    def test_an_unknown_path_is_no_page(self, client: Client) -> None:
        answer = client.get("/api/v1/nothing")
        assert (answer.status, answer.text) == (404, "404 page not found")

    def test_the_latest_is_a_redirection(self, mail: Mail) -> None:
        assert mail.client.get("/view/latest").headers["location"] == "/"
        id = mail.add()
        answer = mail.client.get("/view/latest")
        assert (answer.status, answer.headers["location"]) == (302, f"/view/{id}")

    @pytest.mark.parametrize(
        ("path", "location"),
        [
            ("/view/one", "../#/messages/one"),
            ("/view/a%3Fb", "../#/messages/a%3Fb"),
            ("/search", "./#/messages"),
            ("/search?q=from:ann%20%26", "./#/messages?q=from%3Aann+%26"),
        ],
    )
    def test_paths_of_the_page_lead_to_its_places(
        self, client: Client, path: str, location: str
    ) -> None:
        answer = client.get(path)
        assert (answer.status, answer.headers["location"]) == (302, location)
