"""MailHog's messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Hog

MULTIPART = """\
From: Ann <ann@example.com>
To: bob@example.com
Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=
X-Long: one
 two
Content-Type: multipart/mixed; boundary="b"

before
--b
Content-Type: multipart/alternative; boundary=c

--c
Content-Type: text/plain

=48
--c--
--b
Content-Type: image/png; name="a.png"
Content-Disposition: attachment; filename="a.png"
Content-Transfer-Encoding: base64

aGVsbG8=
--b--
"""


def add(hog: Hog, subject: str, **fields: object) -> str:
    return hog.add(f"Subject: {subject}\n\nx\n", **fields)


def subjects(hog: Hog, path: str) -> list[str]:
    items = hog.client.get(path).json["items"]
    return [item["Content"]["Headers"]["Subject"][0] for item in items]


class TestShape:
    """The JSON of a message."""

    def test_it_has_its_keys_in_order(self, hog: Hog) -> None:
        id = hog.add(rcpt_tos=("bob@example.com", "root"), helo="client.example")
        message = hog.client.get(f"/api/v1/messages/{id}").json
        assert list(message) == [
            "ID",
            "From",
            "To",
            "Content",
            "Created",
            "MIME",
            "Raw",
        ]
        assert message["ID"] == id
        assert message["From"] == {
            "Relays": None,
            "Mailbox": "ann",
            "Domain": "example.com",
            "Params": "",
        }
        assert [(to["Mailbox"], to["Domain"]) for to in message["To"]] == [
            ("bob", "example.com"),
            ("root", ""),
        ]
        assert list(message["Content"]) == ["Headers", "Body", "Size", "MIME"]
        assert message["Content"]["Size"] == len(b"Subject: hi\r\n\r\nHello.\r\n")
        assert message["Content"]["MIME"] is None
        assert message["Created"] == "2026-01-31T12:00:00.120000Z"
        assert message["MIME"] is None
        assert message["Raw"] == {
            "From": "ann@example.com",
            "To": ["bob@example.com", "root"],
            "Data": "Subject: hi\r\n\r\nHello.\r\n",
            "Helo": "client.example",
        }

    def test_headers_are_as_they_came(self, hog: Hog) -> None:
        id = hog.add("subJect:a\nX-Two: 1\nX-Two: 2\nX-Long: =?b?\n  c\n\nx\n")
        headers = hog.client.get(f"/api/v1/messages/{id}").json["Content"]["Headers"]
        assert headers["subJect"] == ["a"]
        assert headers["X-Two"] == ["1", "2"]
        assert headers["X-Long"] == ["=?b?  c"]

    def test_the_server_adds_fields(self, hog: Hog) -> None:
        id = hog.add(helo="client.example")
        headers = hog.client.get(f"/api/v1/messages/{id}").json["Content"]["Headers"]
        assert headers["Message-ID"] == [id]
        assert headers["Return-Path"] == ["<ann@example.com>"]
        (received,) = headers["Received"]
        assert received.startswith("from client.example by mailhog.example (MailHog)")

    def test_a_message_without_an_empty_line_is_a_body(self, hog: Hog) -> None:
        id = hog.add("Hello.")
        content = hog.client.get(f"/api/v1/messages/{id}").json["Content"]
        assert content["Body"] == "Hello."

    def test_parts_are_counted_as_clients_count_them(self, hog: Hog) -> None:
        id = hog.add(MULTIPART)
        parts = hog.client.get(f"/api/v1/messages/{id}").json["MIME"]["Parts"]
        assert [part["Body"] for part in parts[:1] + parts[3:]] == ["before", "--"]
        assert parts[2]["Headers"]["Content-Transfer-Encoding"] == ["base64"]
        assert parts[2]["Body"] == "aGVsbG8="
        inner = parts[1]["MIME"]["Parts"]
        assert [part["Body"] for part in inner] == ["=48", "--"]

    def test_a_multipart_without_a_boundary_has_no_parts(self, hog: Hog) -> None:
        id = hog.add("Content-Type: multipart/mixed\n\nx\n")
        assert hog.client.get(f"/api/v1/messages/{id}").json["MIME"] == {"Parts": None}

    def test_deep_parts_end(self, hog: Hog) -> None:
        head = "Content-Type: multipart/mixed; boundary=b{0}\n\n--b{0}\n"
        id = hog.add("".join(head.format(number) for number in range(500)))
        assert hog.client.get(f"/api/v1/messages/{id}").status == 200

    def test_bytes_that_are_no_text_are_replaced(self, hog: Hog) -> None:
        id = hog.add(b"Subject: a\n\n\xff\n")
        content = hog.client.get(f"/api/v1/messages/{id}").json["Content"]
        assert content["Body"] == "\ufffd\r\n"


@pytest.mark.parametrize(
    "path", ["v1/messages", "v2/messages", "v2/search?kind=containing&query=x"]
)
def test_a_list_is_kept_until_the_store_changes(
    hog: Hog, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page that asks every second costs nothing."""
    hog.add("Subject: x\n\nx\n")
    before = hog.client.get(f"/api/{path}")
    with monkeypatch.context() as patch:
        patch.setattr(hog.store, "envelope", None)
        again = hog.client.get(f"/api/{path}")
    assert (again.status, again.body) == (200, before.body)
    hog.add("Subject: x2\n\nx\n")
    assert hog.client.get(f"/api/{path}").body != before.body


