"""The subscribers of a store: functions called with each message it keeps."""

from __future__ import annotations

import logging
from collections.abc import Callable

from twisted.internet.defer import Deferred, gatherResults
from twisted.python.failure import Failure

from lazr_smtptest._deferreds import check_result, is_pending, pending
from lazr_smtptest._failures import raise_interrupt
from lazr_smtptest._watchers import Watchers
from lazr_smtptest.errors import StoreError, SubscriberError, error_repr
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.received_mail import Mail, envelope_of

__all__ = ["Subscribers"]

log = logging.getLogger("lazr.smtptest")


class Subscribers:
    """The functions to call with each message that is kept; thread-safe."""

    def __init__(self) -> None:
        self._watchers: Watchers[Envelope] = Watchers(is_awaited=True)

    def add(self, function: Callable[[Envelope], object]) -> Callable[[], None]:
        """Add a function; return a function that removes it."""
        return self._watchers.add(function)

    def mark(self) -> Callable[[], None]:
        """Return a function that removes the functions added after this call."""
        return self._watchers.mark()

    def __bool__(self) -> bool:
        return bool(self._watchers.functions)

    def tell(self, mail: Mail) -> Deferred[None] | None:
        """Call all functions with a message that was kept.

        Returns:
            ``None``, or a Deferred that fires when the Deferreds and coroutines that
            they returned have ended; it fails with the first exception.

        Raises:
            SubscriberError: the first exception is a StoreError.
            BaseException: the first exception, raised after all were called.
        """
        functions = self._watchers.functions
        if not functions:
            return None
        envelope = envelope_of(mail)
        errors: list[BaseException] = []
        running: list[Deferred[None]] = []

        def failed(failure: Failure) -> None:
            error = failure.value
            assert error is not None
            log.error("a subscriber of a message store raised", exc_info=error)
            errors.append(error)

        for function in functions:
            try:
                result = function(envelope)
                if result is not None:
                    check_result("a subscriber", result)
            except BaseException as error:
                raise_interrupt(error)
                failed(Failure())
                continue
            if is_pending(result):
                running.append(pending(result).addErrback(failed))
        if any(not each.called or each.paused for each in running):
            return gatherResults(running).addCallback(lambda _: _check(errors))
        _check(errors)
        return None


def _check(errors: list[BaseException]) -> None:
    """Raise the first error, if there is one."""
    if not errors:
        return
    if isinstance(errors[0], StoreError):
        # The caller would take it for an error of the store.
        text = f"a subscriber raised {error_repr(errors[0])}"
        raise SubscriberError(text) from errors[0]
    raise errors[0]
