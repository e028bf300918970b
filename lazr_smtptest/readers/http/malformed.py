"""Describe why a request is malformed (RFC 9112)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from http import HTTPStatus

__all__ = [
    "Fault",
    "fault_of_chunk",
    "fault_of_coding",
    "fault_of_field",
    "fault_of_line_end",
    "fault_of_request_line",
    "fault_of_trailer",
]

# A status, and a sentence for a person.
Fault = tuple[HTTPStatus, str]

# The most bytes of a line that an answer quotes.
_QUOTED = 80

# RFC 9110 section 5.6.2.
_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_NO_TOKEN = re.compile(rb"[^!#$%&'*+.^_`|~0-9A-Za-z-]")
# What a request-target cannot have; another server may take it for its end.
_NO_TARGET = re.compile(rb"[^\x21-\x7e]")

# RFC 9112 section 5; one that begins with a space goes on with the one before.
_FIELD = re.compile(_TOKEN.pattern + rb":[^\0\r\n]*")
_FOLDED = re.compile(rb"[ \t][^\0\r\n]*")

# What a line of the header cannot have: another server may take it for the end of the
# line.
_CONTROLS = re.compile(rb"[\0\r\n]")

_CHUNKS = {
    "CHUNK_LENGTH": "the size of a chunk must be a hexadecimal number",
    "CRLF": "CR LF must end a chunk after as many bytes as its size says",
    "TRAILER": "the fields after the last chunk are too long",
}


def fault_of_request_line(line: bytes) -> str:
    """Return what is wrong with the first line of a request (RFC 9112 section 3)."""
    words = line.split(b" ")
    if len(words) != 3 or b"" in words:
        reason = "it must be a method, a path and HTTP/1.1, with one space in between"
    elif _TOKEN.fullmatch(words[0]) is None:
        reason = f"the method has {_first(_NO_TOKEN, words[0])} in it"
    elif _NO_TARGET.search(words[1]):
        reason = f"the path has {_first(_NO_TARGET, words[1])} in it"
    else:
        reason = "it must end with HTTP/1.1"
    return f"bad request line {_quoted(line)}: {reason} (RFC 9112 section 3)"


def fault_of_line_end(data: bytes) -> str:
    """Return what is wrong with bytes whose last one is LF, without CR before it."""
    line = data[:-1].rpartition(b"\n")[2]
    return f"bad line {_quoted(line)}: LF without CR ends it (RFC 9112 section 2.2)"


def fault_of_field(line: bytes, *, has_length: bool) -> str:
    """Return what is wrong with a line of the header (RFC 9112 section 5).

    Args:
        line: the line.
        has_length: whether a line before it tells how long the body is.
    """
    name, colon, _ = line.partition(b":")
    is_length = name.lower() in (b"content-length", b"transfer-encoding")
    if _CONTROLS.search(line):
        reason = "it has NUL, CR or LF in it (RFC 9110 section 5.5)"
    elif line[:1] in (b" ", b"\t"):
        reason = "the first one begins with a space (RFC 9112 section 2.2)"
    elif not colon:
        reason = "it has no colon (RFC 9112 section 5)"
    elif not name:
        reason = "it has no name before the colon (RFC 9112 section 5)"
    elif name[-1:] in (b" ", b"\t"):
        reason = "a space is before the colon (RFC 9112 section 5.1)"
    elif _NO_TOKEN.search(name):
        found = _first(_NO_TOKEN, name)
        reason = f"its name has {found} in it (RFC 9110 section 5.1)"
    elif is_length and has_length:
        reason = (
            "one before it tells the length of the body already (RFC 9112 section 6.3)"
        )
    elif is_length:
        reason = "the length must be one whole number (RFC 9110 section 8.6)"
    else:
        reason = "it is malformed (RFC 9112 section 5)"
    return f"bad header line {_quoted(line)}: {reason}"


def fault_of_coding(value: bytes, version: bytes) -> Fault | None:
    """Return why a Transfer-Encoding is refused (RFC 9112 section 6.1).

    Args:
        value: the value of the field.
        version: the version of HTTP in the request line.

    Returns:
        the status and the reason; ``None`` if it is ``chunked``.
    """
    codings = [each.strip(b" \t").lower() for each in value.split(b",")]
    shown = "Transfer-Encoding " + _quoted(value.strip(b" \t"))
    if any(_TOKEN.fullmatch(each) is None for each in codings):
        return HTTPStatus.BAD_REQUEST, f"bad {shown}: it must be chunked"
    if codings.count(b"chunked") != len(codings):
        return (
            HTTPStatus.NOT_IMPLEMENTED,
            f"{shown} is not implemented: this server reads chunked, and no other "
            "transfer coding (RFC 9112 section 6.1)",
        )
    if len(codings) > 1:
        return HTTPStatus.BAD_REQUEST, f"bad {shown}: it must be chunked, once"
    if version != b"HTTP/1.1":
        return (
            HTTPStatus.BAD_REQUEST,
            f"bad {shown}: HTTP/1.0 has no transfer codings (RFC 9112 section 6.1)",
        )
    return None


def fault_of_chunk(state: str, data: bytes) -> str:
    """Return what is wrong with a chunk (RFC 9112 section 7.1).

    Args:
        state: the state of Twisted's decoder.
        data: the bytes that it does not understand.
    """
    reason = _CHUNKS.get(state, "a chunk is malformed")
    line = data.partition(b"\r\n")[0] or data
    return f"bad body at {_quoted(line)}: {reason} (RFC 9112 section 7.1)"


def fault_of_trailer(lines: Sequence[bytes]) -> str | None:
    """Return what is wrong with fields after the last chunk (RFC 9112 section 7.1.2).

    Args:
        lines: their lines.

    Returns:
        the reason; ``None`` if they are fields.
    """
    for number, line in enumerate(lines):
        is_folded = number > 0 and _FOLDED.fullmatch(line)
        if not is_folded and _FIELD.fullmatch(line) is None:
            return fault_of_field(line, has_length=False)
    return None


def _first(pattern: re.Pattern[bytes], text: bytes) -> str:
    """Return the first match of a pattern, in words."""
    found = pattern.search(text)
    assert found is not None
    return "a space" if found[0] == b" " else _quoted(found[0])


def _quoted(line: bytes) -> str:
    """Return the beginning of a line in printable ASCII, in quotation marks."""
    dots = "..." if len(line) > _QUOTED else ""
    return repr(line[:_QUOTED])[1:] + dots
