"""The settings of the POP3 side."""

from __future__ import annotations

import attrs

__all__ = ["POP3Settings"]


@attrs.frozen(kw_only=True)
class POP3Settings:
    """The settings of the POP3 side.

    Attributes:
        has_accounts: whether the name of the user is an address, and the maildrop the
            mail to it; otherwise every user sees all messages.
        newest_first: whether message 1 is the newest; otherwise the oldest.
        offers_apop: whether APOP (RFC 1939 section 7) is offered. The checkers need
            the passwords themselves for it.
        begins_with_tls: whether the connection begins with TLS (RFC 8314 section 3.3).
        idle: seconds without a command after which a client is disconnected; at least
            600 by RFC 1939 section 3.
        handshake: seconds of a TLS handshake after which a client is disconnected.
        max_connections: the most connections at the same time; ``None``: as many as
            leave descriptors for the rest of the process.
        max_errors: the most commands of a session that are refused as malformed or
            out of place; then the connection ends.
    """

    has_accounts: bool = False
    newest_first: bool = False
    offers_apop: bool = False
    begins_with_tls: bool = False
    idle: float = 600.0
    handshake: float = 30.0
    max_connections: int | None = None
    max_errors: int = 50
