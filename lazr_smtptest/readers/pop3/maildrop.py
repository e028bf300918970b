"""The messages of an account, as they are when a client logs in."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any

import attrs
from twisted.cred.portal import IRealm
from twisted.internet.defer import Deferred
from twisted.mail.interfaces import IMailboxPOP3
from zope.interface import implementer

from lazr_smtptest.model.marks import MessageFacts
from lazr_smtptest.query.selection import Selection
from lazr_smtptest.readers.filing import filed_ids
from lazr_smtptest.stores.deferred_reader import DeferredReader

__all__ = ["Maildrop", "MaildropRealm", "MissingMessageError"]

# Messages that are read at once.
_PAGE = 5000


class MissingMessageError(Exception):
    """A message was removed by somebody else while the client was connected."""


@attrs.frozen
class _Snapshot:
    """The messages of a maildrop, in its order, without their contents.

    Attributes:
        numbers: the numbers of the store.
        ids: the ids, in ASCII.
        sizes: bytes of the contents.
    """

    numbers: array[int] = attrs.field(factory=lambda: array("Q"))
    ids: list[bytes] = attrs.field(factory=list)
    sizes: array[int] = attrs.field(factory=lambda: array("Q"))

    def add(self, message: MessageFacts) -> None:
        """Add a message after the others."""
        self.numbers.append(message.number)
        self.ids.append(message.id.encode("ascii"))
        self.sizes.append(message.size)

    def reverse(self) -> None:
        """Reverse the order."""
        for column in (self.numbers, self.ids, self.sizes):
            column.reverse()


def _take(reader: Any, recipient: str | None, newest_first: bool) -> _Snapshot:
    """Read all messages, or those to one recipient; in a thread.

    Those that a client of IMAP has put into a folder are not among them.
    """
    snapshot = _Snapshot()
    filed = filed_ids(reader, (recipient or "").lower())
    numbers = reader.numbers("" if recipient is None else _query_for(recipient))
    for start in range(0, len(numbers), _PAGE):
        for each in reader.facts(numbers[start : start + _PAGE]):
            if each.id not in filed:
                snapshot.add(each)
    if newest_first:
        snapshot.reverse()
    return snapshot


def _query_for(recipient: str) -> str:
    quoted = recipient.replace("\\", "\\\\").replace('"', '\\"')
    return f'rcpt:"{quoted}"'


@implementer(IMailboxPOP3)
class Maildrop:
    """The messages of an account; made by a `MaildropRealm`.

    Messages that come later are not in it, as RFC 1939 section 4 wants it. Its methods
    are called in the reactor's thread.
    """

    def __init__(self, reader: DeferredReader, snapshot: _Snapshot) -> None:
        self._reader = reader
        self._snapshot = snapshot
        self._deleted: set[int] = set()

    def listMessages(self, index: int | None = None) -> Any:
        """Return the bytes of a message, or of each."""
        sizes = self._snapshot.sizes
        return list(sizes) if index is None else sizes[index]

    def getMessage(self, index: int) -> Deferred[BytesIO]:
        """Return a Deferred with a file of the content.

        It fails with a `MissingMessageError`, or a `StoreError`.
        """
        return Deferred.fromCoroutine(self._open(index))

    async def _open(self, index: int) -> BytesIO:
        envelope = await self._reader.envelope(self._snapshot.numbers[index])
        if envelope is None:
            raise MissingMessageError
        return BytesIO(envelope.content)

    def getUidl(self, index: int) -> bytes:
        """Return the id of a message, which no other message ever has."""
        return self._snapshot.ids[index]

    def deleteMessage(self, index: int) -> None:
        """Mark a message, to be removed by `sync`."""
        self._deleted.add(index)

    def undeleteMessages(self) -> None:
        """Take all marks away."""
        self._deleted.clear()

    def sync(self) -> Deferred[int]:
        """Remove the messages that are marked.

        Returns:
            a Deferred with the number of those that were still there.
        """
        numbers = [self._snapshot.numbers[index] for index in self._deleted]
        self._deleted.clear()
        return self._reader.remove(Selection(numbers=numbers))


@implementer(IRealm)
class MaildropRealm:
    """The accounts of a store, for `twisted.cred`.

    Args:
        reader: the store.
        has_accounts: whether the name of the user is an address whose mail is the
            maildrop; otherwise each user sees all messages.
        addresses: other names of addresses: those of disposable mailboxes.
        newest_first: whether message 1 is the newest and not the oldest.
    """

    def __init__(
        self,
        reader: DeferredReader,
        *,
        has_accounts: bool,
        addresses: Mapping[str, str],
        newest_first: bool,
    ) -> None:
        self._reader = reader
        self._has_accounts = has_accounts
        self._addresses = addresses
        self._newest_first = newest_first

    def requestAvatar(self, avatarId: Any, mind: Any, *interfaces: Any) -> Any:
        """Return a Deferred with the interface, the maildrop, and an empty logout.

        Args:
            avatarId: the name of the user, in UTF-8.
            mind: the name of the user to act as, likewise; ``None`` for the same.
            interfaces: `IMailboxPOP3` is among them.
        """
        assert IMailboxPOP3 in interfaces
        return Deferred.fromCoroutine(self._open(mind or avatarId))

    async def _open(self, name: bytes) -> tuple[Any, Maildrop, Callable[[], None]]:
        user = name.decode("utf-8", "replace")
        account = self._addresses.get(user, user) if self._has_accounts else None
        snapshot = await self._reader.ask(_take, account, self._newest_first)
        return IMailboxPOP3, Maildrop(self._reader, snapshot), lambda: None
