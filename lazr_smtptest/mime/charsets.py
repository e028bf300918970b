"""Octets to text, by the charsets that mail is written in and by no other codec.

Python has codecs that are no charsets (rot13, hex, zip), one that only raises,
and one whose time is quadratic (punycode). A message names its charset itself,
so a name is looked up in tables; the codec registry imports modules by name, and
remembers every name that it did not find.
"""

from __future__ import annotations

import re
from encodings.aliases import aliases

__all__ = ["decode", "guess"]

_NAMES = """
    ascii latin_1 utf_7 utf_8 utf_8_sig utf_16 utf_16_be utf_16_le utf_32
    utf_32_be utf_32_le
    iso8859_2 iso8859_3 iso8859_4 iso8859_5 iso8859_6 iso8859_7 iso8859_8
    iso8859_9 iso8859_10 iso8859_11 iso8859_13 iso8859_14 iso8859_15 iso8859_16
    cp1250 cp1251 cp1252 cp1253 cp1254 cp1255 cp1256 cp1257 cp1258
    cp437 cp850 cp852 cp855 cp866 cp874 cp932 cp949 cp950
    koi8_r koi8_t koi8_u mac_roman tis_620
    big5 big5hkscs gb2312 gbk gb18030 hz
    euc_jp euc_jis_2004 iso2022_jp iso2022_jp_1 iso2022_jp_2 shift_jis
    euc_kr iso2022_kr johab
"""
_CHARSETS = frozenset(_NAMES.split())
_LONGEST_NAME = 64
_NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")


def decode(octets: bytes, charset: str) -> tuple[str, str]:
    """Decode text in the charset that a message names; never raises.

    Where the name is unknown or wrong, UTF-8 is tried, then ISO-8859-1, which
    takes anything.

    Returns:
        the text, and what was wrong; ``""`` if nothing was.
    """
    codec = _codec(charset)
    if codec is None:
        return guess(octets), f"unknown charset {charset[:_LONGEST_NAME]!r}"
    try:
        return octets.decode(codec), ""
    except UnicodeError:
        wrong = f"octets that are not {codec.replace('_', '-')}"
    if codec != "ascii":
        return _lenient(octets, codec), wrong
    return guess(octets), wrong


def guess(octets: bytes) -> str:
    """Decode text whose charset nobody names: UTF-8, or else ISO-8859-1."""
    try:
        return octets.decode("utf-8")
    except UnicodeError:
        return octets.decode("latin-1")


def _codec(charset: str) -> str | None:
    """Give Python's name of a charset, if it is one of ours."""
    if len(charset) > _LONGEST_NAME:
        return None
    name = _NOT_IN_NAMES.sub("_", charset.lower()).strip("_")
    codec = aliases.get(name, name)
    return codec if codec in _CHARSETS else None


def _lenient(octets: bytes, codec: str) -> str:
    try:
        return octets.decode("utf-8")
    except UnicodeError:
        return octets.decode(codec, "replace")
