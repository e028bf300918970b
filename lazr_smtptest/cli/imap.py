"""The options of the IMAP side of a process, and its services."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twisted.application.service import Service
from twisted.python import usage

from lazr_smtptest.cli.option import Groups, Option
from lazr_smtptest.cli.session_reader import SessionOptions

if TYPE_CHECKING:
    from lazr_smtptest.cli.options import Options
    from lazr_smtptest.readers.context import ReaderContext

__all__ = ["IMAP", "IMAPS"]

_GROUP = "Reading by IMAP"


class IMAP(SessionOptions):
    """Reads over IMAP; see `lazr_smtptest.readers.imap`."""

    groups: Groups = {
        _GROUP: (
            Option(
                "readers",
                "",
                "Answer IMAP on the ports 1143 and 1993 (TLS), and POP3 on 1110 and "
                "1995 (TLS), of this machine; with --tls auto unless it is set.",
                kind="flag",
            ),
            Option("imap", "ENDPOINT", "Answer IMAP here, such as tcp:1143."),
            Option(
                "imap-own-seen",
                "",
                "What is read by IMAP stays unread on the page and over HTTP, and the "
                "other way round.",
                kind="flag",
            ),
        ),
    }
    name = "imap"

    def check(self, options: Options) -> None:
        """Check the values of its options."""
        super().check(options)
        is_asked = options["imap"] is not None or options["imaps"] is not None
        if options["imap-own-seen"] and not is_asked:
            raise usage.UsageError("--imap-own-seen needs --imap or --imaps")

    def service(self, options: Options, context: ReaderContext) -> Service:
        """Return the service for its options, which ask for it."""
        # Imported here: who reads nothing by IMAP needs none of it.
        from lazr_smtptest.readers.imap.service import IMAPService
        from lazr_smtptest.readers.imap.settings import IMAPSettings

        settings = IMAPSettings(
            has_accounts=options["accounts"],
            shares_seen=not options["imap-own-seen"],
            begins_with_tls=self.begins_with_tls,
        )
        endpoint = self.endpoint(options, context)
        return IMAPService(context, endpoint, context.reactor, settings)


class IMAPS(IMAP):
    """Reads over IMAP whose connections begin with TLS (RFC 8314 section 3.2)."""

    groups: Groups = {
        _GROUP: (
            Option(
                "imaps",
                "ENDPOINT",
                "Answer IMAP within TLS here, such as tcp:1993; needs --tls.",
            ),
        ),
    }
    name = "imaps"
    begins_with_tls = True
