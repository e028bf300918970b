"""`lazr_smtptest.readers.http.mcp`: the tools over HTTP, called by the SDK's client."""

# ruff: noqa: F401, F811

from __future__ import annotations

import asyncio
import builtins
import http.client
import json
import os
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import attrs
import pytest

from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.readers.http.gate import Gate
from lazr_smtptest.readers.http.waiting import Waiters
from lazr_smtptest.stores.memory import MemoryStore
from tests.documents import blocks

from ...client.conftest import PATIENCE, Running, reactor, serve
from ...commands import ROOT

pytestmark = pytest.mark.usefixtures("mcp_sdk")


@pytest.fixture
def store() -> MemoryStore:
    """A store with a message."""
    store = MemoryStore()
    content = b"Subject: Your code\r\n\r\nYour code is 481516.\r\n"
    to = ("anna@example.com",)
    store.add(Envelope(mail_from="shop@example.com", rcpt_tos=to, content=content))
    return store


def message(tool: str, **arguments: Any) -> dict[str, Any]:
    """Return a request that calls a tool."""
    parameters = {"name": tool, "arguments": arguments}
    return {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": parameters}


def begin(running: Running, body: object, **headers: str) -> http.client.HTTPConnection:
    """Send a request, and return its connection."""
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=PATIENCE)
    fields = {
        "Accept": "application/json, text/event-stream",
        "Content-Type": "application/json",
        "MCP-Protocol-Version": "2025-06-18",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    path = f"{running.settings.base}/mcp"
    connection.request("POST", path, json.dumps(body), fields)
    return connection


def post(running: Running, body: object, **headers: str) -> tuple[int, str]:
    """Send a request; return the status and the body of the answer."""
    connection = begin(running, body, **headers)
    try:
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def test_the_manual_names_the_path() -> None:
    """At the default port."""
    _, (_, text) = blocks("json", (ROOT / "doc" / "mcp.rst").read_text())
    [settings] = json.loads(text)["mcpServers"].values()
    assert settings == {"type": "http", "url": "http://127.0.0.1:8025/mcp"}


@pytest.mark.parametrize("mode", ["auto", "legacy"])
@pytest.mark.parametrize("base", ["", "/mail"])
def test_the_sdk_calls_the_tools(
    serve: Callable[..., Running], store: MemoryStore, mode: str, base: str
) -> None:
    """In the newest revision of the protocol, and in those before it."""
    import mcp

    running = serve(store, base=base)

    async def run() -> tuple[list[str], Any]:
        url = f"{running.url}{base}/mcp"
        async with mcp.Client(url, mode=mode) as client:
            listed = await client.list_tools()
            result = await client.call_tool("wait_for_message", {"extract": "code"})
        return [each.name for each in listed.tools], json.loads(result.content[0].text)

    names, answer = asyncio.run(run())
    assert "read_transcript" in names
    assert answer["extract"] == ["481516"]


def test_an_error_of_a_tool_is_what_the_api_says(
    serve: Callable[..., Running], store: MemoryStore
) -> None:
    """The whole explanation."""
    query = "rcpt:eve@example.com"
    status, body = post(
        serve(store), message("wait_for_message", query=query, timeout=0)
    )
    result = json.loads(body)["result"]
    assert (status, result["isError"]) == (200, True)
    assert "wanted:\n  recipient  'eve@example.com'" in result["content"][0]["text"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 421),
        ({"Origin": "http://evil.example"}, 403),
        ({"Sec_Fetch_Site": "cross-site"}, 403),
        ({"Authorization": "Basic YW5uYTp3cm9uZw=="}, 401),
        ({"Authorization": ""}, 401),
        ({"Authorization": "Basic YW5uYTpzZWNyZXQ="}, 200),
    ],
)
def test_the_checks_of_the_site_come_first(
    serve: Callable[..., Running],
    store: MemoryStore,
    headers: dict[str, str],
    status: int,
) -> None:
    """Host, login and origin, as for every other path."""
    running = serve(store, gate=Gate(users={"anna": "secret"}))
    login = {"Authorization": "Basic YW5uYTpzZWNyZXQ="}
    answer, _ = post(running, message("list_messages"), **{**login, **headers})
    assert answer == status


def test_a_stream_without_a_request_is_not_offered(
    serve: Callable[..., Running], store: MemoryStore
) -> None:
    """405, as the protocol allows."""
    running = serve(store)
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=PATIENCE)
    connection.request("GET", "/mcp", headers={"Accept": "text/event-stream"})
    answer = connection.getresponse()
    assert (answer.status, answer.headers["Allow"]) == (405, "OPTIONS, POST")
    connection.close()


def test_what_is_no_request_of_the_protocol_is_refused(
    serve: Callable[..., Running], store: MemoryStore
) -> None:
    """By an error of JSON-RPC."""
    status, body = post(serve(store), [1])
    assert status == 400
    assert "error" in json.loads(body)


def test_the_missing_extra_is_named(
    serve: Callable[..., Running], store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With 501, each time."""
    real = builtins.__import__

    def absent(name: str, *arguments: Any, **named: Any) -> Any:
        if name.partition(".")[0] == "mcp":
            raise ImportError("No module named 'mcp'")
        return real(name, *arguments, **named)

    monkeypatch.setattr(builtins, "__import__", absent)
    running = serve(store)
    for _ in range(2):
        assert post(running, message("list_messages")) == (
            501,
            "the Model Context Protocol needs lazr.smtptest[mcp]: "
            "No module named 'mcp'\n",
        )


@attrs.define
class Waiting:
    """A server with a tool that waits.

    Attributes:
        running: the server.
        connection: that of the client.
        ended: set when the wait was cancelled.
    """

    running: Running
    connection: http.client.HTTPConnection
    ended: threading.Event = attrs.field(factory=threading.Event)


@pytest.fixture
def waiting(
    serve: Callable[..., Running], store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Waiting]:
    """A tool that waits for a message that does not come."""
    begun = threading.Event()
    begin_to_watch, end = Waiters._watch, Waiters._end

    def watch(self: Waiters) -> None:
        begin_to_watch(self)
        begun.set()

    def ended(self: Waiters, waiter: Any) -> None:
        end(self, waiter)
        waiting.ended.set()

    monkeypatch.setattr(Waiters, "_watch", watch)
    monkeypatch.setattr(Waiters, "_end", ended)
    running = serve(store)
    body = message("wait_for_message", query="subject:none", timeout=600)
    waiting = Waiting(running, begin(running, body))
    assert begun.wait(PATIENCE)
    yield waiting
    waiting.connection.close()


def test_a_client_that_leaves_ends_its_wait(waiting: Waiting) -> None:
    """As with a wait of the API."""
    waiting.connection.close()
    assert waiting.ended.wait(PATIENCE)


def test_a_server_that_stops_ends_its_thread(waiting: Waiting) -> None:
    """And the wait of a client."""
    threads = [each for each in threading.enumerate() if each.name == "smtptest mcp"]
    waiting.running.stop()
    for each in threads:
        each.join(PATIENCE)
    assert threads
    assert not any(each.is_alive() for each in threads)
