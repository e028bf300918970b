"""The ways to read the mail of a process: HTTP, IMAP and others; one object for each.

A reader adds its options to the table, and makes a service from their values. The
process with the readers is the only one; with ``--workers`` it is the one that starts
the workers, and takes no mail itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from twisted.application.service import Service

from lazr_smtptest.cli.http_reader import HTTP
from lazr_smtptest.cli.imap import IMAP, IMAPS
from lazr_smtptest.cli.mailhog import MailHog
from lazr_smtptest.cli.option import Groups
from lazr_smtptest.cli.outgoing import SendingOn
from lazr_smtptest.cli.pop3 import POP3, POP3S
from lazr_smtptest.cli.webhooks import Webhooks

if TYPE_CHECKING:
    from lazr_smtptest.cli.endpoints import LoggedEndpoint
    from lazr_smtptest.cli.options import Options
    from lazr_smtptest.readers.context import ReaderContext

__all__ = ["READERS", "Reader", "ReaderService", "has_readers", "reader_services"]


class ReaderService(Protocol):
    """A service by which others read the mail; a Twisted `Service`, too."""

    @property
    def endpoint(self) -> LoggedEndpoint | None:
        """Return where it listens; ``None`` for nowhere."""

    @property
    def url(self) -> str:
        """Return its URL; ``""`` while it does not listen, or if it has none."""


class Reader(Protocol):
    """A way to read the mail.

    Attributes:
        groups: its options, by the titles of their groups in the help.
    """

    groups: Groups

    def check(self, options: Options) -> None:
        """Check the values of its options without a reactor, and set defaults.

        Raises:
            UsageError: one is wrong.
        """

    def is_on(self, options: Options) -> bool:
        """Return whether its options ask for it."""

    def service(self, options: Options, context: ReaderContext) -> Service:
        """Return the service for its options, which ask for it.

        Args:
            options: the parsed options.
            context: the store to read, and the server that takes the mail.

        Raises:
            OptionError: an endpoint is malformed.
        """


READERS: Sequence[Reader] = (
    HTTP(),
    MailHog(),
    IMAP(),
    IMAPS(),
    POP3(),
    POP3S(),
    SendingOn(),
    Webhooks(),
)


def has_readers(options: Options) -> bool:
    """Return whether the options ask for any reader."""
    return any(reader.is_on(options) for reader in READERS)


def reader_services(options: Options, context: ReaderContext) -> list[Service]:
    """Return the services of all readers that the options ask for."""
    return [each.service(options, context) for each in READERS if each.is_on(options)]
