"""The server of ``twistd smtptest``."""

from __future__ import annotations

from lazr_smtptest.interfaces import IMessageStore
from lazr_smtptest.server import StoreServer
from lazr_smtptest.session import Session
from lazr_smtptest.transcripts import TranscriptFolder

__all__ = ["CommandServer"]


class CommandServer(StoreServer):
    """A server for a process of its own.

    Attributes:
        transcripts: where each session is written down; ``None``: nowhere.
    """

    transcripts: TranscriptFolder | None = None

    def __init__(self, store: IMessageStore) -> None:
        """Set the store; it is told elsewhere where to listen.

        Args:
            store: an `IMessageStore`.
        """
        super().__init__(store)

    def handle_session(self, session: Session) -> None:
        """Write it down."""
        if self.transcripts is not None:
            self.transcripts.write(session)
