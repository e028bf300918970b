"""Connections that do not log the outcome of mail.

A line in the log takes more time than a message.
"""

from __future__ import annotations

from typing import Any

from lazr_smtptest.smtp.lmtp import LMTPServerProtocol
from lazr_smtptest.smtp.protocol import SMTPServerProtocol

__all__ = ["QuietLMTP", "QuietSMTP"]


class QuietSMTP(SMTPServerProtocol):
    """A connection that logs only errors of the server itself."""

    def log_outcome(self, *what: Any) -> None:
        """Log nothing."""


class QuietLMTP(QuietSMTP, LMTPServerProtocol):
    """The same for LMTP."""
