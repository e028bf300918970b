"""The error of a test that did not receive what it wanted."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from types import FrameType
from typing import Any, TypeVar

from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.session import Session

__all__ = ["NotReceived", "missing", "showing", "shown_by", "unwanted"]

_Error = TypeVar("_Error", bound=AssertionError)

# The attribute of an error that has the ids of the sessions in its text.
_SHOWN = "_smtptest_shown"


class NotReceived(AssertionError, TimeoutError):  # noqa: N818
    """A message that a test waited or looked for did not arrive.

    The text shows the criteria, the messages that arrived and how they differ, and
    the latest sessions that were refused or aborted.

    Attributes:
        criteria: the criteria by keyword, as they were given.
        arrived: all messages that had arrived, oldest first.
        sessions: all sessions, oldest first, successful ones too.
    """

    # Summaries show the name and the beginning of the text: all of it has to be short.
    __module__ = "lazr_smtptest"

    def __init__(
        self,
        text: str,
        criteria: Mapping[str, Any] | None = None,
        arrived: tuple[Envelope, ...] = (),
        sessions: tuple[Session, ...] = (),
    ) -> None:
        super().__init__(text)
        self.criteria = dict(criteria or {})
        self.arrived = arrived
        self.sessions = sessions

    def __reduce__(self) -> tuple[type[NotReceived], tuple[str]]:
        # Test runners hand failures from process to process. The text gets
        # through; functions among the criteria would not.
        return NotReceived, (str(self),)


def missing(
    text: str,
    criteria: Mapping[str, Any],
    arrived: tuple[Envelope, ...],
    sessions: tuple[Session, ...],
) -> NotReceived:
    """Make the error of a missing message, which the running framework counts."""
    failure = _failure_of_trial()
    if failure is None:
        return NotReceived(text, criteria, arrived, sessions)
    names = {"__module__": NotReceived.__module__, "__doc__": NotReceived.__doc__}
    kind = type(NotReceived.__name__, (NotReceived, failure), names)
    made: NotReceived = kind(text, criteria, arrived, sessions)
    return made


def unwanted(text: str) -> AssertionError:
    """Make the error of a message too many, which the running framework counts."""
    return (_failure_of_trial() or AssertionError)(text)


def showing(error: _Error, sessions: Iterable[Session]) -> _Error:
    """Note which sessions the text of an error shows; return the error."""
    setattr(error, _SHOWN, frozenset(session.id for session in sessions))
    return error


def shown_by(error: BaseException | None) -> frozenset[str] | None:
    """Return the ids of the sessions that an error shows; ``None``: it is not ours."""
    return getattr(error, _SHOWN, None)


def _failure_of_trial() -> type[AssertionError] | None:
    """Return what trial counts as a failure, if trial runs the test.

    To trial any other AssertionError is an error.
    """
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_globals.get("__name__", "").startswith("twisted.trial."):
            found: type[AssertionError] = sys.modules["twisted.trial.unittest"].FailTest
            return found
        frame = frame.f_back
    return None
