"""The subscribers of a store: functions called with each message it keeps."""

from __future__ import annotations

import logging
from collections.abc import Callable

from lazr_smtptest._failures import raise_interrupt
from lazr_smtptest._watchers import Watchers
from lazr_smtptest.errors import StoreError, SubscriberError
from lazr_smtptest.model.envelope import Envelope

__all__ = ["Subscribers"]

log = logging.getLogger("lazr.smtptest")


class Subscribers:
    """The functions to call with each message that is kept; thread-safe."""

    def __init__(self) -> None:
        self._watchers: Watchers[Envelope] = Watchers()

    def add(self, function: Callable[[Envelope], object]) -> Callable[[], None]:
        """Add a function; return a function that removes it."""
        return self._watchers.add(function)

    def tell(self, envelope: Envelope) -> None:
        """Call all functions with a message that was kept.

        Raises:
            SubscriberError: the first exception is a StoreError.
            BaseException: the first exception, raised after all were called.
        """
        errors: list[BaseException] = []
        for function in self._watchers.functions:
            try:
                function(envelope)
            except BaseException as error:
                raise_interrupt(error)
                log.exception("a subscriber of a message store raised")
                errors.append(error)
        if not errors:
            return
        if isinstance(errors[0], StoreError):
            # The caller would take it for an error of this store.
            raise SubscriberError(f"a subscriber raised {errors[0]!r}") from errors[0]
        raise errors[0]
