"""Decode character references, such as ``&amp;`` (WHATWG HTML 13.2.5.72 to 80)."""

from __future__ import annotations

import re
from html.entities import html5

__all__ = ["decode_references"]

# The longest name in the table of the standard has 31 letters, and the longest that
# may stand without a semicolon has 6.
_LONGEST_LEGACY = 6
_LEGACY = {name: value for name, value in html5.items() if not name.endswith(";")}
_REFERENCE = re.compile(
    r"&(?:#(?:[xX]([0-9A-Fa-f]+)|([0-9]+));?|([A-Za-z][0-9A-Za-z]{0,31});?)"
)
_REPLACEMENT = "\ufffd"
_LAST = 0x10FFFF
_SURROGATES = range(0xD800, 0xE000)
# Numbers of C1 controls stand for the windows-1252 characters at their places, of
# which five are empty.
_CONTROLS = {
    number: bytes([number]).decode("cp1252")
    for number in range(0x80, 0xA0)
    if number not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)
}


def decode_references(text: str, *, attribute: bool = False) -> str:
    """Return a text with its character references replaced; never raises.

    Text that only resembles a reference is left unchanged.

    Args:
        text: the text between two tags, or the value of an attribute.
        attribute: whether it is the value of an attribute: there ``&copy=2`` is
            not a reference, because URLs contain such text.
    """
    if "&" not in text:
        return text
    return _REFERENCE.sub(_in_attribute if attribute else _in_text, text)


def _in_text(found: re.Match[str]) -> str:
    name = found[3]
    if not name:
        return _numeric(found)
    if found[0].endswith(";") and (value := html5.get(name + ";")) is not None:
        return value
    for length in range(min(len(name), _LONGEST_LEGACY), 1, -1):
        value = _LEGACY.get(name[:length])
        if value is not None:
            return value + found[0][length + 1 :]
    return found[0]


def _in_attribute(found: re.Match[str]) -> str:
    name = found[3]
    if not name:
        return _numeric(found)
    if found[0].endswith(";"):
        return html5.get(name + ";", found[0])
    # Without a semicolon the whole name counts, and not before "=".
    if name in _LEGACY and not found.string.startswith("=", found.end()):
        return _LEGACY[name]
    return found[0]


def _numeric(found: re.Match[str]) -> str:
    digits = (found[1] or found[2]).lstrip("0")
    if len(digits) > len(str(_LAST)):  # int() may refuse a very long number
        return _REPLACEMENT
    number = int(digits or "0", 16 if found[1] else 10)
    if not 0 < number <= _LAST or number in _SURROGATES:
        return _REPLACEMENT
    return _CONTROLS.get(number) or chr(number)
