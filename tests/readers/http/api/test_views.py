"""The HTML of a message for a frame, and the parts that the frame loads."""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin

import attrs
import pytest

from lazr_smtptest.checks.functions import FUNCTIONS, VIEW
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.readers.http.gate import Gate

from ..client import Client, Response
from ..conftest import Mail
from ..test_gate import basic

HTML = (
    "<script>x()</script><link rel=preload href=http://a.example/p>"
    "<img src=cid:logo><img src=http://a.example/1><img src=http://b.example/>"
)
MESSAGE = (
    "Content-Type: multipart/related; boundary=b\n\n"
    f"--b\nContent-Type: text/html\n\n{HTML}\n"
    "--b\nContent-Type: image/png\nContent-ID: <logo>\n\nPIXELS\n"
    "--b\nContent-Type: image/svg+xml\nContent-ID: <drawing>\n\n<svg/>\n"
    "--b--\n"
)
# What a browser says of an image in a frame with an opaque origin.
IN_FRAME = {"sec_fetch_site": "cross-site", "sec_fetch_dest": "image"}


def path_of(id: str) -> str:
    """Return the path of the view of a message."""
    return f"/api/v2/messages/{id}/view"


def policy_of(answer: Response) -> dict[str, str]:
    """Return the directives of the policy of an answer."""
    text = answer.headers["content-security-policy"]
    pairs = [each.strip().partition(" ") for each in text.split(";")]
    return {name: value for name, _, value in pairs}


def image_of(answer: Response, base: str = "") -> str:
    """Return the URL of the first image of a document, from the root of the server."""
    url = answer.text.partition('<img src="')[2].partition('"')[0]
    return f"{base}/api/v2" + url.rpartition("..")[2]


def test_the_document_is_made_for_a_frame(mail: Mail) -> None:
    """What could begin other loads is dropped."""
    answer = mail.client.get(path_of(mail.add(MESSAGE)))
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.text.startswith('<img src="../../messages/')
    assert "script" not in answer.text
    assert "preload" not in answer.text


def test_the_policy_lets_it_load_its_own_parts_only(mail: Mail) -> None:
    """And nothing run."""
    id = mail.add(MESSAGE)
    assert policy_of(mail.client.get(path_of(id))) == {
        "sandbox": "allow-popups allow-popups-to-escape-sandbox",
        "default-src": "'none'",
        "img-src": f"http://localhost:8025{path_of(id)}/parts/ data:",
        "style-src": "'unsafe-inline'",
        "font-src": "data:",
        "form-action": "'none'",
        "base-uri": "'none'",
        "frame-ancestors": "'self'",
    }


@pytest.mark.parametrize(
    ("path", "base"),
    [
        ("/api/v2/messages/{}/view", "/api/v2"),
        ("/tools/mail/api/v2/messages/{}/view", "/tools/mail/api/v2"),
        ("/api/v2/mailboxes/x/messages/{}/view", "/api/v2"),
    ],
)
def test_the_urls_of_images_are_right_wherever_it_is(
    mail: Mail, path: str, base: str
) -> None:
    """They are relative, and a proxy may show it below another path."""
    wanted = {"address": "bob@example.com"}
    box = mail.client.request("POST", "/api/v2/mailboxes", json=wanted).json["name"]
    id = mail.add(MESSAGE)
    is_in_mailbox = "/mailboxes/" in path
    within = f"/api/v2/mailboxes/{box}/messages/{id}/view"
    answer = mail.client.get(within if is_in_mailbox else path_of(id))
    url = answer.text.partition('<img src="')[2].partition("?")[0]
    shown = urljoin(f"http://localhost{path.format(id)}", url)
    assert shown == f"http://localhost{base}/messages/{id}/view/parts/2"


def test_the_policy_has_the_path_that_the_browser_knows(mail: Mail) -> None:
    """The path of a proxy."""
    path = path_of(mail.add(MESSAGE))
    policy = policy_of(mail.client.get(f"{path}?root=/tools/mail/"))
    assert policy["img-src"] == f"http://localhost:8025/tools/mail{path}/parts/ data:"


