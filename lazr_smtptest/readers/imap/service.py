"""The IMAP side as a service of a Twisted application."""

from __future__ import annotations

from typing import Any

from twisted.internet.interfaces import IStreamServerEndpoint

from lazr_smtptest.readers.imap.factory import IMAPReader
from lazr_smtptest.readers.imap.settings import IMAPSettings
from lazr_smtptest.readers.service import ListeningService

__all__ = ["IMAPService"]


class IMAPService(ListeningService):
    """Serves the messages of a store over IMAP, on an endpoint of a running reactor.

    Its methods are called in the reactor's thread.

    Args:
        source: see `ListeningService`.
        endpoint: likewise.
        reactor: likewise.
        settings: the settings.
    """

    make_reader: Any = IMAPReader

    def __init__(
        self,
        source: Any,
        endpoint: IStreamServerEndpoint | str,
        reactor: Any,
        settings: IMAPSettings | None = None,
    ) -> None:
        super().__init__(source, endpoint, reactor, settings or IMAPSettings())
