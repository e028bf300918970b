"""Delivers messages to one webhook, one after the other."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import timezone
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import attrs

from lazr_smtptest.errors import RequestError
from lazr_smtptest.model.summary import Summary
from lazr_smtptest.outbound.background import BackgroundSender
from lazr_smtptest.outbound.http.allowed import Allowed
from lazr_smtptest.outbound.http.client import HTTPClient, Response
from lazr_smtptest.outbound.webhooks.signature import signed_headers
from lazr_smtptest.outbound.webhooks.webhook import Webhook

__all__ = ["POLLING", "Delivery", "Sender", "TakeTurn"]

log = logging.getLogger("lazr.smtptest")

# The first delay in seconds, which doubles up to the longest.
_FIRST, _LONGEST, _LONGEST_ASKED = 1.0, 300.0, 3600.0
# The attempts for a message that the receiver refuses, with a status that says that
# the request is wrong; others are repeated until they succeed.
_MOST_REFUSALS = 5
_LATER = (
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.CONFLICT,
    HTTPStatus.TOO_EARLY,
    HTTPStatus.TOO_MANY_REQUESTS,
)
# The most messages that wait to be delivered once more.
_MOST_REPEATED = 1000
# Seconds after which a node asks again for the turn to deliver, and for which it has
# the turn after the end of an attempt or a delay.
POLLING, _SPARE = 5.0, 60.0

TakeTurn = Callable[[int, float], Awaitable[int | None]]


@attrs.frozen(kw_only=True)
class Delivery:
    """One attempt to deliver a message.

    Attributes:
        url: the URL of the webhook.
        id: the id of the message.
        time: seconds since 1970, when the attempt ended.
        attempt: its number, from 1 on.
        status: the status of the answer; 0 if there was none.
        error: why it failed; ``""`` if it did not.
        ends: whether there is no further attempt.
        name: the name of the webhook.
        next_try: seconds since 1970, when the next attempt begins; ``None`` for none.
    """

    url: str
    id: str
    time: float
    attempt: int
    status: int
    error: str
    ends: bool
    name: str = ""
    next_try: float | None = None


class _NotOurTurnError(Exception):
    """Another node delivers to the webhook."""


class Sender(BackgroundSender):
    """Delivers the messages of a store that match, in the order of their arrival.

    Its methods are called in the reactor's thread.

    Args:
        webhook: the receiver.
        encode: returns the body for a message.
        client: makes the requests.
        reactor: measures the time.
        position: the number of the last message that was done.
        moved: called when the position has changed.
        record: called with each attempt.
        take_turn: called with the position and a number of seconds: takes the turn to
            deliver, or keeps it, where other nodes have the same webhook; returns the
            position, ``None`` if it is another node's turn. ``None`` where there are no
            others.

    Attributes:
        webhook: the receiver.
        position: the number of the last message that is done, because it was
            delivered or refused, or does not match.
        failed: the latest attempt for a message that is tried again; ``None`` if there
            is no such message.
    """

    failed: Delivery | None = None

    def __init__(
        self,
        webhook: Webhook,
        encode: Callable[[Summary], bytes],
        client: HTTPClient,
        reactor: Any,
        *,
        position: int,
        moved: Callable[[], object],
        record: Callable[[Delivery], object],
        take_turn: TakeTurn | None = None,
    ) -> None:
        super().__init__(f"the webhook {webhook.host}", reactor, (_FIRST, _LONGEST))
        self.webhook = webhook
        self.position = position
        self._encode = encode
        self._client = client
        self._moved = moved
        self._record = record
        self._take_turn = take_turn
        self._is_idle = False
        # The ids of messages to deliver once more.
        self._repeated: deque[str] = deque()

    @staticmethod
    def client_for(webhook: Webhook, reactor: Any) -> HTTPClient:
        """Return a client that may connect to the host of a webhook only."""
        return HTTPClient(reactor, Allowed([webhook.host]))

    def start(self, reader: Any) -> None:
        """Begin to deliver.

        Args:
            reader: a `DeferredReader` of the store.
        """
        self._begin(reader)

    def repeat(self, id: str) -> bool:
        """Deliver a message once more: after the present one, before all others.

        One that is tried again anyway is tried at once. A restart forgets it.

        Returns:
            whether it will be; false if too many wait.
        """
        if self.failed is not None and self.failed.id == id and self._try_now:
            self._try_now()
            return True
        if id not in self._repeated:
            if len(self._repeated) >= _MOST_REPEATED:
                return False
            self._repeated.append(id)
        self.wake()
        return True

    def wake(self) -> None:
        """Deliver what is new; the delay after a failure goes on."""
        super().wake()
        if self._is_idle and self._try_now:
            self._try_now()

    async def _send(self) -> None:
        """Deliver the messages that were not delivered yet."""
        try:
            await self._deliver_new()
            await self._keep_turn(0.0)
        except _NotOurTurnError:
            self.failed = None
        if self._take_turn is not None:
            # The node whose turn it is may end.
            self._is_woken = self._is_idle = True
            try:
                await self._sleep(POLLING)
            finally:
                self._is_idle = False

    async def _keep_turn(self, seconds: float) -> None:
        """Take the turn, keep it, or leave it: it ends after some seconds.

        Raises:
            _NotOurTurnError: another node delivers.
        """
        if self._take_turn is not None:
            position = await self._take_turn(self.position, seconds)
            if position is None:
                raise _NotOurTurnError
            self.position = max(self.position, position)

    async def _deliver_new(self) -> None:
        may_be_more = True
        while may_be_more:
            await self._keep_turn(self.webhook.timeout + _SPARE)
            await self._deliver_repeated()
            found, end, may_be_more = await self._page_after(
                self.webhook.query, self.position
            )
            for summary in found:
                await self._deliver(summary)
                self._move(summary.number)
                await self._deliver_repeated()
            self._move(end)

    async def _deliver_repeated(self) -> None:
        while self._repeated:
            summary = await self._reader.summary(self._repeated[0])
            id = self._repeated.popleft()
            if summary is not None and summary.id == id:
                await self._deliver(summary)

    def _move(self, number: int) -> None:
        if number > self.position:
            self.position = number
            self._moved()

    async def _deliver(self, summary: Summary) -> None:
        """Deliver a message, in as many attempts as it needs, while it is there."""
        body = self._encode(summary)
        attempt, refusals, delay = 0, 0, _FIRST
        while True:
            attempt += 1
            await self._keep_turn(self.webhook.timeout + _SPARE)
            # It may be gone since its page was read, or since the last attempt.
            if not await self._reader.marks([summary.number]):
                self.failed = None
                return
            response, error = await self._try(summary.id, body)
            status = response.status if response else 0
            if not error and status // 100 != 2:
                error = f"the status is {status}"
            refusals += status // 100 == 4 and status not in _LATER
            ends = not error or refusals >= _MOST_REFUSALS
            wait = None if ends else max(delay, _asked_delay(response, self._now()))
            self._note(summary.id, attempt, status, error, wait)
            if wait is None:
                return
            await self._keep_turn(wait + _SPARE)
            await self._sleep(wait)
            delay = min(2 * delay, _LONGEST)

    async def _try(self, id: str, body: bytes) -> tuple[Response | None, str]:
        webhook = self.webhook
        timestamp = int(self._now())
        headers = {
            **webhook.headers,
            "Content-Type": "application/json",
            **signed_headers(webhook.key(), id, timestamp, body),
        }
        try:
            response = await self._client.request(
                "POST",
                webhook.url,
                headers=headers,
                body=body,
                timeout=webhook.timeout,
                most_bytes=0,
            )
        except RequestError as error:
            return None, str(error)
        return response, ""

    def _note(
        self, id: str, attempt: int, status: int, error: str, wait: float | None
    ) -> None:
        now = self._now()
        delivery = Delivery(
            url=self.webhook.url,
            id=id,
            time=now,
            attempt=attempt,
            status=status,
            error=error,
            ends=wait is None,
            name=self.webhook.name,
            next_try=None if wait is None else now + wait,
        )
        self.failed = None if wait is None else delivery
        self._record(delivery)
        if error:
            log.warning(
                "the webhook %s has not taken message %r in attempt %d, %s: %s",
                self.webhook.host,
                id,
                attempt,
                "which is the last" if wait is None else "and is asked again",
                error,
            )


def _asked_delay(response: Response | None, now: float) -> float:
    """Return the seconds of Retry-After (RFC 9110 section 10.2.3); 0 for none.

    Args:
        response: the response; ``None`` if there is none.
        now: seconds since 1970, for a date.
    """
    if response is None:
        return 0.0
    text = response.headers.getRawHeaders("retry-after", [""])[0].strip()
    if text.isascii() and text.isdecimal():
        # Python does not convert very long numbers.
        return min(float(text.lstrip("0")[:9] or 0), _LONGEST_ASKED)
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return 0.0
    if date.tzinfo is None:
        # RFC 9110 section 5.6.7: it is always of UTC.
        date = date.replace(tzinfo=timezone.utc)
    return min(max(date.timestamp() - now, 0.0), _LONGEST_ASKED)
