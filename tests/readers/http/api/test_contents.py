"""Our own API: parts, ranges, and what a client has already."""

from __future__ import annotations

from typing import Any

import pytest

from lazr_smtptest.query.selection import Selection

from ..client import Client, Response
from ..conftest import Mail
from .test_messages import MESSAGE

CONTENT = "abcdefghij"
RAW = "/api/v2/messages/latest/raw"


@pytest.fixture
def letters(mail: Mail) -> Client:
    """A client of a message of ten bytes."""
    mail.add(CONTENT)
    return mail.client


def part_of(client: Client, wanted: str, **headers: str) -> Response:
    """Ask for a range of the message."""
    return client.get(RAW, range=wanted, **headers)


class TestParts:
    """``GET /messages/{id}/parts``."""

    def test_each_has_its_section_number(self, mail: Mail) -> None:
        mail.add(MESSAGE)
        parts = mail.client.get("/api/v2/messages/latest/parts").json
        assert [(each["id"], each["content_type"]) for each in parts] == [
            ("1.1", "text/plain"),
            ("1.2", "text/html"),
            ("2", "application/pdf"),
        ]
        assert [each["is_text"] for each in parts] == [True, True, False]
        assert (parts[2]["disposition"], parts[2]["size"]) == ("attachment", 5)

    def test_the_only_one_is_the_first(self, mail: Mail) -> None:
        mail.add()
        parts = mail.client.get("/api/v2/messages/latest/parts").json
        assert [each["id"] for each in parts] == ["1"]
        content = mail.client.get("/api/v2/messages/latest/parts/1").body
        assert content == b"Hello.\r\n"

    def test_its_content_is_decoded(self, mail: Mail) -> None:
        mail.add(MESSAGE)
        answer = mail.client.get("/api/v2/messages/latest/parts/2")
        assert answer.body == b"%PDF-"
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["content-disposition"] == 'attachment; filename="part-2"'

    @pytest.mark.parametrize(
        ("kind", "disposition"),
        [("png", "inline"), ("svg+xml", "attachment"), ("x; a=b", "attachment")],
    )
    def test_only_a_harmless_image_is_shown(
        self, mail: Mail, kind: str, disposition: str
    ) -> None:
        mail.add(f"Content-Type: image/{kind}\n\nx\n")
        headers = mail.client.get("/api/v2/messages/latest/parts/1").headers
        assert headers["content-disposition"].startswith(disposition)
        assert headers["content-security-policy"].startswith("sandbox;")

    @pytest.mark.parametrize("id", ["0", "1", "1.3", "3", "x", "1.1.1", "%2e%2e"])
    def test_an_unknown_one_is_not_found(self, mail: Mail, id: str) -> None:
        mail.add(MESSAGE)
        assert mail.client.get(f"/api/v2/messages/latest/parts/{id}").status == 404


class TestRanges:
    """RFC 9110 section 14."""

    @pytest.mark.parametrize(
        ("wanted", "content", "place"),
        [
            ("bytes=0-0", b"a", "0-0"),
            ("bytes=2-4", b"cde", "2-4"),
            ("bytes=8-", b"ij", "8-9"),
            ("bytes=-3", b"hij", "7-9"),
            ("bytes=-99", b"abcdefghij", "0-9"),
            ("bytes=5-99", b"fghij", "5-9"),
            ("BYTES= 1 - 2 ", b"bc", "1-2"),
        ],
    )
    def test_a_range_is_sent_alone(
        self, letters: Client, wanted: str, content: bytes, place: str
    ) -> None:
        answer = part_of(letters, wanted)
        assert (answer.status, answer.body) == (206, content)
        assert answer.headers["content-range"] == f"bytes {place}/10"
        assert answer.headers["content-length"] == str(len(content))

    @pytest.mark.parametrize(
        "wanted",
        [
            "bytes=4-2",
            "bytes=-",
            "bytes=a-b",
            "bytes=0-1,3-4",
            "lines=1-2",
            "bytes",
            "bytes=1-2x",
            f"bytes=0-{'9' * 100}",
        ],
    )
    def test_what_is_no_single_range_gets_the_whole(
        self, letters: Client, wanted: str
    ) -> None:
        answer = part_of(letters, wanted)
        assert (answer.status, answer.body) == (200, CONTENT.encode())
        assert answer.headers["accept-ranges"] == "bytes"

    @pytest.mark.parametrize("wanted", ["bytes=10-", "bytes=10-12", "bytes=-0"])
    def test_one_beyond_the_end_is_an_error(self, letters: Client, wanted: str) -> None:
        answer = part_of(letters, wanted)
        assert answer.status == 416
        assert answer.headers["content-range"] == "bytes */10"

    def test_one_of_another_content_gets_the_whole(self, letters: Client) -> None:
        tag = letters.get(RAW).headers["etag"]
        assert part_of(letters, "bytes=1-2", if_range=tag).status == 206
        assert part_of(letters, "bytes=1-2", if_range='"other"').status == 200
        assert part_of(letters, "bytes=1-2", if_range=f"W/{tag}").status == 200

    @pytest.mark.parametrize("path", ["parts/2", "attachments/0"])
    def test_files_have_them_too(self, mail: Mail, path: str) -> None:
        mail.add(MESSAGE)
        url = f"/api/v2/messages/latest/{path}"
        answer = mail.client.get(url, range="bytes=1-3")
        assert (answer.status, answer.body) == (206, b"PDF")


