"""The path that a wrong one is answered by."""

from __future__ import annotations

import re

import pytest

from lazr_smtptest.readers.http.near_path import nearest_path
from lazr_smtptest.readers.http.routes import Routes

from .client import Client
from .conftest import Mail

MEANT = {
    "/api/v2/mesages": "/api/v2/messages",
    "/api/v2/messages/": "/api/v2/messages",
    "/api/v2//messages": "/api/v2/messages",
    "/api/v2/message/1": "/api/v2/messages/1",
    "/api/v2/mesages/latest": "/api/v2/messages/latest",
    "/api/v3/messages": "/api/v2/messages",
    "/openapi.json": "/api/v2/openapi.json",
    "/messages": "/api/v2/messages",
    "/messages/1": "/api/v2/messages/1",
    "/metric": "/metrics",
}


class TestTheNearest:
    """The nearest path of a site."""

    @pytest.mark.parametrize("path", MEANT)
    def test_the_error_names_it(self, client: Client, path: str) -> None:
        answer = client.get(path)
        assert answer.status == 404
        assert f"{path}; did you mean {MEANT[path]}?" in answer.text

    @pytest.mark.parametrize("path", ["/", "/zzz", "/api/v2/zzz", "/{x}", "/zzz/1"])
    def test_there_may_be_none(self, path: str) -> None:
        assert nearest_path(path, ["/api/v2/messages/{x}", "/{name}/of"]) == ""

    def test_a_long_path_is_not_compared(self) -> None:
        assert Routes().nearest("/" + "a" * 10_000) == ""


class TestTheLists:
    """The paths that a server lists."""

    def test_the_api_lists_its_paths(self, client: Client) -> None:
        text = client.get("/api/v2").text
        assert re.search("^GET /api/v2/wait  +Wait", text, re.M)

    @pytest.mark.parametrize("version", ["v1", "v2"])
    def test_a_slash_at_the_end_does_not_matter(
        self, client: Client, version: str
    ) -> None:
        """Somebody opens it in a browser."""
        answer = client.get(f"/api/{version}/")
        assert answer.status == 200
        assert answer.text == client.get(f"/api/{version}").text

    def test_the_paths_for_clients_of_mailpit_are_listed(self, client: Client) -> None:
        text = client.get("/api/v1/").text
        assert re.search("^GET /api/v1/messages  +", text, re.M)

    @pytest.mark.parametrize("path", ["/mail", "/mail/", "/mail/api/v2"])
    def test_paths_are_listed_with_the_base(
        self, make_mail: type[Mail], path: str
    ) -> None:
        text = make_mail(base="/mail").client.get(path).text
        assert text.count("/mail/api/v2/messages ") == text.count("/api/v2/messages ")
        assert "/mail/api/v2/messages " in text