@pytest.mark.parametrize(
    "root", ["x", "/x", "//x/", "/x;/", "/x,/", "/%20/", "/'/", "/x/?y/", "/%C3%A4/"]
)
def test_a_path_that_could_change_the_policy_is_refused(mail: Mail, root: str) -> None:
    """And a wrong one, which would hide the images."""
    answer = mail.client.get(f"{path_of(mail.add(MESSAGE))}?root={root}")
    assert answer.status == 400
    assert answer.json["detail"].startswith("bad root ")


def test_images_of_other_hosts_are_loaded_if_asked(mail: Mail) -> None:
    """Only images."""
    path = path_of(mail.add(MESSAGE))
    policy = policy_of(mail.client.get(f"{path}?images=remote"))
    assert policy["img-src"].endswith("/parts/ data: http: https:")
    assert policy["default-src"] == "'none'"


def test_after_a_proxy_with_tls_the_policy_says_https(mail: Mail) -> None:
    """Otherwise the images would be blocked."""
    path = path_of(mail.add(MESSAGE))
    policy = policy_of(mail.client.get(path, x_forwarded_proto="https"))
    assert policy["img-src"].startswith("https://localhost:8025/")


@pytest.mark.parametrize("host", ["a;x.localhost", "a,x.localhost", "'x'.localhost"])
def test_a_host_cannot_change_the_policy(mail: Mail, host: str) -> None:
    """It is in the policy."""
    assert mail.client.get(path_of(mail.add(MESSAGE)), host=host).status == 400


def test_a_message_without_html_has_no_view(mail: Mail) -> None:
    """It has a text."""
    answer = mail.client.get(path_of(mail.add()))
    assert (answer.status, answer.json["detail"]) == (
        404,
        "the message has no HTML part",
    )


@pytest.mark.parametrize("path", ["", "/blocked", "/parts/2"])
def test_a_message_that_is_not_there_has_none(client: Client, path: str) -> None:
    """And no token."""
    assert client.get(path_of("nobody") + path).status in (403, 404)


def failing(name: str, envelope: Envelope) -> Any:
    """Return the result for a message that the child could not parse."""
    assert name == VIEW
    return FUNCTIONS[name].failed(envelope, "it took too long")


class TestOnce:
    """The child takes most of the time: it works once for the frame of a message."""

    @pytest.fixture
    def made(self) -> list[str]:
        """The messages that the child has parsed."""
        return []

    @pytest.fixture
    def mail(self, made: list[str]) -> Mail:
        """A server that notes what its child does."""

        def parse(name: str, envelope: Envelope) -> Any:
            made.append(envelope.id)
            return FUNCTIONS[name].run(envelope)

        return Mail(server={"parsing": parse})

    def test_the_frame_follows_what_it_blocks(
        self, mail: Mail, made: list[str]
    ) -> None:
        id = mail.add(MESSAGE)
        url = mail.client.get(path_of(id) + "/blocked").json["url"]
        assert mail.client.get(url).text.startswith("<img")
        assert made == [id]

    def test_another_message_has_its_own(self, mail: Mail, made: list[str]) -> None:
        ids = [mail.add(MESSAGE), mail.add(MESSAGE.replace("<img", "<p>two</p><img"))]
        texts = [mail.client.get(path_of(id)).text for id in ids]
        assert ["two" in each for each in texts] == [False, True]
        assert made == ids

    def test_after_a_failure_it_tries_again(self) -> None:
        work = [failing, lambda name, envelope: FUNCTIONS[name].run(envelope)]
        mail = Mail(server={"parsing": lambda *given: work.pop(0)(*given)})
        path = path_of(mail.add(MESSAGE))
        texts = [mail.client.get(path).text for _ in range(2)]
        assert ["script" in each for each in texts] == [True, False]


