"""The settings of an account for a mail program or a library."""

from __future__ import annotations

import ssl

import attrs

from lazr_smtptest.model.mail_url import mail_url

__all__ = ["AccountSettings"]


@attrs.frozen(kw_only=True)
class AccountSettings:
    """The settings of an account in a client of IMAP or POP3.

    Attributes:
        protocol: ``"imap"`` or ``"pop3"``.
        host: the address that the server listens on.
        port: its port.
        user: a name to log in with.
        password: the password of the user.
        ssl_context: for ``STARTTLS`` or ``STLS``: it trusts the CA of the server;
            ``None`` if the server has no TLS.
    """

    protocol: str
    host: str
    port: int
    user: str
    password: str = attrs.field(repr=False)
    ssl_context: ssl.SSLContext | None

    @property
    def url(self) -> str:
        """The URL, without the password: of INBOX (RFC 5092), or of POP3 (RFC 2384)."""
        return mail_url(self.protocol, self.user, self.host, self.port)
