"""LIST, LSUB and STATUS: their arguments and responses (RFC 3501, RFC 5258)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from lazr_smtptest.readers.imap.account import Account, Mailbox
from lazr_smtptest.readers.imap.arguments import needs, upper
from lazr_smtptest.readers.imap.errors import CommandError
from lazr_smtptest.readers.imap.names import (
    DELIMITER,
    decode_name,
    encode_name,
    is_match,
)
from lazr_smtptest.readers.imap.strings import astring
from lazr_smtptest.readers.imap.syntax import Value

__all__ = [
    "Listing",
    "highest_change",
    "list_response",
    "parse_list",
    "parse_status_items",
    "read_status",
]

_SELECTIONS = frozenset(["SUBSCRIBED", "REMOTE", "RECURSIVEMATCH", "SPECIAL-USE"])
_RETURNS = frozenset(["SUBSCRIBED", "CHILDREN", "SPECIAL-USE"])
_ITEMS = (
    *("MESSAGES", "RECENT", "UIDNEXT", "UIDVALIDITY", "UNSEEN", "SIZE", "DELETED"),
    *("APPENDLIMIT", "MAILBOXID", "HIGHESTMODSEQ"),
)
# The most patterns of a LIST.
_MOST = 50
# Summaries that are read at once.
_PAGE = 1000


@attrs.frozen
class Listing:
    """A LIST command.

    Attributes:
        selections: the selection options.
        patterns: the patterns; ``None`` if the client asks for the delimiter.
        returns: the return options, without STATUS.
        items: the items of STATUS; empty without it.
    """

    selections: frozenset[str]
    patterns: tuple[str, ...] | None
    returns: frozenset[str]
    items: tuple[str, ...] = ()

    def mailboxes(self, account: Account) -> list[Mailbox]:
        """Return the mailboxes that it lists."""
        if self.patterns is None or "SPECIAL-USE" in self.selections:
            return []
        box = account.inbox
        is_listed = any(is_match(each, box.name) for each in self.patterns)
        return [box] if is_listed else []

    def attributes(self) -> list[bytes]:
        """Return the attributes of a mailbox that it lists."""
        is_subscribed = "SUBSCRIBED" in self.selections | self.returns
        return [b"\\HasNoChildren", *([b"\\Subscribed"] if is_subscribed else [])]


def parse_list(arguments: Sequence[Value], *, is_utf8: bool) -> Listing:
    """Parse the arguments of LIST.

    Raises:
        CommandError: they are malformed.
    """
    usage = "LIST [(options)] reference pattern [RETURN (options)]"
    words = list(arguments)
    selections: frozenset[str] = frozenset()
    if words and isinstance(words[0], list):
        selections = _options(words[0], _SELECTIONS)
        del words[0]
        if "RECURSIVEMATCH" in selections <= {"RECURSIVEMATCH", "REMOTE"}:
            raise CommandError("RECURSIVEMATCH needs another option, see RFC 5258")
    returns: frozenset[str] = frozenset()
    items: tuple[str, ...] = ()
    if len(words) > 2:
        needs(words, 4, 4, usage)
        if upper(words[2]) != "RETURN" or not isinstance(words[3], list):
            raise CommandError(f"usage: {usage}")
        returns, items = _returns(words[3])
    needs(words[:2], 2, 2, usage)
    reference, pattern = words[:2]
    if isinstance(reference, list):
        raise CommandError(f"usage: {usage}")
    if pattern == b"":
        return Listing(selections, None, returns, items)
    given = pattern if isinstance(pattern, list) else [pattern]
    if not 0 < len(given) <= _MOST:
        raise CommandError(f"LIST has 1 to {_MOST} patterns, not {len(given)}")
    patterns = []
    for each in given:
        if isinstance(each, list):
            raise CommandError("a pattern is a string, not a list")
        patterns.append(decode_name(reference + each, is_utf8=is_utf8))
    return Listing(selections, tuple(patterns), returns, items)


def _options(words: list[Value], known: frozenset[str]) -> frozenset[str]:
    names = frozenset(map(upper, words))
    if unknown := sorted(names - known):
        raise CommandError(f"{unknown[0][:64]!a} is no option of LIST")
    return names


def _returns(words: list[Value]) -> tuple[frozenset[str], tuple[str, ...]]:
    rest: list[Value] = []
    items: tuple[str, ...] = ()
    left = list(words)
    while left:
        word = left.pop(0)
        if upper(word) == "STATUS" and left:
            items = parse_status_items(left.pop(0))
        else:
            rest.append(word)
    return _options(rest, _RETURNS), items


def parse_status_items(argument: Value) -> tuple[str, ...]:
    """Parse the items of STATUS (RFC 3501 section 6.3.10).

    Raises:
        CommandError: there is none, or one is unknown.
    """
    names = list(map(upper, argument)) if isinstance(argument, list) else []
    for name in names:
        if name not in _ITEMS:
            raise CommandError(
                f"{name[:64]!a} is no item of STATUS: {' '.join(_ITEMS)}"
            )
    if not names:
        raise CommandError("STATUS needs a list of items")
    return tuple(dict.fromkeys(names))


def list_response(
    name: str, attributes: Sequence[bytes], box: Mailbox, *, is_utf8: bool
) -> bytes:
    """Return ``* LIST`` or ``* LSUB`` for a mailbox."""
    return b'* %s (%s) "%s" %s\r\n' % (
        name.encode("ascii"),
        b" ".join(attributes),
        DELIMITER.encode("ascii"),
        astring(encode_name(box.name, is_utf8=is_utf8)),
    )


def read_status(
    reader: Any, mailbox: Mailbox, items: Sequence[str]
) -> Mapping[str, int]:
    """Return the numbers that items of STATUS need; in a thread.

    Returns:
        by item.
    """
    # These first: what comes meanwhile is after them.
    highest, following = highest_change(reader), reader.next_number()
    numbers = [each for each in reader.numbers(mailbox.query) if each < following]
    found = {
        "MESSAGES": len(numbers),
        "RECENT": 0,
        "UIDNEXT": following,
        "UIDVALIDITY": reader.validity,
        "HIGHESTMODSEQ": highest,
    }
    for item, query in (("UNSEEN", "is:unread"), ("DELETED", "is:deleted")):
        if item in items:
            found[item] = len(reader.numbers(mailbox.matching(query)))
    if "SIZE" in items:
        found["SIZE"] = _size_of(reader, mailbox)
    return {name: number for name, number in found.items() if name in items}


def highest_change(reader: Any) -> int:
    """Return HIGHESTMODSEQ of every mailbox (RFC 7162 section 3.1.2); in a thread.

    It is that of the store, so that it is not less than MODSEQ of any message.
    """
    return int(reader.last_change()) + 1


def _size_of(reader: Any, mailbox: Mailbox) -> int:
    size, after = 0, None
    while page := reader.page(
        mailbox.query, after=after, limit=_PAGE, oldest_first=True
    ):
        size += sum(summary.size for summary in page)
        after = page[-1].number
    return size
