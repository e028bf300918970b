"""Decode Content-Transfer-Encoding (RFC 2045 section 6) leniently.

Everything readable is decoded. Everything malformed is reported, so that a truncated
file is not taken for a complete one.
"""

from __future__ import annotations

import binascii
import re
import string
from collections.abc import Iterable, Iterator

from lazr_smtptest._spool import AnyContent, part_of
from lazr_smtptest.mime.uuencode import read_uuencode

__all__ = [
    "decode_codes",
    "decode_in_pieces",
    "decode_transfer",
    "from_quoted_printable",
    "read_base64",
    "read_quoted_printable",
]

_BASE64 = (string.ascii_letters + string.digits + "+/").encode()
_NOT_BASE64 = bytes(set(range(256)) - set(_BASE64))
_SPACE = b" \t\r\n\v\f"
# Padding is followed by more base64 if that is a line of whole quanta.
_QUANTA = re.compile(
    rb"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==|[A-Za-z0-9+/]=))?"
)
_LETTERS = re.compile(rb"[A-Za-z0-9+/ \t\r\n]*")
_PADDING = re.compile(rb"(?:=[ \t\r\n]*){0,2}")
# Bytes that are decoded at once.
_PIECE = 1 << 20
_TO_STANDARD = bytes.maketrans(b"-_", b"+/")

_CODE = re.compile(rb"=([0-9A-Fa-f]{2})")
_NO_CODE = re.compile(rb"=(?![0-9A-Fa-f]{2})")
_HEX = string.hexdigits.encode()
_CODES = {
    bytes([first, second]): bytes([int(bytes([first, second]), 16)])
    for first in _HEX
    for second in _HEX
}

_AS_IT_IS = frozenset(["", "7bit", "8bit", "binary"])
_UUENCODE = frozenset(["x-uuencode", "x-uue", "uuencode", "uue"])


def decode_transfer(octets: bytes, encoding: str) -> tuple[bytes, str]:
    """Decode the body of a part; never raises.

    `octets` is the body, and `encoding` the value of the field, in any case.

    Returns:
        the content, and what was malformed; ``""`` for nothing.
    """
    encoding = encoding.strip().lower()
    if encoding == "base64":
        return read_base64(octets)
    if encoding == "quoted-printable":
        return read_quoted_printable(octets)
    if encoding in _UUENCODE:
        return read_uuencode(octets)
    if encoding in _AS_IT_IS:
        return octets, ""
    return octets, f"unknown transfer encoding {encoding[:64]!r}"


def decode_in_pieces(
    content: AnyContent, start: int, stop: int, encoding: str
) -> Iterator[bytes]:
    """Yield the content of a part in pieces; see `decode_transfer`.

    A part that is malformed, or in a rare encoding, is one piece.

    Args:
        content: what the part is read from.
        start: the offset of its body.
        stop: the offset at which its body ends.
        encoding: the value of the field, in any case.
    """
    encoding = encoding.strip().lower()
    blocks = _blocks(content, start, stop)
    if encoding == "quoted-printable":
        for piece in _ended(blocks):
            yield read_quoted_printable(piece)[0]
    elif encoding in _AS_IT_IS:
        yield from blocks
    elif encoding == "base64" and _is_base64(blocks):
        yield from _base64_in_pieces(_blocks(content, start, stop))
    else:
        yield decode_transfer(part_of(content, start, stop), encoding)[0]


def _blocks(content: AnyContent, start: int, stop: int) -> Iterator[bytes]:
    for begin in range(start, stop, _PIECE):
        yield part_of(content, begin, min(stop, begin + _PIECE))


def _is_base64(blocks: Iterable[bytes]) -> bool:
    """Return whether nothing of a base64 is malformed but the length of its padding."""
    ending = b""
    for block in blocks:
        letters = _LETTERS.match(block)
        assert letters is not None
        # White space may follow the padding.
        ending += block if ending else block[letters.end() :]
        if ending and not _PADDING.fullmatch(ending):
            return False
    return True


