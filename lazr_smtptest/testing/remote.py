"""The server of a run that runs elsewhere."""

from __future__ import annotations

from typing import Any

from lazr_smtptest.client.address import Address
from lazr_smtptest.client.box import RemoteMailbox

__all__ = ["RemoteServer"]

# Where smtptest listens by default.
_SMTP = 1025


class RemoteServer(RemoteMailbox):
    """A server that runs elsewhere: its mailbox, and its address for SMTP.

    Args:
        url: see `RemoteMailbox`.
        host: the host for SMTP; ``""`` for that of the URL.
        port: the port for SMTP; 0 for 1025.
        settings: see `RemoteMailbox`.

    Attributes:
        host: the host for SMTP.
        port: the port for SMTP.
        mailbox: the mailbox itself, as `CaptureController` has it.

    Raises:
        ValueError: the URL is wrong.
    """

    def __init__(
        self, url: str, host: str = "", port: int = 0, **settings: Any
    ) -> None:
        super().__init__(url, **settings)
        self.host = host or Address.of(url).host
        self.port = port or _SMTP

    def __repr__(self) -> str:
        return f"<RemoteServer at {self.url}, SMTP on {self.host}:{self.port}>"

    def _smtp_address(self) -> str:
        return f"{self.host} port {self.port}"

    @property
    def mailbox(self) -> RemoteServer:
        """The mailbox itself."""
        return self

    def check(self) -> None:
        """Return at once: errors of hooks stay with the server."""
