"""The outgoing HTTP client: one request at a time, within bounds."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urljoin

import attrs
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ConnectingCancelledError
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.web.client import Agent, HTTPConnectionPool, ResponseDone
from twisted.web.http import PotentialDataLoss
from twisted.web.http_headers import Headers
from twisted.web.iweb import IAgentEndpointFactory
from zope.interface import implementer

from lazr_smtptest.errors import RequestError
from lazr_smtptest.outbound.http.allowed import Allowed, parse_url
from lazr_smtptest.outbound.http.endpoint import CheckedEndpoint, Resolve, resolver_of
from lazr_smtptest.version import __version__

__all__ = ["USER_AGENT", "HTTPClient", "Response"]

USER_AGENT = f"lazr.smtptest/{__version__}"

# The most bytes of the body of an answer that are read.
_MOST_BYTES = 1 << 16
_REDIRECTS = (
    HTTPStatus.MOVED_PERMANENTLY,
    HTTPStatus.FOUND,
    HTTPStatus.SEE_OTHER,
    HTTPStatus.TEMPORARY_REDIRECT,
    HTTPStatus.PERMANENT_REDIRECT,
)


@attrs.frozen(kw_only=True)
class Response:
    """The answer to a request.

    Attributes:
        status: the status code.
        headers: the header fields.
        body: the first bytes of the body.
        url: the URL that was requested last.
    """

    status: int
    headers: Headers = attrs.field(repr=False)
    body: bytes = attrs.field(default=b"", repr=False)
    url: str = ""


class HTTPClient:
    """Makes HTTP requests to the hosts that it may connect to.

    Its methods are called in the reactor's thread. Connections are not kept, cookies
    and passwords are not sent, and proxies of the environment are not used.

    Args:
        reactor: connects, and measures the time.
        allowed: the hosts that it may connect to.
        resolve: returns a Deferred with the addresses of a host name; that of the
            reactor by default.
    """

    def __init__(
        self, reactor: Any, allowed: Allowed, *, resolve: Resolve | None = None
    ) -> None:
        self._reactor = reactor
        self._allowed = allowed
        pool = HTTPConnectionPool(reactor, persistent=False)
        endpoints = _Endpoints(reactor, allowed, resolve or resolver_of(reactor))
        self._agent = Agent.usingEndpointFactory(reactor, endpoints, pool)

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        timeout: float = 10.0,
        redirects: int = 0,
        most_bytes: int = _MOST_BYTES,
    ) -> Deferred[Response]:
        """Make a request.

        Args:
            method: such as ``"GET"``.
            url: an absolute URL of http or https.
            headers: header fields.
            body: the body.
            timeout: seconds for all of it, redirects too.
            redirects: the most redirects that are followed; the answer to one more is
                the result. Each is checked like the first URL.
            most_bytes: the most bytes of the answer's body that are read; 0: none.

        Returns:
            a Deferred with the answer, whatever its status. It fails with a
            `RequestError` if there is none, with a `BlockedError` if the URL is not
            allowed; cancelling it ends the request.
        """
        fields = Headers({"User-Agent": [USER_AGENT]})
        for name, value in (headers or {}).items():
            fields.setRawHeaders(name, [value])
        attempt = _Attempt(method, url, fields, body, most_bytes)
        asking = Deferred.fromCoroutine(self._follow(attempt, redirects))
        timer = self._reactor.callLater(timeout, asking.cancel)

        def ended(result: Any) -> Any:
            if timer.active():
                timer.cancel()
            elif isinstance(result, Failure):
                raise RequestError(f"no answer within {timeout:g} s")
            return result

        return asking.addBoth(ended)

    async def _follow(self, attempt: _Attempt, redirects: int) -> Response:
        while True:
            response = await self._ask(attempt)
            location = response.headers.getRawHeaders("location", [""])[0]
            if not (redirects and location and response.status in _REDIRECTS):
                return response
            redirects -= 1
            attempt = attempt.redirected(location, response.status)

    async def _ask(self, attempt: _Attempt) -> Response:
        self._allowed.check_host(parse_url(attempt.url))
        body = _Body(attempt.body) if attempt.body else None
        try:
            answer = await self._agent.request(
                attempt.method.encode("ascii"),
                attempt.url.encode("ascii"),
                attempt.headers,
                body,
            )
            content = await _read(answer, attempt.most_bytes)
        except RequestError:
            raise
        except Exception as error:
            reason = _innermost(error)
            if isinstance(reason, (CancelledError, ConnectingCancelledError)):
                raise CancelledError from error
            raise RequestError(str(reason) or type(reason).__name__) from error
        return Response(
            status=answer.code, headers=answer.headers, body=content, url=attempt.url
        )


@attrs.frozen
class _Attempt:
    """One request, without its bounds."""

    method: str
    url: str
    headers: Headers
    body: bytes
    most_bytes: int

    def redirected(self, location: str, status: int) -> _Attempt:
        """Return the request that a redirect asks for (RFC 9110 section 15.4)."""
        try:
            url = urljoin(self.url, location).partition("#")[0]
        except ValueError as error:
            raise RequestError(f"a redirect to {location[:100]!r}") from error
        keeps = status in (
            HTTPStatus.TEMPORARY_REDIRECT,
            HTTPStatus.PERMANENT_REDIRECT,
        )
        if keeps or self.method in ("GET", "HEAD"):
            return attrs.evolve(self, url=url)
        return attrs.evolve(self, url=url, method="GET", body=b"")


def _innermost(error: Exception) -> BaseException:
    """Return the reason of an error: errors of Twisted hold others in a list."""
    found: BaseException = error
    while reasons := getattr(found, "reasons", None):
        found = reasons[0].value
    return found


@implementer(IAgentEndpointFactory)
class _Endpoints:
    """Makes endpoints that check the addresses they connect to."""

    def __init__(self, reactor: Any, allowed: Allowed, resolve: Resolve) -> None:
        self._reactor = reactor
        self._allowed = allowed
        self._resolve = resolve

    def endpointForURI(self, uri: Any) -> Any:
        """Return the endpoint for a URI of Twisted."""
        target = parse_url(uri.toBytes().decode("ascii"))
        self._allowed.check_host(target)
        endpoint = CheckedEndpoint(self._reactor, self._allowed, target, self._resolve)
        return endpoint.with_tls() if target.scheme == "https" else endpoint


class _Body:
    """A request body; see `IBodyProducer`."""

    def __init__(self, content: bytes) -> None:
        self.length = len(content)
        self._content = content

    def startProducing(self, consumer: Any) -> Deferred[None]:
        """Write the whole body."""
        consumer.write(self._content)
        done: Deferred[None] = Deferred()
        done.callback(None)
        return done

    def pauseProducing(self) -> None:
        """Return at once: everything is written already."""

    def resumeProducing(self) -> None:
        """Return at once: everything is written already."""

    def stopProducing(self) -> None:
        """Return at once: everything is written already."""


def _read(answer: Any, most: int) -> Deferred[bytes]:
    """Return the first bytes of a body."""
    reader = _BodyReader(most)
    answer.deliverBody(reader)
    if not most:
        reader.finish()
    return reader.content


class _BodyReader(Protocol):
    """Reads the first bytes of a body, and closes the connection after them."""

    def __init__(self, most: int) -> None:
        self.content: Deferred[bytes] = Deferred(lambda _: self._close())
        self._most = most
        self._read = bytearray()

    def finish(self) -> None:
        """Close the connection, and fire with what was read."""
        if not self.content.called:
            self._close()
            self.content.callback(bytes(self._read))

    def dataReceived(self, data: bytes) -> None:
        """Keep bytes up to the bound."""
        self._read += data[: self._most - len(self._read)]
        if len(self._read) >= self._most:
            self.finish()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Fire with the body; what came of an incomplete one is no answer."""
        if self.content.called:
            return
        if reason.check(Exception) and not self._is_complete(reason):
            self.content.errback(reason)
        else:
            self.content.callback(bytes(self._read))

    def _is_complete(self, reason: Failure) -> bool:
        return bool(reason.check(ResponseDone, PotentialDataLoss))

    def _close(self) -> None:
        transport: Any = self.transport
        if transport is not None:
            transport.stopProducing()
