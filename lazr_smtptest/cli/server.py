"""The server of the command."""

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
    """A server with a process of its own.

    Attributes:
        transcripts: the folder for the transcript of each session; ``None`` for none.
        logs_mail: whether the outcome of each mail is logged.
        lmtp: the class of LMTP connections.
        after_session: called when a session has ended; ``None`` for no call.
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
        """Create a server for a store; its endpoints are set elsewhere.

        Args:
            store: an `IMessageStore`.
            tell: called with the outcome of each mail; must not raise.
            logs_mail: whether the outcome is logged.
        """
        super().__init__(store)
        self._tell = tell
        self.logs_mail = logs_mail
        if tell is not None:
            self.protocol, self.lmtp = WatchedSMTP, WatchedLMTP
        elif not logs_mail:
            self.protocol, self.lmtp = QuietSMTP, QuietLMTP

    def handle_session(self, session: Session) -> None:
        """Write the session's transcript, and call `after_session`."""
        if self.transcripts is not None:
            self.transcripts.write(session)
        if self.after_session is not None:
            self.after_session()

    def mail_event(self, event: MailEvent) -> None:
        """Pass on the outcome of a mail; see `IMailObserver`."""
        if self._tell is not None:
            self._tell(event)
