"""The login of the page: its cookie, its end, and what a mail could do with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lazr_smtptest.readers.http.gate import Gate
from lazr_smtptest.readers.http.htpasswd import PasswordFile
from lazr_smtptest.tls.context import TLS

from ..client import Client, Response
from ..conftest import Mail
from ..sockets import open_websocket
from ..test_gate import basic

LOGIN, LOGOUT = "/api/v2/login", "/api/v2/logout"
RIGHT = {"user": "ann", "password": "secret"}
WRONG = {"user": "ann", "password": "guess"}


@pytest.fixture
def mail() -> Mail:
    """A server that asks for a login."""
    return guarded()


def guarded(**settings: Any) -> Mail:
    """Return a server that asks for a login."""
    return Mail(gate=Gate(users={"ann": "secret"}), **settings)


def log_in(client: Client, path: str = LOGIN, **headers: str) -> str:
    """Log in, and return the pair of the cookie."""
    answer = client.request("POST", path, json=RIGHT, **headers)
    assert answer.status == 200, answer
    return answer.headers["set-cookie"].partition(";")[0]


def fields_of(answer: Response) -> set[str]:
    """Return the attributes of the cookie in an answer."""
    return {each.strip() for each in answer.headers["set-cookie"].split(";")[1:]}


def remove_all(client: Client, **headers: str) -> int:
    """Ask to remove all mail as a form would, and return the status."""
    return client.request("DELETE", "/api/v1/messages", **headers).status


class TestWho:
    """The question who is logged in."""

    def test_without_users_no_login_is_needed(self, make_mail: Any) -> None:
        answer = make_mail().client.get(LOGIN)
        assert answer.json == {"needed": False, "user": ""}

    def test_without_users_a_login_sets_no_cookie(self, make_mail: Any) -> None:
        answer = make_mail().client.request("POST", LOGIN, json=WRONG)
        assert (answer.status, answer.headers.get("set-cookie")) == (200, None)

    def test_a_stranger_is_told_that_one_is_needed(self, client: Client) -> None:
        assert client.get(LOGIN).json == {"needed": True, "user": ""}

    def test_a_user_is_named(self, client: Client) -> None:
        cookie = log_in(client)
        assert client.get(LOGIN, cookie=cookie).json["user"] == "ann"

    def test_a_user_of_basic_authentication_is_named(self, client: Client) -> None:
        answer = client.get(LOGIN, authorization=basic("ann", "secret"))
        assert answer.json["user"] == "ann"


class TestCookie:
    """The cookie of a session."""

    def test_no_script_and_no_other_site_gets_it(self, client: Client) -> None:
        answer = client.request("POST", LOGIN, json=RIGHT)
        wanted = {"HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=86400"}
        assert fields_of(answer) == wanted

    def test_its_path_is_the_base(self) -> None:
        answer = guarded(base="/mail").client.request(
            "POST", f"/mail{LOGIN}", json=RIGHT
        )
        assert "Path=/mail/" in fields_of(answer)

    def test_with_tls_it_is_never_sent_without(self) -> None:
        mail = guarded(tls=TLS.auto("localhost"))
        answer = mail.client.request("POST", LOGIN, json=RIGHT)
        assert "Secure" in fields_of(answer)

    def test_after_a_proxy_with_tls_likewise(self, client: Client) -> None:
        answer = client.request("POST", LOGIN, json=RIGHT, x_forwarded_proto="https")
        assert "Secure" in fields_of(answer)

    def test_servers_on_two_ports_have_two(self, client: Client) -> None:
        first = log_in(client, host="localhost:8025")
        second = log_in(client, host="localhost:8026")
        assert first.partition("=")[0] != second.partition("=")[0]

    def test_it_is_a_login(self, mail: Mail, client: Client) -> None:
        cookie = log_in(client)
        mail.add()
        answer = client.get("/api/v2/messages", cookie=f"other=1; {cookie}")
        assert len(answer.json["messages"]) == 1

    def test_a_websocket_takes_it(self, mail: Mail) -> None:
        pytest.importorskip("twisted.web.websocket")
        cookie = log_in(mail.client, host="localhost")
        socket = open_websocket(mail.client, "/api/v2/events", Cookie=cookie)
        mail.add()
        assert [each["event"] for each in socket.texts()] == ["kept"]

    def test_an_event_stream_takes_it(self, mail: Mail, client: Client) -> None:
        cookie = log_in(client)
        client.send(
            b"GET /api/v2/events HTTP/1.1\r\nHost: localhost:8025\r\n"
            + f"Cookie: {cookie}\r\n\r\n".encode()
        )
        mail.add()
        assert b"event: kept\n" in client.transport.value()

    @pytest.mark.parametrize("token", ["", "x", "=", "a;b", "\xe9"])
    def test_another_one_is_none(self, client: Client, token: str) -> None:
        answer = client.get("/api/v2/messages", cookie=f"smtptest-8025={token}")
        assert answer.status == 401

    def test_a_body_is_read_with_it(self, client: Client) -> None:
        cookie = log_in(client)
        answer = client.request(
            "DELETE", "/api/v2/messages", json={"query": ""}, cookie=cookie
        )
        assert answer.json == {"messages": 0}


class TestEnd:
    """The end of a session."""

    def test_it_ends_after_a_day(self, mail: Mail, client: Client) -> None:
        cookie = log_in(client)
        mail.reactor.advance(86_399)
        assert mail.connect().get("/api/v2/tags", cookie=cookie).status == 200
        mail.reactor.advance(1)
        assert mail.connect().get("/api/v2/tags", cookie=cookie).status == 401

    def test_it_ends_with_the_logout(self, client: Client) -> None:
        cookie = log_in(client)
        answer = client.request("POST", LOGOUT, cookie=cookie)
        assert (answer.status, "Max-Age=0" in fields_of(answer)) == (204, True)
        assert client.get("/api/v2/tags", cookie=cookie).status == 401

    def test_the_others_go_on(self, client: Client) -> None:
        first, second = log_in(client), log_in(client)
        client.request("POST", LOGOUT, cookie=first)
        assert client.get("/api/v2/tags", cookie=second).status == 200

    def test_the_oldest_of_too_many_ends(self, client: Client) -> None:
        cookies = [log_in(client) for _ in range(1001)]
        statuses = [
            client.get("/api/v2/tags", cookie=cookie).status for cookie in cookies[:2]
        ]
        assert statuses == [401, 200]


class TestPassword:
    """Passwords that are tried."""

    def test_a_wrong_one_is_refused_without_a_dialog(self, client: Client) -> None:
        answer = client.request("POST", LOGIN, json=WRONG)
        assert answer.status == 401
        assert answer.json["detail"] == "wrong user name or password"
        assert not {"set-cookie", "www-authenticate"} & set(answer.headers)

    def test_one_in_a_file_is_right(self, tmp_path: Path, make_mail: Any) -> None:
        pytest.importorskip("passlib.apache")
        file = tmp_path / "users"
        # The hash of `secret` by SHA-1.
        file.write_text("ann:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n")
        mail = make_mail(gate=Gate(files=[PasswordFile(str(file))]))
        assert mail.client.request("POST", LOGIN, json=WRONG).status == 401
        cookie = log_in(mail.client)
        assert mail.client.get(LOGIN, cookie=cookie).json["user"] == "ann"

    def test_too_many_wrong_ones_have_to_wait(self, mail: Mail, client: Client) -> None:
        statuses = [client.request("POST", LOGIN, json=WRONG).status for _ in range(20)]
        assert statuses == [401] * 20
        refused = client.request("POST", LOGIN, json=RIGHT)
        assert (refused.status, refused.headers["retry-after"]) == (429, "61")
        mail.reactor.advance(60)
        assert log_in(mail.connect())

    def test_right_ones_do_not_count(self, client: Client) -> None:
        assert len({log_in(client) for _ in range(25)}) == 25


class TestScripts:
    """Changes, which a mail that is shown must not be able to make."""

    @pytest.mark.parametrize(
        "header",
        [
            {"sec_fetch_site": "same-origin"},
            {"content_type": "application/json; charset=utf-8"},
            {"x_requested_with": "smtptest"},
        ],
    )
    def test_a_script_of_ours_may(self, client: Client, header: dict[str, str]) -> None:
        assert remove_all(client, cookie=log_in(client), **header) == 200

    @pytest.mark.parametrize(
        "header",
        [
            {},
            {"content_type": "application/x-www-form-urlencoded"},
            {"content_type": "text/plain"},
            {"sec_fetch_site": "none"},
            {"origin": "null", "content_type": "application/json"},
            {"sec_fetch_site": "cross-site", "x_requested_with": "x"},
            {"sec_fetch_site": "same-site", "content_type": "application/json"},
        ],
    )
    def test_what_a_mail_could_send_may_not(
        self, client: Client, header: dict[str, str]
    ) -> None:
        assert remove_all(client, cookie=log_in(client), **header) == 403

    def test_a_password_in_the_header_needs_no_more(self, client: Client) -> None:
        assert remove_all(client, authorization=basic("ann", "secret")) == 200

    def test_reading_needs_no_more(self, client: Client) -> None:
        assert client.get("/api/v2/tags", cookie=log_in(client)).status == 200


class TestDialog:
    """The dialog of the browser, which a challenge opens."""

    @pytest.mark.parametrize(
        "header",
        [
            {"x_requested_with": "smtptest"},
            {"sec_fetch_mode": "cors", "sec_fetch_dest": "empty"},
            {"sec_fetch_mode": "same-origin"},
            {"sec_fetch_mode": "websocket"},
            {"sec_fetch_mode": "navigate", "sec_fetch_dest": "iframe"},
        ],
    )
    def test_a_script_gets_none(self, client: Client, header: dict[str, str]) -> None:
        answer = client.get("/api/v2/tags", **header)
        assert (answer.status, answer.headers.get("www-authenticate")) == (401, None)

    @pytest.mark.parametrize(
        "header", [{}, {"sec_fetch_mode": "navigate", "sec_fetch_dest": "document"}]
    )
    def test_a_person_gets_it(self, client: Client, header: dict[str, str]) -> None:
        answer = client.get("/api/v2/tags", **header)
        assert answer.headers["www-authenticate"] == 'Basic realm="Login"'
