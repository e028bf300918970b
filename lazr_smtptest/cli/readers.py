"""The ways to read the mail of a process: HTTP, webhooks; one object for each.

A reader adds its options to the table, and makes a service from their values. The
process with the readers is the only one; with ``--workers`` it is the one that starts
the workers, and takes no mail itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import attrs
from twisted.application.service import Service
from twisted.python import usage

from lazr_smtptest.cli.checks import CHECKS, check_settings
from lazr_smtptest.cli.option_table import Groups, Option
from lazr_smtptest.cli.webhooks import Webhooks

if TYPE_CHECKING:
    from lazr_smtptest.cli.endpoints import LoggedEndpoint
    from lazr_smtptest.readers.context import ReaderContext

__all__ = ["READERS", "Reader", "ReaderService", "has_readers", "reader_services"]


class ReaderService(Protocol):
    """A service by which others read the mail; a Twisted `Service`, too."""

    @property
    def endpoint(self) -> LoggedEndpoint | None:
        """Return where it listens; ``None`` for nowhere."""


class Reader(Protocol):
    """A way to read the mail.

    Attributes:
        groups: its options, by the titles of their groups in the help.
    """

    groups: Groups

    def check(self, options: Mapping[str, Any]) -> None:
        """Check the values of its options without a reactor.

        Raises:
            UsageError: one is wrong.
        """

    def is_on(self, options: Mapping[str, Any]) -> bool:
        """Return whether its options ask for it."""

    def service(self, options: Mapping[str, Any], context: ReaderContext) -> Service:
        """Return the service for its options, which ask for it.

        Args:
            options: the parsed options.
            context: the store to read, and the server that takes the mail.

        Raises:
            OptionError: an endpoint is malformed.
        """


class HTTP:
    """Reads over HTTP; see `lazr_smtptest.readers.http`."""

    groups: Groups = {
        "Reading by HTTP": (
            Option(
                "http",
                "ENDPOINT",
                "Answer HTTP here, such as tcp:8025:interface=127.0.0.1.",
            ),
            Option(
                "http-auth",
                "USER:PASSWORD",
                "Ask for this login; may be given several times.",
                kind="list",
            ),
            Option(
                "http-host",
                "NAME",
                "Answer requests to this host name, beside the usual ones; may be "
                "given several times.",
                kind="list",
            ),
            Option(
                "cors",
                "ORIGIN",
                "Let pages of this origin read, such as https://app.example; * for "
                "any. May be given several times.",
                kind="list",
            ),
        ),
        **CHECKS,
    }

    def check(self, options: Mapping[str, Any]) -> None:
        """Check the values of its options."""
        for name in ("http-auth", "http-host", "cors", "link-check", "spamassassin"):
            if options[name] and options["http"] is None:
                raise usage.UsageError(f"--{name} needs --http")
        if options["http"] and options["workers"] > 1 and options["store"] == "memory":
            raise usage.UsageError(
                "--http with --workers needs a store on a disk, such as "
                "--store sqlite:mail.db: each worker has a memory of its own"
            )
        if options["http"]:
            check_settings(options)
        for login in options["http-auth"]:
            user, colon, password = login.partition(":")
            if not (user and colon and password):
                raise usage.UsageError("--http-auth is USER:PASSWORD, with both")

    def is_on(self, options: Mapping[str, Any]) -> bool:
        """Return whether its options ask for it."""
        return options["http"] is not None

    def service(self, options: Mapping[str, Any], context: ReaderContext) -> Service:
        """Return the service for its options, which ask for it."""
        # Imported here: who reads nothing by HTTP needs none of it.
        from lazr_smtptest.cli.endpoints import LoggedEndpoint
        from lazr_smtptest.readers.http.gate import Gate
        from lazr_smtptest.readers.http.reader import HTTPSettings
        from lazr_smtptest.readers.http.service import HTTPService

        logins = (login.partition(":") for login in options["http-auth"])
        gate = Gate(
            hosts=options["http-host"],
            users={user: password for user, _, password in logins},
            origins=options["cors"],
        )
        endpoint = LoggedEndpoint(context.reactor, options["http"], "http")
        settings = HTTPSettings(gate=gate)
        context = attrs.evolve(context, check_settings=check_settings(options))
        return HTTPService(context, endpoint, context.reactor, settings)


READERS: Sequence[Reader] = (HTTP(), Webhooks())


def has_readers(options: Mapping[str, Any]) -> bool:
    """Return whether the options ask for any reader."""
    return any(reader.is_on(options) for reader in READERS)


def reader_services(
    options: Mapping[str, Any], context: ReaderContext
) -> list[Service]:
    """Return the services of all readers that the options ask for."""
    return [each.service(options, context) for each in READERS if each.is_on(options)]
