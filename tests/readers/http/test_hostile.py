"""Hostile requests get a well-formed refusal."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import succeed

from lazr_smtptest._spool import SpooledContent
from lazr_smtptest.query.selection import Selection
from lazr_smtptest.readers.http.answer import Answer, FileBody
from lazr_smtptest.readers.http.mcp import MCPEndpoint

from .client import Response
from .conftest import Mail

MESSAGES = "/api/v2/messages"
# Ids, numbers and names that lead elsewhere where somebody makes a path of them.
NO_IDS = [
    *(
        "..%2f..%2fetc%2fpasswd",
        "%2e%2e",
        "..",
        "..%5c..%5cx",
        "%00",
        "1%00",
        "a%0d%0a",
    ),
    *(
        "1;x=y",
        "%c0%ae%c0%ae",
        "%c0%af",
        "%ff",
        "%e2%80%ae",
        "1%2f",
        "%25%32%65",
        "~root",
    ),
    *("C:", "-1", "0x1", "1e3", "+1", "%D9%A1", "a" * 300),
]
HOST = b"Host: localhost\r\n\r\n"


def sent(mail: Mail, *lines: bytes) -> Response:
    """Return the answer to a request of these bytes."""
    client = mail.connect()
    client.send(b"".join(lines))
    return client.response()


@pytest.mark.parametrize(
    "version", ["HTTP/2.0", "HTTP/2", "HTTP/3.0", "HTTP/1.2", "HTTP/0.9"]
)
def test_another_version_of_http_is_refused(mail: Mail, version: str) -> None:
    """RFC 9110 section 15.6.6; the connection ends."""
    answer = sent(mail, f"GET /livez {version}\r\n".encode(), HOST)
    assert answer.status == 505
    assert answer.text == f"this server speaks HTTP/1.1, not {version}\n"
    assert answer.headers["connection"] == "close"


def test_the_preface_of_http_2_is_refused_once(mail: Mail) -> None:
    """The lines after it are no requests."""
    client = mail.connect()
    client.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nGET /livez HTTP/1.1\r\n" + HOST)
    assert client.transport.value().count(b"HTTP/1.1 ") == 1
    assert client.response().status == 505


@pytest.mark.parametrize("word", ["http/1.1", "FOO/1.1", "HTTP/1.1.1", "HTTP/11"])
def test_what_is_no_version_is_malformed(mail: Mail, word: str) -> None:
    """RFC 9112 section 2.3."""
    assert sent(mail, f"GET /livez {word}\r\n".encode(), HOST).status == 400


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("expected", ["money", "100-continue, money"])
def test_an_unknown_expectation_is_refused(
    mail: Mail, method: str, expected: str
) -> None:
    """RFC 9110 section 10.1.1; before the body is read."""
    body = b"{}" if method == "POST" else None
    answer = mail.client.request(method, MESSAGES, body=body, expect=expected)
    assert (answer.status, answer.json["detail"]) == (
        417,
        "Expect may be 100-continue, not 'money'",
    )


@pytest.mark.parametrize("base", ["", "/mail"])
def test_the_server_itself_has_methods(base: str) -> None:
    """RFC 9110 section 9.3.7."""
    answer = Mail(base=base).client.request("OPTIONS", "*")
    assert answer.status == 204
    assert answer.headers["allow"] == "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"


def test_only_the_methods_of_the_server_can_be_asked_for(mail: Mail) -> None:
    """Nothing else has the path ``*``."""
    assert mail.client.get("*").status == 404


@pytest.mark.parametrize("name", ["0", "00"])
@pytest.mark.parametrize("path", ["", "/raw", "/text", "/parts/1", "/view"])
def test_zero_is_the_number_of_no_message(mail: Mail, name: str, path: str) -> None:
    """And not that of the newest one."""
    mail.add()
    assert mail.client.get(f"{MESSAGES}/{name}{path}").status == 404


def test_no_message_is_removed_by_the_number_zero(mail: Mail) -> None:
    """A program that has lost the number removes nothing."""
    mail.add()
    assert mail.client.request("DELETE", f"{MESSAGES}/0").status == 404
    assert len(mail.store) == 1


TAGGED = ["", "/latest", "/latest/raw", "/latest/text", "/latest/parts/1"]


@pytest.mark.parametrize("path", TAGGED)
@pytest.mark.parametrize("more", [{}, {"if_none_match": "*"}])
def test_a_content_with_another_tag_is_refused(
    mail: Mail, path: str, more: dict[str, str]
) -> None:
    """RFC 9110 section 13.1.1; If-Match comes before If-None-Match."""
    mail.add()
    answer = mail.client.get(MESSAGES + path, if_match='"x", "y"', **more)
    assert (answer.status, "etag" in answer.headers) == (412, True)
    assert answer.json["detail"].endswith(', not "x", "y"')


@pytest.mark.parametrize("path", TAGGED[2:])
def test_a_content_with_the_wanted_tag_is_answered(mail: Mail, path: str) -> None:
    """Or with any tag."""
    mail.add()
    tag = mail.client.get(MESSAGES + path).headers["etag"]
    for wanted in (tag, "*", f'"x", {tag}'):
        assert mail.client.get(MESSAGES + path, if_match=wanted).status == 200


@pytest.mark.parametrize("digits", [1, 18, 19, 40])
def test_a_range_after_the_end_is_refused(mail: Mail, digits: int) -> None:
    """However many digits it has."""
    mail.add()
    wanted = f"bytes={'9' * (digits + 2)}-"
    assert mail.client.get(f"{MESSAGES}/latest/raw", range=wanted).status == 416


def test_a_range_longer_than_the_content_ends_with_it(mail: Mail) -> None:
    """RFC 9110 section 14.1.2."""
    mail.add()
    answer = mail.client.get(f"{MESSAGES}/latest/raw", range=f"bytes=20-{'9' * 40}")
    assert (answer.status, answer.text) == (206, ".\r\n")


# A message that is not there


@pytest.mark.parametrize("path", ["", "/raw", "/text", "/attachments/0", "/view"])
def test_a_message_that_was_removed_is_told_from_none(mail: Mail, path: str) -> None:
    """By its id, and by its number."""
    id = mail.add()
    mail.store.remove(Selection(ids=[id]))
    for name in (id, "1"):
        answer = mail.client.get(f"{MESSAGES}/{name}{path}")
        assert (answer.status, answer.json["detail"]) == (
            404,
            f"the message {name!r} was removed",
        )
    unknown = mail.client.get(f"{MESSAGES}/2{path}")
    assert unknown.json["detail"] == "there is no message '2'"


def test_a_message_is_removed_once(mail: Mail) -> None:
    """The second time it is known to be gone."""
    path = f"{MESSAGES}/{mail.add()}"
    assert mail.client.request("DELETE", path).status == 204
    assert mail.client.request("DELETE", path).json["detail"].endswith("was removed")


def test_a_mailbox_tells_nothing_of_the_messages_of_others(mail: Mail) -> None:
    """Not even that they were there."""
    url = mail.client.request("POST", "/api/v2/mailboxes").json["name"]
    id = mail.add()
    mail.store.remove(Selection(ids=[id]))
    answer = mail.client.get(f"/api/v2/mailboxes/{url}/messages/{id}")
    assert answer.json["detail"] == f"there is no message {id!r}"


# Queries


@pytest.mark.parametrize("query", ["foo:bar", "subjct:bar", "(", "is:x", "bar"])
def test_a_query_means_the_same_for_a_wait(mail: Mail, query: str) -> None:
    """An error is the same one, and words are words."""
    mail.add("Subject: foo bar\n\nx\n")
    text = query.replace(":", "%3A")
    listed = mail.client.get(f"{MESSAGES}?query={text}")
    waited = mail.client.get(f"/api/v2/wait?query={text}&timeout=0")
    if listed.status == 400:
        assert waited.json == listed.json
    else:
        assert len(listed.json["messages"]) == len(waited.json["messages"]) == 1


# MCP


def bodies(path: Path) -> Iterable[tuple[Any, bytes]]:
    """Yield bodies of answers, and their bytes."""
    file = SpooledContent()
    file.append(b"from a file")
    yield b"bytes", b"bytes"
    yield FileBody.whole(file), b"from a file"
    yield iter([b"pie", b"ces"]), b"pieces"


def test_a_tool_gets_the_whole_body(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However the answer has it."""
    pytest.importorskip("mcp")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    class AtOnce:
        """Calls a function in the thread that asks."""

        def callFromThread(self, function: Any, *arguments: Any) -> None:
            function(*arguments)

    for body, content in bodies(tmp_path):
        answer = Answer(body=body, content_type="text/plain")
        tools = MCPEndpoint(lambda method, call, each=answer: succeed(each), AtOnce())
        asked = tools._ask_from_loop("GET", "/x", None, {}, 0.0)
        assert asyncio.run(asked).body == content


