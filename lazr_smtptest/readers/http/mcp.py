"""The Model Context Protocol on the HTTP port: streamable HTTP under ``/mcp``.

The official SDK runs on an asyncio loop, which the reactor need not be: it gets a
thread with a loop of its own at the first request. The site has checked the Host, the
login and the origin of a request before the SDK sees it. The tools ask the API in this
process.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import threading
from collections.abc import Callable, Coroutine, Iterable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import msgspec
from twisted.internet.defer import Deferred, maybeDeferred, succeed
from twisted.python.failure import Failure
from twisted.web.http_headers import Headers

from lazr_smtptest.errors import StateError
from lazr_smtptest.readers.http.answer import Answer, FileBody, HTTPError
from lazr_smtptest.readers.http.call import Call
from lazr_smtptest.readers.http.routes import Route

if TYPE_CHECKING:
    from lazr_smtptest.client.connections import Response

__all__ = ["MCPEndpoint"]

_PATH = "/mcp"
_API = "/api/v2"

_STOPS = "the server stops"


class MCPEndpoint:
    """Serves the Model Context Protocol.

    Its methods are called in the reactor's thread.

    Args:
        ask: answers a request to the API that passes no check of the site.
        reactor: the reactor that the site runs in.
    """

    def __init__(
        self, ask: Callable[[str, Call], Answer | Deferred[Answer]], reactor: Any
    ) -> None:
        self._ask = ask
        self._reactor = reactor
        self._is_closed = False
        # Requests that wait for the thread; `None` before the first one.
        self._waiting: list[Deferred[None]] | None = None
        self._ended: Deferred[None] | None = None
        # Of the thread: its loop, the SDK, and the event that ends it.
        self._loop: asyncio.AbstractEventLoop | None = None
        self._manager: Any = None
        self._stop: asyncio.Event | None = None

    @property
    def route(self) -> Route:
        """The route. A client that asks for a stream with GET gets 405, as it may."""
        return Route(method="POST", template=_PATH, handler=self._answer)

    async def _answer(self, call: Call) -> Answer:
        """Answer a request of a client.

        Raises:
            HTTPError: 501, the SDK is not installed.
            StateError: the server stops.
        """
        if self._loop is None:
            await self._start()
        if self._is_closed or self._loop is None:
            raise StateError(_STOPS)
        return await self._in_loop(self._loop, self._exchange(call))

    def close(self) -> Deferred[None]:
        """End the requests that are under way.

        Returns:
            a Deferred that fires when the thread has ended.
        """
        self._is_closed = True
        if self._ended is None:
            return succeed(None)
        if self._loop is not None:
            self._end_loop(self._loop)
        return self._ended

    # The thread

    def _start(self) -> Deferred[None]:
        """Start the thread, unless it was started; fires when it serves."""
        started: Deferred[None] = Deferred(lambda _: None)
        if self._waiting is None:
            self._waiting = []
            self._ended = Deferred()
            threading.Thread(target=self._run, name="smtptest mcp", daemon=True).start()
        self._waiting.append(started)
        return started

    def _run(self) -> None:
        try:
            # Imported here: it takes a second, and need not be installed.
            from mcp.server.streamable_http_manager import (
                StreamableHTTPSessionManager,
            )

            from lazr_smtptest.readers.mcp import make_mcp_server

            # No session: a request is all that it needs, and is answered with JSON.
            self._manager = StreamableHTTPSessionManager(
                make_mcp_server(self._ask_from_loop), json_response=True, stateless=True
            )
            asyncio.run(self._serve())
        except ImportError as error:
            missing = HTTPError(
                HTTPStatus.NOT_IMPLEMENTED,
                f"the Model Context Protocol needs lazr.smtptest[mcp]: {error}",
            )
            self._reactor.callFromThread(self._has_ended, Failure(missing))
        except BaseException:
            self._reactor.callFromThread(self._has_ended, Failure())
        else:
            self._reactor.callFromThread(self._has_ended, None)

    async def _serve(self) -> None:
        self._stop = asyncio.Event()
        async with self._manager.run():
            loop = asyncio.get_running_loop()
            self._reactor.callFromThread(self._serves, loop)
            await self._stop.wait()

    def _serves(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        if self._is_closed:
            self._end_loop(loop)
        self._fire(None)

    def _end_loop(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._stop is not None:
            loop.call_soon_threadsafe(self._stop.set)

    def _has_ended(self, result: Failure | None) -> None:
        ended, self._ended, self._loop = self._ended, None, None
        self._fire(result)
        # The next request tries again.
        self._waiting = None
        if ended is not None:
            ended.callback(None)

    def _fire(self, result: Failure | None) -> None:
        waiting, self._waiting = self._waiting or [], []
        for each in waiting:
            if not each.called:
                each.callback(result)

    # From the reactor to the loop

    def _in_loop(
        self, loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, Answer]
    ) -> Deferred[Answer]:
        """Run a coroutine on the loop; whoever cancels the Deferred cancels it."""
        future = asyncio.run_coroutine_threadsafe(coroutine, loop)

        def cancel(_: object) -> None:
            future.cancel()

        answer: Deferred[Answer] = Deferred(cancel)

        def done(_: object) -> None:
            self._reactor.callFromThread(_hand_over, future, answer)

        future.add_done_callback(done)
        return answer

    async def _exchange(self, call: Call) -> Answer:
        """Return the answer of the SDK, which is an ASGI application."""
        sent: list[Mapping[str, Any]] = []
        bodies = [{"type": "http.request", "body": call.body, "more_body": False}]

        async def receive() -> Mapping[str, Any]:
            if not bodies:
                # A client that leaves cancels this coroutine.
                await asyncio.Event().wait()
            return bodies.pop()

        async def send(message: Mapping[str, Any]) -> None:
            sent.append(message)

        await self._manager.handle_request(_scope(call), receive, send)
        start, *pieces = sent
        fields = {name.lower(): value for name, value in start.get("headers", ())}
        return Answer(
            status=start["status"],
            body=b"".join(each.get("body", b"") for each in pieces),
            content_type=fields.get(b"content-type", b"").decode("latin-1"),
        )

    # From the loop to the reactor

    async def _ask_from_loop(
        self,
        method: str,
        path: str,
        body: object,
        query: Mapping[str, object],
        patience: float,
    ) -> Response:
        """Make a request to the API in this process; see `Ask`."""
        from lazr_smtptest.client.connections import Response
        from lazr_smtptest.readers.mcp import ToolError

        call = Call(
            method=method,
            path=_API + unquote(path),
            query={
                name: [str(value)]
                for name, value in query.items()
                if value is not None and value != ""
            },
            headers=Headers({"Host": ["localhost"]}),
            body=b"" if body is None else msgspec.json.encode(body),
        )
        future: concurrent.futures.Future[Answer] = concurrent.futures.Future()
        self._reactor.callFromThread(self._begin, method, call, future)
        answer = await asyncio.wrap_future(future)
        content = await asyncio.to_thread(_whole, answer.body)
        response = Response(answer.status, answer.content_type, content)
        if answer.status >= HTTPStatus.BAD_REQUEST:
            raise ToolError(response.detail or f"{method} {path}: {answer.status}")
        return response

    def _begin(
        self, method: str, call: Call, future: concurrent.futures.Future[Answer]
    ) -> None:
        # An answer that needs nothing else is no Deferred.
        ask: Any = self._ask
        answer: Deferred[Answer] = maybeDeferred(ask, method, call)

        def done(result: Any) -> None:
            # It may have been cancelled in the meantime.
            with contextlib.suppress(concurrent.futures.InvalidStateError):
                if isinstance(result, Failure):
                    future.set_exception(result.value)
                else:
                    future.set_result(result)

        def cancel(_: object) -> None:
            if future.cancelled():
                self._reactor.callFromThread(answer.cancel)

        answer.addBoth(done)
        future.add_done_callback(cancel)


def _whole(body: object) -> bytes:
    """Return the bytes of a body; it takes time."""
    if isinstance(body, bytes):
        return body
    if isinstance(body, FileBody):
        return body.read(0, len(body))
    assert isinstance(body, Iterable), "a tool asks for nothing that does not end"
    return b"".join(body)


def _hand_over(
    future: concurrent.futures.Future[Answer], answer: Deferred[Answer]
) -> None:
    """Fire a Deferred with the result of a future that is done."""
    if answer.called:
        return
    if future.cancelled():
        answer.errback(StateError(_STOPS))
        return
    error = future.exception()
    if error is None:
        answer.callback(future.result())
    else:
        answer.errback(error)


def _scope(call: Call) -> Mapping[str, Any]:
    """Return a request as ASGI has it."""
    headers = [
        (name.lower(), value)
        for name, values in call.headers.getAllRawHeaders()
        for value in values
    ]
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": call.method,
        "scheme": "http",
        "path": _PATH,
        "raw_path": _PATH.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": headers,
        "client": None,
        "server": None,
    }
