"""The IMAP side as a service of a Twisted application."""

from __future__ import annotations

from lazr_smtptest.readers.imap.factory import IMAPReader
from lazr_smtptest.readers.service import ListeningService

__all__ = ["IMAPService"]


class IMAPService(ListeningService):
    """Serves the messages of a store over IMAP; see `ListeningService`."""

    make_reader = IMAPReader
