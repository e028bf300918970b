"""The stream of delivery events of a server: a log, and any number of readers."""

from __future__ import annotations

import logging
from collections.abc import Callable

from lazr_smtptest._watchers import Watchers
from lazr_smtptest.model.delivery_event import ErrorReply, MailEvent
from lazr_smtptest.model.reply import escaped

__all__ = ["DeliveryEvents"]

_log = logging.getLogger("lazr.smtptest")


class DeliveryEvents:
    """Passes each delivery event to a log and to the subscribed readers.

    Its methods are called in the reactor's thread.

    Args:
        log: gets a line at level INFO for each sender, recipient or message that is
            accepted or refused; ``None`` for no lines.

    Attributes:
        log: the same.
    """

    def __init__(self, log: logging.Logger | None = _log) -> None:
        self.log = log
        self._readers: Watchers[MailEvent] = Watchers()
        self._error_readers: Watchers[ErrorReply] = Watchers()

    def subscribe(self, reader: Callable[[MailEvent], object]) -> Callable[[], None]:
        """Call `reader` with each event from now on; it must be quick.

        An exception of a reader changes no reply; it is logged, and raised by
        `Server.check`.

        Returns:
            a function that ends the subscription.
        """
        return self._readers.add(reader)

    def subscribe_to_errors(
        self, reader: Callable[[ErrorReply], object]
    ) -> Callable[[], None]:
        """Call `reader` with each reply of 4xx or 5xx from now on; it must be quick.

        An exception of a reader changes no reply; it is logged.

        Returns:
            a function that ends the subscription.
        """
        return self._error_readers.add(reader)

    @property
    def wants_errors(self) -> bool:
        """Return whether anything receives replies of 4xx and 5xx."""
        return bool(self._error_readers.functions)

    def emit_error(self, reply: ErrorReply) -> None:
        """Pass a reply of 4xx or 5xx to all its readers."""
        for reader in self._error_readers.functions:
            try:
                reader(reply)
            except Exception:
                _log.exception("a reader of error replies raised")

    @property
    def wanted(self) -> bool:
        """Return whether anything receives an event; else none has to be created."""
        # Asked for each message: written out.
        log = self.log
        return bool(self._readers.functions) or (
            log is not None and log.isEnabledFor(logging.INFO)
        )

    @property
    def _logs(self) -> bool:
        return self.log is not None and self.log.isEnabledFor(logging.INFO)

    def emit(self, event: MailEvent) -> None:
        """Log an event, and pass it to all readers.

        Raises:
            BaseException: what the first reader raised, after the others were called.
        """
        if self._logs and event.outcome != "aborted":
            assert self.log is not None
            self.log.info("%s", _describe(event))
        errors: list[BaseException] = []
        for reader in self._readers.functions:
            try:
                reader(event)
            except BaseException as error:
                errors.append(error)
        if errors:
            raise errors[0]


def _describe(event: MailEvent) -> str:
    """Return the line of an event: printable ASCII, whatever the client sent."""
    words = [f"{event.outcome}: from=<{escaped(event.sender)}>"]
    if event.recipients:
        words.append("to=" + ",".join(f"<{escaped(to)}>" for to in event.recipients))
    if event.size is not None:
        words += [f"subject={event.subject!a}", f"size={event.size}"]
    if event.outcome == "refused":
        words.append(f"reply={event.reply!a}")
    return " ".join(words)
