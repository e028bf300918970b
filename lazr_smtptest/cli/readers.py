"""The ways to read the mail of a process: HTTP today, one object for each protocol.

A reader adds its options to the table, and makes a service from their values. The
process with the readers is the only one; with ``--workers`` it is the one that starts
the workers, and takes no mail itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from twisted.application.service import Service
from twisted.python import usage

from lazr_smtptest.cli.option_table import Groups, Option

if TYPE_CHECKING:
    from lazr_smtptest.cli.endpoints import LoggedEndpoint

__all__ = ["READERS", "Reader", "ReaderService", "reader_services"]


class ReaderService(Protocol):
    """A service by which others read the mail; a Twisted `Service`, too."""

    @property
    def endpoint(self) -> LoggedEndpoint:
        """Return where it listens."""


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

    def service(
        self, options: Mapping[str, Any], store: Any, reactor: Any
    ) -> Service | None:
        """Return the service for its options; ``None`` if they do not ask for it.

        Args:
            options: the parsed options.
            store: an `IMessageReader`.
            reactor: the reactor to run in.

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
    }

    def check(self, options: Mapping[str, Any]) -> None:
        """Check the values of its options."""
        for name in ("http-auth", "http-host", "cors"):
            if options[name] and options["http"] is None:
                raise usage.UsageError(f"--{name} needs --http")
        if options["http"] and options["workers"] > 1 and options["store"] == "memory":
            raise usage.UsageError(
                "--http with --workers needs a store on a disk, such as "
                "--store sqlite:mail.db: each worker has a memory of its own"
            )
        for login in options["http-auth"]:
            user, colon, password = login.partition(":")
            if not (user and colon and password):
                raise usage.UsageError("--http-auth is USER:PASSWORD, with both")

    def service(
        self, options: Mapping[str, Any], store: Any, reactor: Any
    ) -> Service | None:
        """Return the service for its options."""
        if options["http"] is None:
            return None
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
        endpoint = LoggedEndpoint(reactor, options["http"], "http")
        return HTTPService(store, endpoint, reactor, HTTPSettings(gate=gate))


READERS: Sequence[Reader] = (HTTP(),)


def reader_services(
    options: Mapping[str, Any], store: Any, reactor: Any
) -> list[Service]:
    """Return the services of all readers that the options ask for."""
    services = (reader.service(options, store, reactor) for reader in READERS)
    return [service for service in services if service is not None]
