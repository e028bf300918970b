"""The mailbox of a test: reading, finding, waiting for and asserting on messages."""

from __future__ import annotations

from lazr_smtptest.mailbox.box import Mailbox
from lazr_smtptest.mailbox.failure import NotReceived
from lazr_smtptest.mailbox.view import MailboxView

__all__ = ["Mailbox", "MailboxView", "NotReceived"]
