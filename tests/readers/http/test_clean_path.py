"""Paths with empty segments or dots."""

from __future__ import annotations

import pytest

from lazr_smtptest.readers.http.clean_path import clean_path
from lazr_smtptest.readers.http.gate import Gate

from .client import Client
from .conftest import Mail


@pytest.mark.parametrize(
    ("path", "clean"),
    [
        ("/", "/"),
        ("", "/"),
        ("//", "/"),
        ("/a/b", "/a/b"),
        ("/a/b/", "/a/b/"),
        ("//a///b", "/a/b"),
        ("/a/./b", "/a/b"),
        ("/a/../b", "/b"),
        ("/a/b/..", "/a/"),
        ("/a/b/.", "/a/b/"),
        ("/..", "/"),
        ("/../../a", "/a"),
        ("/a/..b", "/a/..b"),
    ],
)
def test_a_path_is_cleaned(path: str, clean: str) -> None:
    """A clean one stays as it is."""
    assert clean_path(path) == clean
    assert clean_path(clean) == clean


class TestRedirect:
    """Unclean paths of Mailpit's API."""

    @pytest.mark.parametrize(
        ("path", "location"),
        [
            ("//api/v1/info", "/api/v1/info"),
            ("/api//v1/info", "/api/v1/info"),
            ("/api/v2/../v1/info", "/api/v1/info"),
            ("/api/v1/./info", "/api/v1/info"),
            ("/x/%2e%2e/api/v1/info", "/api/v1/info"),
            ("//evil.example/..//api/v1/info", "/api/v1/info"),
            ("//api/v1/message/a%3Fb", "/api/v1/message/a%3Fb"),
            ("//api/v1/message/a%0Ab", "/api/v1/message/a%0Ab"),
            ("//api/v1/search?query=a%26b&tz=c", "/api/v1/search?query=a%26b&tz=c"),
            ("/view//x.html", "/view/x.html"),
        ],
    )
    def test_it_leads_to_the_clean_path(
        self, client: Client, path: str, location: str
    ) -> None:
        answer = client.get(path)
        assert (answer.status, answer.headers["location"]) == (307, location)

    def test_the_method_stays(self, client: Client) -> None:
        answer = client.request("POST", "/api//v1/send", body=b"{}")
        assert (answer.status, answer.headers["location"]) == (307, "/api/v1/send")

    @pytest.mark.parametrize(
        "path", ["/api//v2/messages", "//nothing", "/api/v1//nothing", "//"]
    )
    def test_another_path_is_not_found(self, client: Client, path: str) -> None:
        assert client.get(path).status == 404

    @pytest.mark.parametrize(
        ("path", "location"),
        [
            ("/mail//api/v1/info", "/mail/api/v1/info"),
            ("/mail/x/../api/v1/info", "/mail/api/v1/info"),
            ("//mail/api/v1/info", None),
            ("//api/v1/info", None),
            ("/api//v1/info", None),
        ],
    )
    def test_the_base_stays_before_it(
        self, make_mail: type[Mail], path: str, location: str | None
    ) -> None:
        mail = make_mail(base="/mail")
        answer = mail.client.get(path)
        assert answer.headers.get("location") == location
        assert answer.status == (307 if location else 404)
        mail.reader.close()


class TestSlashOfTheServer:
    """A URL of the server that ends with a slash, before the path of our API."""

    @pytest.mark.parametrize("path", ["//api/v2/counts", "///api/v2/counts"])
    def test_it_is_ignored(self, client: Client, path: str) -> None:
        assert client.get(path).status == 200

    @pytest.mark.parametrize(
        ("path", "status"),
        [
            ("/mail//api/v2/counts", 200),
            ("//api/v2/counts", 404),
            ("//mail/api/v2/counts", 404),
        ],
    )
    def test_it_is_ignored_after_the_base(
        self, make_mail: type[Mail], path: str, status: int
    ) -> None:
        mail = make_mail(base="/mail")
        assert mail.client.get(path).status == status
        mail.reader.close()

    @pytest.mark.parametrize(
        "path", ["//api/v2/counts", "/%2fapi/v2/counts", "//api/v2/nothing"]
    )
    def test_it_gets_around_no_login(self, make_mail: type[Mail], path: str) -> None:
        mail = make_mail(gate=Gate(users={"ann": "secret"}))
        assert mail.client.get(path).status == 401
        mail.reader.close()


class TestErrors:
    """How an error is described where the path is not quite one of the API."""

    @pytest.mark.parametrize(
        "path",
        ["/api/v3/messages", "/api/nothing", "/api//v2/counts", "/apl/v2/counts"],
    )
    def test_it_is_one_of_our_api(self, client: Client, path: str) -> None:
        answer = client.get(path)
        assert answer.status == 404
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json["detail"].startswith(f"no such path: {path}")

    def test_it_is_one_outside_of_the_base_too(self, make_mail: type[Mail]) -> None:
        mail = make_mail(base="/mail")
        answer = mail.client.get("/api/v2/counts")
        assert answer.status == 404
        assert "every path begins with /mail" in answer.json["detail"]
        mail.reader.close()

    @pytest.mark.parametrize(
        ("path", "content_type"),
        [
            ("/mial/api/v2/counts", "application/problem+json"),
            ("/mial/api/v1/message/x", "text/plain"),
        ],
    )
    def test_below_a_misspelt_base_it_is_that_of_the_api_that_was_meant(
        self, make_mail: type[Mail], path: str, content_type: str
    ) -> None:
        mail = make_mail(base="/mail")
        answer = mail.client.get(path)
        assert answer.status == 404
        assert answer.headers["content-type"] == content_type
        mail.reader.close()

    def test_a_client_that_prefers_text_gets_text(self, client: Client) -> None:
        answer = client.get("/api/v3/messages", accept="text/plain")
        assert answer.text.startswith("no such path: /api/v3/messages")

    def test_another_path_gets_text(self, client: Client) -> None:
        assert client.get("/favicon.png").text.startswith("no such path")
