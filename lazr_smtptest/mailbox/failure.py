"""The error of a test that did not receive what it wanted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lazr_smtptest.envelope import Envelope
from lazr_smtptest.session import Session

__all__ = ["NotReceived"]


class NotReceived(AssertionError, TimeoutError):  # noqa: N818
    """What a test waited or looked for did not arrive.

    Its text says what was wanted, what came instead and how that differs, and
    shows the latest sessions that were refused or broke off.

    Attributes:
        criteria: what was looked for, by keyword, as it was given.
        arrived: every message that had arrived, oldest first.
        sessions: the sessions that there were, oldest first, also those that
            delivered what they had.
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
