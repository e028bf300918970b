"""The whole table, and its rows as scripts of bytes."""

from __future__ import annotations

from lazr_smtptest.smtp.protocol import SMTPServerProtocol
from lazr_smtptest.smtp.settings import Settings

from . import (
    auth,
    bdat,
    data,
    dsn,
    enhanced,
    hello,
    hidden,
    hooks,
    irregular,
    limits,
    lines,
    lmtp,
    mail,
    mechanisms,
    other,
    parameters,
    paths,
    pipelining,
    rcpt,
    schedule,
    scram,
    sequence,
    size,
    starttls,
    strict,
    timing,
    tls,
    xclient,
)
from .row import Row
from .servers import settings_of

__all__ = ["ROWS", "SCRIPTS"]

ROWS: tuple[Row, ...] = (
    *hello.ROWS,
    *mail.ROWS,
    *rcpt.ROWS,
    *paths.ROWS,
    *data.ROWS,
    *bdat.ROWS,
    *sequence.ROWS,
    *parameters.ROWS,
    *size.ROWS,
    *dsn.ROWS,
    *schedule.ROWS,
    *pipelining.ROWS,
    *lines.ROWS,
    *limits.ROWS,
    *timing.ROWS,
    *irregular.ROWS,
    *strict.ROWS,
    *hooks.ROWS,
    *auth.ROWS,
    *mechanisms.ROWS,
    *scram.ROWS,
    *starttls.ROWS,
    *tls.ROWS,
    *lmtp.ROWS,
    *xclient.ROWS,
    *enhanced.ROWS,
    *hidden.ROWS,
    *other.ROWS,
)


def _is_plain(row: Row) -> bool:
    """Say whether the settings are all that the row asks of its server."""
    on = row.on
    return on.auth is None and not on.tls and on.protocol is SMTPServerProtocol


def _script(row: Row) -> list[bytes] | None:
    """Give what the client sends, if it does not depend on the answers."""
    octets = []
    for sent, _ in row.steps:
        if isinstance(sent, str):
            octets.append(sent.encode() + b"\r\n")
        elif isinstance(sent, bytes):
            octets.append(sent)
        else:
            return None
    return octets


# For those who play them in their own way: the row's id, its settings, and what the
# client sends, step by step. Rows with AUTH, TLS, LMTP or time in them are left out.
# Where it matters whether a step has come before the next one was sent, "pipelining"
# is in the id.
SCRIPTS: tuple[tuple[str, Settings, list[bytes]], ...] = tuple(
    (row.id, settings_of(row.on), script)
    for row in ROWS
    if _is_plain(row) and (script := _script(row)) is not None
)
