r"""Flags and keywords of IMAP, and the flags and tags of the store.

A tag is a keyword if it is an atom (RFC 3501 section 9); others are not shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

import attrs

from lazr_smtptest.model.marks import MessageMarks
from lazr_smtptest.model.summary import FLAGS, Flag
from lazr_smtptest.query.tags import check_tag
from lazr_smtptest.readers.imap.errors import CommandError
from lazr_smtptest.readers.imap.syntax import Value, is_atom

__all__ = [
    "SYSTEM_FLAGS",
    "Marks",
    "flags_of",
    "is_keyword",
    "keywords_of",
    "parse_flags",
]

_BY_NAME: dict[bytes, Flag] = {b"\\" + flag.encode(): flag for flag in sorted(FLAGS)}
# As they are written in responses.
SYSTEM_FLAGS: Sequence[bytes] = [
    b"\\" + flag.title().encode() for flag in sorted(FLAGS)
]
_KEYWORD = re.compile(r"[!#$&'+./0-9:;<=>?@A-Z\[^_`a-z|}~-]+")


@attrs.frozen
class Marks:
    """The flags and tags that a client names.

    Attributes:
        flags: the flags.
        tags: the tags.
    """

    flags: frozenset[Flag]
    tags: tuple[str, ...]


def is_keyword(tag: str) -> bool:
    """Return whether a tag is a keyword."""
    return _KEYWORD.fullmatch(tag) is not None


def keywords_of(tags: Iterable[str]) -> list[str]:
    """Return those of some tags that are keywords."""
    return [tag for tag in tags if is_keyword(tag)]


def flags_of(message: MessageMarks) -> tuple[bytes, ...]:
    """Return the flags and keywords of a message."""
    return _written(message.flags, message.tags)


@lru_cache(maxsize=256)
def _written(flags: frozenset[Flag], tags: tuple[str, ...]) -> tuple[bytes, ...]:
    """Return flags and keywords as they are written in responses."""
    words = [b"\\" + flag.title().encode() for flag in sorted(flags)]
    return (*words, *(tag.encode("ascii") for tag in keywords_of(tags)))


def parse_flags(words: Iterable[Value]) -> Marks:
    r"""Parse flags and keywords that a client sets.

    Raises:
        CommandError: one is ``\Recent``, unknown, or no keyword.
    """
    flags: set[Flag] = set()
    tags: dict[str, None] = {}
    for word in words:
        if not is_atom(word):
            raise CommandError("a flag is no string and no list")
        name = word.decode("ascii", "backslashreplace")
        if word.lower() in _BY_NAME:
            flags.add(_BY_NAME[word.lower()])
        elif is_keyword(name):
            tags[_checked(name)] = None
        else:
            raise CommandError(f"{name[:64]!r} is no flag that can be set")
    return Marks(frozenset(flags), tuple(tags))


def _checked(tag: str) -> str:
    try:
        return check_tag(tag)
    except ValueError as error:
        raise CommandError(str(error), status="NO", code="LIMIT") from error