class TestVersion1:
    """``/api/v1``."""

    def test_all_messages_newest_first(self, hog: Hog) -> None:
        ids = [add(hog, "one"), add(hog, "two")]
        answer = hog.client.get("/api/v1/messages")
        assert [message["ID"] for message in answer.json] == ids[::-1]
        assert answer.headers["content-type"] == "text/json"

    def test_an_unknown_message_is_null(self, hog: Hog) -> None:
        answer = hog.client.get("/api/v1/messages/unknown")
        assert (answer.status, answer.body) == (200, b"null")

    def test_an_id_may_have_the_name_of_the_server(self, hog: Hog) -> None:
        id = hog.add()
        path = f"/api/v1/messages/{id}%40mailhog.example"
        assert hog.client.get(path).json["ID"] == id

    def test_a_message_is_removed(self, hog: Hog) -> None:
        ids = [add(hog, "one"), add(hog, "two")]
        answer = hog.client.request("DELETE", f"/api/v1/messages/{ids[0]}")
        assert (answer.status, answer.body) == (200, b"")
        assert subjects(hog, "/api/v2/messages") == ["two"]

    def test_an_unknown_message_is_not_removed(self, hog: Hog) -> None:
        assert hog.client.request("DELETE", "/api/v1/messages/unknown").status == 404

    def test_all_are_removed(self, hog: Hog) -> None:
        add(hog, "one")
        answer = hog.client.request("DELETE", "/api/v1/messages")
        assert (answer.status, answer.body) == (200, b"")
        assert len(hog.store) == 0

    def test_a_message_is_downloaded(self, hog: Hog) -> None:
        id = hog.add()
        answer = hog.client.get(f"/api/v1/messages/{id}/download")
        assert answer.body == b"Subject: hi\r\n\r\nHello.\r\n"
        assert answer.headers["content-type"] == "message/rfc822"
        assert answer.headers["content-disposition"] == (
            f'attachment; filename="{id}.eml"'
        )

    def test_a_part_is_downloaded_decoded(self, hog: Hog) -> None:
        id = hog.add(MULTIPART)
        answer = hog.client.get(f"/api/v1/messages/{id}/mime/part/2/download")
        assert answer.body == b"hello"
        assert answer.headers["content-type"] == 'image/png; name="a.png"'
        assert answer.headers["content-disposition"] == ('attachment; filename="a.png"')
        assert answer.headers["content-security-policy"].startswith("sandbox")

    def test_a_part_without_a_name_gets_one(self, hog: Hog) -> None:
        id = hog.add(MULTIPART)
        answer = hog.client.get(f"/api/v1/messages/{id}/mime/part/0/download")
        assert answer.body == b"before"
        assert answer.headers["content-disposition"] == (
            f'attachment; filename="{id}-part-0"'
        )

    @pytest.mark.parametrize("index", ["4", "-1", "x", "99999999999"])
    def test_a_part_that_is_not_there(self, hog: Hog, index: str) -> None:
        id = hog.add(MULTIPART)
        path = f"/api/v1/messages/{id}/mime/part/{index}/download"
        assert hog.client.get(path).status == 404

    @pytest.mark.parametrize("path", ["download", "mime/part/0/download"])
    def test_nothing_of_an_unknown_message(self, hog: Hog, path: str) -> None:
        assert hog.client.get(f"/api/v1/messages/unknown/{path}").status == 404


