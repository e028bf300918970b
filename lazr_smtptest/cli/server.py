"""The server of the command."""

from __future__ import annotations

from collections.abc import Callable

from lazr_smtptest.cli.transcripts import TranscriptFolder
from lazr_smtptest.model.session import Session
from lazr_smtptest.server.storing import StoreServer

__all__ = ["CommandServer"]


class CommandServer(StoreServer):
    """A server with a process of its own.

    Attributes:
        transcripts: the folder for the transcript of each session; ``None`` for none.
        after_session: called when a session has ended; ``None`` for no call.
    """

    after_session: Callable[[], object] | None = None
    transcripts: TranscriptFolder | None = None

    def use_transcripts(self, folder: TranscriptFolder | None) -> None:
        """Write the transcripts of all sessions into a folder; ``None`` for none."""
        self.transcripts = folder
        if folder is not None:
            self.reader_sessions.watch(self._read)

    def _read(self, session: Session) -> None:
        """Write the transcript of a session in which mail was read."""
        if self.transcripts is not None and session.ended is not None:
            self.transcripts.write(session)

    def handle_session(self, session: Session) -> None:
        """Write the session's transcript, and call `after_session`."""
        if self.transcripts is not None:
            self.transcripts.write(session)
        if self.after_session is not None:
            self.after_session()
