"""The POP3 side as a service of a Twisted application."""

from __future__ import annotations

from typing import Any

from twisted.internet.interfaces import IStreamServerEndpoint

from lazr_smtptest.readers.pop3.factory import POP3Reader
from lazr_smtptest.readers.pop3.settings import POP3Settings
from lazr_smtptest.readers.service import ListeningService

__all__ = ["POP3Service"]


class POP3Service(ListeningService):
    """Serves the messages of a store over POP3, on an endpoint of a running reactor.

    Its methods are called in the reactor's thread.

    Args:
        source: see `ListeningService`.
        endpoint: likewise.
        reactor: likewise.
        settings: the settings.
    """

    make_reader: Any = POP3Reader

    def __init__(
        self,
        source: Any,
        endpoint: IStreamServerEndpoint | str,
        reactor: Any,
        settings: POP3Settings | None = None,
    ) -> None:
        super().__init__(source, endpoint, reactor, settings or POP3Settings())
