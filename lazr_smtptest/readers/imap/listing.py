"""LIST, LSUB and STATUS: their arguments and responses (RFC 3501, RFC 5258)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs

from lazr_smtptest.model.folder import Folder
from lazr_smtptest.model.runs import Runs
from lazr_smtptest.readers.imap.account import Mailbox
from lazr_smtptest.readers.imap.arguments import needs, upper
from lazr_smtptest.readers.imap.contents import (
    DELETED,
    UNSEEN,
    next_uid,
    uids_of,
    validity_of,
)
from lazr_smtptest.readers.imap.errors import CommandError
from lazr_smtptest.readers.imap.hierarchy import Hierarchy, is_below
from lazr_smtptest.readers.imap.names import (
    DELIMITER,
    decode_name,
    encode_name,
    is_match,
)
from lazr_smtptest.readers.imap.stored import walk
from lazr_smtptest.readers.imap.strings import astring
from lazr_smtptest.readers.imap.syntax import Value
from lazr_smtptest.readers.imap.uids import UIDs

__all__ = [
    "Listed",
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

    def listed(self, hierarchy: Hierarchy) -> Iterator[Listed]:
        """Yield what LIST lists (RFC 5258 section 3)."""
        names = hierarchy.names()
        chosen = [name for name in names if self._chooses(hierarchy, name)]
        is_recursive = "RECURSIVEMATCH" in self.selections
        for name in filter(self._matches, names):
            has_chosen = is_recursive and any(is_below(each, name) for each in chosen)
            if name in chosen or has_chosen:
                yield Listed(
                    name,
                    self._attributes(hierarchy, name),
                    hierarchy.folders.get(name),
                    name in hierarchy.existing,
                    has_chosen,
                )

    def subscribed(self, hierarchy: Hierarchy) -> Iterator[Listed]:
        """Yield what LSUB lists (RFC 3501 section 6.3.9).

        A name above one that is subscribed is listed where a pattern ends with ``%``.
        """
        ends = any(each.endswith("%") for each in self.patterns or ())
        for name in filter(self._matches, hierarchy.names()):
            if name in hierarchy.subscribed:
                yield Listed(name, hierarchy.attributes(name))
            elif ends and any(is_below(each, name) for each in hierarchy.subscribed):
                yield Listed(name, [b"\\Noselect", b"\\HasChildren"])

    def _matches(self, name: str) -> bool:
        return any(is_match(each, name) for each in self.patterns or ())

    def _chooses(self, hierarchy: Hierarchy, name: str) -> bool:
        """Return whether the selection options choose a name."""
        folder = hierarchy.folders.get(name)
        if "SPECIAL-USE" in self.selections and not (folder and folder.use):
            return False
        if "SUBSCRIBED" in self.selections:
            return name in hierarchy.subscribed
        return name in hierarchy.existing or hierarchy.has_children(name)

    def _attributes(self, hierarchy: Hierarchy, name: str) -> list[bytes]:
        found = hierarchy.attributes(name)
        is_asked = "SUBSCRIBED" in self.selections | self.returns
        if is_asked and name in hierarchy.subscribed:
            found.append(b"\\Subscribed")
        return found


@attrs.frozen
class Listed:
    """A name that is listed.

    Attributes:
        name: the name.
        attributes: its attributes.
        folder: its folder, if it has one.
        exists: whether it is that of a mailbox.
        has_chosen: whether names below it match the selection options.
        old_name: the name that it had (RFC 9051 section 6.3.9.7); ``None`` without one.
    """

    name: str
    attributes: list[bytes]
    folder: Folder | None = None
    exists: bool = True
    has_chosen: bool = False
    old_name: str | None = None


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


def list_response(name: str, listed: Listed, *, is_utf8: bool) -> bytes:
    """Return ``* LIST`` or ``* LSUB`` for a mailbox."""
    # RFC 5258 section 6.
    extended = b' ("CHILDINFO" ("SUBSCRIBED"))' if listed.has_chosen else b""
    if listed.old_name is not None:
        old_name = astring(encode_name(listed.old_name, is_utf8=is_utf8))
        extended = b' ("OLDNAME" (%s))' % old_name
    return b'* %s (%s) "%s" %s%s\r\n' % (
        name.encode("ascii"),
        b" ".join(listed.attributes),
        DELIMITER.encode("ascii"),
        astring(encode_name(listed.name, is_utf8=is_utf8)),
        extended,
    )


def read_status(
    reader: Any, mailbox: Mailbox, items: Sequence[str]
) -> Mapping[str, int]:
    """Return the numbers that items of STATUS need; in a thread.

    Returns:
        by item.
    """
    # These first: what comes meanwhile is after them.
    highest, following = highest_change(reader), next_uid(reader, mailbox)
    found = {
        "MESSAGES": Runs(uids_of(reader, mailbox)).count_below(following),
        "RECENT": 0,
        "UIDNEXT": following,
        "UIDVALIDITY": validity_of(reader, mailbox),
        "HIGHESTMODSEQ": highest,
    }
    for item, condition in (("UNSEEN", UNSEEN), ("DELETED", DELETED)):
        if item in items:
            found[item] = len(uids_of(reader, mailbox, condition))
    if "SIZE" in items:
        found["SIZE"] = _size_of(reader, mailbox)
    return {name: number for name, number in found.items() if name in items}


def highest_change(reader: Any) -> int:
    """Return HIGHESTMODSEQ of every mailbox (RFC 7162 section 3.1.2); in a thread.

    It is that of the store, so that it is not less than MODSEQ of any message.
    """
    return int(reader.last_change()) + 1


def _size_of(reader: Any, mailbox: Mailbox) -> int:
    positions = UIDs(uids_of(reader, mailbox)).positions()
    return sum(each.size for each in walk(reader, mailbox, positions, needs_facts=True))
