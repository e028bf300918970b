"""How much of everything a server takes (RFC 5321 section 4.5.3)."""

from __future__ import annotations

import attrs

__all__ = ["Limits"]


@attrs.frozen(kw_only=True)
class Limits:
    """The bounds of one listener. Hitting one is a well-formed reply.

    Attributes:
        command_line: octets of a command line, CRLF included; 500 above it.
        message_size: octets of a message; announced as SIZE; 552 above it.
            ``None``: no limit, and SIZE is announced without a number.
        recipients: recipients of one transaction; 452 above it.
        errors: refused commands of one session; 421 and the end after that.
        idle: seconds without a byte from the client; 421 after that.
        backlog: bytes that a client may send ahead while a command of its is
            being worked on; reading stops above it.
        closing: seconds that a client has to take the last reply when the
            server stops; it is disconnected after that.
    """

    command_line: int = 2048
    message_size: int | None = 50 * 1024 * 1024
    recipients: int = 1000
    errors: int = 20
    idle: float = 300.0
    backlog: int = 64 * 1024
    closing: float = 1.0
