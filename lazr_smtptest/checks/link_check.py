"""The link check: which links of a message lead to an answer."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import attrs
from twisted.internet.defer import Deferred, DeferredSemaphore, gatherResults

from lazr_smtptest.checks.links import MOST_LINKS, as_ascii
from lazr_smtptest.errors import BlockedError, RequestError
from lazr_smtptest.net.clock import duration_clock
from lazr_smtptest.outbound.http.client import HTTPClient

__all__ = ["LinkCheck", "LinkChecker", "LinkResult"]

# Requests at the same time, seconds for one, and for all of a message.
_AT_ONCE, _TIMEOUT, _TOTAL = 5, 10.0, 60.0
_REDIRECTS = 3
# Seconds that a result is kept, and how many are.
_KEPT, _MOST_KEPT = 60.0, 1000
# Statuses of servers that do not answer HEAD, but may answer GET.
_NO_HEAD = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.METHOD_NOT_ALLOWED,
    HTTPStatus.NOT_ACCEPTABLE,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.NOT_IMPLEMENTED,
)
_BLOCKED = HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS


@attrs.frozen
class LinkResult:
    """The answer to one link.

    Attributes:
        url: the link as the message has it.
        status: the status code; 0 if there was no answer, 451 if the link was not
            followed because its host is not allowed.
        text: the meaning of the status, or why there was no answer.
    """

    url: str
    status: int
    text: str

    @property
    def is_error(self) -> bool:
        """True if there was no answer, or one that refuses the request."""
        return self.status == 0 or self.status >= HTTPStatus.BAD_REQUEST


@attrs.frozen
class LinkCheck:
    """The result of the link check.

    Attributes:
        links: the links, in the order of the message.
    """

    links: tuple[LinkResult, ...]

    @property
    def errors(self) -> int:
        """The number of links without a good answer."""
        return sum(link.is_error for link in self.links)


class LinkChecker:
    """Requests links; a result is kept for a minute.

    Its methods are called in the reactor's thread.

    Args:
        client: makes the requests; its allow list tells which links are followed.
        reactor: measures the time.
    """

    def __init__(self, client: HTTPClient, reactor: Any) -> None:
        self._client = client
        self._seconds = duration_clock(reactor)
        self._kept: OrderedDict[tuple[str, bool], tuple[float, LinkResult]] = (
            OrderedDict()
        )

    def check(
        self, urls: Sequence[str], *, follow: bool = False
    ) -> Deferred[LinkCheck]:
        """Check links.

        Args:
            urls: the links; `MOST_LINKS` of them are checked.
            follow: whether redirects are followed, up to three for a link.

        Returns:
            a Deferred with the result, after 60 s at the latest. Cancelling it ends
            the requests.
        """
        end = self._seconds() + _TOTAL
        turns = DeferredSemaphore(_AT_ONCE)

        def check(url: str) -> Deferred[LinkResult]:
            return Deferred.fromCoroutine(self._check(url, follow, end))

        checks = [turns.run(check, url) for url in urls[:MOST_LINKS]]
        all_of_them: Deferred[Any] = gatherResults(checks)
        return all_of_them.addCallback(lambda results: LinkCheck(tuple(results)))

    async def _check(self, url: str, follow: bool, end: float) -> LinkResult:
        kept = self._kept.get((url, follow))
        if kept is not None and self._seconds() < kept[0] + _KEPT:
            return kept[1]
        if self._seconds() >= end:
            return LinkResult(url, 0, f"not checked within {_TOTAL:g} s")
        result = await self._ask(url, follow, end)
        self._kept[url, follow] = (self._seconds(), result)
        self._kept.move_to_end((url, follow))
        if len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)
        return result

    async def _ask(self, url: str, follow: bool, end: float) -> LinkResult:
        try:
            target = as_ascii(url)
            status = await self._request("HEAD", target, follow, end)
            if status in _NO_HEAD:
                status = await self._request("GET", target, follow, end)
        except BlockedError as error:
            return LinkResult(url, _BLOCKED, f"Blocked: {error}")
        except (RequestError, ValueError) as error:
            return LinkResult(url, 0, str(error))
        return LinkResult(url, status, _phrase(status))

    async def _request(self, method: str, url: str, follow: bool, end: float) -> int:
        response = await self._client.request(
            method,
            url,
            timeout=min(_TIMEOUT, max(end - self._seconds(), 0)),
            redirects=_REDIRECTS if follow else 0,
            most_bytes=0,
        )
        return response.status


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
