"""Comparisons with one value: a text, a pattern, a function or an equal object."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, AnyStr

import attrs

from lazr_smtptest._callers import warn_caller
from lazr_smtptest._checks import brief
from lazr_smtptest._patterns import PATTERNS
from lazr_smtptest.mime.address_keys import address_key
from lazr_smtptest.query.truth import check_predicate, truth

__all__ = [
    "Matcher",
    "address",
    "check_header_name",
    "containing",
    "exactly",
    "function_name",
    "keys_of",
    "matcher",
    "wildcard",
    "within",
]

# Test frameworks leave the frames of this module out of a failure.
__tracebackhide__ = __unittest = True

# The wildcards. A "[" is not one, because it begins an address literal (RFC 5321
# section 4.1.3).
_WILDCARD = re.compile(r"[*?]")

# RFC 5322 section 2.2: printable ASCII without the colon.
_HEADER_NAME = re.compile(r"[!-9;-~]+")

# RFC 5321 section 4.1.2: white space and commas stand in a quoted local part only.
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_BLANK = re.compile(r"\s")

# What looks like a domain where an address is wanted.
_DOMAIN = re.compile(r"[^.*?]+(\.[^.*?]+)+")

# Equal to objects of their own kind only, so never to a value of an envelope.
_NEVER_EQUAL = (int, float, complex, list, tuple, dict, set, frozenset, range)


@attrs.frozen
class Matcher:
    """A condition for one value.

    Attributes:
        matches: returns whether a value that is present meets the condition.
        words: the condition in the text of a failure, on one line.
        fails: the text after the name and a value that does not match; ``""`` for
            "is not" and `words`.
        absence: whether the condition is that there is no value.
        plain: the text or bytes that the test gave, if it gave such.
        part: whether `plain` may be a part of the value.
        pattern: whether ``*`` and ``?`` in `plain` are wildcards.
        key: the element of `keys_of` that every matching address has; ``""`` if
            there is none.
    """

    matches: Callable[[Any], bool]
    words: str
    fails: str = ""
    absence: bool = False
    plain: str | bytes | None = None
    part: bool = False
    pattern: bool = False
    key: str = ""


def exactly(wanted: str) -> Matcher:
    """Return a matcher of exactly this text."""
    return Matcher(lambda value: value == wanted, repr(wanted), plain=wanted)


def containing(wanted: str) -> Matcher:
    """Return a matcher of texts that contain this one, whatever their line ends."""
    lines = _lf(wanted)
    return Matcher(
        lambda value: lines in _lf(value),
        f"contains {wanted!r}",
        plain=wanted,
        part=True,
    )


def wildcard(wanted: str) -> Matcher:
    """Return a matcher of a text; ``*`` is any text and ``?`` any character.

    The time is linear in the length of the value.
    """
    if not _WILDCARD.search(wanted):
        return exactly(wanted)
    return Matcher(
        _whole(wanted),
        repr(wanted),
        plain=wanted,
        pattern=True,
    )


def within(wanted: str | bytes) -> Matcher:
    """Return a matcher of values that contain this; wildcards as in `wildcard`.

    The time is linear in the length of the value.
    """
    words = f"contains {wanted!r}"
    if isinstance(wanted, bytes):
        octets = [
            re.compile(re.escape(piece).replace(rb"\?", b"."), re.DOTALL)
            for piece in wanted.split(b"*")
        ]
        return Matcher(lambda value: _in_order(octets, value), words)
    texts = [_regex(piece) for piece in _lf(wanted).split("*")]
    return Matcher(lambda value: _in_order(texts, _lf(value)), words, plain=wanted)


def _in_order(
    regexes: Sequence[re.Pattern[AnyStr]],
    value: AnyStr,
    start: int = 0,
    end: int = sys.maxsize,
) -> bool:
    """Return whether the patterns are found in this order, without overlap."""
    for regex in regexes:
        found = regex.search(value, start, end)
        if found is None:
            return False
        start = found.end()
    return True


def _whole(wanted: str) -> Callable[[str], bool]:
    """Return the function that compares a whole text with one that has wildcards.

    One regular expression would not do: each further ``.*`` multiplies its time.
    """
    first, *others = wanted.split("*")
    begins = _regex(first)
    if not others:
        return lambda value: begins.fullmatch(value) is not None
    *between, last = others
    ends, middle = _regex(last), [_regex(piece) for piece in between]

    def is_equal(value: str) -> bool:
        found = begins.match(value)
        # Without asterisks a piece has one length.
        end = len(value) - len(last)
        if found is None or found.end() > end or ends.match(value, end) is None:
            return False
        return _in_order(middle, value, found.end(), end)

    return is_equal


def _regex(wanted: str) -> re.Pattern[str]:
    """Return the pattern of a text in which ``?`` is any character."""
    return re.compile(re.escape(wanted).replace(r"\?", "."), re.DOTALL)


def address(wanted: str) -> Matcher:
    """Return a matcher of an address; ``*`` is any text and ``?`` any character.

    Equal addresses match, see `address_key`: the case of the domain, quotes that the
    local part does not need, and the two spellings of a domain that is not ASCII do
    not matter. The case of the local part does (RFC 5321 section 2.4).

    Raises:
        ValueError: no address that an envelope has could match.
    """
    _check_address(wanted)
    key = address_key(wanted)
    if not _WILDCARD.search(key):
        return Matcher(
            lambda value: address_key(value) == key,
            repr(wanted),
            plain=wanted,
            key=key,
        )
    # Also compare the unchanged address: "xn--*" is not a label that can be decoded.
    is_equal, is_as_given = _whole(key), _whole(_lower_domain(wanted))
    _, at, domain = key.rpartition("@")
    return Matcher(
        lambda value: is_equal(address_key(value)) or is_as_given(_lower_domain(value)),
        repr(wanted),
        plain=wanted,
        pattern=True,
        key="" if _WILDCARD.search(domain) else at + domain,
    )


def _check_address(wanted: str) -> None:
    """Check that an address may be equal to one that an envelope has.

    Raises:
        ValueError: it cannot.
    """
    if wanted.endswith(">"):
        raise ValueError(f"give the address alone, without <>, not {brief(wanted)}")
    bare = _QUOTED.sub("q", wanted)
    if "," in bare:
        raise ValueError(f"give one address, not several, and not {brief(wanted)}")
    if _BLANK.search(bare):
        raise ValueError(
            f"an address has no white space and no line end, so not {brief(wanted)}"
        )
    local, at, domain = bare.rpartition("@")
    if at and not local:
        raise ValueError(
            f"an address has a local part, so not {brief(wanted)}: write "
            f"{brief('*' + wanted)} for all addresses of a domain"
        )
    if at and not domain:
        raise ValueError(f"an address has a domain, so not {brief(wanted)}")
    if not at and _DOMAIN.fullmatch(bare):
        warn_caller(
            f"{brief(wanted)} has no @, so it is the local part of an address without "
            f"a domain: write {brief('*@' + wanted)} for all addresses of a domain"
        )


def check_header_name(name: object) -> None:
    """Check the name of a header field in a criterion.

    Raises:
        TypeError: it is not `str`.
        ValueError: no header field has such a name.
    """
    if not isinstance(name, str):
        raise TypeError(f"a header's name must be str, not {brief(name)}")
    if not _HEADER_NAME.fullmatch(name):
        raise ValueError(f"{brief(name)} is not a header's name (RFC 5322 section 2.2)")
    if _WILDCARD.search(name):
        raise ValueError(f"a header's name takes no * and no ?, so not {brief(name)}")


def keys_of(value: str) -> tuple[str, str]:
    """Return the keys of an address for an index: the whole one, and its domain."""
    key = address_key(value)
    _, at, domain = key.rpartition("@")
    return key, at + domain


def matcher(
    name: str,
    wanted: object,
    plain: Callable[[Any], Matcher] = exactly,
    kind: type[str] | type[bytes] = str,
) -> Matcher:
    """Return the matcher for a value that a test gave.

    Args:
        name: the criterion, for the error.
        wanted: ``None``, for no value; a text; a compiled regular expression, to
            be found anywhere in the value; a function of the value; or an object
            with its own comparison, such as ``unittest.mock.ANY``.
        plain: makes the matcher for a text.
        kind: the type of the values.

    Raises:
        TypeError: `wanted` is none of these, or can match no value.
        ValueError: see `plain`.
    """
    if wanted is None:
        return Matcher(lambda value: False, "none", absence=True)
    if isinstance(wanted, kind):
        return plain(wanted)
    if isinstance(wanted, PATTERNS):
        return _searching(name, wanted, kind)
    if callable(wanted) and not isinstance(wanted, type):
        return _asking(wanted)
    if isinstance(wanted, (str, bytes, bytearray, *_NEVER_EQUAL)) or not _compares(
        wanted
    ):
        raise TypeError(
            f"{name} must be {kind.__name__}, a compiled regular expression, "
            f"a function or an object with its own __eq__, not {brief(wanted)}"
        )
    return Matcher(lambda value: bool(wanted == value), brief(wanted))


def _searching(name: str, pattern: Any, kind: type) -> Matcher:
    if not isinstance(pattern.pattern, kind):
        raise TypeError(f"{name} is {kind.__name__}, the pattern must be too")
    # Spelled as in a raw string.
    shown = brief(pattern.pattern).replace("\\\\", "\\")
    return Matcher(
        lambda value: pattern.search(value) is not None,
        f"has a match of {shown}",
        f"has no match of {shown}",
    )


def _asking(function: Callable[[Any], object]) -> Matcher:
    name = function_name(function)
    check_predicate(function, name)
    return Matcher(
        lambda value: truth(function(value), name),
        f"is accepted by {name}",
        f"is not accepted by {name}",
    )


def function_name(function: Callable[..., object]) -> str:
    """Return the name of a function; for a lambda its file and line."""
    name = getattr(function, "__name__", None)
    if name is None:
        return brief(function)
    code = getattr(function, "__code__", None)
    if name != "<lambda>" or code is None:
        return str(name)
    file = Path(code.co_filename).name
    return f"the lambda in {file} line {code.co_firstlineno}"


def _compares(wanted: object) -> bool:
    """Return whether an object may equal another object than itself."""
    return type(wanted).__eq__ not in (object.__eq__, type.__eq__)


def _lower_domain(value: str) -> str:
    local, at, domain = value.rpartition("@")
    return f"{local}{at}{domain.lower()}" if at else value


def _lf(value: str) -> str:
    return value.replace("\r\n", "\n")
