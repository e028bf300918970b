"""Decode uuencode, older than MIME and still sent under the name x-uuencode."""

from __future__ import annotations

import binascii
import re

__all__ = ["read_uuencode"]

_BEGIN = re.compile(rb"(?m)^begin [0-7]{3,4} ?[^\n]*(?:\n|\Z)")


def read_uuencode(octets: bytes) -> tuple[bytes, str]:
    """Decode uuencoded text; never raises.

    Returns:
        the content, and what was malformed; ``""`` for nothing. Text without a line
        ``begin`` is returned unchanged.
    """
    begin = _BEGIN.search(octets)
    if begin is None:
        return octets, "uuencoded text without its line 'begin'"
    wrong: dict[str, None] = {}
    if octets[: begin.start()].strip():
        wrong["text before the uuencoded text"] = None
    content = []
    lines = octets[begin.end() :].split(b"\n")
    for number, line in enumerate(lines):
        line = line.rstrip(b"\r")
        if line.rstrip() == b"end":
            if any(map(bytes.strip, lines[number + 1 :])):
                wrong["text after the uuencoded text"] = None
            break
        content.append(_decode_line(line, wrong))
    else:
        wrong["uuencoded text without its line 'end': it is cut off"] = None
    return b"".join(content), ", ".join(wrong)


def _decode_line(line: bytes, wrong: dict[str, None]) -> bytes:
    if not line:
        return b""
    # The first character counts the bytes. Encoders may pad a line beyond its end, and
    # mail servers may remove blanks that belong to it.
    length = (line[0] - 0x20) & 0x3F
    needed = 1 + (length * 4 + 2) // 3
    try:
        decoded = binascii.a2b_uu(line[:needed])
    except binascii.Error:
        wrong["a line that is not uuencoded"] = None
        return b""
    return decoded[:length]
