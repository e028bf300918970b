"""The mailboxes that commands name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lazr_smtptest.model.folder import Folder
from lazr_smtptest.readers.filing import folders_of
from lazr_smtptest.readers.imap.account import Account, Mailbox
from lazr_smtptest.readers.imap.errors import CommandError
from lazr_smtptest.readers.imap.names import INBOX, decode_name
from lazr_smtptest.readers.imap.syntax import Value

if TYPE_CHECKING:
    from lazr_smtptest.readers.imap.connection import IMAPConnection

__all__ = [
    "account_of",
    "existing",
    "find",
    "missing_target",
    "name_of",
    "target",
]


def account_of(session: IMAPConnection) -> Account:
    """Return the account of a session after the login."""
    assert session.account is not None
    return session.account


def name_of(session: IMAPConnection, sent: Value) -> str:
    """Return the name of a mailbox.

    Raises:
        CommandError: it is malformed.
    """
    if isinstance(sent, list):
        raise CommandError("the name of a mailbox is a string, not a list")
    return decode_name(sent, is_utf8=session.is_utf8)


async def find(session: IMAPConnection, sent: Value) -> Mailbox | None:
    """Return a mailbox; ``None`` if there is none of the name.

    Args:
        session: the session.
        sent: the name as the client sent it.

    Raises:
        CommandError: the name is malformed.
    """
    name, account = name_of(session, sent), account_of(session)
    if name == INBOX:
        return account.inbox
    folder: Folder | None = await session.factory.reader.ask(_find, account.owner, name)
    return None if folder is None else account.mailbox(folder)


def _find(reader: Any, owner: str, name: str) -> Folder | None:
    folders = folders_of(reader)
    return None if folders is None else folders.find(owner, name)


async def existing(session: IMAPConnection, sent: Value) -> Mailbox:
    """Return a mailbox, see `find`.

    Raises:
        CommandError: there is none, or the name is malformed.
    """
    found = await find(session, sent)
    if found is None:
        raise CommandError("there is no such mailbox", status="NO", code="NONEXISTENT")
    return found


async def target(session: IMAPConnection, sent: Value) -> Mailbox:
    """Return a mailbox that messages are added to, see `find`.

    Raises:
        CommandError: there is none; the client may create it (RFC 3501 section
            6.3.11).
    """
    found = await find(session, sent)
    if found is None:
        raise missing_target()
    return found


def missing_target() -> CommandError:
    """Return the error for a mailbox that messages are added to, and is not there."""
    return CommandError("there is no such mailbox", status="NO", code="TRYCREATE")
