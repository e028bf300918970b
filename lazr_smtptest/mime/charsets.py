"""Decode text by the charsets of mail, and by no other codec.

Python has codecs that are not charsets (rot13, hex, zip), one that only raises, and
one with quadratic time (punycode). The charset's name comes from the message, so it
is looked up in a table: the codec registry would import modules by that name, and
remember every name that it did not find.

An invalid sequence becomes one U+FFFD. A text is decoded in the charset that it
names, with two exceptions: a byte order mark, and bytes outside of US-ASCII in text
that names US-ASCII.
"""

from __future__ import annotations

import codecs
import re
from functools import cache

from lazr_smtptest.mime.labels import encoding_of

__all__ = ["decode", "guess"]

_SHOWN = 64
_REPLACEMENT = "\ufffd"
_SURROGATE = re.compile("[\ud800-\udfff]")

# A byte order mark overrides the charset's name (WHATWG Encoding section 6).
_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_BE: "utf-16be",
    codecs.BOM_UTF16_LE: "utf-16le",
}

# Python's names of the encodings of several bytes a character, as the supersets that
# programs write under the names of the smaller ones.
_MULTI_BYTE = {
    "utf-7": "utf_7",
    "utf-8": "utf_8",
    "utf-16le": "utf_16_le",
    "utf-16be": "utf_16_be",
    "utf-32": "utf_32",
    "utf-32le": "utf_32_le",
    "utf-32be": "utf_32_be",
    "gb18030": "gb18030",
    "hz-gb-2312": "hz",
    "big5": "big5hkscs",
    "euc-jp": "euc_jp",
    "iso-2022-kr": "iso2022_kr",
    "shift_jis": "cp932",
    "euc-kr": "cp949",
    "johab": "johab",
}
_ISO_2022_JP = ("iso2022_jp_2", "iso2022_jp_ext", "iso2022_jp_2004")

# Python's names of the encodings of one byte, where they differ.
_SINGLE_BYTE = {
    "ibm866": "cp866",
    "iso-8859-8-i": "iso8859_8",
    "macintosh": "mac_roman",
    "windows-874": "cp874",
    "x-mac-cyrillic": "mac_cyrillic",
    "x-user-defined": "ascii",  # the lower half; Encoding section 14.5 has the other
}
# Characters that differ between the standard and Python's table.
_CHANGED = {
    "koi8-u": {0xAE: "ў", 0xBE: "Ў"},
    "x-user-defined": {byte: chr(0xF700 + byte) for byte in range(0x80, 0x100)},
}


def decode(octets: bytes, charset: str) -> tuple[str, str]:
    """Decode text in the charset that a message names; never raises.

    The names and their meanings are those of the WHATWG Encoding Standard:
    ``iso-8859-1`` is windows-1252, ``gb2312`` is gb18030. For bytes outside of a text
    that is named US-ASCII, and for text of an unknown charset, see `guess`.

    Returns:
        the text without its byte order mark, and what was malformed; ``""`` for
        nothing.
    """
    encoding = encoding_of(charset)
    for mark, marked in _MARKS.items():
        if octets.startswith(mark) and not encoding.startswith("utf-32"):
            wrong = _contradiction(encoding, marked, charset)
            text, bad = _decode(octets[len(mark) :], marked, marked)
            return text, wrong or bad
    if not encoding:
        return guess(octets), f"unknown charset {charset[:_SHOWN]!r}"
    return _decode(octets, encoding, charset.strip().lower())


def guess(octets: bytes) -> str:
    """Decode text of an unknown charset: as UTF-8, or else as windows-1252.

    It is UTF-8 if more of its sequences outside of US-ASCII are valid UTF-8 than not;
    an invalid one becomes one U+FFFD.
    """
    try:
        return octets.decode("utf-8")
    except UnicodeError:
        text = octets.decode("utf-8", "replace")
    bad = text.count(_REPLACEMENT)
    good = sum(not char.isascii() for char in text) - bad
    return text if good > bad else _decode_single(octets, "windows-1252")


def _contradiction(encoding: str, marked: str, charset: str) -> str:
    if encoding in ("", "us-ascii", marked):
        return ""
    if encoding == "utf-16le":  # the label utf-16 does not define the byte order
        return ""
    return f"a byte order mark of {marked} in text that is named {charset[:_SHOWN]!r}"


def _decode(octets: bytes, encoding: str, name: str) -> tuple[str, str]:
    wrong = f"octets that are not {name.removeprefix('us-')}"
    if encoding == "us-ascii":
        return guess(octets), "" if octets.isascii() else wrong
    if encoding == "iso-2022-jp":
        return _decode_iso_2022_jp(octets, wrong)
    if encoding not in _MULTI_BYTE:
        text = _decode_single(octets, encoding)
        return text, wrong if _REPLACEMENT in text else ""
    codec = _MULTI_BYTE[encoding]
    try:
        text = octets.decode(codec)
    except UnicodeError:
        text = octets.decode(codec, _HANDLERS.get(codec, "replace"))
        # Characters that only the superset has are valid.
        if codec in _SUPERSETS and _REPLACEMENT not in text:
            wrong = ""
    else:
        if codec != "utf_7" or not _SURROGATE.search(text):
            return text, ""
    return _without_surrogates(text), wrong


def _without_surrogates(text: str) -> str:
    """Join surrogate pairs, and replace single surrogates, which cannot be encoded."""
    if not _SURROGATE.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


