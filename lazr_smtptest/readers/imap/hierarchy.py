"""The names of the mailboxes of an account, as LIST shows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from lazr_smtptest.model.folder import Folder
from lazr_smtptest.readers.filing import folders_of
from lazr_smtptest.readers.imap.account import Account
from lazr_smtptest.readers.imap.names import DELIMITER, INBOX

__all__ = ["Hierarchy", "ancestors", "read_hierarchy"]


def ancestors(name: str) -> list[str]:
    """Return the names above a name, the highest one first."""
    parts = name.split(DELIMITER)
    return [DELIMITER.join(parts[:depth]) for depth in range(1, len(parts))]


@attrs.frozen
class Hierarchy:
    """The names of an account.

    Attributes:
        folders: the folders by their names.
        subscribed: the names that are subscribed, some of which may not exist.
    """

    folders: Mapping[str, Folder]
    subscribed: frozenset[str]

    @property
    def existing(self) -> frozenset[str]:
        """The names of mailboxes."""
        return frozenset([INBOX, *self.folders])

    def names(self) -> list[str]:
        """Return all names: of mailboxes, of what is above them, and subscribed ones.

        INBOX is the first.
        """
        found = {*self.existing, *self.subscribed}
        found.update(above for name in list(found) for above in ancestors(name))
        return sorted(found, key=lambda name: (name != INBOX, name))

    def has_children(self, name: str) -> bool:
        """Return whether there are mailboxes below a name."""
        return any(is_below(each, name) for each in self.existing)

    def attributes(self, name: str) -> list[bytes]:
        """Return the attributes of a name (RFC 5258 section 3.4, RFC 6154)."""
        folder = self.folders.get(name)
        children = b"\\HasChildren" if self.has_children(name) else b"\\HasNoChildren"
        found = [children]
        if name not in self.existing:
            found = [b"\\NonExistent", b"\\Noselect", children]
        return [*found, *(folder.use.encode("ascii").split() if folder else [])]


def is_below(name: str, above: str) -> bool:
    """Return whether a name is below another one."""
    return name.startswith(above + DELIMITER)


def read_hierarchy(reader: Any, account: Account) -> Hierarchy:
    """Return the names of an account; in a thread."""
    folders = folders_of(reader)
    if folders is None:
        return Hierarchy({}, frozenset([INBOX]))
    subscribed = folders.subscriptions(account.owner)
    return Hierarchy(
        {folder.name: folder for folder in folders.all(account.owner)},
        frozenset([INBOX, *subscribed]),
    )
