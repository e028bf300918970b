"""The HTTP side: a `twisted.web` factory that answers by a table of routes."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

import attrs
import msgspec
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.web import http
from twisted.web.http_headers import Headers

from lazr_smtptest._patterns import PatternTimeoutError
from lazr_smtptest.errors import BusyError, QueryError, StateError, StoreError
from lazr_smtptest.net.clock import duration_clock
from lazr_smtptest.readers.context import AbsentError
from lazr_smtptest.readers.http.answer import Answer, HTTPError, text_answer
from lazr_smtptest.readers.http.call import Call
from lazr_smtptest.readers.http.clean_path import clean_path
from lazr_smtptest.readers.http.connection import FullConnection, HTTPConnection
from lazr_smtptest.readers.http.coroutines import begin
from lazr_smtptest.readers.http.gate import Gate
from lazr_smtptest.readers.http.logins import Logins
from lazr_smtptest.readers.http.pending import MOST_PENDING, Pending
from lazr_smtptest.readers.http.routes import NoPathError, Route, Routes
from lazr_smtptest.smtp.connections import Connections

__all__ = ["MAX_BODY", "HTTPSite"]

log = logging.getLogger("lazr.smtptest")

# The most bytes of the body of a request.
MAX_BODY = 5 * 1024 * 1024

# Seconds after which a connection without a request is closed.
_IDLE = 60.0

# The paths that orchestrators ask, with the base and without it.
_HEALTH = ("/livez", "/readyz")

# Seconds after which a client that does not read its answer is disconnected, when the
# server stops.
_GRACE = 5.0

# Before a path that does not begin with the base: no route begins so.
_OUTSIDE = "outside:"

Describe = Callable[[HTTPError], Answer]
_Found = tuple[Route, Mapping[str, str]]


def _describe_as_text(error: HTTPError) -> Answer:
    return text_answer(error.message + "\n", error.status, error.headers)


class HTTPSite(http.HTTPFactory):
    """Serves captured mail over HTTP.

    All methods are called in the reactor's thread.

    Args:
        routes: what the paths lead to.
        gate: the checks that come before.
        describe: the function that describes an error, for the paths that begin with
            its key; the longest key wins, and other errors are plain text.
        base: the path before all paths but those of health; ``""`` for none.
        max_body: the most bytes of the body of a request.
        larger_bodies: the same for paths that take more.
        count: called with the method and the status of each answer.
        in_thread: calls a function with arguments in a thread, and returns a Deferred
            with the result; ``None`` if nothing takes long.
        reactor: schedules the timeouts.
        max_connections: the most connections at the same time; ``None`` for any number.
        max_pending: the most bytes of all answers that are kept for their clients.
        logins: finds out who makes a request; by default only Basic authentication.
        ok_options: the beginnings of the paths whose clients expect 200 for OPTIONS,
            and an empty text; others get 204.
        redirected: the beginnings of the paths to which one with empty segments or
            dots is redirected; others are not found.
        shortened: the beginnings of the paths that may have several slashes in front.
    """

    def __init__(
        self,
        routes: Routes,
        gate: Gate,
        *,
        describe: dict[str, Describe] | None = None,
        base: str = "",
        max_body: int = MAX_BODY,
        larger_bodies: Mapping[str, int] | None = None,
        count: Callable[[str, int], object] = lambda method, status: None,
        in_thread: Callable[..., Deferred[Any]] | None = None,
        reactor: IReactorTime | None = None,
        max_connections: int | None = None,
        max_pending: int = MOST_PENDING,
        logins: Logins | None = None,
        ok_options: tuple[str, ...] = (),
        redirected: tuple[str, ...] = (),
        shortened: tuple[str, ...] = (),
    ) -> None:
        super().__init__(timeout=_IDLE, reactor=reactor)
        self.clock = duration_clock(reactor)
        self.connections = Connections()
        self.pending = Pending(max_pending, self.clock)
        self._most = max_connections
        self._is_full = self._is_closed = False
        self.routes = routes
        self.max_body = max_body
        self._larger_bodies = larger_bodies or {}
        self._base = base
        self.in_thread = in_thread
        self.count = count
        self._gate = gate
        self._logins = logins or Logins(gate, in_thread=in_thread, reactor=reactor)
        self._ok_options = ok_options
        self._redirected = redirected
        self._shortened = shortened
        self._describe = dict(
            sorted((describe or {}).items(), key=lambda item: -len(item[0]))
        )

    @staticmethod
    def protocol() -> Any:
        """Return the protocol of a new connection, without negotiation of HTTP/2."""
        return HTTPConnection()

    def buildProtocol(self, addr: Any) -> Any:
        """Return the protocol of a new connection."""
        if self._is_closed:
            return None
        if self._most is not None and len(self.connections) >= self._most:
            return self._refuse_connection(self._most)
        channel: Any = super().buildProtocol(addr)
        channel.site = self
        return channel

    def _refuse_connection(self, most: int) -> FullConnection:
        if not self._is_full:
            # Once: there will be many.
            self._is_full = True
            log.warning(
                "HTTP: %d connections are open, and further ones get 503: "
                "--http-connections allows more, if ulimit -n does",
                most,
            )
        return FullConnection(f"{most} connections are open already: try again later")

    def close(self) -> Deferred[None]:
        """End all connections: at once, or after the request that is being answered.

        Returns:
            a Deferred that fires when none is left, after 5 s at the latest.
        """
        self._is_closed = True
        return self.connections.end(self.reactor, _GRACE)

    # There is no access log: every request of an open page would be a line. So the
    # time in its lines, which Twisted updates every second, is not needed either.

    def startFactory(self) -> None:
        """Begin to listen."""

    def stopFactory(self) -> None:
        """Stop listening."""

    def log(self, request: http.Request) -> None:
        """Ignore a request: there is no access log."""

    def refuse_early(
        self, headers: Headers, method: str, path: str
    ) -> HTTPError | None:
        """Return why a body is not even read; ``None`` if it is."""
        try:
            gate = self._gate
            gate.check_host(headers)
            found = self.routes.get(method, self._without_base(path))
            if found is None or not found[0].is_public:
                self._logins_of(found).check_early(method, headers)
            gate.check_expectation(headers)
            gate.check_coding(headers)
        except HTTPError as error:
            return error
        return None

    def answer(self, method: str, call: Call) -> Answer | Deferred[Answer]:
        """Answer a request; the Deferred fails only for a fault of the server."""
        return begin(self._answer(method, call))

    async def _answer(self, method: str, call: Call) -> Answer:
        path = self._without_base(call.path)
        if path != call.path:
            call = msgspec.structs.replace(call, path=path)
        try:
            return await self._checked(method, call)
        except HTTPError as error:
            return self._described(call, error)
        except QueryError as error:
            details = {"position": error.position, "expected": error.expected}
            wrong = HTTPError(HTTPStatus.BAD_REQUEST, str(error), details=details)
            return self._described(call, wrong)
        except PatternTimeoutError as error:
            slow = HTTPError(HTTPStatus.BAD_REQUEST, str(error))
            return self._described(call, slow)
        except AbsentError as error:
            elsewhere = HTTPError(HTTPStatus.CONFLICT, str(error))
            return self._described(call, elsewhere)
        except (BusyError, StateError, StoreError) as error:
            away = HTTPError(HTTPStatus.SERVICE_UNAVAILABLE, str(error))
            return self._described(call, away)

    def _described(self, call: Call, error: HTTPError) -> Answer:
        answer = self.describe(call.path, error)
        is_problem = answer.content_type == "application/problem+json"
        return _describe_as_text(error) if is_problem and call.prefers_text else answer

    async def _checked(self, method: str, call: Call) -> Answer:
        """Answer a request after the checks of the gate, in their order."""
        gate, headers = self._gate, call.headers
        host = gate.check_host(headers)
        if gate.is_preflight(method, headers):
            fields = gate.preflight(headers, self.routes.allowed(call.path))
            return self._options_answer(call.path, fields)
        user = ""
        found = self.routes.get(method, call.path)
        has_token = found is not None and found[0].has_token(call, found[1])
        if found is None or not (found[0].is_public or has_token):
            logins = self._logins_of(found)
            if logins.is_needed:
                user = await logins.check(method, headers)
        if found is None or not (found[0].is_shared or has_token):
            gate.check_origin(method, headers, host)
        gate.check_expectation(headers)
        if method == "OPTIONS" and (allowed := self._allowed(call.path)):
            fields = {"Allow": ", ".join(allowed)}
            return self._options_answer(call.path, fields)
        if found is None and (target := self._clean_url(method, call)):
            fields = {"Location": target}
            return Answer(status=HTTPStatus.TEMPORARY_REDIRECT, headers=fields)
        route, parameters = found or self._find(method, call.path)
        route.check_arguments(call.query)
        if parameters or user:
            call = call.routed(parameters, user)
        return await route.handler(call)

    def _logins_of(self, found: _Found | None) -> Logins:
        """Return the logins of a route."""
        own = None if found is None else found[0].logins
        return own or self._logins

    def _options_answer(self, path: str, fields: Mapping[str, str]) -> Answer:
        """Return the answer to OPTIONS."""
        if path.startswith(self._ok_options):
            return Answer(content_type="text/plain", headers=fields)
        return Answer(status=HTTPStatus.NO_CONTENT, headers=fields)

    def _clean_url(self, method: str, call: Call) -> str:
        """Return the URL of the route that an unclean path means; ``""`` for none."""
        path = clean_path(call.path)
        if path == call.path or not path.startswith(self._redirected):
            return ""
        if self.routes.get(method, path) is None:
            return ""
        query = urlencode(call.query, doseq=True)
        return self._base + quote(path) + (f"?{query}" if query else "")

    def _allowed(self, path: str) -> list[str]:
        """Return the methods of a path, of all for ``*`` (RFC 9110 section 9.3.7)."""
        is_server = path in ("*", f"{_OUTSIDE}*")
        return self.routes.methods if is_server else self.routes.allowed(path)

    def _find(self, method: str, path: str) -> _Found:
        """Return the route of a request, and the parameters in its path.

        Raises:
            HTTPError: there is none; the error names the nearest path.
        """
        try:
            return self.routes.find(method, path)
        except NoPathError:
            is_outside = path.startswith(_OUTSIDE)
            shown = path.removeprefix(_OUTSIDE) if is_outside else self._base + path
            hint = f"; every path begins with {self._base}" if is_outside else ""
            near = self.routes.nearest(path.removeprefix(_OUTSIDE))
            if is_outside and not near:
                # The base may be misspelt.
                near = self.routes.nearest(_without_parts(shown, self._base.count("/")))
            if near:
                hint += f"; did you mean {self._base}{near}?"
            raise NoPathError(shown, hint, near) from None

    def _without_base(self, path: str) -> str:
        """Return a path without the base; one without it is that of no route.

        That of the base itself is ``""``. The slash at the end of a URL of the server,
        to which a client appends the path, is ignored.
        """
        base = self._base
        if path in _HEALTH or path.startswith(_OUTSIDE):
            return path
        if path == base:
            return ""
        if not path.startswith(f"{base}/"):
            return f"{_OUTSIDE}{path}" if base else path
        path = path.removeprefix(base)
        if not path.startswith("//"):
            return path
        shortened = f"/{path.lstrip('/')}"
        return shortened if shortened.startswith(self._shortened) else path

    def readable(self, headers: Headers, answer: Answer) -> Answer:
        """Return an answer, an error too, that an allowed page of a request may read.

        Args:
            headers: the header of the request.
            answer: the answer.
        """
        return _with_fields(answer, self.fields_for_origin(headers))

    def fields_for_origin(self, headers: Headers) -> Mapping[str, str]:
        """Return what an answer needs that an allowed page may read; see `Gate`."""
        return self._gate.fields_for_origin(headers)

    def max_body_of(self, path: str) -> int:
        """Return the most bytes of the body of a request.

        Args:
            path: the percent-decoded path.
        """
        larger = self._larger_bodies.get(self._without_base(path), 0)
        return max(self.max_body, larger)

    def describe(self, path: str, error: HTTPError) -> Answer:
        """Return the answer that tells a client of an error.

        Args:
            path: the path of the request; ``""`` if it is not known.
            error: the error.
        """
        path = self._without_base(path).removeprefix(_OUTSIDE)
        near = error.nearest if isinstance(error, NoPathError) else ""
        # A client that meant a path expects the errors of that path.
        for meant in filter(None, (path, near)):
            for prefix, describe in self._describe.items():
                if meant.startswith(prefix):
                    return describe(error)
        return _describe_as_text(error)


def _without_parts(path: str, number: int) -> str:
    """Return a path without its first parts."""
    return "/" + "/".join(path.split("/")[number + 1 :])


def _with_fields(answer: Answer, fields: Mapping[str, str]) -> Answer:
    """Return an answer with further header fields; both Vary are one list."""
    if not fields:
        return answer
    headers = {**answer.headers, **fields}
    if "Vary" in answer.headers:
        headers["Vary"] = f"{answer.headers['Vary']}, {fields['Vary']}"
    return attrs.evolve(answer, headers=headers)
