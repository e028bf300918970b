"""The HTTP side of a server: the site of a store, on a reactor."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import attrs
import msgspec
from twisted.internet.defer import Deferred, gatherResults

from lazr_smtptest.outbound.settings import Outgoing
from lazr_smtptest.readers.capacity import most_connections
from lazr_smtptest.readers.context import ReaderContext
from lazr_smtptest.readers.http.answer import Answer, HTTPError, text_answer
from lazr_smtptest.readers.http.api import meanings
from lazr_smtptest.readers.http.api.adding import Adding
from lazr_smtptest.readers.http.api.contents import Contents
from lazr_smtptest.readers.http.api.events import MOST_LISTENERS, Events
from lazr_smtptest.readers.http.api.faults import MOST_RULES, FaultRules
from lazr_smtptest.readers.http.api.login import Login
from lazr_smtptest.readers.http.api.mailboxes import Mailboxes
from lazr_smtptest.readers.http.api.messages import Messages
from lazr_smtptest.readers.http.api.nodes import Nodes
from lazr_smtptest.readers.http.api.openapi import OpenAPI
from lazr_smtptest.readers.http.api.problems import describe
from lazr_smtptest.readers.http.api.releases import Releases
from lazr_smtptest.readers.http.api.sessions import Sessions
from lazr_smtptest.readers.http.api.settings import ServerSettings
from lazr_smtptest.readers.http.api.status import Status
from lazr_smtptest.readers.http.api.views import Frames, Views
from lazr_smtptest.readers.http.api.wait import Wait
from lazr_smtptest.readers.http.api.webhooks import Webhooks
from lazr_smtptest.readers.http.call import Call
from lazr_smtptest.readers.http.gate import Gate
from lazr_smtptest.readers.http.logins import Logins
from lazr_smtptest.readers.http.mailhog.api import MailHog
from lazr_smtptest.readers.http.mailhog.api import describe as describe_to_mailhog
from lazr_smtptest.readers.http.mailpit.api import Mailpit
from lazr_smtptest.readers.http.mailpit.swagger import document as describe_mailpit
from lazr_smtptest.readers.http.mcp import MCPEndpoint
from lazr_smtptest.readers.http.metrics import Metrics
from lazr_smtptest.readers.http.page.files import load_files
from lazr_smtptest.readers.http.page.page import Page
from lazr_smtptest.readers.http.pending import MOST_PENDING
from lazr_smtptest.readers.http.routes import Route, Routes
from lazr_smtptest.readers.http.site import MAX_BODY, HTTPSite
from lazr_smtptest.readers.http.tokens import Tokens
from lazr_smtptest.readers.http.waiting import LONGEST_WAIT, MOST_WAITERS, Waiters
from lazr_smtptest.version import __version__

if TYPE_CHECKING:
    from lazr_smtptest.tls.context import TLS

__all__ = ["HTTPReader", "HTTPSettings"]

_API = "/api/v2"
_MAILPIT = "/api/v1"
_MAILHOG = "/mailhog"

_INDEX = {
    f"{_API}/messages": "captured mail, newest first",
    f"{_API}/messages/latest": "the newest message",
    f"{_API}/wait?query=...": "wait for a message",
    f"{_API}/sessions": "what clients said",
    _API: "all paths of the API",
    f"{_API}/openapi.json": "the same for programs (OpenAPI)",
    "/metrics": "numbers for Prometheus",
    "/mcp": "the same mail for coding agents (Model Context Protocol)",
    f"{_MAILPIT}/messages": "the same mail for clients of Mailpit",
}


def _table(rows: Iterable[tuple[str, str]]) -> Answer:
    """Answer with paths and their meanings."""
    lines = list(rows)
    width = max(len(path) for path, _ in lines)
    shown = "".join(f"{path:<{width}}  {meaning}\n" for path, meaning in lines)
    return text_answer(f"lazr.smtptest {__version__}\n\n{shown}")


@attrs.frozen(kw_only=True)
class HTTPSettings:
    """The settings of the HTTP side.

    Attributes:
        gate: which hosts, users and origins may make requests.
        send_gate: which users may send messages by Mailpit's API; ``None`` for those of
            the gate. Its other settings mean nothing.
        base: the path before all paths, such as ``"/mail"``; ``""`` for none.
        tls: the certificates for HTTPS; ``None`` for HTTP.
        max_body: the most bytes of the body of a request.
        max_connections: the most connections at the same time; ``None``: as many as
            leave descriptors for the rest of the process.
        max_pending: the most bytes of all answers that are kept for their clients.
        max_rules: the most fault rules; a mailbox has at most 100 of its own.
        max_waiters: the most requests that wait for messages at the same time.
        longest_wait: the most seconds that such a request may wait.
        max_listeners: the most clients that listen to events at the same time.
        outgoing: where mail may be sent to; nowhere by default.
        has_mailhog: whether clients of MailHog are served under ``/mailhog``.
    """

    gate: Gate = attrs.field(factory=Gate)
    send_gate: Gate | None = None
    base: str = ""
    tls: TLS | None = None
    max_body: int = MAX_BODY
    max_connections: int | None = None
    max_pending: int = MOST_PENDING
    max_rules: int = MOST_RULES
    max_waiters: int = MOST_WAITERS
    longest_wait: float = LONGEST_WAIT
    max_listeners: int = MOST_LISTENERS
    outgoing: Outgoing = attrs.field(factory=Outgoing)
    has_mailhog: bool = False


class HTTPReader:
    """Serves the messages of a store over HTTP.

    Everything is called in the reactor's thread.

    Args:
        context: the store, and the server that takes the mail. Its reactor serves the
            connections.
        settings: the settings.

    Attributes:
        site: the factory of the connections, without TLS.
        factory: the factory for a listening port.
    """

    def __init__(
        self, context: ReaderContext, settings: HTTPSettings | None = None
    ) -> None:
        settings = settings or HTTPSettings()
        self._context = context
        self._reader = context.reader
        reactor = context.reactor
        if context.shared is not None:
            context.shared.start(reactor, context.pool)
        self._base = settings.base
        self._max_rules = settings.max_rules
        self._waiters = Waiters(
            context.store,
            self._reader,
            reactor,
            settings.max_waiters,
            settings.longest_wait,
        )
        self._events = Events(context, settings.max_listeners)
        tokens = Tokens(reactor)
        send_logins = None
        if settings.send_gate is not None:
            send_logins = Logins(
                settings.send_gate, in_thread=self._reader.call, reactor=reactor
            )
        self._mailpit = Mailpit(
            context, settings.outgoing, f"{settings.base}/", tokens, send_logins
        )
        self._metrics = Metrics(context, lambda: len(self._waiters))
        self._nodes = Nodes(context)
        self._logins = Logins(
            settings.gate,
            base=settings.base,
            is_secure=settings.tls is not None,
            in_thread=self._reader.call,
            reactor=reactor,
        )
        self._frames = Frames(
            base=settings.base, path=_API, logins=self._logins, tokens=tokens
        )
        self._mailboxes = Mailboxes(context, self._frames, settings.longest_wait)
        self._mcp = MCPEndpoint(self._answer_inside, reactor)
        self._mailhog: MailHog | None = None
        if settings.has_mailhog:
            self._mailhog = MailHog(context, settings.outgoing, f"{_MAILHOG}/")
        routes = Routes()
        for route in self._routes():
            routes.add(route)
        routes.add(OpenAPI(routes).route(_API))
        self._all_routes = routes
        self.site = HTTPSite(
            routes,
            settings.gate,
            describe={
                "/api/": describe,
                _MAILHOG: describe_to_mailhog,
                **self._mailpit.describe(),
            },
            base=settings.base,
            ok_options=(_MAILPIT, _MAILHOG),
            redirected=(_MAILPIT, "/api/events", "/view/"),
            shortened=(f"{_API}/",),
            max_body=settings.max_body,
            larger_bodies={
                **self._mailpit.larger_bodies,
                f"{_API}/messages": self._mailpit.largest,
            },
            in_thread=self._reader.call,
            count=self._metrics.count_request,
            reactor=reactor,
            max_pending=settings.max_pending,
            max_connections=settings.max_connections or most_connections(),
            logins=self._logins,
        )
        # Requests of this process, which no gate checks.
        self._inside = HTTPSite(
            routes, Gate(), describe={_API: describe}, reactor=reactor
        )
        tls = settings.tls
        self.factory: Any = self.site
        if tls is not None:
            # It needs the packages of TLS.
            from lazr_smtptest.readers.http.plain import wrap

            self.factory = wrap(tls, self.site, reactor)

    def _routes(self) -> Iterator[Route]:
        find = self._context.find
        yield from Messages(self._reader, find).routes(_API)
        yield from Adding(self._context).routes(_API)
        yield from Contents(self._reader, find).routes(_API)
        parse = self._context.parse
        yield from Views(self._reader, parse, self._frames).routes(_API)
        faults = self._context.faults
        parsing = self._context.parsing
        yield from Wait(self._reader, self._waiters, faults, find, parsing).routes(_API)
        context = self._context
        sessions = Sessions(
            self._reader, context.needed_sessions, context.reader_sessions
        )
        yield from sessions.routes(_API)
        yield from self._events.routes(_API)
        shared = None if context.shared is None else context.shared.rules
        rules = FaultRules(context.needed_faults, self._max_rules, shared)
        yield from rules.routes(_API)
        yield from self._mailboxes.routes(_API)
        yield from self._mailpit.routes()
        yield from ServerSettings(self._context).routes(_API)
        yield from meanings.routes(_API)
        yield from Releases(self._context).routes(_API)
        yield from Webhooks(self._context).routes(_API)
        yield from Status(self._context).routes(_API)
        yield from self._nodes.routes(_API)
        yield from Login(self._logins).routes(_API)
        yield self._metrics.route
        yield self._mcp.route
        if self._mailhog is not None:
            yield from self._mailhog.routes()
        load = partial(self._reader.call, load_files)
        yield from Page(load, self._index, self._base).routes()
        for path in (_API, f"{_API}/"):
            yield Route(method="GET", template=path, handler=self._list)
        # Where Mailpit has a page with them.
        for path in (_MAILPIT, f"{_MAILPIT}/"):
            yield Route(method="GET", template=path, handler=self._list_mailpit)
        for path, handler in (("/livez", self._live), ("/readyz", self._ready)):
            yield Route(method="GET", template=path, handler=handler, is_public=True)

    def _answer_inside(self, method: str, call: Call) -> Answer | Deferred[Answer]:
        inside = msgspec.structs.replace(call, in_thread=self._reader.call)
        return self._inside.answer(method, inside)

    async def _index(self, call: Call) -> Answer:
        """Answer with the most useful paths, for people who try it."""
        return _table(
            (f"{self._base}{path}", meaning) for path, meaning in _INDEX.items()
        )

    async def _list(self, call: Call) -> Answer:
        """Answer with all paths of the API."""
        return _table(
            (f"{route.method} {self._base}{route.template}", route.summary)
            for route in self._all_routes
            if route.operation is not None and route.template.startswith(f"{_API}/")
        )

    async def _list_mailpit(self, call: Call) -> Answer:
        """Answer with all paths for clients of Mailpit."""
        return _table(
            (f"{method.upper()} {self._base}{path}", operation["summary"])
            for path, methods in describe_mailpit("")["paths"].items()
            for method, operation in methods.items()
        )

    async def _live(self, call: Call) -> Answer:
        """Answer that the process runs; the status says all."""
        return text_answer("")

    async def _ready(self, call: Call) -> Answer:
        """Answer whether the store can be read."""
        try:
            await self._reader.last_change()
        except Exception as error:
            raise HTTPError(HTTPStatus.SERVICE_UNAVAILABLE, str(error)) from error
        return text_answer("")

    def close(self) -> Deferred[Any]:
        """End the requests that wait or listen, and the connections.

        The store stays open.

        Returns:
            a Deferred that fires when nothing reads the store any more, and no
            connection is open.
        """
        self._waiters.close()
        self._events.close()
        self._mailpit.close()
        self._metrics.close()
        self._nodes.close()
        if self._mailhog is not None:
            self._mailhog.close()
        ended = [
            self._mcp.close(),
            self._mailboxes.close(),
            self._reader.close(),
            self.site.close(),
        ]
        if self._context.shared is not None:
            ended.append(self._context.shared.stop())
        return gatherResults(ended)
