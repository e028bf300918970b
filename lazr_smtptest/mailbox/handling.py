"""The handling of messages by the hooks of a server, for the texts of failures."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator

import attrs

from lazr_smtptest.errors import error_text
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.query.criteria import Criteria

__all__ = ["Call", "Handling", "error_words"]

# Calls that are remembered, the latest ones, and characters of the text of an error.
_KEPT = 100
_TEXT = 200


@attrs.define(eq=False)
class Call:
    """A call of a hook with a message.

    Attributes:
        hook: its name, ``"Server.handle_envelope"``.
        envelope: the message, without its content.
        session_id: the id of its session; ``""`` if unknown.
        began: when it began, in seconds of the monotonic clock.
        added: how many messages had been added to the mailbox before.
        error: its exception as text; ``""`` for none.
        lost: whether the message was accepted but not put into the mailbox.
    """

    hook: str
    envelope: Envelope
    session_id: str
    began: float
    added: int
    error: str = ""
    lost: bool = False

    def describe(self, now: float) -> str:
        """Return the effect of the hook, or for how long it has been running.

        Args:
            now: in seconds of the monotonic clock.
        """
        if self.error:
            return f"the message was refused: {self.hook} raised {self.error}"
        if self.lost:
            method = self.hook.rpartition(".")[2]
            return (
                f"the server accepted it, but {self.hook} did not keep it: "
                f"call super().{method}(envelope)"
            )
        running = f"{self.hook} has been running for {now - self.began:.0f} s"
        return f"the message has come; {running}"


class Handling:
    """The calls of hooks that run, that raised, or that did not keep the message.

    The server's thread writes it; any thread may read it.
    """

    def __init__(self) -> None:
        self._running: dict[int, Call] = {}
        self.clear()

    def clear(self) -> None:
        """Discard the calls that have ended."""
        self._ended: deque[Call] = deque(maxlen=_KEPT)

    def begin(self, hook: str, envelope: Envelope, added: int) -> Call:
        """Add a call that begins.

        Args:
            hook: its name.
            envelope: the message.
            added: how many messages have been added to the mailbox.
        """
        session = envelope.session
        known = Envelope(
            mail_from=envelope.mail_from,
            rcpt_tos=envelope.rcpt_tos,
            content=b"",
            helo=envelope.helo,
            user=envelope.user,
        )
        session_id = session.id if session is not None else ""
        call = Call(hook, known, session_id, time.monotonic(), added)
        self._running[id(call)] = call
        return call

    def end(
        self, call: Call, error: BaseException | None = None, *, lost: bool = False
    ) -> None:
        """Record the end of a call.

        Args:
            call: the result of `begin`.
            error: its exception; ``None`` for none.
            lost: whether the message was accepted but not kept.
        """
        call.error, call.lost = error_words(error), lost
        self._running.pop(id(call), None)
        if call.error or lost:
            self._ended.append(call)

    def of(self, criteria: Criteria) -> str:
        """Return the outcome of the latest message that meets the criteria.

        Args:
            criteria: only those that need no content are used.

        Returns:
            a sentence; ``""``: no hook had such a message, or it was kept.
        """
        known = criteria.of_envelope()
        now = time.monotonic()
        found = (each.describe(now) for each in self._calls() if known(each.envelope))
        return next(found, "")

    def lost(self, criteria: Criteria) -> str:
        """Return what lost the latest message that meets the criteria; see `of`."""
        known = criteria.of_envelope()
        now = time.monotonic()
        lost = (each for each in self._calls() if each.lost and known(each.envelope))
        return next((each.describe(now) for each in lost), "")

    def of_session(self, session_id: str) -> str:
        """Return the outcome of the latest message of a session; see `of`."""
        now = time.monotonic()
        calls = (each for each in self._calls() if each.session_id == session_id)
        return next((each.describe(now) for each in calls), "")

    def _calls(self) -> Iterator[Call]:
        """Yield the calls that run, and those that ended, the latest first."""
        yield from list(self._running.copy().values())[::-1]
        yield from list(self._ended.copy())[::-1]


def error_words(error: BaseException | None) -> str:
    """Return the type and the text of an error, in one line; ``""`` for none."""
    if error is None:
        return ""
    line = " ".join(error_text(error)[:_TEXT].split())
    return ": ".join(filter(None, [type(error).__name__, line]))
