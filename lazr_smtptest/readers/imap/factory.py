"""The factory of IMAP sessions."""

from __future__ import annotations

import attrs

from lazr_smtptest.readers.context import ReaderContext
from lazr_smtptest.readers.imap.account import AccountRealm
from lazr_smtptest.readers.imap.connection import IMAPConnection
from lazr_smtptest.readers.imap.own_seen import OwnSeen
from lazr_smtptest.readers.imap.settings import IMAPSettings
from lazr_smtptest.readers.sessions import SessionFactory, SessionReader
from lazr_smtptest.readers.submission import Submission

__all__ = ["IMAPFactory", "IMAPReader"]


class IMAPFactory(SessionFactory):
    """Makes the IMAP sessions of clients; see `SessionFactory`.

    Args:
        context: see `SessionFactory`.
        settings: the settings.

    Attributes:
        reader: the store.
        parse: runs a function for a message, in a thread; see `ReaderContext.parsing`.
        submission: takes the messages that clients add.
    """

    make_session = IMAPConnection
    settings: IMAPSettings

    def __init__(self, context: ReaderContext, settings: IMAPSettings) -> None:
        realm = AccountRealm(
            has_accounts=settings.has_accounts, addresses=context.mailbox_addresses
        )
        super().__init__(context, settings, realm)
        self.reader = context.reader
        self.parse = context.parsing
        self.submission = Submission(context, "imap")


class IMAPReader(SessionReader):
    """Serves the messages of a store over IMAP; see `SessionReader`."""

    protocol = "IMAP"
    make_settings = IMAPSettings
    make_factory = IMAPFactory

    def __init__(
        self, context: ReaderContext, settings: IMAPSettings | None = None
    ) -> None:
        settings = settings or IMAPSettings()
        if not settings.shares_seen:
            context = attrs.evolve(context, store=OwnSeen(context.store))
        super().__init__(context, settings)
