"""How much of everything a server takes (RFC 5321 section 4.5.3)."""

from __future__ import annotations

import attrs

__all__ = ["Limits"]


@attrs.frozen(kw_only=True)
class Limits:
    """The bounds of one listener. Hitting one is a well-formed reply.

    Attributes:
        command_line: octets of a command line, CRLF included; 500 above it.
        auth_line: octets of a line within AUTH, CRLF included; 500 above it.
        body_line: octets of a line of a message; 554 above it.
        message_size: octets of a message; announced as SIZE; 552 above it.
            ``None``: no limit, and SIZE is announced without a number.
        spool: octets of a message above which it is kept in a temporary file and
            not in memory. ``None``: never.
        chunk_size: octets that a refused BDAT may still bring; above it the
            connection is closed, 552.
        recipients: recipients of one transaction; announced in LIMITS; 452
            above it.
        connections: connections that are open at once; further ones are greeted
            with 421. ``None``: no limit.
        errors: refused commands of one session; 421 and the end after that.
        junk: NOOP, VRFY, RSET and the like between two messages; 421 above it.
        logins: failed logins of one session; 421 and the end after that.
        idle: seconds without a byte from the client; 421 after that.
        session: seconds that a session may last; 421 after that. ``None``: no
            limit.
        data_rate: octets a second that a message has to come with at least,
            counted from `data_grace` seconds on; 421 below it. 0: no limit.
        data_grace: seconds before `data_rate` counts.
        handshake: seconds that a TLS handshake may take.
        backlog: bytes that a client may send ahead while a command of its is
            being worked on; reading stops above it.
        goodbye: seconds that a client has to take the last reply of its session;
            it is disconnected after that.
        closing: the same for when the server stops.
        transcript: events (lines, replies, messages) that are kept of what a
            session says; 0: none.
        transcript_size: bytes of memory that these may take; of a session with more
            events, or more bytes, the first half and the latest are kept.
        transcripts: bytes of memory that the transcripts of all sessions of the
            server that have ended may take; the oldest go first.
    """

    command_line: int = 2048
    auth_line: int = 12288
    body_line: int = 1_000_000
    message_size: int | None = 50 * 1024 * 1024
    spool: int | None = None
    chunk_size: int = 2**31
    recipients: int = 1000
    connections: int | None = None
    errors: int = 20
    junk: int = 1000
    logins: int = 10
    idle: float = 300.0
    session: float | None = None
    data_rate: float = 500.0
    data_grace: float = 60.0
    handshake: float = 30.0
    backlog: int = 64 * 1024
    goodbye: float = 10.0
    closing: float = 1.0
    transcript: int = 1000
    transcript_size: int = 128 * 1024
    transcripts: int = 16 * 1024 * 1024

    def __attrs_post_init__(self) -> None:
        """Check the numbers.

        Raises:
            TypeError: one is no number.
            ValueError: one is below 0.
        """
        for field in attrs.fields(Limits):
            value = getattr(self, field.name)
            optional = "None" in str(field.type)
            if value is None and optional:
                continue
            allowed = "a number, 0 or more" + (", or None" if optional else "")
            if not isinstance(value, (int, float)) or isinstance(value, bool):
                raise TypeError(
                    f"Limits.{field.name} must be {allowed}, not {value!r:.100}"
                )
            if not value >= 0:
                raise ValueError(f"Limits.{field.name} must be {allowed}, not {value}")