class TestRaw:
    """A document that cannot be rewritten."""

    @pytest.fixture
    def mail(self) -> Mail:
        """A server whose child always fails."""
        return Mail(server={"parsing": failing})

    def test_it_is_as_it_was_sent(self, mail: Mail) -> None:
        answer = mail.client.get(path_of(mail.add(MESSAGE)))
        assert answer.text.strip() == HTML

    def test_it_never_loads_from_other_hosts(self, mail: Mail) -> None:
        path = path_of(mail.add(MESSAGE))
        policy = policy_of(mail.client.get(f"{path}?images=remote"))
        assert policy["img-src"].endswith("/parts/ data:")

    def test_the_reason_is_told(self, mail: Mail) -> None:
        answer = mail.client.get(path_of(mail.add(MESSAGE)) + "/blocked")
        assert answer.json["failure"] == "it took too long"
        assert answer.json["blocked"] == []

    def test_without_html_there_is_none(self, mail: Mail) -> None:
        assert mail.client.get(path_of(mail.add())).status == 404


class TestBlocked:
    """The loads that are blocked."""

    def test_they_are_counted_by_kind_and_host(self, mail: Mail) -> None:
        found = mail.client.get(path_of(mail.add(MESSAGE)) + "/blocked").json
        assert (found["count"], found["images"], found["failure"]) == (3, 2, "")
        assert found["blocked"] == [
            {"kind": "image", "host": "a.example", "count": 1},
            {"kind": "image", "host": "b.example", "count": 1},
            {"kind": "other", "host": "a.example", "count": 1},
        ]

    def test_the_url_of_the_view_is_there(self, mail: Mail) -> None:
        mail.add(MESSAGE)
        url = mail.client.get(path_of("latest") + "/blocked").json["url"]
        assert mail.client.get(url).status == 200

    def test_a_message_without_html_blocks_nothing(self, mail: Mail) -> None:
        """A page asks before it knows whether there is HTML."""
        answer = mail.client.get(path_of(mail.add()) + "/blocked")
        assert (answer.status, answer.json) == (
            200,
            {"url": "", "count": 0, "images": 0, "blocked": [], "failure": ""},
        )


