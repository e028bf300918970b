"""MailHog's API: logins, pages of other sites, OPTIONS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lazr_smtptest.readers.http.gate import Gate

from ..client import Client
from ..conftest import Mail
from ..sockets import open_websocket, refused
from ..test_gate import basic
from .conftest import Hog

USERS = Gate(users={"ann": "secret"})
PAGES = Gate(origins=["https://app.example"])
PATHS = ["/api/v1/messages", "/api/v2/messages", "/api/v2/jim", "/api/v1/events"]


def clients(make_hog: Callable[..., Hog], **settings: Any) -> list[tuple[Client, str]]:
    """Return clients of both places of the API, each with its prefix."""
    shared = Mail(has_mailhog=True, **settings)
    return [(make_hog(**settings).client, ""), (shared.client, "/mailhog")]


@pytest.mark.parametrize("path", [*PATHS, "/nothing"])
def test_a_missing_login_is_challenged_without_a_text(
    make_hog: Callable[..., Hog], path: str
) -> None:
    """And without a realm."""
    for client, prefix in clients(make_hog, gate=USERS):
        answer = client.get(prefix + path)
        assert (answer.status, answer.body) == (401, b"")
        assert answer.headers["www-authenticate"] == "Basic"


def test_a_missing_login_with_a_body_is_challenged_so(
    make_hog: Callable[..., Hog],
) -> None:
    """The body is not read."""
    for client, prefix in clients(make_hog, gate=USERS):
        answer = client.request("POST", f"{prefix}/api/v2/jim", body=b"{}")
        assert (answer.status, answer.body) == (401, b"")
        assert answer.headers["www-authenticate"] == "Basic"


def test_a_script_is_not_challenged(make_hog: Callable[..., Hog]) -> None:
    """Its browser would open a dialog."""
    client = make_hog(gate=USERS).client
    answer = client.get("/api/v2/messages", x_requested_with="fetch")
    assert answer.status == 401
    assert "www-authenticate" not in answer.headers


def test_the_right_login_reads(make_hog: Callable[..., Hog]) -> None:
    client = make_hog(gate=USERS).client
    login = basic("ann", "secret")
    assert client.get("/api/v2/messages", authorization=login).status == 200


@pytest.mark.parametrize("path", PATHS)
def test_options_are_answered_without_a_text(
    make_hog: Callable[..., Hog], path: str
) -> None:
    """By 200, as clients of MailHog know it."""
    for client, prefix in clients(make_hog):
        answer = client.request("OPTIONS", prefix + path)
        assert (answer.status, answer.body) == (200, b"")
        assert "GET" in answer.headers["allow"]


def test_an_allowed_page_may_read(make_hog: Callable[..., Hog]) -> None:
    origin = "https://app.example"
    for client, prefix in clients(make_hog, gate=PAGES):
        answer = client.get(f"{prefix}/api/v2/messages", origin=origin)
        assert answer.status == 200
        assert answer.headers["access-control-allow-origin"] == origin


def test_an_allowed_page_may_ask_for_its_methods(make_hog: Callable[..., Hog]) -> None:
    for client, prefix in clients(make_hog, gate=PAGES):
        answer = client.request(
            "OPTIONS",
            f"{prefix}/api/v1/messages",
            origin="https://app.example",
            access_control_request_headers="content-type",
        )
        assert answer.status == 200
        allowed = answer.headers["access-control-allow-methods"]
        assert set(allowed.split(", ")) >= {"OPTIONS", "GET", "DELETE"}
        assert answer.headers["access-control-allow-headers"] == "content-type"


def test_another_page_may_not_read(make_hog: Callable[..., Hog]) -> None:
    for client, prefix in clients(make_hog, gate=PAGES):
        answer = client.get(f"{prefix}/api/v2/messages", origin="https://evil.example")
        assert answer.status == 403
        assert "access-control-allow-origin" not in answer.headers


WEBSOCKETS = ["/api/v2/websocket", "/%61pi/v2/websocket", "/api/v2/w%65bsocket"]


@pytest.mark.parametrize("path", WEBSOCKETS)
def test_another_page_opens_no_websocket(hog: Hog, path: str) -> None:
    """By no encoding of the path."""
    answer = refused(hog.client, path, Origin="https://evil.example")
    assert answer.status == 403


@pytest.mark.parametrize("path", WEBSOCKETS)
def test_a_page_of_the_same_host_opens_one(hog: Hog, path: str) -> None:
    pytest.importorskip("twisted.web.websocket")
    open_websocket(hog.client, path, Origin="http://localhost")


@pytest.mark.parametrize("path", WEBSOCKETS)
def test_a_websocket_needs_the_login(make_hog: Callable[..., Hog], path: str) -> None:
    assert refused(make_hog(gate=USERS).client, path).status == 401
