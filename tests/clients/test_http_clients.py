"""Clients of Mailpit's and of MailHog's API, unchanged."""

from __future__ import annotations

import json
import os
import smtplib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lazr_smtptest import CaptureServer, Controller
from tests.commands import Start

if TYPE_CHECKING:
    from tests.clients.conftest import Program

HERE = Path(__file__).parent
PATIENCE = 60
MESSAGE = """\
From: Ann <ann@example.com>\r
To: Bob <bob@example.com>\r
Subject: Code\r
Date: Sat, 31 Jan 2026 12:00:00 +0100\r
Message-ID: <1@example.com>\r
Delivered-To: bob@example.com\r
MIME-Version: 1.0\r
Content-Type: multipart/mixed; boundary=b\r
\r
--b\r
Content-Type: text/plain\r
\r
Your code is 481516.\r
--b\r
Content-Type: text/plain; name="a.txt"\r
Content-Disposition: attachment; filename="a.txt"\r
Content-Transfer-Encoding: base64\r
\r
aGVsbG8=\r
--b--\r
"""
REQUEST = {
    "From": {"Email": "ann@example.com", "Name": "Ann"},
    "To": [{"Email": "bob@example.com"}],
    "Subject": "Welcome",
    "Text": "Hello.",
    "HTML": "<p>\nHello.</p>\n",
    "Tags": ["One"],
    "Attachments": [{"Content": "aGVsbG8=", "Filename": "a.txt"}],
}


def send(port: int) -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=PATIENCE) as client:
        client.sendmail("ann@example.com", ["bob@example.com"], MESSAGE)


@pytest.fixture
def server() -> Iterator[Controller]:
    """A server with an HTTP side."""
    with Controller(CaptureServer(), http=True) as controller:
        yield controller


@pytest.fixture
def ports(start: Start) -> tuple[int, int]:
    """The ports of SMTP and of MailHog's API of a command."""
    endpoint = "--mailhog=tcp:0:interface=127.0.0.1"
    process = start("smtptest", "--port=0", "--no-http", endpoint)
    smtp, http = process.wait_for(r"^ready smtp=(\d+) mailhog=(\d+)$").groups()
    return int(smtp), int(http)


@pytest.fixture
def node(
    program: Callable[..., Program], programs: Callable[[str], Path]
) -> Callable[..., Any]:
    """Run a script of Node.js with its input as JSON; return its output."""

    def run(script: str, package: str, order: object) -> Any:
        modules = programs(f"node_modules/{package}").parent
        said = program("node", NODE_PATH=os.fspath(modules)).run(
            os.fspath(HERE / script), input=json.dumps(order)
        )
        return json.loads(said)

    return run


@pytest.fixture
def python(
    program_class: type[Program], programs: Callable[[str], Path], tmp_path: Path
) -> Callable[..., Any]:
    """Run a script of Python with an argument; return its output as JSON."""

    def run(script: str, argument: object) -> Any:
        # Not resolved: it is that of an environment.
        path = programs("python") / "bin" / "python"
        said = program_class(path, tmp_path).run(
            os.fspath(HERE / script), str(argument)
        )
        return json.loads(said)

    return run


