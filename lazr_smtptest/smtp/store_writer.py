"""Writes messages to a store, off the reactor's thread where the store waits."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from lazr_smtptest.errors import StoreError, StoreFullError
from lazr_smtptest.interfaces import IMessageStore, IWaitingStore
from lazr_smtptest.model.received_mail import Mail, envelope_of, is_lazy
from lazr_smtptest.smtp.errors import ServerError

__all__ = ["StoreWriter"]

log = logging.getLogger("lazr.smtptest")


class StoreWriter:
    """Adds messages to a store without blocking the reactor.

    A store that waits for a disk does so in its own thread, and the result comes back
    through ``callFromThread`` of the reactor. Without a reactor, or with one that has
    no ``callFromThread`` such as a `Clock`, the call waits for the store.

    Args:
        reactor: the reactor of the server; its thread calls `keep`.
        kept: called for each message that was kept; ``None`` for no call.
    """

    def __init__(
        self, reactor: Any = None, kept: Callable[[], object] | None = None
    ) -> None:
        self._tell_kept = kept
        self._call: Callable[..., object] | None = getattr(
            reactor, "callFromThread", None
        )
        # The latest store, and whether it is an `IWaitingStore`.
        self._store: Any = None
        self._waits = False
        # A deque: two threads use it.
        self._outcomes: deque[tuple[Deferred[None], BaseException | None]] = deque()
        # Why messages are refused, as it was logged; "" if they are kept.
        self._trouble = ""

    def keep(self, store: IMessageStore, mail: Mail) -> object:
        """Add a message to the store.

        Returns:
            ``None``, or a Deferred that fires when the message is durable.

        Raises:
            ServerError: it was not stored; the Deferred fails with the same.
        """
        try:
            if store is not self._store:
                self._store = store
                self._waits = IWaitingStore.providedBy(store)
            if self._waits and self._call is not None:
                answer: Deferred[None] = Deferred()
                waiting: Any = store
                submit = waiting.submit
                kept = mail if is_lazy(submit) else envelope_of(mail)
                submit(kept, partial(self._done, answer))
                return answer
            add: Any = store.add
            result = add(mail if is_lazy(add) else envelope_of(mail))
        except StoreError as error:
            raise self._refusal(error) from error
        if result is not None:
            return result.addCallbacks(self._kept, self._refuse)
        self._kept(result)
        return None

    def _done(self, answer: Deferred[None], error: BaseException | None) -> None:
        """Record the outcome of a message, in the store's thread."""
        self._outcomes.append((answer, error))
        # The others of a batch are answered by the same call.
        if len(self._outcomes) == 1 and self._call is not None:
            self._call(self._answer_all)

    def _answer_all(self) -> None:
        while self._outcomes:
            answer, error = self._outcomes.popleft()
            if error is None:
                self._kept(None)
                answer.callback(None)
            else:
                answer.errback(self._error_of(error))

    def _kept(self, result: None) -> None:
        if self._tell_kept is not None:
            self._tell_kept()
        if self._trouble:
            self._trouble = ""
            log.info("messages are kept again")

    def _refuse(self, failure: Failure) -> Failure:
        error = failure.value
        assert error is not None
        raise self._error_of(error)

    def _error_of(self, error: BaseException) -> BaseException:
        """Return the exception that ends the wait for a message that was not kept."""
        if not isinstance(error, StoreError):
            return error
        refusal = self._refusal(error)
        refusal.__cause__ = error
        return refusal

    def _refusal(self, error: StoreError) -> ServerError:
        """Return the reply to an error; log its reason if it has changed."""
        reason = str(error)
        if reason != self._trouble:
            self._trouble = reason
            log.error("messages are refused: %s", reason)
        if isinstance(error, StoreFullError):
            return ServerError(452, "no room for the message", "4.3.1")
        return ServerError(451, "the message cannot be kept", "4.3.0")
