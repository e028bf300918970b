"""SORT: its criteria, and the order of messages (RFC 5256 section 3)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import attrs

from lazr_smtptest.readers.imap.arguments import upper
from lazr_smtptest.readers.imap.errors import CommandError
from lazr_smtptest.readers.imap.message import Message
from lazr_smtptest.readers.imap.results import Match, found_response
from lazr_smtptest.readers.imap.search import Scope, Search, parse_keys
from lazr_smtptest.readers.imap.subjects import base_subject, collation_key
from lazr_smtptest.readers.imap.texts import Header

__all__ = ["Entry", "Sort", "parse_sort", "sent_at", "sort_response"]

# The most criteria of a command.
_MOST = 20


@attrs.frozen(eq=False)
class Entry:
    """A message that is sorted, or put into a thread.

    Attributes:
        message: the message.
        header: its header; an empty one if `Sort.needs_header` is false.
    """

    message: Message
    header: Header


def sent_at(entry: Entry) -> float:
    """Return the sent date of a message in seconds since 1970 UTC.

    It is the internal date if Date is missing or malformed (RFC 5256 section 2.2).
    """
    sent = entry.header.sent
    return entry.message.received_at.timestamp() if sent is None else sent


_CRITERIA: dict[str, Callable[[Entry], Any]] = {
    "ARRIVAL": lambda entry: entry.message.received_at,
    "SIZE": lambda entry: entry.message.size,
    "DATE": sent_at,
    "CC": lambda entry: collation_key(entry.header.cc),
    "FROM": lambda entry: collation_key(entry.header.sender),
    "TO": lambda entry: collation_key(entry.header.to),
    "SUBJECT": lambda entry: collation_key(base_subject(entry.header.subject).text),
}
_WITHOUT_HEADER = frozenset(["ARRIVAL", "SIZE"])


@attrs.frozen
class Sort:
    """A SORT command.

    Attributes:
        criteria: the names of the criteria, and whether each is reversed; the first
            one is the main one.
        search: which messages are sorted.
    """

    criteria: tuple[tuple[str, bool], ...]
    search: Search

    @property
    def needs_header(self) -> bool:
        """Return whether a criterion is about the header."""
        return not _WITHOUT_HEADER.issuperset(name for name, _ in self.criteria)

    def order(self, entries: Iterable[Entry]) -> list[Entry]:
        """Return messages in their order; equal ones are in that of the mailbox."""
        found = sorted(entries, key=lambda entry: entry.message.sequence)
        for name, is_reversed in reversed(self.criteria):
            found.sort(key=_CRITERIA[name], reverse=is_reversed)
        return found


def parse_sort(arguments: Sequence[Any], scope: Scope) -> Sort:
    """Parse the arguments of SORT: criteria, a charset, and the keys of a search.

    Raises:
        CommandError: they are malformed, or the charset is unknown.
    """
    if len(arguments) < 3 or not isinstance(arguments[0], list):
        raise CommandError("usage: SORT (criteria) charset keys")
    criteria, charset, *keys = arguments
    if isinstance(charset, list):
        raise CommandError("SORT needs a charset after the criteria")
    return Sort(_criteria(criteria), parse_keys(keys, charset, scope))


def _criteria(words: list[Any]) -> tuple[tuple[str, bool], ...]:
    found = []
    is_reversed = False
    for word in words:
        name = upper(word)
        if name == "REVERSE" and not is_reversed:
            is_reversed = True
            continue
        if name not in _CRITERIA:
            known = " ".join(_CRITERIA)
            raise CommandError(f"{name[:64]!a} is no criterion of SORT: {known}")
        found.append((name, is_reversed))
        is_reversed = False
    if is_reversed or not 0 < len(found) <= _MOST:
        raise CommandError(f"SORT has 1 to {_MOST} criteria, each after its REVERSE")
    return tuple(found)


def sort_response(matches: Sequence[Match], *, has_change: bool = False) -> bytes:
    """Return ``* SORT``, which is sent even if there are no messages.

    Args:
        matches: the messages, in their order.
        has_change: whether a key was MODSEQ (RFC 7162 section 3.1.9).
    """
    return found_response(b"SORT", matches, has_change=has_change)
