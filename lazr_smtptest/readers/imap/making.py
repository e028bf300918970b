"""The commands that make, rename and remove mailboxes, and subscribe to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lazr_smtptest.query.selection import Selection
from lazr_smtptest.readers.filing import folders_of
from lazr_smtptest.readers.imap.account import Mailbox
from lazr_smtptest.readers.imap.arguments import needs, upper
from lazr_smtptest.readers.imap.contents import contents
from lazr_smtptest.readers.imap.errors import CommandError
from lazr_smtptest.readers.imap.finding import (
    account_of,
    existing,
    missing_target,
    name_of,
)
from lazr_smtptest.readers.imap.folders import tell_renamed
from lazr_smtptest.readers.imap.hierarchy import ancestors, is_below
from lazr_smtptest.readers.imap.names import DELIMITER, INBOX
from lazr_smtptest.readers.imap.syntax import Value

if TYPE_CHECKING:
    from lazr_smtptest.readers.imap.connection import IMAPConnection

__all__ = [
    "create",
    "delete",
    "place",
    "rename",
    "reserve",
    "subscribe",
    "unsubscribe",
]

# The special uses that a client may give to a mailbox (RFC 6154 section 2).
_USES = {
    use.upper(): use for use in ("\\Archive", "\\Drafts", "\\Junk", "\\Sent", "\\Trash")
}
# The most folders of an account, and subscriptions.
_MOST = 1000


def _cannot(text: str) -> CommandError:
    return CommandError(text, status="NO", code="CANNOT")


def _new_name(session: IMAPConnection, sent: Value) -> str:
    """Return the name of a mailbox that is to be made.

    A delimiter at its end says that there will be mailboxes below it (RFC 3501 section
    6.3.3).

    Raises:
        CommandError: it is malformed, or cannot be that of a mailbox.
    """
    name = name_of(session, sent).removesuffix(DELIMITER)
    if name == INBOX:
        raise CommandError("INBOX is there", status="NO", code="ALREADYEXISTS")
    if not all(name.split(DELIMITER)) or any(sign in name for sign in "*%"):
        raise _cannot("a name has no empty level, and no * and %")
    return name


async def create(session: IMAPConnection, arguments: list[Value]) -> str:
    """Make a mailbox, and those above it (RFC 3501 section 6.3.3, RFC 6154)."""
    needs(arguments, 1, 2, "CREATE mailbox [(USE (uses))]")
    uses = _parse_uses(arguments[1]) if len(arguments) > 1 else ""
    name = _new_name(session, arguments[0])
    number: int = await session.factory.reader.ask(
        _create, account_of(session).owner, name, uses
    )
    return f"[MAILBOXID ({Mailbox.id_of(number)})] created"


def _parse_uses(parameters: Value) -> str:
    words: Any = parameters
    if not (isinstance(words, list) and len(words) == 2 and upper(words[0]) == "USE"):
        raise CommandError("usage: CREATE mailbox [(USE (uses))]")
    if not isinstance(words[1], list):
        raise CommandError("usage: CREATE mailbox [(USE (uses))]")
    uses = []
    for word in words[1]:
        use = _USES.get(upper(word))
        if use is None:
            raise CommandError(
                f"a mailbox can be for {' '.join(_USES.values())}",
                status="NO",
                code="USEATTR",
            )
        uses.append(use)
    return " ".join(dict.fromkeys(uses))


def _create(reader: Any, owner: str, name: str, uses: str) -> int:
    """Make a folder; return its number; in a thread."""
    folders = folders_of(reader)
    if folders is None:
        raise _cannot("the store has no folders")
    if len(folders.all(owner)) >= _MOST:
        raise CommandError(
            f"an account has {_MOST} folders at most", status="NO", code="LIMIT"
        )
    made = folders.create(owner, name, uses)
    if made is None:
        raise CommandError("it is there", status="NO", code="ALREADYEXISTS")
    _create_above(folders, owner, name)
    return int(made.number)


def _create_above(folders: Any, owner: str, name: str) -> None:
    for above in ancestors(name):
        if above != INBOX:
            folders.create(owner, above)


async def delete(session: IMAPConnection, arguments: list[Value]) -> str:
    """Remove a mailbox and its messages (RFC 3501 section 6.3.4)."""
    needs(arguments, 1, 1, "DELETE mailbox")
    mailbox = await existing(session, arguments[0])
    if mailbox.folder is None:
        raise _cannot("INBOX cannot be deleted")
    await session.factory.reader.ask(_delete, mailbox)
    return "deleted"


def _delete(reader: Any, mailbox: Mailbox) -> None:
    """Remove a folder; in a thread."""
    numbers = [number for _, number in contents(reader, mailbox)]
    if numbers:
        # First, so that no message comes back into INBOX.
        reader.remove(Selection(numbers=numbers))
    assert mailbox.folder is not None
    reader.folders.delete(mailbox.folder.number)


async def rename(session: IMAPConnection, arguments: list[Value]) -> str:
    """Rename a mailbox and those below it (RFC 3501 section 6.3.5).

    The messages of INBOX are moved to a new mailbox.
    """
    needs(arguments, 2, 2, "RENAME mailbox name")
    mailbox = await existing(session, arguments[0])
    name = _new_name(session, arguments[1])
    if mailbox.folder is not None and is_below(name, mailbox.name):
        raise _cannot("a mailbox cannot be moved below itself")
    await session.factory.reader.ask(_rename, mailbox, name)
    if mailbox.folder is not None:
        await tell_renamed(session, mailbox.name, name)
    return "renamed"


def _rename(reader: Any, mailbox: Mailbox, name: str) -> None:
    """Rename a folder, or move the messages of INBOX; in a thread."""
    if mailbox.folder is None:
        number = _create(reader, mailbox.owner, name, "")
        place(reader, number, [number for _, number in contents(reader, mailbox)])
        return
    if not reader.folders.rename(mailbox.owner, mailbox.name, name):
        raise CommandError("it is there", status="NO", code="ALREADYEXISTS")
    _create_above(reader.folders, mailbox.owner, name)


def place(reader: Any, folder: int, numbers: Sequence[int]) -> list[int]:
    """Move messages of the store into a folder; in a thread.

    Returns:
        their numbers there.

    Raises:
        CommandError: there is no such folder any more.
    """
    ids = {each.number: each.id for each in reader.marks(numbers)}
    uids = reserve(reader, folder, [ids[each] for each in numbers if each in ids])
    reader.touch(Selection(numbers=numbers))
    return uids


def reserve(reader: Any, folder: int, ids: Sequence[str]) -> list[int]:
    """Put messages into a folder, which may be kept later; in a thread.

    Returns:
        their numbers there.

    Raises:
        CommandError: there is no such folder any more.
    """
    uids: list[int] | None = reader.folders.place(folder, ids)
    if uids is None:
        raise missing_target()
    return uids


async def subscribe(session: IMAPConnection, arguments: list[Value]) -> str:
    """Subscribe to a mailbox: INBOX always is (RFC 3501 section 6.3.6)."""
    needs(arguments, 1, 1, "SUBSCRIBE mailbox")
    mailbox = await existing(session, arguments[0])
    if mailbox.folder is not None:
        await session.factory.reader.ask(_subscribe, mailbox.owner, mailbox.name)
    return "subscribed"


def _subscribe(reader: Any, owner: str, name: str) -> None:
    if len(reader.folders.subscriptions(owner)) >= _MOST:
        raise CommandError(
            f"an account has {_MOST} subscriptions at most", status="NO", code="LIMIT"
        )
    reader.folders.subscribe(owner, name)


async def unsubscribe(session: IMAPConnection, arguments: list[Value]) -> str:
    """End a subscription, also to what is gone (RFC 3501 section 6.3.7)."""
    needs(arguments, 1, 1, "UNSUBSCRIBE mailbox")
    name = name_of(session, arguments[0])
    if name == INBOX:
        raise _cannot("INBOX is always subscribed")
    await session.factory.reader.ask(_unsubscribe, account_of(session).owner, name)
    return "no longer subscribed"


def _unsubscribe(reader: Any, owner: str, name: str) -> None:
    folders = folders_of(reader)
    if folders is None or name not in folders.subscriptions(owner):
        raise CommandError("it is not subscribed", status="NO", code="NONEXISTENT")
    folders.unsubscribe(owner, name)
