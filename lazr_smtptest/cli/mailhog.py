"""MailHog's API as a reader of the command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twisted.application.service import Service

from lazr_smtptest.cli.option import Groups, Option
from lazr_smtptest.cli.shared_store import check_shared_store

if TYPE_CHECKING:
    from lazr_smtptest.cli.options import Options
    from lazr_smtptest.readers.context import ReaderContext

__all__ = ["MailHog"]


class MailHog:
    """Reads as clients of MailHog do; see `lazr_smtptest.readers.http.mailhog`."""

    groups: Groups = {
        "Reading by HTTP": (
            Option(
                "mailhog",
                "ENDPOINT",
                "Answer clients of MailHog here; also under /mailhog of --http.",
            ),
        ),
    }

    def check(self, options: Options) -> None:
        """Check the values of its options."""
        if options["mailhog"]:
            check_shared_store(options, "mailhog")

    def is_on(self, options: Options) -> bool:
        """Return whether its options ask for it."""
        return options["mailhog"] is not None

    def service(self, options: Options, context: ReaderContext) -> Service:
        """Return the service for its options, which ask for it."""
        from lazr_smtptest.cli.endpoints import LoggedEndpoint
        from lazr_smtptest.cli.http_reader import settings_of
        from lazr_smtptest.readers.http.mailhog.reader import MailHogService

        settings = settings_of(options, context)
        hint = "--mailhog ENDPOINT names another address"
        if options["http"] is not None:
            hint += f", --no-http switches HTTP off, which is at {options['http']}"
        endpoint = LoggedEndpoint(
            context.reactor,
            options["mailhog"],
            "mailhog",
            hint=hint,
            is_safe=settings.gate.needs_login,
        )
        return MailHogService(context, endpoint, context.reactor, settings)