def test_mailpit_api_of_npm(server: Controller, node: Callable[..., Any]) -> None:
    """Every method that needs no server beside ours."""
    calls: list[list[Any]] = [
        ["getInfo"],
        ["getConfiguration"],
        ["sendMessage", REQUEST],
        ["waitForMessage", {"query": "subject:Welcome"}],
        ["getMessageSummary", "{ID}"],
        ["htmlCheck", "{ID}"],
        ["linkCheck", "{ID}"],
        ["spamAssassinCheck", "{ID}"],
        ["getMessageHeaders"],
        ["getMessageSource"],
        ["getMessageAttachment", "latest", "2"],
        ["getAttachmentThumbnail", "latest", "2"],
        ["listMessages"],
        ["setReadStatus", {"Read": False}],
        ["searchMessages", {"query": "is:unread"}],
        ["getTags"],
        ["setTags", {"IDs": ["{ID}"], "Tags": ["One", "Three"]}],
        ["getTags"],
        ["renameTag", "One", "Two words"],
        ["getTags"],
        ["deleteTag", "Two words"],
        ["setChaosTriggers", {"Sender": {"ErrorCode": 451, "Probability": 5}}],
        ["getChaosTriggers"],
        ["setChaosTriggers"],
        ["renderMessageHTML"],
        ["renderMessageHTML", "{ID}", 1],
        ["renderMessageText"],
        ["releaseMessage", "latest", {"To": ["a@example.com"]}],
        ["deleteMessagesBySearch", {"query": "subject:Welcome"}],
        ["deleteMessages"],
        ["waitForMessages", {"count": 0}],
    ]
    results = node("mailpit.cjs", "mailpit-api", [server.url, calls])
    found: dict[str, Any] = {}
    lists = []
    for (method, *_), result in zip(calls, results, strict=True):
        found.setdefault(method, result)
        lists += [result] if method == "getTags" else []
    errors = {name: each for name, each in found.items() if "error" in (each or {})}
    assert list(errors) == ["linkCheck", "spamAssassinCheck", "releaseMessage"]
    assert "--link-check" in errors["linkCheck"]["error"]
    assert "404" in errors["spamAssassinCheck"]["error"]
    assert "no relay is configured" in errors["releaseMessage"]["error"]
    assert found["getInfo"]["Messages"] == 0
    assert found["getConfiguration"]["ChaosEnabled"] is True
    message = found["waitForMessage"]
    assert message["ID"] == found["sendMessage"]["ID"]
    assert (message["Text"], message["HTML"]) == (REQUEST["Text"], REQUEST["HTML"])
    assert found["getMessageHeaders"]["Subject"] == ["Welcome"]
    assert "\r\nSubject: Welcome\r\n" in found["getMessageSource"]
    assert found["getMessageAttachment"] == ["text/plain", 5]
    assert found["getAttachmentThumbnail"][0] == "image/jpeg"
    assert found["listMessages"]["messages"][0]["Tags"] == ["One"]
    assert found["searchMessages"]["messages_count"] == 1
    assert found["getMessageSummary"]["ID"] == message["ID"]
    assert found["htmlCheck"]["Total"]["Nodes"] == 1
    assert found["setTags"] == "ok"
    assert lists == [["One"], ["One", "Three"], ["Three", "Two words"]]
    assert "messageHeight" in results[calls.index(["renderMessageHTML", "{ID}", 1])]
    assert found["getChaosTriggers"]["Sender"]["Probability"] == 5
    assert found["renderMessageHTML"] == REQUEST["HTML"]
    assert found["renderMessageText"] == REQUEST["Text"]
    assert found["waitForMessages"]["total"] == 0


def test_mailpit_api_client_of_pypi(
    server: Controller, python: Callable[..., Any]
) -> None:
    """Every method that such a server answers."""
    send(server.port)
    found = python("mailpit_client.py", server.url)
    assert found.pop("created").endswith("+00:00")
    assert found == {
        "counts": [1, 1, 1, 0],
        "read": [False, True],
        "from": ["Ann", "ann@example.com"],
        "to": ["bob@example.com"],
        "subject": "Code",
        "date": "2026-01-31T12:00:00+01:00",
        "text": "Your code is 481516.",
        "attachment": ["a.txt", "hello"],
        "header": ["<1@example.com>"],
        "left": 0,
    }


def test_mailhog_of_npm(ports: tuple[int, int], node: Callable[..., Any]) -> None:
    """Every method but release, which needs another server."""
    smtp, http = ports
    send(smtp)
    calls: list[list[Any]] = [
        ["messages"],
        ["search", "481516"],
        ["latestTo", "bob@example.com"],
        ["latestFrom", "nobody@example.com"],
        ["latestContaining", "code"],
        ["releaseMessage", "unknown", {"host": "127.0.0.1", "port": "1"}],
        ["deleteAll"],
        ["messages"],
    ]
    found = node("mailhog.cjs", "mailhog", [http, calls])
    page, searched, to, nobody, containing, released, removed, left = found
    assert (page["total"], page["count"], page["start"]) == (1, 1, 0)
    (message,) = page["items"]
    assert message["subject"] == "Code"
    assert message["text"] == "Your code is 481516."
    assert message["attachments"] == [
        ["a.txt", 'text/plain; name="a.txt"', "base64"],
    ]
    assert searched["items"] == [message]
    assert to == containing == message
    assert nobody == 0
    assert (released, removed) == (404, 200)
    assert left["items"] == []


def test_mailhog_of_npm_removes_one(
    ports: tuple[int, int], node: Callable[..., Any]
) -> None:
    """By its id, which the client percent-encodes."""
    smtp, http = ports
    send(smtp)
    (page,) = node("mailhog.cjs", "mailhog", [http, [["messages"]]])
    id = page["items"][0]["ID"]
    calls = [["deleteMessage", id], ["messages"]]
    removed, left = node("mailhog.cjs", "mailhog", [http, calls])
    assert (removed, left["total"]) == (200, 0)


def test_mailhog_of_pypi(ports: tuple[int, int], python: Callable[..., Any]) -> None:
    """Every method."""
    smtp, http = ports
    send(smtp)
    assert python("mailhog_client.py", http) == {
        "counts": [1, 1, 0],
        "sender": "ann@example.com",
        "recipients": ["bob@example.com"],
        "subject": "Code",
        "parts": 3,
        "searched": [1, 1, 1],
        "left": 0,
    }
