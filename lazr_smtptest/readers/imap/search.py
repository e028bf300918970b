"""SEARCH: its arguments (RFC 3501 section 6.4.4, RFC 4731, RFC 5182).

A search is first evaluated without the texts of a message: that is enough for flags,
dates, sizes and numbers, so that few messages have to be read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs

from lazr_smtptest.readers.imap.conditions import Condition
from lazr_smtptest.readers.imap.errors import CommandError
from lazr_smtptest.readers.imap.keys import KeyParser, Scope, name_of
from lazr_smtptest.readers.imap.message import Message
from lazr_smtptest.readers.imap.texts import Texts

__all__ = ["Scope", "Search", "parse_keys", "parse_search"]

_RETURNS = frozenset(["MIN", "MAX", "ALL", "COUNT", "SAVE"])
_CHARSETS = {"US-ASCII": "ascii", "UTF-8": "utf-8"}


@attrs.frozen
class Search:
    """A search.

    Attributes:
        returns: the result options (RFC 4731), ``ALL`` if the list is empty; ``None``
            if the client wants the response of RFC 3501.
        needs_body: whether a key is about the body.
        needs_facts: whether a key is about the size or the internal date.
        has_change: whether a key is MODSEQ, so that the response has the highest one.
    """

    _test: Condition
    returns: frozenset[str] | None = None
    needs_body: bool = False
    needs_facts: bool = False
    has_change: bool = False

    def matches(self, message: Message, texts: Texts | None = None) -> bool | None:
        """Return whether a message matches; ``None`` if its texts are needed.

        Args:
            message: the message; its content is not read.
            texts: the texts; then the result is never ``None``.
        """
        return self._test(message, texts)


def parse_search(
    arguments: Sequence[Any], scope: Scope, *, is_utf8: bool = False
) -> Search:
    """Parse the arguments of SEARCH.

    Args:
        arguments: strings, and lists of them.
        scope: the mailbox.
        is_utf8: whether UTF8=ACCEPT is on, which excludes CHARSET (RFC 6855 section
            3).

    Raises:
        CommandError: they are malformed, or the charset is unknown.
    """
    words = list(arguments)
    returns = None
    if len(words) > 1 and name_of(words[0]) == "RETURN":
        returns = _result_options(words[1])
        del words[:2]
    charset = b"UTF-8"
    if words and name_of(words[0]) == "CHARSET":
        if len(words) < 2 or isinstance(words[1], list):
            raise CommandError("CHARSET needs a name")
        if is_utf8:
            raise CommandError("CHARSET is not allowed after ENABLE UTF8=ACCEPT")
        charset = words[1]
        del words[:2]
    return attrs.evolve(parse_keys(words, charset, scope), returns=returns)


def _result_options(argument: Any) -> frozenset[str]:
    if not isinstance(argument, list):
        raise CommandError("RETURN needs a list")
    names = frozenset(map(name_of, argument))
    if unknown := names - _RETURNS:
        shown = ascii(sorted(unknown)[0][:64])
        raise CommandError(f"{shown} is no result option: use MIN MAX ALL COUNT SAVE")
    return names or frozenset(["ALL"])


def parse_keys(arguments: Sequence[Any], charset: bytes, scope: Scope) -> Search:
    """Parse the keys of SEARCH, SORT or THREAD.

    Args:
        arguments: strings, and lists of them.
        charset: the charset of the strings.
        scope: the mailbox.

    Raises:
        CommandError: they are malformed, or the charset is unknown.
    """
    label = charset.decode("ascii", "replace").upper()
    if label not in _CHARSETS:
        raise CommandError(
            "strings are in US-ASCII or UTF-8",
            status="NO",
            code=f"BADCHARSET ({' '.join(_CHARSETS)})",
        )
    parser = KeyParser(scope, _CHARSETS[label])
    test = parser.all_of(list(arguments), 0)
    return Search(test, None, parser.needs_body, parser.needs_facts, parser.has_change)
