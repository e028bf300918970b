"""The checks before everything else: host, login, origin."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from twisted.internet.task import Clock

from lazr_smtptest.readers.http.answer import Answer, text_answer
from lazr_smtptest.readers.http.call import Call
from lazr_smtptest.readers.http.gate import Gate
from lazr_smtptest.readers.http.routes import Route, Routes
from lazr_smtptest.readers.http.site import HTTPSite

from .client import Client


async def name_user(call: Call) -> Answer:
    return text_answer(f"user {call.user!r}")


def connect(**options: Any) -> Client:
    """Connect to a site with a gate."""
    routes = Routes()
    for method in ("GET", "POST", "DELETE"):
        routes.add(Route(method=method, template="/mail", handler=name_user))
    routes.add(
        Route(method="GET", template="/livez", handler=name_user, is_public=True)
    )
    return Client(HTTPSite(routes, Gate(**options), reactor=Clock()))


def basic(user: str, password: str) -> str:
    """Return the value of Authorization (RFC 7617)."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


class TestHost:
    """The host that a client believes to talk to."""

    @pytest.mark.parametrize(
        "host",
        [
            "localhost",
            "localhost:8025",
            "LocalHost:8025",
            "app.localhost",
            "127.0.0.1:8025",
            "10.1.2.3",
            "[::1]:8025",
            "[fe80::1]",
            "mail",
            "smtptest:8025",
            "my_service",
            "host.docker.internal:8025",
        ],
    )
    def test_a_name_that_no_other_site_can_have_is_accepted(self, host: str) -> None:
        assert connect().get("/mail", host=host).status == 200

    @pytest.mark.parametrize(
        "host", ["evil.example", "localhost.evil.example", "evil.example:8025", "a.b."]
    )
    def test_another_name_is_misdirected(self, host: str) -> None:
        answer = connect().get("/mail", host=host)
        assert (answer.status, answer.reason) == (421, "Misdirected Request")
        assert "--http-host" in answer.text

    def test_a_name_that_is_allowed_is_accepted(self) -> None:
        client = connect(hosts=["Mail.Example.COM"])
        assert client.get("/mail", host="mail.example.com:80").status == 200

    @pytest.mark.parametrize(
        "host",
        ["", "a b", "user@localhost", "localhost::", "localhost:x", "[::1", "a/b"],
    )
    def test_what_is_no_host_is_bad(self, host: str) -> None:
        assert connect().get("/mail", host=host).status == 400

    def test_a_request_without_a_host_is_bad(self) -> None:
        assert connect().get("/mail", host=None).status == 400

    def test_a_request_with_two_hosts_is_bad(self) -> None:
        client = connect()
        client.send(b"GET /mail HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
        assert client.response().status == 400

    def test_it_is_checked_before_the_login(self) -> None:
        client = connect(users={"ann": "secret"})
        assert client.get("/mail", host="evil.example").status == 421

    def test_it_is_checked_on_paths_that_need_no_login(self) -> None:
        assert connect().get("/livez", host="evil.example").status == 421


class TestLogin:
    """User and password."""

    def test_without_users_everybody_may_read(self) -> None:
        assert connect().get("/mail").text == "user ''"

    def test_the_right_password_is_accepted(self) -> None:
        client = connect(users={"ann": "se:cret"})
        answer = client.get("/mail", authorization=basic("ann", "se:cret"))
        assert answer.text == "user 'ann'"

    @pytest.mark.parametrize(
        "authorization",
        [
            "",
            basic("ann", "wrong"),
            basic("ann", ""),
            basic("bob", "secret"),
            basic("", ""),
            "Basic",
            "Basic !!!",
            "Basic /w==",
            "Basic \xe9",
            "Bearer secret",
        ],
    )
    def test_all_else_is_unauthorized(self, authorization: str) -> None:
        client = connect(users={"ann": "secret"})
        answer = client.get("/mail", authorization=authorization)
        assert answer.status == 401
        assert answer.headers["www-authenticate"] == 'Basic realm="Login"'

    @pytest.mark.parametrize("user", ["ann", "bob"])
    def test_a_wrong_login_is_called_wrong(self, user: str) -> None:
        client = connect(users={"ann": "secret"})
        answer = client.get("/mail", authorization=basic(user, "wrong"))
        assert answer.text == "wrong user name or password\n"

    def test_a_missing_login_is_called_missing(self) -> None:
        answer = connect(users={"ann": "secret"}).get("/mail")
        assert answer.text == "a user name and a password are needed\n"

    def test_a_path_that_does_not_exist_needs_a_login_too(self) -> None:
        assert connect(users={"ann": "secret"}).get("/nothing").status == 401

    @pytest.mark.parametrize("path", ["/livez", "/liv%65z"])
    def test_a_public_path_needs_none(self, path: str) -> None:
        assert connect(users={"ann": "secret"}).get(path).status == 200

    @pytest.mark.parametrize("path", ["/mai%6c", "/%6dail"])
    def test_no_encoding_of_a_path_gets_around_it(self, path: str) -> None:
        assert connect(users={"ann": "secret"}).get(path).status == 401


class TestOrigin:
    """The page that makes a request."""

    @pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
    @pytest.mark.parametrize(
        "origin", ["http://evil.example", "http://localhost:9", "null", "http://["]
    )
    def test_a_page_of_another_site_is_refused(self, method: str, origin: str) -> None:
        answer = connect().request(method, "/mail", origin=origin)
        assert answer.status == 403
        assert "access-control-allow-origin" not in answer.headers

    @pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
    def test_a_page_of_ours_is_accepted(self, method: str) -> None:
        origin = "http://localhost:8025"
        answer = connect().request(method, "/mail", origin=origin)
        assert answer.status == 200
        assert answer.headers["access-control-allow-origin"] == origin

    def test_a_page_of_ours_is_accepted_where_the_port_of_the_host_is_empty(
        self,
    ) -> None:
        """RFC 3986 section 3.2.3."""
        origin = "http://localhost"
        answer = connect().request("POST", "/mail", host="localhost:", origin=origin)
        assert answer.status == 200
        assert answer.headers["access-control-allow-origin"] == origin

    def test_without_an_origin_nobody_else_may_read(self) -> None:
        answer = connect(origins=["*"]).get("/mail")
        assert "access-control-allow-origin" not in answer.headers

    def test_what_an_answer_varies_by_stays(self) -> None:
        """Beside the origin."""

        async def vary(call: Call) -> Answer:
            return Answer(headers={"Vary": "Accept"})

        routes = Routes()
        routes.add(Route(method="GET", template="/", handler=vary))
        client = Client(HTTPSite(routes, Gate(), reactor=Clock()))
        answer = client.get("/", origin="http://localhost:8025")
        assert answer.headers["vary"] == "Accept, Origin"

    @pytest.mark.parametrize(
        "allowed", ["https://app.example", "app.example", "*", "HTTPS://App.example"]
    )
    def test_a_page_that_is_allowed_may_read_the_answer(self, allowed: str) -> None:
        client = connect(origins=[allowed])
        answer = client.get("/mail", origin="https://app.example")
        assert answer.status == 200
        assert answer.headers["access-control-allow-origin"] == "https://app.example"
        assert answer.headers["vary"] == "Origin"

    @pytest.mark.parametrize(
        ("method", "path", "status"),
        [("GET", "/nothing", 404), ("PUT", "/mail", 405), ("GET", "/mail", 401)],
    )
    def test_a_page_that_is_allowed_may_read_an_error(
        self, method: str, path: str, status: int
    ) -> None:
        users = {"ann": "secret"}
        login = {"authorization": basic("ann", "secret")} if status != 401 else {}
        answer = connect(origins=["https://app.example"], users=users).request(
            method, path, origin="https://app.example", **login
        )
        assert answer.status == status
        assert answer.headers["access-control-allow-origin"] == "https://app.example"
        assert answer.headers["vary"] == "Origin"

    def test_it_may_read_why_its_body_is_refused(self) -> None:
        """Before the body is there."""
        answer = connect(origins=["https://app.example"]).request(
            "POST",
            "/mail",
            origin="https://app.example",
            content_encoding="gzip",
            body=b"x",
        )
        assert answer.status == 415
        assert answer.headers["access-control-allow-origin"] == "https://app.example"

    @pytest.mark.parametrize(
        ("rest", "status"),
        [
            ("Bad Field: x\r\n\r\n", 400),
            ("X: y\r\n" * 1000, 431),
            ("Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        ],
    )
    def test_it_may_read_what_is_malformed(self, rest: str, status: int) -> None:
        """As far as it has said who it is."""
        client = connect(origins=["https://app.example"])
        head = "POST /mail HTTP/1.1\r\nHost: localhost\r\nOrigin: https://app.example"
        client.send(f"{head}\r\n{rest}".encode())
        answer = client.response()
        assert answer.status == status
        assert answer.headers["access-control-allow-origin"] == "https://app.example"

    def test_another_page_may_not_read_what_is_malformed(self) -> None:
        client = connect(origins=["https://app.example"])
        client.send(b"GET / HTTP/1.1\r\nOrigin: https://other.test\r\nBad x: y\r\n\r\n")
        assert "access-control-allow-origin" not in client.response().headers

    def test_a_host_of_another_site_makes_no_page_ours(self) -> None:
        answer = connect().get("/mail", host="evil.test", origin="http://evil.test")
        assert answer.status == 421
        assert "access-control-allow-origin" not in answer.headers

    def test_a_sandboxed_page_is_never_allowed(self) -> None:
        assert connect(origins=["*"]).get("/mail", origin="null").status == 403

    @pytest.mark.parametrize("destination", ["image", "iframe", "object", "empty"])
    @pytest.mark.parametrize("site", ["cross-site", "same-site"])
    def test_what_another_page_embeds_is_refused(
        self, destination: str, site: str
    ) -> None:
        answer = connect().get(
            "/mail",
            sec_fetch_site=site,
            sec_fetch_mode="no-cors",
            sec_fetch_dest=destination,
        )
        assert answer.status == 403

    def test_an_embedded_frame_that_navigates_is_refused(self) -> None:
        answer = connect().get(
            "/mail",
            sec_fetch_site="cross-site",
            sec_fetch_mode="navigate",
            sec_fetch_dest="iframe",
        )
        assert answer.status == 403

    def test_a_link_from_another_page_may_be_followed(self) -> None:
        answer = connect().get(
            "/mail",
            sec_fetch_site="cross-site",
            sec_fetch_mode="navigate",
            sec_fetch_dest="document",
        )
        assert answer.status == 200

    def test_a_form_of_another_page_may_not_be_sent(self) -> None:
        answer = connect().request(
            "POST",
            "/mail",
            sec_fetch_site="cross-site",
            sec_fetch_mode="navigate",
            sec_fetch_dest="document",
        )
        assert answer.status == 403

    def test_a_refusal_says_what_a_proxy_has_to_do(self) -> None:
        answer = connect().request(
            "POST", "/mail", host="localhost:8025", origin="https://mail.example"
        )
        assert "proxy_set_header Host $http_host" in answer.text
        assert "--cors" in answer.text

    @pytest.mark.parametrize("site", ["same-origin", "none"])
    def test_what_a_person_or_our_page_asks_is_answered(self, site: str) -> None:
        assert connect().get("/mail", sec_fetch_site=site).status == 200


class TestReferer:
    """The page that a browser names, if it sends no Origin and no Sec-Fetch-Site."""

    def test_a_page_of_another_site_changes_nothing(self) -> None:
        answer = connect().request("POST", "/mail", referer="http://evil.example/x")
        assert answer.status == 403
        assert "http://evil.example/x" in answer.text

    @pytest.mark.parametrize("referer", ["about:blank", "http://[", "/mail"])
    def test_a_page_without_origin_changes_nothing(self, referer: str) -> None:
        assert connect().request("POST", "/mail", referer=referer).status == 403

    @pytest.mark.parametrize(
        "referer", ["http://localhost:8025/", "http://localhost:8025/a?b"]
    )
    def test_our_page_may(self, referer: str) -> None:
        assert connect().request("POST", "/mail", referer=referer).status == 200

    def test_an_allowed_page_may(self) -> None:
        site = connect(origins=["https://app.example"])
        referer = "https://app.example/form"
        assert site.request("POST", "/mail", referer=referer).status == 200

    def test_a_link_of_another_site_is_answered(self) -> None:
        answer = connect().request("GET", "/mail", referer="http://evil.example/")
        assert answer.status == 200


class TestPreflight:
    """The question of a browser whether a page may make a request."""

    def test_an_allowed_page_may_use_the_methods_of_the_path(self) -> None:
        answer = connect(origins=["*"], users={"ann": "secret"}).request(
            "OPTIONS",
            "/mail",
            origin="https://app.example",
            access_control_request_method="DELETE",
            access_control_request_headers="content-type",
        )
        assert answer.status == 204
        assert answer.headers["access-control-allow-origin"] == "https://app.example"
        assert answer.headers["access-control-allow-methods"] == (
            "DELETE, GET, HEAD, OPTIONS, POST"
        )
        assert answer.headers["access-control-allow-headers"] == "content-type"

    def test_another_page_is_allowed_nothing(self) -> None:
        answer = connect(origins=["https://app.example"]).request(
            "OPTIONS", "/mail", origin="https://evil.example"
        )
        assert "access-control-allow-origin" not in answer.headers

    def test_it_needs_a_login_where_no_page_is_allowed(self) -> None:
        answer = connect(users={"ann": "secret"}).request(
            "OPTIONS", "/mail", origin="https://app.example"
        )
        assert answer.status == 401
