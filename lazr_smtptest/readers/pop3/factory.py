"""The factory of POP3 sessions."""

from __future__ import annotations

from lazr_smtptest.readers.context import ReaderContext
from lazr_smtptest.readers.pop3.connection import POP3Connection
from lazr_smtptest.readers.pop3.maildrop import MaildropRealm
from lazr_smtptest.readers.pop3.settings import POP3Settings
from lazr_smtptest.readers.sessions import SessionFactory, SessionReader

__all__ = ["POP3Factory", "POP3Reader"]


class POP3Factory(SessionFactory):
    """Makes the POP3 sessions of clients; see `SessionFactory`.

    Args:
        context: see `SessionFactory`.
        settings: the settings.
    """

    make_session = POP3Connection
    settings: POP3Settings

    def __init__(self, context: ReaderContext, settings: POP3Settings) -> None:
        realm = MaildropRealm(
            context.reader,
            has_accounts=settings.has_accounts,
            addresses=context.mailbox_addresses,
            newest_first=settings.newest_first,
        )
        super().__init__(context, settings, realm)


class POP3Reader(SessionReader):
    """Serves the messages of a store over POP3; see `SessionReader`."""

    protocol = "POP3"
    make_settings = POP3Settings
    make_factory = POP3Factory
