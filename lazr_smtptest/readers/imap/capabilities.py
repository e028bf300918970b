"""The capabilities that CAPABILITY lists, in each state of a session."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lazr_smtptest.readers.imap.login import mechanisms_of
from lazr_smtptest.readers.imap.state import State

if TYPE_CHECKING:
    from lazr_smtptest.readers.imap.connection import IMAPConnection

__all__ = ["capabilities_of"]

# In any state. ENABLE and IDLE are for later, but there are clients, Python's imaplib
# among them, that read the list before the login only.
_GENERAL = ("IMAP4rev1", "IMAP4rev2", "LITERAL-", "ID", "SASL-IR", "ENABLE", "IDLE")
# For a client that has logged in.
_INSIDE = (
    *("NAMESPACE", "UTF8=ACCEPT", "UIDPLUS", "MOVE", "UNSELECT"),
    "CONDSTORE",
    *(
        "CHILDREN",
        "SPECIAL-USE",
        "CREATE-SPECIAL-USE",
        "LIST-EXTENDED",
        "LIST-STATUS",
        "STATUS=SIZE",
    ),
    *("ESEARCH", "SEARCHRES", "WITHIN", "SORT", "THREAD=REFERENCES"),
    *("THREAD=ORDEREDSUBJECT", "BINARY", "OBJECTID", "MULTIAPPEND"),
    # Without a limit: the item DELETED of STATUS is what it promises (RFC 9208 4.1.4).
    *("QUOTA", "QUOTA=RES-MESSAGE"),
)


def capabilities_of(session: IMAPConnection) -> Iterator[str]:
    """Return the capabilities in the state of a session."""
    yield from _GENERAL
    if session.state is not State.NOT_AUTHENTICATED:
        yield from _INSIDE
        yield f"APPENDLIMIT={session.factory.settings.append_limit}"
        return
    if session.factory.tls is not None and not session.is_secure:
        yield "STARTTLS"
    yield from (f"AUTH={name}" for name in mechanisms_of(session))
    if not (session.may_log_in and session.factory.takes_passwords):
        yield "LOGINDISABLED"
