"""The options of what reads mail by sessions in which clients log in: IMAP and POP3."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from twisted.application.service import Service
from twisted.python import usage

from lazr_smtptest.cli.option import Groups
from lazr_smtptest.cli.shared_store import check_shared_store

if TYPE_CHECKING:
    from lazr_smtptest.cli.endpoints import LoggedEndpoint
    from lazr_smtptest.cli.options import Options
    from lazr_smtptest.readers.context import ReaderContext

__all__ = ["SessionOptions"]


class SessionOptions(ABC):
    """Reads by a protocol, on the endpoint that its option names; a `Reader`.

    Attributes:
        groups: its options, by the titles of their groups in the help.
        name: the option with the endpoint, and the name of the protocol.
        begins_with_tls: whether its connections begin with TLS.
    """

    groups: Groups
    name: ClassVar[str]
    begins_with_tls = False

    def check(self, options: Options) -> None:
        """Check the values of its options."""
        if not self.is_on(options):
            return
        check_shared_store(options, self.name)
        if self.begins_with_tls and not options["tls"]:
            raise usage.UsageError(f"--{self.name} needs --tls")

    def is_on(self, options: Options) -> bool:
        """Return whether its options ask for it."""
        return options[self.name] is not None

    @abstractmethod
    def service(self, options: Options, context: ReaderContext) -> Service:
        """Return the service for its options, which ask for it."""

    def endpoint(self, options: Options, context: ReaderContext) -> LoggedEndpoint:
        """Return the endpoint of the service."""
        from lazr_smtptest.cli.endpoints import LoggedEndpoint

        return LoggedEndpoint(
            context.reactor,
            options[self.name],
            self.name,
            hint=f"--{self.name} ENDPOINT names another address",
            is_safe=bool(options["auth"]) and options["auth"] != ["any"],
        )
