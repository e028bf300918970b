"""The accounts of a store, and the mailboxes of each."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import attrs
from twisted.cred.portal import IRealm
from zope.interface import Interface, implementer

from lazr_smtptest.model.folder import Folder
from lazr_smtptest.readers.imap.names import INBOX

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
        owner: see `Folder`.
        folder: the folder that has its messages; ``None`` for INBOX.
    """

    name: str
    query: str = ""
    recipient: str = ""
    owner: str = ""
    folder: Folder | None = None

    @property
    def id(self) -> str:
        """Its id, which no other mailbox of the store has (RFC 8474 section 4)."""
        if self.folder is not None:
            return self.id_of(self.folder.number)
        if not self.query:
            return "inbox"
        return "inbox-" + hashlib.sha256(self.query.encode()).hexdigest()[:32]

    @staticmethod
    def id_of(number: int) -> str:
        """Return the id of the mailbox of a folder."""
        return f"folder-{number}"


@implementer(IStoreAccount)
class Account:
    """The mailboxes of a user: INBOX, and those that clients make.

    Args:
        name: the address of the user; ``None`` for all messages of the store.

    Attributes:
        inbox: INBOX.
        owner: see `Folder`.
    """

    def __init__(self, name: str | None) -> None:
        query = "" if name is None else _query_for(name)
        # Addresses are the same in any letter case.
        self.owner = "" if name is None else name.lower()
        self.inbox = Mailbox(INBOX, query, name or "", self.owner)

    def mailbox(self, folder: Folder) -> Mailbox:
        """Return the mailbox of a folder."""
        return Mailbox(folder.name, owner=self.owner, folder=folder)


def _query_for(recipient: str) -> str:
    quoted = recipient.replace("\\", "\\\\").replace('"', '\\"')
    return f'rcpt:"{quoted}"'


@implementer(IRealm)
class AccountRealm:
    """The accounts of a store, for `twisted.cred`.

    Args:
        has_accounts: whether the name of the user is an address whose mail is INBOX;
            otherwise each user sees all messages.
        addresses: other names of addresses: those of disposable mailboxes.
    """

    def __init__(self, *, has_accounts: bool, addresses: Mapping[str, str]) -> None:
        self._has_accounts = has_accounts
        self._addresses = addresses

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
        name = self._addresses.get(name, name)
        account = Account(name if self._has_accounts else None)
        return IStoreAccount, account, lambda: None