class TestParts:
    """The parts that a frame loads."""

    def test_a_frame_gets_them_without_a_login(self) -> None:
        mail = Mail(gate=Gate(users={"ann": "secret"}))
        path, login = path_of(mail.add(MESSAGE)), basic("ann", "secret")
        url = image_of(mail.client.get(path, authorization=login))
        answer = mail.client.get(url, **IN_FRAME)
        assert (answer.status, answer.text.strip()) == (200, "PIXELS")
        assert answer.headers["content-type"] == "image/png"

    def test_a_frame_of_another_origin_may_show_them(self, mail: Mail) -> None:
        url = image_of(mail.client.get(path_of(mail.add(MESSAGE))))
        answer = mail.client.get(url, **IN_FRAME)
        assert answer.headers["cross-origin-resource-policy"] == "cross-origin"

    def test_a_drawing_is_saved_and_not_run(self, mail: Mail) -> None:
        url = image_of(mail.client.get(path_of(mail.add(MESSAGE))))
        answer = mail.client.get(url.replace("/2?", "/3?"))
        assert answer.headers["content-disposition"].startswith("attachment")
        assert answer.headers["content-type"] == "application/octet-stream"
        assert "sandbox" in answer.headers["content-security-policy"]

    def test_they_come_in_ranges(self, mail: Mail) -> None:
        url = image_of(mail.client.get(path_of(mail.add(MESSAGE))))
        answer = mail.client.get(url, range="bytes=0-2")
        assert (answer.status, answer.text) == (206, "PIX")

    def test_one_that_the_browser_has_is_not_decoded(
        self, mail: Mail, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        url = image_of(mail.client.get(path_of(mail.add(MESSAGE))))
        tag = mail.client.get(url).headers["etag"]
        monkeypatch.setattr(mail.store, "envelope", None)
        assert mail.client.get(url, if_none_match=tag).status == 304

    def test_a_part_that_is_not_there_is_missing(self, mail: Mail) -> None:
        url = image_of(mail.client.get(path_of(mail.add(MESSAGE))))
        assert mail.client.get(url.replace("/2?", "/9?")).status == 404

    def test_they_end_with_the_message(self, mail: Mail) -> None:
        id = mail.add(MESSAGE)
        url = image_of(mail.client.get(path_of(id)))
        mail.client.request("DELETE", f"/api/v2/messages/{id}")
        assert mail.client.get(url).status == 404

    def test_they_end_after_an_hour(self, mail: Mail) -> None:
        url = image_of(mail.client.get(path_of(mail.add(MESSAGE))))
        mail.reactor.advance(3599)
        assert mail.connect().get(url).status == 200
        mail.reactor.advance(1)
        assert mail.connect().get(url).status == 403

    def test_the_token_of_another_message_is_wrong(self, mail: Mail) -> None:
        first, second = mail.add(MESSAGE), mail.add(MESSAGE)
        url = image_of(mail.client.get(path_of(first)))
        assert mail.client.get(url.replace(first, second)).status == 403

    @pytest.mark.parametrize(
        "token", ["", "x", f"ffffffffffff-{'0' * 64}", f"0-{'0' * 64}", "%d9%a1", "%ff"]
    )
    def test_a_forged_token_is_wrong(self, mail: Mail, token: str) -> None:
        url = f"{path_of(mail.add(MESSAGE))}/parts/2?token={token}"
        assert mail.client.get(url).status == 403

    def test_other_paths_are_not_shared(self, mail: Mail) -> None:
        id = mail.add(MESSAGE)
        answer = mail.client.get(f"/api/v2/messages/{id}/parts/2", **IN_FRAME)
        assert answer.status == 403


class TestLogin:
    """The view of a server that asks for a login."""

    @pytest.fixture
    def mail(self) -> Mail:
        """A server that asks for a login, behind a path."""
        return Mail(gate=Gate(users={"ann": "secret"}), base="/mail")

    def test_a_stranger_gets_nothing(self, mail: Mail) -> None:
        path = "/mail" + path_of(mail.add(MESSAGE))
        answers = [mail.client.get(path + each) for each in ("", "/blocked")]
        assert [answer.status for answer in answers] == [401, 401]

    def test_a_frame_that_sends_no_cookies_has_a_token(self, mail: Mail) -> None:
        path = "/mail" + path_of(mail.add(MESSAGE))
        login = basic("ann", "secret")
        url = mail.client.get(f"{path}/blocked", authorization=login).json["url"]
        frame = mail.client.get(url)
        assert frame.status == 200
        assert mail.client.get(image_of(frame, "/mail"), **IN_FRAME).status == 200

    def test_a_wrong_token_is_no_login(self, mail: Mail) -> None:
        path = "/mail" + path_of(mail.add(MESSAGE))
        assert mail.client.get(f"{path}?token=x").status == 401

    def test_the_name_of_a_mailbox_is_a_login(self, mail: Mail) -> None:
        login = basic("ann", "secret")
        box = mail.client.request(
            "POST",
            "/mail/api/v2/mailboxes",
            json={"address": "bob@example.com"},
            authorization=login,
        ).json["name"]
        id = mail.add(MESSAGE)
        path = f"/mail/api/v2/mailboxes/{box}/messages/{id}/view"
        frame = mail.client.get(path)
        assert frame.status == 200
        assert mail.client.get(image_of(frame, "/mail"), **IN_FRAME).status == 200

    def test_a_mailbox_does_not_show_the_mail_of_others(self, mail: Mail) -> None:
        login = basic("ann", "secret")
        box = mail.client.request(
            "POST", "/mail/api/v2/mailboxes", authorization=login
        ).json["name"]
        id = mail.add(MESSAGE)
        path = f"/mail/api/v2/mailboxes/{box}/messages/{id}/view"
        assert mail.client.get(path).status == 404


@pytest.mark.parametrize("message", [MESSAGE, "Subject: text\n\nx\n"])
def test_the_child_hands_over_what_it_found(message: str) -> None:
    """As JSON."""
    content = message.replace("\n", "\r\n").encode()
    envelope = Envelope(content=content, mail_from="", rcpt_tos=("bob@example.com",))
    function = FUNCTIONS[VIEW]
    view = function.run(envelope)
    again = function.decode(function.encode(view))
    assert again == view
    assert view is None or attrs.asdict(view)["blocked"]
