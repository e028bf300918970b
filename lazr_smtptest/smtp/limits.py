"""The limits of a server (RFC 5321 section 4.5.3)."""

from __future__ import annotations

import math

import attrs

from lazr_smtptest._checks import LONGEST, brief

__all__ = ["Limits"]

# The most bytes or events: SIZE has at most 20 digits (RFC 1870 section 4).
_MOST = 10**18


@attrs.frozen(kw_only=True)
class Limits:
    """The limits of one listener. Reaching one results in a well-formed reply.

    Seconds and rates may be 0 to 1e9, or ``math.inf``.

    Attributes:
        command_line: bytes of a command line, CRLF included; 500 above it.
        auth_line: bytes of a line within AUTH, CRLF included; 500 above it.
        body_line: bytes of a line of a message; 554 above it.
        message_size: bytes of a message; announced as SIZE; 552 above it.
            ``None``: no limit, and SIZE is announced without a number.
        spool: bytes of a message above which it is kept in a temporary file and
            not in memory. ``None``: never.
        chunk_size: bytes that a refused BDAT may still send; above it 552, and
            the connection is closed.
        recipients: recipients of one transaction; announced in LIMITS; 452
            above it.
        connections: connections that are open at once; further ones are greeted
            with 421. ``None``: no limit.
        errors: refused commands of one session; then 421, and the connection is
            closed.
        junk: NOOP, VRFY, RSET and the like between two messages; above it 421,
            and the connection is closed.
        logins: failed logins of one session; then 421, and the connection is
            closed.
        idle: seconds without a byte from the client; then 421, and the
            connection is closed. The time that the server works on a command
            does not count.
        session: seconds that a session may last; then 421, and the connection is
            closed. ``None``: no limit.
        data_rate: the lowest rate of a message, in bytes per second, measured
            after `data_grace`; below it 421, and the connection is closed.
            0: no limit.
        data_grace: seconds before `data_rate` is measured.
        handshake: seconds that a TLS handshake may take; then the connection is
            closed.
        backlog: bytes that a client may send ahead while one of its commands is
            being handled; above it the server stops reading.
        goodbye: seconds that a client has to read the last reply of its session;
            then it is disconnected.
        closing: the same, when the server stops.
        transcript: events (lines, replies, messages) in the transcript of a
            session; 0: none.
        transcript_size: bytes of memory for the transcript of a session; of a
            longer one the first half and the latest events are kept.
        transcripts: bytes of memory for the transcripts of all ended sessions of
            the server; the oldest are removed first.
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
            TypeError: one is no number, or a fraction where bytes or events are
                counted.
            ValueError: one is below 0, too large, or NaN.
        """
        for field in attrs.fields(Limits):
            value = getattr(self, field.name)
            optional = "None" in str(field.type)
            if value is None and optional:
                continue
            counts = "int" in str(field.type)
            allowed = "a whole number" if counts else "a number"
            allowed += ", 0 or more" + (", or None" if optional else "")
            kinds = int if counts else (int, float)
            if not isinstance(value, kinds) or isinstance(value, bool):
                raise TypeError(
                    f"Limits.{field.name} must be {allowed}, not {brief(value)}"
                )
            if not value >= 0:
                raise ValueError(
                    f"Limits.{field.name} must be {allowed}, not {brief(value)}"
                )
            most = _MOST if counts else LONGEST
            if most < value < math.inf:
                others = "" if counts else ", or math.inf"
                raise ValueError(
                    f"Limits.{field.name} must be at most {most:g}{others}, "
                    f"not {brief(value)}"
                )