NEVER_CHANGE = (
    *("raw", "text", "html", "headers", "envelope", "links", "code"),
    *("parts", "parts/1.1", "attachments/0"),
)


class TestTags:
    """RFC 9110 section 13: what a client has is not sent again."""

    @pytest.mark.parametrize("path", ["", *(f"/{each}" for each in NEVER_CHANGE)])
    def test_what_a_client_has_is_not_sent_again(self, mail: Mail, path: str) -> None:
        mail.add(MESSAGE)
        url = f"/api/v2/messages/latest{path}"
        tag = mail.client.get(url).headers["etag"]
        answer = mail.client.get(url, if_none_match=f'"other", {tag}')
        assert (answer.status, answer.body) == (304, b"")
        assert answer.headers["etag"] == tag
        assert "content-length" not in answer.headers

    @pytest.mark.parametrize("path", NEVER_CHANGE)
    def test_flags_do_not_change_the_content(self, mail: Mail, path: str) -> None:
        id = mail.add(MESSAGE)
        url = f"/api/v2/messages/{id}/{path}"
        tag = mail.client.get(url).headers["etag"]
        mail.store.change(Selection(ids=[id]), set_flags=["seen"])
        assert mail.client.get(url).headers["etag"] == tag

    def test_no_two_contents_have_the_same(self, mail: Mail) -> None:
        ids = [mail.add(MESSAGE) for _ in range(2)]
        tags = {
            mail.client.get(f"/api/v2/messages/{id}/{path}").headers["etag"]
            for id in ids
            for path in NEVER_CHANGE
        }
        assert len(tags) == 2 * len(NEVER_CHANGE)

    @pytest.mark.parametrize("path", ["", "/latest"])
    def test_a_change_of_the_store_changes_pages_and_messages(
        self, mail: Mail, path: str
    ) -> None:
        id = mail.add(MESSAGE)
        url = f"/api/v2/messages{path}"
        tag = mail.client.get(url).headers["etag"]
        mail.store.change(Selection(ids=[id]), set_flags=["seen"])
        answer = mail.client.get(url, if_none_match=tag)
        assert answer.status == 200
        assert answer.headers["etag"] != tag

    def test_a_page_that_a_client_has_is_not_read(
        self, mail: Mail, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        mail.add()
        tag = mail.client.get("/api/v2/messages").headers["etag"]

        def page(*_: Any, **__: Any) -> None:
            raise AssertionError("it was read")

        monkeypatch.setattr(mail.store, "page", page)
        answer = mail.client.get("/api/v2/messages", if_none_match=tag)
        assert answer.status == 304

    def test_a_page_that_time_changes_has_none(self, client: Client) -> None:
        answer = client.get("/api/v2/messages?query=-after:2024-01-01+code")
        assert "etag" not in answer.headers

    def test_any_will_do_for_a_star(self, letters: Client) -> None:
        assert letters.get(RAW, if_none_match="*").status == 304

    @pytest.mark.parametrize("path", ["html", "code", "parts/9", "attachments/0"])
    def test_what_is_not_there_has_none(self, letters: Client, path: str) -> None:
        answer = letters.get(f"/api/v2/messages/latest/{path}")
        assert answer.status == 404
        assert "etag" not in answer.headers
