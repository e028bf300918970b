"""What one value is compared with: a text, a pattern, a function, an equal."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import attrs

__all__ = ["Matcher", "address", "containing", "exactly", "keys_of", "matcher"]

# What an address criterion may leave open. A "[" is no wildcard: it begins an
# address literal (RFC 5321 section 4.1.3).
_WILDCARD = re.compile(r"[*?]")
_REGEX_OF = {"*": ".*", "?": "."}

# Equal to nothing but their like, so never to what an envelope has.
_NEVER_EQUAL = (int, float, complex, list, tuple, dict, set, frozenset, range)


@attrs.frozen
class Matcher:
    """One wanted value.

    Attributes:
        matches: says whether a value that is there is the wanted one.
        words: how a failure puts it, on one line.
        absence: whether it is wanted that there is no value.
        plain: the text that was given, if it was a text.
        key: what `keys_of` gives of every address that matches; ``""`` if there
            is no such thing.
    """

    matches: Callable[[Any], bool]
    words: str
    absence: bool = False
    plain: str | None = None
    key: str = ""


def exactly(wanted: str) -> Matcher:
    """Want this very text."""
    return Matcher(lambda value: value == wanted, repr(wanted), plain=wanted)


def containing(wanted: str) -> Matcher:
    """Want a text with this in it, however its lines end."""
    lines = _lf(wanted)
    return Matcher(
        lambda value: lines in _lf(value), f"contains {wanted!r}", plain=wanted
    )


def address(wanted: str) -> Matcher:
    """Want this address, ``*`` standing for any text and ``?`` for a character.

    The case of the domain does not matter, that of the local part does (RFC 5321
    section 2.4).

    Raises:
        ValueError: no address that an envelope has could match.
    """
    if wanted.endswith(">"):
        raise ValueError(f"give the address alone, without <>, not {wanted!r}")
    folded, lower = _fold(wanted), wanted.lower()
    if not _WILDCARD.search(folded):
        return Matcher(
            # Most are another address, whatever the case: that is soon seen.
            lambda value: value.lower() == lower and _fold(value) == folded,
            repr(wanted),
            plain=wanted,
            key=folded,
        )
    pieces = re.split(r"([*?])", folded)
    regex = "".join(_REGEX_OF.get(piece) or re.escape(piece) for piece in pieces)
    fullmatch = re.compile(regex, re.DOTALL).fullmatch
    _, at, domain = folded.rpartition("@")
    return Matcher(
        lambda value: fullmatch(_fold(value)) is not None,
        repr(wanted),
        plain=wanted,
        key="" if _WILDCARD.search(domain) else at + domain,
    )


def keys_of(value: str) -> tuple[str, str]:
    """Give what an address can be found by: all of it, and its domain."""
    folded = _fold(value)
    _, at, domain = folded.rpartition("@")
    return folded, at + domain


def matcher(
    name: str,
    wanted: object,
    plain: Callable[[Any], Matcher] = exactly,
    kind: type[str] | type[bytes] = str,
) -> Matcher:
    """Make a matcher of what a test gave.

    Args:
        name: the criterion, for the error.
        wanted: ``None``, for no value; a text; a compiled regular expression, to
            be found anywhere in the value; a function of the value; or an object
            that compares itself, such as ``unittest.mock.ANY``.
        plain: what to make of a text.
        kind: the type of the values.

    Raises:
        TypeError: `wanted` is none of these, or can match no value.
        ValueError: see `plain`.
    """
    if wanted is None:
        return Matcher(lambda value: False, "none", absence=True)
    if isinstance(wanted, kind):
        return plain(wanted)
    if isinstance(wanted, re.Pattern):
        return _searching(name, wanted, kind)
    if callable(wanted) and not isinstance(wanted, type):
        return _asking(wanted)
    if isinstance(wanted, (str, bytes, bytearray, *_NEVER_EQUAL)) or not _compares(
        wanted
    ):
        raise TypeError(
            f"{name} must be {kind.__name__}, a compiled regular expression, "
            f"a function or an object with its own __eq__, not {wanted!r}"
        )
    return Matcher(lambda value: bool(wanted == value), repr(wanted))


def _searching(name: str, pattern: re.Pattern[Any], kind: type) -> Matcher:
    if not isinstance(pattern.pattern, kind):
        raise TypeError(f"{name} is {kind.__name__}, the pattern must be too")
    words = f"has a match of {pattern.pattern!r}"
    return Matcher(lambda value: pattern.search(value) is not None, words)


def _asking(function: Callable[[Any], object]) -> Matcher:
    name = getattr(function, "__name__", None) or repr(function)
    return Matcher(lambda value: bool(function(value)), f"passes {name}")


def _compares(wanted: object) -> bool:
    """Say whether an object is equal to more than itself."""
    return type(wanted).__eq__ not in (object.__eq__, type.__eq__)


def _fold(value: str) -> str:
    local, at, domain = value.rpartition("@")
    return f"{local}{at}{domain.lower()}" if at else value


def _lf(value: str) -> str:
    return value.replace("\r\n", "\n")
