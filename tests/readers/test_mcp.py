"""`lazr_smtptest.readers.mcp`: the tools, called by the SDK's own client."""

# ruff: noqa: F401, F811

from __future__ import annotations

import asyncio
import builtins
import json
import os
import smtplib
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from lazr_smtptest.cli.main import main
from lazr_smtptest.client.address import Address
from lazr_smtptest.client.connections import Connections
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.server.capture import CaptureController
from tests.documents import blocks

from ..client.conftest import Running, reactor, serve
from ..commands import ROOT

pytestmark = pytest.mark.usefixtures("mcp_sdk")

CODE = b"Subject: Your code\r\n\r\nYour code is 481516.\r\nhttps://example.com/k\r\n"

Call = Callable[..., Any]


class RefusedError(Exception):
    """A tool answered with an error."""


def envelope(recipient: str = "anna@example.com") -> Envelope:
    return Envelope(mail_from="shop@example.com", rcpt_tos=(recipient,), content=CODE)


def server_of_tools(connections: Connections) -> Any:
    """Return a server of the SDK, of which only this imports it."""
    from lazr_smtptest.readers.mcp import ask_over_http, make_mcp_server

    return make_mcp_server(ask_over_http(connections))


def call_at(server: Any, tool: str, **arguments: Any) -> Any:
    """Return what a tool of a server answers.

    Raises:
        RefusedError: with its text.
    """
    import mcp

    async def run() -> Any:
        async with mcp.Client(server) as client:
            return await client.call_tool(tool, arguments)

    result = asyncio.run(run())
    [content] = result.content
    if result.is_error:
        raise RefusedError(content.text)
    return json.loads(content.text)


@pytest.fixture
def controller() -> Iterator[CaptureController]:
    """A server with a message."""
    with CaptureController(activity=False) as controller:
        controller.mailbox.add(envelope())
        yield controller


@pytest.fixture
def url(serve: Callable[..., Running], controller: CaptureController) -> str:
    """The URL of this server."""
    return serve(controller.server).url


@pytest.fixture
def call(url: str) -> Iterator[Call]:
    """Calls a tool, by a client in memory."""
    connections = Connections(Address.of(url))

    def call(tool: str, **arguments: Any) -> Any:
        server = server_of_tools(connections)
        return call_at(server, tool, **arguments)

    yield call
    connections.close()