@pytest.mark.parametrize("id", NO_IDS)
@pytest.mark.parametrize(
    "path",
    [
        "/api/v2/messages/{}",
        "/api/v2/messages/{}/raw",
        "/api/v2/messages/latest/parts/{}",
        "/api/v2/sessions/{}",
        "/api/v2/mailboxes/{}/messages",
        "/api/v1/message/{}",
        "/api/v1/message/latest/part/{}",
        "/view/{}.html",
        "/page/{}/app.js",
    ],
)
def test_what_is_no_id_is_not_found(mail: Mail, path: str, id: str) -> None:
    """It is compared with those there are, and no path is made of it."""
    mail.add()
    assert mail.client.get(path.format(id)).status == 404


@pytest.mark.slow
def test_no_get_of_our_api_changes_anything(mail: Mail) -> None:
    """Whoever can make a browser follow a link reads at most."""
    mail.add("Content-Type: text/html\n\n<p>hi</p>\n")
    paths = {
        route.template.format_map(_Arguments())
        for route in mail.reader.site.routes
        if route.method == "GET" and route.template.startswith("/api/v2")
    }
    before = mail.store.last_change()
    assert len(paths) > 30
    for path in paths - {"/api/v2/wait", "/api/v2/events", "/api/v2/events/websocket"}:
        assert mail.connect().get(path).status < 500, path
    assert mail.store.last_change() == before


class _Arguments(dict[str, str]):
    """The parameters of all paths."""

    def __missing__(self, name: str) -> str:
        return "latest" if name in ("id", "message") else "1"
