"""What arrived, for tests: to read, to find, to wait for and to assert on."""

from __future__ import annotations

from lazr_smtptest.mailbox.box import Mailbox, MailboxView
from lazr_smtptest.mailbox.failure import NotReceived

__all__ = ["Mailbox", "MailboxView", "NotReceived"]
