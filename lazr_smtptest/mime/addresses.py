"""The addresses in a header field (RFC 5322 section 3.4), without their names."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from lazr_smtptest.mime.charsets import guess

__all__ = ["MOST", "read_addresses"]

MOST = 1000

_CLOSING = {"(": ")", '"': '"', "<": ">", "[": "]"}


def read_addresses(body: bytes) -> tuple[str, ...]:
    """Read the addresses of a field such as To; never raises.

    Encoded words stay as they are: they may be in names only (RFC 2047 section
    5), and a name may be made to look like an address.

    Returns:
        the first 1000, such as ``ann@example.com``.
    """
    found = (_address(entry, angle) for entry, angle in _entries(guess(body)))
    return tuple(islice((address for address in found if "@" in address), MOST))


def _entries(text: str) -> Iterator[tuple[str, str]]:
    """Split a list at its commas, and groups at their colons and semicolons.

    Gives each entry's text and what it has in angle brackets; comments are left
    out. What is opened and not closed lasts to the end.
    """
    plain: list[str] = []
    angle = ""
    position = 0
    while position < len(text):
        char = text[position]
        if char in _CLOSING:
            end = _closed(text, position)
            if char == "<":
                angle = text[position + 1 : end].rstrip(">")
            elif char != "(":
                plain.append(text[position:end])
            position = end
            continue
        if char in ",;":
            yield "".join(plain), angle
            plain, angle = [], ""
        elif char == ":":  # what came before was the name of a group
            plain, angle = [], ""
        else:
            plain.append(char)
        position += 1
    yield "".join(plain), angle


def _closed(text: str, start: int) -> int:
    """Find the end of what is opened at `start`; comments may hold comments."""
    opening = text[start]
    closing = _CLOSING[opening]
    depth = 1
    position = start + 1
    while position < len(text) and depth:
        char = text[position]
        if char == "\\":
            position += 1
        elif char == closing:
            depth -= 1
        elif char == opening == "(":
            depth += 1
        position += 1
    return min(position, len(text))


def _address(entry: str, angle: str) -> str:
    if angle.startswith("@"):  # a source route (RFC 5322 section 4.4)
        angle = angle.partition(":")[2]
    address = " ".join((angle or entry).split())
    if '"' in address:
        return address
    address = address.replace(" @", "@").replace("@ ", "@")
    words = [word for word in address.split() if "@" in word]
    return words[-1] if words else ""