# One byte a character


def _decode_single(octets: bytes, encoding: str) -> str:
    return codecs.charmap_decode(octets, "strict", _charmap(encoding))[0]


@cache
def _charmap(encoding: str) -> str:
    """Return the 256 characters of an encoding.

    Following the standard, bytes from 0x80 to 0x9F without a character stand for the
    C1 controls.
    """
    codec = _SINGLE_BYTE.get(encoding, encoding)
    changed = _CHANGED.get(encoding, {})
    return "".join(changed.get(n) or _character(n, codec) for n in range(256))


def _character(number: int, codec: str) -> str:
    try:
        return bytes([number]).decode(codec)
    except UnicodeError:
        return chr(number) if 0x80 <= number < 0xA0 else _REPLACEMENT


# Two bytes a character


def _from_jis(lead: int, trail: int) -> str:
    """Decode a pair of JIS X 0208 with NEC's and IBM's rows; ``""`` if unknown."""
    row, cell = lead - 0x21, trail - 0x21
    first = 0x81 + row // 2
    first += 0x40 if first > 0x9F else 0
    second = cell + (0x9F if row % 2 else 0x40 + (cell >= 0x3F))
    return _pair(bytes([first, second]), "cp932")


def _pair(pair: bytes, codec: str) -> str:
    try:
        return pair.decode(codec)
    except UnicodeError:
        return ""


def _more_euc_jp(pair: bytes) -> str:
    if len(pair) == 2 and all(0xA1 <= byte <= 0xFE for byte in pair):
        return _from_jis(pair[0] - 0x80, pair[1] - 0x80)
    return ""


# Characters of two bytes that Python's codecs lack.
_SUPERSETS = {
    "euc_jp": _more_euc_jp,
    "big5hkscs": lambda pair: _pair(pair, "cp950") if len(pair) == 2 else "",
    "gb18030": lambda pair: "",
}
_EURO_OF_GBK = b"\x80"
_TWO_BYTES = ("euc_jp", "big5hkscs", "gb18030", "cp932", "cp949", "johab")
_HANDLERS = dict.fromkeys(_TWO_BYTES, "lazr_smtptest.two_bytes")


def _replace_pair(error: UnicodeError) -> tuple[str, int]:
    """Replace bytes that a decoder of two bytes a character does not know.

    A lead byte is replaced with its trail byte, unless that is US-ASCII: it may be the
    text that follows, or a line end.
    """
    if not isinstance(error, UnicodeDecodeError):
        raise error
    start, codec = error.start, error.encoding
    pair = error.object[start : start + 2]
    if codec == "gb18030" and pair[:1] == _EURO_OF_GBK:
        return "€", start + 1
    if codec in _SUPERSETS and (more := _SUPERSETS[codec](pair)):
        return more, start + 2
    is_pair = len(pair) == 2 and 0x81 <= pair[0] <= 0xFE and pair[1] >= 0x80
    if codec == "cp932" and (0xA0 <= pair[0] <= 0xDF or pair[0] > 0xFC):
        is_pair = False
    return _REPLACEMENT, start + (2 if is_pair else 1)


codecs.register_error("lazr_smtptest.two_bytes", _replace_pair)


# ISO-2022-JP (RFC 1468), with the extensions that mailers use

_SHIFT = re.compile(rb"\x1b(\([BHIJ]|\$[@B]|\$\([@BD])")
_GRAPHIC = re.compile(rb"[!-~]+")
_HALF_WIDTH = 0xFF61 - 0x21
_AS_EUC = bytes(byte | 0x80 for byte in range(256))


def _decode_iso_2022_jp(octets: bytes, wrong: str) -> tuple[str, str]:
    for codec in _ISO_2022_JP:
        text = _pair(octets, codec)
        if (text or not octets) and "\x1b" not in text:
            return text, ""
    pieces = _SHIFT.split(octets)
    decoded = [_shifted(pieces[0], b"(B")]
    for shift, piece in zip(pieces[1::2], pieces[2::2], strict=True):
        decoded.append(_shifted(piece, shift))
    text = "".join(decoded)
    return text, wrong if _REPLACEMENT in text else ""


def _shifted(piece: bytes, shift: bytes) -> str:
    """Decode the bytes after an escape sequence, up to the next one.

    A line ends in US-ASCII, even if its writer left out the escape sequence.
    """
    line, newline, rest = piece.partition(b"\n")
    plain = _in_ascii(newline + rest)
    if shift in (b"(B", b"(H", b"(J"):
        return _in_ascii(line) + plain
    text, end = [], 0
    for run in _GRAPHIC.finditer(line):
        text += [_in_ascii(line[end : run.start()]), _graphic(run[0], shift)]
        end = run.end()
    return "".join([*text, _in_ascii(line[end:]), plain])


def _graphic(run: bytes, shift: bytes) -> str:
    if shift == b"(I":
        text = "".join(chr(byte + _HALF_WIDTH) for byte in run)
        return re.sub("[^\uff61-\uff9f]", _REPLACEMENT, text)
    euc = run.translate(_AS_EUC)
    if shift == b"$(D":  # JIS X 0212
        euc = b"".join(b"\x8f" + euc[n : n + 2] for n in range(0, len(euc), 2))
    return euc.decode("euc_jp", _HANDLERS["euc_jp"])


def _in_ascii(octets: bytes) -> str:
    return octets.replace(b"\x1b", b"\xff").decode("ascii", "replace")