class TestVersion2:
    """``/api/v2``."""

    def test_an_empty_store(self, hog: Hog) -> None:
        assert hog.client.get("/api/v2/messages").json == {
            "total": 0,
            "count": 0,
            "start": 0,
            "items": [],
        }

    def test_a_page_begins_at_start(self, hog: Hog) -> None:
        for subject in ("one", "two", "three", "four"):
            add(hog, subject)
        page = hog.client.get("/api/v2/messages?start=1&limit=2").json
        assert (page["total"], page["count"], page["start"]) == (4, 2, 1)
        assert subjects(hog, "/api/v2/messages?start=1&limit=2") == ["three", "two"]

    @pytest.mark.parametrize("start", [1, 2, 9])
    def test_a_page_after_the_end_is_empty(self, hog: Hog, start: int) -> None:
        add(hog, "one")
        assert subjects(hog, f"/api/v2/messages?start={start}") == []

    @pytest.mark.parametrize(
        ("limit", "count"), [("0", 50), ("-1", 50), ("x", 50), ("9999", 60), ("7", 7)]
    )
    def test_the_limit(self, hog: Hog, limit: str, count: int) -> None:
        for _ in range(60):
            add(hog, "one")
        page = hog.client.get(f"/api/v2/messages?limit={limit}").json
        assert page["count"] == count

    @pytest.mark.parametrize(
        ("kind", "query", "found"),
        [
            ("from", "CARL@", ["carl"]),
            ("from", "Dora", ["dora"]),
            ("to", "eve@example", ["carl"]),
            ("to", "frank", ["dora"]),
            ("containing", "YY=", ["dora"]),
            ("containing", "frank@", ["dora"]),
            ("containing", "carl", ["carl"]),
            ("containing", "nothing", []),
        ],
    )
    def test_a_search(self, hog: Hog, kind: str, query: str, found: list[str]) -> None:
        hog.add(
            "Subject: carl\n\nxx\n",
            mail_from="carl@example.com",
            rcpt_tos=("eve@example.com",),
        )
        hog.add("From: Dora <d@x>\nTo: frank@x\nSubject: dora\n\nyy=\n")
        path = f"/api/v2/search?kind={kind}&query={query}"
        assert subjects(hog, path) == found
        assert hog.client.get(path).json["total"] == len(found)

    def test_a_search_has_pages(self, hog: Hog) -> None:
        for _ in range(5):
            add(hog, "one")
        path = "/api/v2/search?kind=containing&query=one&start=3&limit=5"
        page = hog.client.get(path).json
        assert (page["total"], page["count"], page["start"]) == (5, 2, 3)

    @pytest.mark.parametrize(
        "arguments", ["", "kind=from", "kind=x&query=y", "query=y", "kind=to&query="]
    )
    def test_a_search_that_is_wrong(self, hog: Hog, arguments: str) -> None:
        assert hog.client.get(f"/api/v2/search?{arguments}").status == 400


class TestSite:
    """Everything else."""

    @pytest.mark.parametrize(
        ("method", "path"),
        [("GET", "/api/v3"), ("PATCH", "/api/v1/messages")],
    )
    def test_an_unknown_path_or_method_is_not_found(
        self, hog: Hog, method: str, path: str
    ) -> None:
        answer = hog.client.request(method, path)
        assert (answer.status, answer.body) == (404, b"")


class TestTheIndex:
    """The path that people try first."""

    def test_it_names_a_path_that_has_mail(self, make_hog: Callable[..., Hog]) -> None:
        text = make_hog(base="/hog").client.get("/hog/").text
        assert text.endswith(" captured mail is at /hog/api/v2/messages\n")


class TestBounds:
    """The most messages of an answer."""

    @pytest.fixture
    def full(self, hog: Hog) -> Hog:
        """A store with more messages than any answer has."""
        for _ in range(1001):
            hog.add()
        return hog

    def test_a_page_has_50_by_default_and_250_at_most(self, full: Hog) -> None:
        for path in ("v2/messages?", "v2/search?kind=containing&query=hello&"):
            for limit, count in (("", 50), ("0", 50), ("-1", 50), ("250", 250)):
                page = full.client.get(f"/api/{path}limit={limit}").json
                assert (page["count"], len(page["items"])) == (count, count)
            page = full.client.get(f"/api/{path}limit=251").json
            assert (page["total"], page["count"]) == (1001, 250)

    def test_the_first_version_has_1000_at_most(self, full: Hog) -> None:
        newest, *_, last = found = full.client.get("/api/v1/messages").json
        assert len(found) == 1000
        ids = [each.id for each in full.store.page(limit=1001)]
        assert [newest["ID"], last["ID"]] == [ids[0], ids[999]]
