"""A wait for messages of a server."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus

from lazr_smtptest._failures import raise_interrupt
from lazr_smtptest.client.api import API
from lazr_smtptest.client.connections import Aborter
from lazr_smtptest.client.errors import RemoteError
from lazr_smtptest.client.narrowing import query_of
from lazr_smtptest.mailbox.failure import NotReceived
from lazr_smtptest.mailbox.waiter import Waiter
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.summary import Summary

__all__ = ["Watch"]

# Seconds of one request that waits; then the next one waits.
_REQUEST = 60.0
# Seconds after which a server that has gone is asked again, and until it is given up.
_PAUSES = (0.1, 0.2, 0.5, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0)

# The beginning of what a server says of a disposable mailbox that is gone.
_GONE = "there is no mailbox "


class Watch:
    """Offers a waiter the messages that are there, and then those that come.

    Args:
        api: the calls of the server.
        waiter: collects the messages.
        since: only messages with greater numbers count.
        read: returns the messages of summaries, without those that are gone.
    """

    def __init__(
        self,
        api: API,
        waiter: Waiter,
        since: int,
        read: Callable[[Iterable[Summary]], Iterable[Envelope]],
    ) -> None:
        self._api = api
        self._waiter = waiter
        self._query = query_of(waiter.wanted)
        self._first = self._since = since
        self._read = read
        self._offered: set[str] = set()
        self._aborter = Aborter()

    def look(self) -> None:
        """Offer the messages that are there.

        Raises:
            RemoteError: the server cannot be asked.
            NotReceived: the disposable mailbox is gone.
        """
        try:
            self._look()
        except RemoteError as error:
            _raise_if_over(error)
            raise

    def _look(self) -> None:
        newest = next(iter(self._api.page(limit=1)), None)
        # A server that was started again may count anew.
        self._since = self._first if newest is None else newest.number
        self._offer(self._api.pages(self._query, after=self._first or None))

    def start(self) -> None:
        """Begin to wait, in a thread."""
        threading.Thread(target=self._run, name="smtptest wait", daemon=True).start()

    def stop(self) -> None:
        """End the request that waits."""
        self._aborter.abort()

    def _run(self) -> None:
        try:
            while not self._waiter.done:
                self._wait()
        except BaseException as error:
            raise_interrupt(error)
            if not self._aborter.aborted:
                self._waiter.fail(error)

    def _wait(self) -> None:
        """Wait for the next message."""
        try:
            waited = self._api.wait(
                self._query,
                since=self._since,
                timeout=_REQUEST,
                aborter=self._aborter,
            )
        except RemoteError as error:
            _raise_if_over(error)
            # A server that stops answers 503.
            if self._aborter.aborted or error.status not in (0, 502, 503):
                raise
            self._look_again(error)
            return
        if waited.is_over:
            self._waiter.fail(NotReceived(waited.explanation))
            return
        numbers = [each["summary"]["number"] for each in waited.messages]
        if numbers:
            self._offer(self._api.pages(self._query, after=self._since or None))
            # It may have been removed again.
            self._since = max(self._since, *numbers)

    def _look_again(self, error: RemoteError) -> None:
        """Offer the messages of a server that has been started again.

        Raises:
            RemoteError: it was not.
        """
        for pause in _PAUSES:
            if self._aborter.sleep(pause):
                break
            try:
                self.look()
            except RemoteError as again:
                error = again
            else:
                return
        raise error

    def _offer(self, summaries: Iterable[Summary]) -> None:
        for envelope in self._read(self._fresh(summaries)):
            self._waiter.offer((envelope,))
            if self._waiter.done:
                return

    def _fresh(self, summaries: Iterable[Summary]) -> Iterator[Summary]:
        """Yield those that were not offered yet."""
        for summary in summaries:
            self._since = max(self._since, summary.number)
            if summary.id not in self._offered:
                self._offered.add(summary.id)
                yield summary


def _raise_if_over(error: RemoteError) -> None:
    """Raise NotReceived if a disposable mailbox is gone: no message will come."""
    if error.status == HTTPStatus.NOT_FOUND and error.detail.startswith(_GONE):
        raise NotReceived(error.detail) from error
