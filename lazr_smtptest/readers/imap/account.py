"""The accounts of a store, and the mailboxes of each."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import attrs
from twisted.cred.portal import IRealm
from zope.interface import Interface, implementer

from lazr_smtptest.readers.imap.errors import CommandError
from lazr_smtptest.readers.imap.names import INBOX, decode_name
from lazr_smtptest.readers.imap.syntax import Value

__all__ = ["Account", "AccountRealm", "IStoreAccount", "Mailbox"]


class IStoreAccount(Interface):
    """The mailboxes of a user."""


@attrs.frozen
class Mailbox:
    """A mailbox: some messages of a store.

    Attributes:
        name: its name.
        query: selects its messages.
        recipient: the address whose mail it has; ``""`` if it has all mail.
    """

    name: str
    query: str = ""
    recipient: str = ""

    @property
    def id(self) -> str:
        """Its id, which no other mailbox of the store has (RFC 8474 section 4)."""
        if not self.query:
            return "inbox"
        return "inbox-" + hashlib.sha256(self.query.encode()).hexdigest()[:32]

    def matching(self, query: str) -> str:
        """Return a query for those of its messages that match another one."""
        return f"{self.query} {query}".strip()


@implementer(IStoreAccount)
class Account:
    """The mailboxes of a user: INBOX.

    Args:
        name: the address of the user; ``None`` for all messages of the store.
    """

    def __init__(self, name: str | None) -> None:
        query = "" if name is None else _query_for(name)
        self.inbox = Mailbox(INBOX, query, name or "")

    def mailbox(self, sent: Value, *, is_utf8: bool) -> Mailbox | None:
        """Return a mailbox; ``None`` if there is none of the name.

        Args:
            sent: the name as the client sent it.
            is_utf8: see `decode_name`.

        Raises:
            CommandError: the name is malformed.
        """
        if isinstance(sent, list):
            raise CommandError("the name of a mailbox is a string, not a list")
        name = decode_name(sent, is_utf8=is_utf8)
        return self.inbox if name == INBOX else None

    def existing(self, sent: Value, *, is_utf8: bool) -> Mailbox:
        """Return a mailbox, see `mailbox`.

        Raises:
            CommandError: there is none, or the name is malformed.
        """
        found = self.mailbox(sent, is_utf8=is_utf8)
        if found is None:
            raise CommandError(
                "there is no such mailbox, only INBOX", status="NO", code="NONEXISTENT"
            )
        return found

    def target(self, sent: Value, *, is_utf8: bool) -> Mailbox:
        """Return a mailbox that messages are added to, see `mailbox`.

        Raises:
            CommandError: there is none. It has no TRYCREATE, because it cannot be
                created (RFC 3501 section 6.3.11).
        """
        found = self.mailbox(sent, is_utf8=is_utf8)
        if found is None:
            raise CommandError(
                "messages can be added to INBOX only", status="NO", code="CANNOT"
            )
        return found


def _query_for(recipient: str) -> str:
    quoted = recipient.replace("\\", "\\\\").replace('"', '\\"')
    return f'rcpt:"{quoted}"'


@implementer(IRealm)
class AccountRealm:
    """The accounts of a store, for `twisted.cred`.

    Args:
        has_accounts: whether the name of the user is an address whose mail is INBOX;
            otherwise each user sees all messages.
    """

    def __init__(self, *, has_accounts: bool) -> None:
        self._has_accounts = has_accounts

    def requestAvatar(
        self, avatarId: Any, mind: Any, *interfaces: Any
    ) -> tuple[Any, Account, Callable[[], None]]:
        """Return the interface, the account, and an empty logout.

        Args:
            avatarId: the name of the user, in UTF-8.
            mind: the name of the user to act as, likewise; ``None`` for the same.
            interfaces: `IStoreAccount` is among them.
        """
        assert IStoreAccount in interfaces
        name = (mind or avatarId).decode("utf-8", "replace")
        account = Account(name if self._has_accounts else None)
        return IStoreAccount, account, lambda: None
