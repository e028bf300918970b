"""The responses to SEARCH (RFC 3501 section 7.2.5, RFC 4731), and what they save."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import attrs

from lazr_smtptest.readers.imap.number_sets import format_numbers
from lazr_smtptest.readers.imap.strings import quoted

__all__ = [
    "Match",
    "esearch_response",
    "found_response",
    "saved",
    "search_response",
]


@attrs.frozen
class Match:
    """A message that was found.

    Attributes:
        number: its sequence number, or its unique identifier after UID SEARCH.
        change: the number of its last change.
    """

    number: int
    change: int


def search_response(matches: Sequence[Match], *, has_change: bool = False) -> bytes:
    """Return ``* SEARCH``, which is sent even if nothing was found.

    Args:
        matches: what was found, in the order of the mailbox.
        has_change: whether a key was MODSEQ (RFC 7162 section 3.1.5).
    """
    return found_response(b"SEARCH", matches, has_change=has_change)


def found_response(name: bytes, matches: Sequence[Match], *, has_change: bool) -> bytes:
    """Return ``* SEARCH`` or ``* SORT``; see `search_response`."""
    words = [b"* " + name, *(b"%d" % each.number for each in matches)]
    if matches and has_change:
        words.append(_highest(matches))
    return b" ".join(words) + b"\r\n"


def esearch_response(
    tag: bytes,
    matches: Sequence[Match],
    returns: Collection[str],
    *,
    is_uid: bool = False,
    has_change: bool = False,
) -> bytes:
    """Return ``* ESEARCH`` (RFC 4731 section 3.1).

    Args:
        tag: that of the command.
        matches: what was found, in the order of the mailbox.
        returns: the result options.
        is_uid: whether the command was UID SEARCH.
        has_change: whether a key was MODSEQ.
    """
    words = [b"* ESEARCH (TAG %s)" % quoted(tag)]
    words += [b"UID"] if is_uid else []
    if matches and "MIN" in returns:
        words.append(b"MIN %d" % matches[0].number)
    if matches and "MAX" in returns:
        words.append(b"MAX %d" % matches[-1].number)
    if matches and "ALL" in returns:
        words.append(b"ALL %s" % format_numbers(each.number for each in matches))
    if "COUNT" in returns:
        words.append(b"COUNT %d" % len(matches))
    if matches and has_change:
        # RFC 7162 section 3.1.10: of the messages that are in the response.
        words.append(_highest(_chosen(matches, returns))[1:-1])
    return b" ".join(words) + b"\r\n"


def saved(matches: Sequence[Match], returns: Collection[str]) -> Sequence[Match]:
    """Return the messages that ``$`` means after RETURN (SAVE) (RFC 5182 section 2.4).

    They are the first and the last one if only these are returned.
    """
    return _chosen(matches, returns)


def _chosen(matches: Sequence[Match], returns: Collection[str]) -> Sequence[Match]:
    ends = [matches[:1]] if "MIN" in returns else []
    ends += [matches[-1:]] if "MAX" in returns else []
    if not ends or "ALL" in returns or "COUNT" in returns:
        return matches
    return list(dict.fromkeys(each for end in ends for each in end))


def _highest(matches: Sequence[Match]) -> bytes:
    return b"(MODSEQ %d)" % max(each.change for each in matches)
