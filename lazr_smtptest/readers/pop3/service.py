"""The POP3 side as a service of a Twisted application."""

from __future__ import annotations

from lazr_smtptest.readers.pop3.factory import POP3Reader
from lazr_smtptest.readers.service import ListeningService

__all__ = ["POP3Service"]


class POP3Service(ListeningService):
    """Serves the messages of a store over POP3; see `ListeningService`."""

    make_reader = POP3Reader