@pytest.mark.parametrize(
    ("tool", "arguments", "line"),
    [
        ("wait_for_message", {"timeout": "soon"}, "bad timeout 'soon': it must be a n"),
        ("wait_for_message", {"timeot": 3}, "no argument 'timeot'; did you mean 'time"),
        ("list_messages", {"limit": 1.5}, "bad limit 1.5: it must be a whole number"),
        ("list_messages", {"limit": 0}, "bad limit '0': it must be a whole number fr"),
        ("list_sessions", {"failed": "maybe"}, "it must be true or false"),
        ("set_fault", {"rule": [1]}, "bad rule an object of type list: it must be an"),
        ("read_transcript", {}, "needs the argument 'session': a string"),
        ("read_message", {"message": "77"}, "there is no message '77'"),
        ("new_mailbox", {}, "no tool 'new_mailbox'; did you mean 'make_mailbox'"),
        ("disposable", {}, "no tool 'disposable'; did you mean 'make_mailbox'"),
        ("read_messages", {}, "no tool 'read_messages'; did you mean 'read_message'"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(
    call: Call, tool: str, arguments: dict[str, Any], line: str
) -> None:
    """It names the argument, its value, and what is allowed."""
    with pytest.raises(RefusedError) as caught:
        call(tool, **arguments)
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_manual_names_every_tool(url: str) -> None:
    """The table is complete."""
    import mcp

    connections = Connections(Address.of(url))

    async def run() -> list[str]:
        server = server_of_tools(connections)
        async with mcp.Client(server) as client:
            listed = await client.list_tools()
        assert all(each.description for each in listed.tools)
        return [each.name for each in listed.tools]

    table = (ROOT / "doc" / "mcp.rst").read_text().partition("list-table:: Tools")[2]
    told = [line.split("``")[1] for line in table.splitlines() if "* - ``" in line]
    assert told == asyncio.run(run())


def test_messages_are_listed_and_searched(call: Call) -> None:
    """As the API has them."""
    [message] = call("list_messages")["messages"]
    assert message["subject"] == "Your code"
    assert call("search_messages", query="subject:code")["messages"] == [message]
    assert call("search_messages", query="subject:bill")["messages"] == []


@pytest.mark.parametrize(
    ("extract", "value"), [("code", "481516"), ("link", "https://example.com/k")]
)
def test_a_code_or_a_link_is_waited_for(call: Call, extract: str, value: str) -> None:
    """In one call."""
    answer = call("wait_for_message", query="rcpt:anna@example.com", extract=extract)
    assert answer["extract"] == [value]


def test_a_message_that_does_not_come_is_explained(call: Call) -> None:
    """By what arrived instead."""
    with pytest.raises(RefusedError, match=r"recipient is 'anna@example\.com'"):
        call("wait_for_message", query="rcpt:eve@example.com", timeout=0)


def test_a_wrong_query_is_told(call: Call) -> None:
    """With its position."""
    with pytest.raises(RefusedError, match="at character 4"):
        call("search_messages", query="is:nothing")


def test_a_message_is_read(call: Call) -> None:
    """With its code and its links."""
    message = call("read_message")
    assert (message["code"], message["links"]) == ("481516", ["https://example.com/k"])


def test_a_mailbox_has_its_own_messages(
    call: Call, controller: CaptureController
) -> None:
    """By its name."""
    name = call("make_mailbox", address="eve@*")["name"]
    controller.mailbox.add(envelope("eve@example.com"))
    answer = call("wait_for_message", mailbox=name)
    assert answer["messages"][0]["summary"]["rcpt_tos"] == ["eve@example.com"]
    assert len(call("list_messages", mailbox=name)["messages"]) == 1
    assert call("clear_messages", mailbox=name)["messages"] == 1
    assert call("clear_messages")["messages"] == 1


def test_a_fault_is_set_and_cleared(call: Call, controller: CaptureController) -> None:
    """By the tables of a file of faults."""
    call("set_fault", rule={"on": "RCPT", "reply": [450, "4.2.0 Later"]})
    assert len(controller.faults.rules) == 1
    call("clear_faults")
    assert controller.faults.rules == ()
    with pytest.raises(RefusedError, match="NOWHERE"):
        call("set_fault", rule={"on": "NOWHERE", "drop": True})


def test_a_transcript_is_read(call: Call, controller: CaptureController) -> None:
    """Of a session in the list."""
    with smtplib.SMTP(controller.host, controller.port, timeout=60) as client:
        client.docmd("NONSENSE")
    assert controller.sessions[-1].ended is not None
    [session] = call("list_sessions", failed=True)["sessions"]
    assert "NONSENSE" in call("read_transcript", session=session["id"])["transcript"]


@pytest.mark.slow
def test_the_command_of_the_manual_is_a_server(url: str) -> None:
    """Started by the SDK's client, as agents do it."""
    import mcp

    (_, text), _ = blocks("json", (ROOT / "doc" / "mcp.rst").read_text())
    [settings] = json.loads(text)["mcpServers"].values()
    assert settings["command"] == "smtptest"
    *words, _ = settings["args"]
    program = mcp.StdioServerParameters(
        command=sys.executable,
        args=["-m", "lazr_smtptest", *words, url],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )

    answer = call_at(program, "wait_for_message", extract="code")
    assert answer["extract"] == ["481516"]


def test_a_wrong_url_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """In one line."""
    assert main(["mcp", "--url", "localhost"]) == 2
    assert capsys.readouterr().err.startswith("smtptest mcp: bad URL 'localhost'")


def test_the_missing_extra_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In one line."""
    real = builtins.__import__

    def absent(name: str, *arguments: Any, **named: Any) -> Any:
        if name == "lazr_smtptest.readers.mcp":
            raise ImportError("No module named 'mcp'")
        return real(name, *arguments, **named)

    monkeypatch.setattr(builtins, "__import__", absent)
    assert main(["mcp"]) == 1
    assert "needs lazr.smtptest[mcp]: No module" in capsys.readouterr().err