def _base64_in_pieces(blocks: Iterable[bytes]) -> Iterator[bytes]:
    held = b""
    for block in blocks:
        letters = held + block.translate(None, _SPACE)
        whole = len(letters) - len(letters) % 4
        held = letters[whole:]
        yield binascii.a2b_base64(letters[:whole])
    if held:
        yield read_base64(held)[0]


def _ended(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield a text in pieces that end where a line ends."""
    held = [b""]
    for block in blocks:
        end = block.rfind(b"\n") + 1
        if end:
            yield b"".join([*held, block[:end]])
            held.clear()
        held.append(block[end:])
    yield b"".join(held)


# base64


def read_base64(octets: bytes) -> tuple[bytes, str]:
    """Decode base64; never raises.

    Characters outside of the alphabet are skipped (RFC 2045 section 6.8). Lines that
    were encoded one by one, each with its own padding, are decoded one by one. Other
    text after the padding, such as the footer of a mailing list, is ignored.

    Returns:
        the content, and what was malformed; ``""`` for nothing.
    """
    wrong: dict[str, None] = {}
    head = octets.partition(b"=")[0]
    rest = octets[len(head) :].lstrip(b"=")
    padding = len(octets) - len(head) - len(rest)
    content = [_decode_run(head, padding, wrong)]
    ended = not padding
    for line in rest.split(b"\n") if not ended else ():
        line = line.strip(_SPACE)
        if not line.strip(b"="):
            continue
        if _QUANTA.fullmatch(line) is None:
            wrong["text after the end of the base64"] = None
            break
        content.append(binascii.a2b_base64(line))
    return b"".join(content), ", ".join(wrong)


def _decode_run(run: bytes, padding: int, wrong: dict[str, None]) -> bytes:
    """Decode base64 up to its padding, of so many characters."""
    junk = run.translate(None, _BASE64 + _SPACE)
    if junk and not junk.strip(b"-_") and not set(run) & set(b"+/"):
        # The alphabet of RFC 4648 section 5, which mail does not use.
        run = run.translate(_TO_STANDARD)
        wrong["base64 in the alphabet for URLs"] = None
    elif junk:
        wrong["characters that are no base64"] = None
    letters = run.translate(None, _NOT_BASE64)
    surplus = len(letters) % 4
    if surplus == 1:
        wrong["base64 that is cut off"] = None
        letters = letters[:-1]
    elif surplus and not padding:
        wrong["base64 without its padding: it may be cut off"] = None
    elif padding and not letters and not junk:
        wrong["padding without any base64 before it"] = None
    elif surplus and padding < 4 - surplus:
        wrong["base64 without all of its padding: it may be cut off"] = None
    return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))


# quoted-printable


def from_quoted_printable(octets: bytes) -> bytes:
    """Decode the codes of quoted-printable, such as ``=3D``, and nothing else.

    A ``=`` that begins no code is left unchanged.
    """
    return decode_codes(octets)[0]


def read_quoted_printable(octets: bytes) -> tuple[bytes, str]:
    """Decode quoted-printable; never raises.

    White space at the end of a line is removed, because a server may have added it
    (RFC 2045 section 6.7 rule 3). A ``=`` at the end of a line joins it with the
    next, even if white space follows; at the end of the text it is removed. Any
    other ``=`` that begins no code is left unchanged.

    Returns:
        the content, and what was malformed; ``""`` for nothing.
    """
    *lines, last = octets.split(b"\n")
    joined = []
    for line in lines:
        newline = b"\r\n" if line.endswith(b"\r") else b"\n"
        text = line.removesuffix(b"\r").rstrip(b" \t")
        joined.append(text[:-1] if text.endswith(b"=") else text + newline)
    joined.append(last.removesuffix(b"\r").rstrip(b" \t").removesuffix(b"="))
    return decode_codes(b"".join(joined))


def decode_codes(octets: bytes) -> tuple[bytes, str]:
    """Decode the codes of quoted-printable; return what was malformed, too."""
    if not _NO_CODE.search(octets):
        return binascii.a2b_qp(octets), ""
    # Not by a2b_qp, which skips some of the text after a "=" that begins no code.
    content = _CODE.sub(lambda code: _CODES[code[1]], octets)
    return content, "a '=' that begins no code of quoted-printable"
