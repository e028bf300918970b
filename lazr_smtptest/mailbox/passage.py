"""The parts of two values around their first difference, as text."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from lazr_smtptest.mailbox.characters import count_columns, describe_difference
from lazr_smtptest.mailbox.lines import more, short
from lazr_smtptest.mime.sizes import byte_count

__all__ = [
    "common",
    "compare_bytes",
    "compare_lines",
    "compare_texts",
    "first_difference",
]

# Columns that are shown of a text before its first difference, and in all.
_BEFORE = 40
_ROOM = 100
# Characters that are shown after a part that was wanted.
_AFTER = 10

# Comparing line by line is quadratic: only so many lines from the first difference on
# are compared, and so many are shown.
_COMPARED = 100
_LINES = 20

# Texts over this many characters are compared at their first difference only.
_LONG = 100_000

# Of a wanted text this many characters are looked for.
_SOUGHT = 1000
# Fewer that are found say nothing.
_TOO_FEW = 3

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_ROW = 16


def common(first: Sequence[Any], second: Sequence[Any]) -> int:
    """Return how many items two sequences have in common at their beginning.

    Slices are compared, so the time is linear and short.
    """
    low, high = 0, min(len(first), len(second))
    if first[:high] == second[:high]:
        return high
    while high - low > 1:
        middle = (low + high) // 2
        if first[low:middle] == second[low:middle]:
            low = middle
        else:
            high = middle
    return low


def first_difference(wanted: str, value: str, *, part: bool = False) -> int | None:
    """Return the index in `value` of the first difference from `wanted`.

    Args:
        wanted: the wanted text.
        value: the text of the message; lines end in LF if `part`.
        part: whether `value` should contain `wanted`.

    Returns:
        an index; ``None`` if `value` has no part of `wanted`.
    """
    if not part:
        return common(wanted, value)
    wanted = _lf(wanted)
    if "\n" in wanted.strip():
        lines = value.split("\n")
        offset = _offset(wanted.split("\n"), value, lines)
        at: int | None = sum(len(line) + 1 for line in lines[:offset])
    else:
        at = _place(wanted, value)
    return None if at is None else at + common(wanted, value[at:])


def compare_texts(
    wanted: str, value: str, *, part: bool = False, pattern: bool = False
) -> list[str]:
    """Return the lines that compare two texts, around the first difference.

    Args:
        wanted: the wanted text.
        value: the text of the message.
        part: whether `value` should contain `wanted`.
        pattern: whether `wanted` has wildcards: then no character is marked.

    Returns:
        lines: ``-`` the wanted text, ``+`` that of the message, ``^`` the difference.
    """
    if pattern:
        return [f"- {_quoted(wanted)}", f"+ {_quoted(value)}"]
    if not part:
        return [*_pair(wanted, value), *_only(wanted, value, part=False)]
    wanted, value = _lf(wanted), _lf(value)
    at = _place(wanted, value)
    if at is None:
        return [f"- contains {_quoted(wanted)}", f"+ {_quoted(value)}"]
    end = at + len(wanted) + _AFTER
    around = at > 0, end < len(value)
    lines = _pair(wanted, value[at:end], "contains ", around)
    return [*lines, *_only(wanted, value, part=True)]


def compare_lines(
    wanted: str, value: str, *, part: bool = False
) -> tuple[int, list[str]]:
    """Compare two texts line by line.

    Args:
        wanted: the wanted text.
        value: the text of the message.
        part: whether `value` should contain `wanted`.

    Returns:
        the number of the first line of `value` that differs, from 1 on; and lines:
        ``-`` the wanted lines, ``+`` those of the message.
    """
    if part:
        wanted, value = _lf(wanted), _lf(value)
    ours, theirs = wanted.split("\n"), value.split("\n")
    if part:
        # The last piece is no line, and what follows is no difference.
        ours = ours[:-1] if not ours[-1] else ours
        theirs = theirs[:-1] if not theirs[-1] else theirs
    offset = _offset(ours, value, theirs) if part else 0
    theirs = theirs[offset:]
    if part:
        _complete(ours, theirs)
    alike = common(ours, theirs)
    start = max(0, alike - 1)
    changes = _changes(
        ours[start : alike + _COMPARED], theirs[start : alike + _COMPARED], part=part
    )
    lines = list(changes)
    shown = lines[:_LINES] + more(len(lines) - _LINES, "")
    return offset + alike + 1, [*shown, *_only(wanted, value, part=part)]


def compare_bytes(wanted: bytes, value: bytes) -> list[str]:
    """Return lines with the first difference, in hexadecimal and as text."""
    at = common(wanted, value)
    row = at - at % _ROW
    sizes = f"{byte_count(value)} came, {len(wanted)} wanted"
    if len(wanted) == len(value):
        sizes = f"both have {byte_count(value)}"
    lines = [
        f"differs at byte {at} ({sizes}):",
        f"- {_hex(wanted, row)}",
        f"+ {_hex(value, row)}",
        f"{' ' * (12 + 3 * (at - row))}^^",
    ]
    if wanted.replace(b"\r\n", b"\n") == value.replace(b"\r\n", b"\n"):
        ours, theirs = (b"CRLF" in _ends(each) for each in (wanted, value))
        lines.append(_line_ends(ours, theirs))
    return lines


def _hex(octets: bytes, row: int) -> str:
    piece = octets[row : row + _ROW]
    text = "".join(chr(each) if 32 <= each < 127 else "." for each in piece)
    shown = piece.hex(" ") or "nothing more"
    return f"{row:08x}  {shown:{3 * _ROW}} {text}".rstrip()


def _ends(octets: bytes) -> bytes:
    return b"CRLF" if b"\r\n" in octets else b"LF"


def _line_ends(ours: bool, theirs: bool) -> str:
    names = {True: "CRLF", False: "LF"}
    if ours is theirs:
        return "only line ends differ"
    return f"only line ends differ: wanted {names[ours]}, came {names[theirs]}"


def _lf(text: str) -> str:
    return text.replace("\r\n", "\n")


# Lines


def _offset(ours: Sequence[str], value: str, theirs: Sequence[str]) -> int:
    """Return the line of `theirs` at which `ours` probably begins."""
    if common(ours, theirs) > _TOO_FEW:
        return 0
    sought = {line: at for at, line in enumerate(ours[:_COMPARED]) if line.strip()}
    votes: Counter[int] = Counter()
    seen: Counter[str] = Counter()
    for at, line in enumerate(theirs):
        if line in sought and seen[line] < _COMPARED:
            seen[line] += 1
            votes[at - sought[line]] += 1
    if votes:
        most = max(votes.values())
        return max(0, min(at for at, number in votes.items() if number == most))
    place = _place(ours[0], value)
    return 0 if place is None else value.count("\n", 0, place)


def _complete(ours: Sequence[str], theirs: list[str]) -> None:
    """Take the rest off the first and last line, where `ours` may be parts of them."""
    last = len(ours) - 1
    if theirs and theirs[0].endswith(ours[0]):
        theirs[0] = ours[0]
    if last < len(theirs) and theirs[last].startswith(ours[last]):
        theirs[last] = ours[last]


def _changes(
    ours: Sequence[str], theirs: Sequence[str], *, part: bool
) -> Iterator[str]:
    # What is common was left out, but for a line: so no line is too frequent.
    matcher = difflib.SequenceMatcher(None, ours, theirs, autojunk=False)
    groups = [list(each) for each in matcher.get_grouped_opcodes(1)]
    last = len(ours)
    for group in groups:
        if part:
            # That stands around the part that was wanted.
            group = [
                each
                for each in group
                if each[0] != "insert" or each[1] not in (0, last)
            ]
        if all(each[0] == "equal" for each in group):
            continue
        for kind, first, end, start, stop in group:
            if kind == "equal":
                yield from (f"  {short(line)}".rstrip() for line in ours[first:end])
            else:
                yield from _replaced(ours[first:end], theirs[start:stop])


def _replaced(ours: Sequence[str], theirs: Sequence[str]) -> Iterator[str]:
    pairs = list(zip(ours, theirs, strict=False))
    if len(ours) == len(theirs) and any(_is_hard_to_see(*each) for each in pairs):
        for wanted, value in pairs:
            yield from _pair(wanted, value)
        return
    yield from (f"- {short(line)}".rstrip() for line in ours)
    yield from (f"+ {short(line)}".rstrip() for line in theirs)


def _is_hard_to_see(wanted: str, value: str) -> bool:
    return max(len(wanted), len(value)) > _ROOM or _visible(wanted) == _visible(value)


def _visible(text: str) -> str:
    text = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text))
    return " ".join(text.split())


# Texts


def _place(wanted: str, value: str) -> int | None:
    """Return the index in `value` of the longest part of `wanted`; ``None``: none."""
    if len(wanted) > _SOUGHT and common(wanted, value) >= _SOUGHT:
        return 0
    begin = _longest(wanted[:_SOUGHT], value)
    end = _longest(wanted[-_SOUGHT:][::-1], value[::-1])
    if max(begin, end) < min(_TOO_FEW, len(wanted)):
        return None
    if begin >= end:
        return value.index(wanted[:begin])
    return max(0, value.rindex(wanted[-end:]) + end - len(wanted))


def _longest(wanted: str, value: str) -> int:
    """Return the length of the longest start of `wanted` that `value` contains."""
    low, high = 0, len(wanted) + 1
    while high - low > 1:
        middle = (low + high) // 2
        if wanted[:middle] in value:
            low = middle
        else:
            high = middle
    return low


def _pair(
    wanted: str,
    value: str,
    label: str = "",
    around: tuple[bool, bool] = (False, False),
) -> list[str]:
    """Return two texts in two lines, and a mark at their first difference.

    Args:
        wanted: the first text.
        value: the second text.
        label: the text before the first one.
        around: whether the second text continues at both ends.
    """
    at = common(wanted, value)
    start = _start(wanted, at) if max(len(wanted), len(value)) > _ROOM else 0
    ascii_only = _nfc(wanted[start : start + _ROOM]) == _nfc(
        value[start : start + _ROOM]
    )
    ours, theirs = (
        _quoted(each, start, ascii_only=ascii_only) for each in (wanted, value)
    )
    room = " " * len(label)
    if around[0] and not start:
        room = f"{room[3:]}..."
    if around[1] and not theirs.endswith("..."):
        theirs += "..."
    lead = len(label) + (3 if start else 0)
    column = lead + count_columns(wanted[start:at], ascii_only=ascii_only)
    lines = [f"- {label}{ours}", f"+ {room}{theirs}"]
    about = describe_difference(wanted, value, at, start)
    if about or _is_like(wanted, value, at):
        lines.append(f"  {' ' * column} ^{about}")
    return lines


def _is_like(wanted: str, value: str, at: int) -> bool:
    """Return whether two texts have at least half of their characters in common."""
    ours, theirs = (each[at:].strip().casefold() for each in (wanted, value))
    end = common(ours[::-1], theirs[::-1])
    return 2 * (at + end) >= max(len(wanted), len(value))


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _start(text: str, at: int) -> int:
    """Return the index to begin at, so that the difference is visible."""
    start, columns = at, 0
    while start and columns < _BEFORE:
        start -= 1
        columns += len(repr(text[start])) - 2
    return start


def _quoted(text: str, start: int = 0, *, ascii_only: bool = False) -> str:
    piece = text[start : start + _ROOM]
    shown = ascii(piece) if ascii_only else repr(piece)
    dots = "..." if start else "", "..." if start + _ROOM < len(text) else ""
    return f"{dots[0]}{shown}{dots[1]}"


def _only(wanted: str, value: str, *, part: bool) -> list[str]:
    """Return a line about the only difference; nothing if there are several."""
    if max(len(wanted), len(value)) > _LONG:
        return []

    def same(change: Any) -> bool:
        ours, theirs = change(wanted), change(value)
        return bool(ours) and (ours in theirs if part else ours == theirs)

    if same(lambda text: text.replace("\r\n", "\n")):
        return [_line_ends("\r\n" in wanted, "\r\n" in value)]
    for change, what in _CHANGES:
        if same(change):
            return [f"only {what}"]
    return []


def _trimmed(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.split("\n"))


_CHANGES = (
    (str.strip, "white space around it differs"),
    (_trimmed, "white space at the ends of lines differs"),
    (lambda text: _INVISIBLE.sub("", text), "invisible characters differ"),
    (lambda text: " ".join(text.split()), "white space differs"),
    (_nfc, "Unicode normalization differs"),
    (_visible, "white space, invisible or compatible characters differ"),
    (str.casefold, "letter case differs"),
    (
        lambda text: _visible(text).casefold(),
        "letter case and white space, or invisible characters, differ",
    ),
)
