"""Events of sessions, of refused mail, and of faults."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from lazr_smtptest.faults.journal import Fired
from lazr_smtptest.model.delivery_event import MailEvent
from lazr_smtptest.model.session import Session
from lazr_smtptest.readers.context import ReaderContext
from lazr_smtptest.readers.http.api import transcripts
from lazr_smtptest.readers.http.api.faults import fired_of

__all__ = ["Happenings"]

# Gets the kind of an event and its fields.
Tell = Callable[[str, dict[str, object]], object]


class Happenings:
    """The events of the server that are no changes of its store.

    They have no numbers: a client that was away is not told of them. Everything but
    the calls of sessions and faults, which may come from another thread, happens in the
    reactor's thread.

    Args:
        context: the server; parts that are in another process tell nothing.
        tell: called in the reactor's thread with each event.
    """

    def __init__(self, context: ReaderContext, tell: Tell) -> None:
        self._context = context
        self._tell = tell
        self._ends: list[Callable[[], None]] = []

    def begin(self) -> None:
        """Begin to report events, unless it does."""
        if self._ends:
            return
        context = self._context
        self._ends.append(context.delivery_events.subscribe(self._mail))
        if context.sessions is not None:
            self._ends.append(context.sessions.watch(self._session))
        if context.faults is not None:
            self._ends.append(context.faults.watch(self._fired))

    def end(self) -> None:
        """Report no more events."""
        while self._ends:
            self._ends.pop()()

    def _mail(self, event: MailEvent) -> None:
        if event.outcome != "accepted":
            self._tell(event.outcome, event.as_fields())

    def _session(self, session: Session) -> None:
        kind = "session-began" if session.ended is None else "session-ended"
        self._call(kind, transcripts.session_of(session))

    def _fired(self, fired: Fired) -> None:
        self._call("fault-fired", fired_of(fired))

    def _call(self, kind: str, record: Any) -> None:
        fields = msgspec.structs.asdict(record)
        self._context.reactor.callFromThread(self._tell_later, kind, fields)

    def _tell_later(self, kind: str, fields: dict[str, object]) -> None:
        if self._ends:
            self._tell(kind, fields)
