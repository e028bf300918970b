"""The options of the POP3 side of a process, and its services."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twisted.application.service import Service
from twisted.python import usage

from lazr_smtptest.cli.option import Groups, Option
from lazr_smtptest.cli.session_reader import SessionOptions

if TYPE_CHECKING:
    from lazr_smtptest.cli.options import Options
    from lazr_smtptest.readers.context import ReaderContext

__all__ = ["POP3", "POP3S"]

_GROUP = "Reading by POP3"

# Options of both, which need one of them.
_OWN = ("pop3-newest-first", "pop3-apop")

# What has accounts.
_WITH_ACCOUNTS = ("imap", "imaps", "pop3", "pop3s")


def check_accounts(options: Options) -> None:
    """Check that something has the accounts of ``--accounts``."""
    if options["accounts"] and all(options[name] is None for name in _WITH_ACCOUNTS):
        names = [f"--{name}" for name in _WITH_ACCOUNTS]
        raise usage.UsageError(
            f"--accounts needs {', '.join(names[:-1])} or {names[-1]}"
        )


class POP3(SessionOptions):
    """Reads over POP3; see `lazr_smtptest.readers.pop3`."""

    groups: Groups = {
        _GROUP: (
            Option("pop3", "ENDPOINT", "Answer POP3 here, such as tcp:1110."),
            Option(
                "accounts",
                "",
                "The name of the user is an address, and shows the mail to it; "
                "otherwise everybody sees all mail.",
                kind="flag",
            ),
            Option(
                "pop3-newest-first",
                "",
                "Message 1 is the newest, not the oldest.",
                kind="flag",
            ),
            Option(
                "pop3-apop", "", "Offer the command APOP for the login.", kind="flag"
            ),
        ),
    }
    name = "pop3"

    def check(self, options: Options) -> None:
        """Check the values of its options."""
        super().check(options)
        if options["pop3"] is None and options["pop3s"] is None:
            for name in _OWN:
                if options[name]:
                    raise usage.UsageError(f"--{name} needs --pop3 or --pop3s")
            check_accounts(options)

    def service(self, options: Options, context: ReaderContext) -> Service:
        """Return the service for its options, which ask for it."""
        # Imported here: who reads nothing by POP3 needs none of it.
        from lazr_smtptest.readers.pop3.service import POP3Service
        from lazr_smtptest.readers.pop3.settings import POP3Settings

        settings = POP3Settings(
            has_accounts=options["accounts"],
            newest_first=options["pop3-newest-first"],
            offers_apop=options["pop3-apop"],
            begins_with_tls=self.begins_with_tls,
        )
        endpoint = self.endpoint(options, context)
        return POP3Service(context, endpoint, context.reactor, settings)


class POP3S(POP3):
    """Reads over POP3 whose connections begin with TLS (RFC 8314 section 3.3)."""

    groups: Groups = {
        _GROUP: (
            Option(
                "pop3s",
                "ENDPOINT",
                "Answer POP3 within TLS here, such as tcp:1995; needs --tls.",
            ),
        ),
    }
    name = "pop3s"
    begins_with_tls = True
