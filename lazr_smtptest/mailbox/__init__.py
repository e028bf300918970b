"""The mailbox of a test: reading, finding, waiting for and asserting on messages."""

from __future__ import annotations

from lazr_smtptest.mailbox.box import Mailbox, MailboxView
from lazr_smtptest.mailbox.failure import NotReceived

__all__ = ["Mailbox", "MailboxView", "NotReceived"]
