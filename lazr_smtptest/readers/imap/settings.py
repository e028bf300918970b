"""The settings of the IMAP side."""

from __future__ import annotations

import attrs

__all__ = ["IMAPSettings"]


@attrs.frozen(kw_only=True)
class IMAPSettings:
    """The settings of the IMAP side.

    Attributes:
        has_accounts: whether the name of the user is an address, and INBOX the mail
            to it; otherwise every user sees all messages.
        shares_seen: whether a message that a client of IMAP has read is read on the
            page and over HTTP too, and the other way round.
        begins_with_tls: whether the connection begins with TLS (RFC 8314 section 3.2).
        idle: seconds without a command after which a client is disconnected; at least
            1800 by RFC 3501 section 5.4.
        handshake: seconds of a TLS handshake after which a client is disconnected.
        max_connections: the most connections at the same time; ``None``: as many as
            leave descriptors for the rest of the process.
        max_errors: the most commands of a session that are refused as malformed or
            out of place, and logins that are refused; then the connection ends.
        append_limit: the most bytes of the messages of an APPEND (RFC 7889).
    """

    has_accounts: bool = False
    shares_seen: bool = True
    begins_with_tls: bool = False
    idle: float = 1800.0
    handshake: float = 30.0
    max_connections: int | None = None
    max_errors: int = 50
    append_limit: int = 50 * 1024 * 1024
