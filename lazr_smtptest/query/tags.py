"""The names of tags."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable

__all__ = [
    "TAG_LENGTH",
    "check_tag",
    "check_tags",
    "clean_tag",
    "joined_tags",
    "tag_key",
]

# The most characters of a tag.
TAG_LENGTH = 100

# Unicode's categories of control characters, surrogates and line separators.
_NOT_IN_TAGS = frozenset(("Cc", "Cs", "Zl", "Zp"))

# The characters of a tag that a message asks for, besides letters and digits.
_PUNCTUATION = frozenset("-_.@")


def check_tag(tag: str) -> str:
    """Return a tag without the white space around it, and with single spaces in it.

    It has 1 to 100 characters, none of which is a comma or a control character.

    Raises:
        TypeError: it is not a str.
        ValueError: it is not a valid tag.
    """
    if not isinstance(tag, str):
        raise TypeError(f"a tag must be a str, not {tag!r:.100}")
    name = " ".join(filter(None, tag.strip(" \t\r\n").split(" ")))
    if not 1 <= len(name) <= TAG_LENGTH:
        raise ValueError(
            f"a tag must have 1 to {TAG_LENGTH} characters, not {len(name)}: "
            f"{name!r:.100}"
        )
    if "," in name or any(unicodedata.category(each) in _NOT_IN_TAGS for each in name):
        raise ValueError(
            f"a tag must not have a comma or a control character: {name!r}"
        )
    return name


def clean_tag(text: str) -> str:
    """Return the tag that a text of a message or of another program asks for.

    Each character becomes a space that is neither a letter or digit of any script nor
    one of ``-_.@``. Several spaces become one.

    Raises:
        TypeError: it is not a str.
        ValueError: nothing is left, or more than 100 characters are.
    """
    if not isinstance(text, str):
        raise TypeError(f"a tag must be a str, not {text!r:.100}")
    return check_tag("".join(each if _is_plain(each) else " " for each in text))


def _is_plain(character: str) -> bool:
    # A mark, such as an accent, is a part of its letter.
    return (
        character.isalnum()
        or character in _PUNCTUATION
        or unicodedata.category(character).startswith("M")
    )


def check_tags(tags: Collection[str]) -> tuple[str, ...]:
    """Return valid tags, each once, sorted; see `check_tag`.

    Raises:
        TypeError: `tags` is a single str, or one of them is not a str.
        ValueError: one of them is not a valid tag.
    """
    if isinstance(tags, str):
        raise TypeError(f"tags must be a collection of tags, not the str {tags!r:.100}")
    return joined_tags(map(check_tag, tags))


def joined_tags(*groups: Iterable[str]) -> tuple[str, ...]:
    """Return the tags of all groups, sorted.

    Of tags that differ in their letter case only, the first one is returned.
    """
    found: dict[str, str] = {}
    for group in groups:
        for tag in group:
            found.setdefault(tag_key(tag), tag)
    return tuple(found[key] for key in sorted(found))


def tag_key(tag: str) -> str:
    """Return the text by which tags are compared and sorted."""
    return tag.casefold()
