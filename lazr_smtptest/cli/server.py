"""The server of ``twistd smtptest``."""

from __future__ import annotations

from collections.abc import Callable

from zope.interface import implementer

from lazr_smtptest.cli.quiet import QuietLMTP, QuietSMTP
from lazr_smtptest.cli.transcripts import TranscriptFolder
from lazr_smtptest.cli.watched import WatchedLMTP, WatchedSMTP
from lazr_smtptest.interfaces import IMailObserver, IMessageStore
from lazr_smtptest.model.delivery_event import MailEvent
from lazr_smtptest.model.session import Session
from lazr_smtptest.server.storing import StoreServer
from lazr_smtptest.smtp.lmtp import LMTPServerProtocol

__all__ = ["CommandServer"]


@implementer(IMailObserver)
class CommandServer(StoreServer):
    """A server for a process of its own.

    Attributes:
        transcripts: where each session is written down; ``None``: nowhere.
        logs_mail: whether what becomes of each mail is logged.
        lmtp: the class of the connections where LMTP is spoken.
        after_session: called when a session has ended; ``None``: nothing is.
    """

    after_session: Callable[[], object] | None = None
    transcripts: TranscriptFolder | None = None
    lmtp: type[LMTPServerProtocol] = LMTPServerProtocol

    def __init__(
        self,
        store: IMessageStore,
        tell: Callable[[MailEvent], None] | None = None,
        *,
        logs_mail: bool = True,
    ) -> None:
        """Set the store; where to listen is for the endpoints to say.

        Args:
            store: an `IMessageStore`.
            tell: is told what becomes of each mail; it must not raise.
            logs_mail: whether that is logged.
        """
        super().__init__(store)
        self._tell = tell
        self.logs_mail = logs_mail
        if tell is not None:
            self.protocol, self.lmtp = WatchedSMTP, WatchedLMTP
        elif not logs_mail:
            self.protocol, self.lmtp = QuietSMTP, QuietLMTP

    def handle_session(self, session: Session) -> None:
        """Write its transcript."""
        if self.transcripts is not None:
            self.transcripts.write(session)
        if self.after_session is not None:
            self.after_session()

    def mail_event(self, event: MailEvent) -> None:
        """Pass on what became of a mail; see `IMailObserver`."""
        if self._tell is not None:
            self._tell(event)
