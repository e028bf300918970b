"""The header of a message, or of one of its parts (RFC 5322 section 2.2)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property

import attrs

from lazr_smtptest._spool import AnyContent, part_of
from lazr_smtptest.mime.words import decode_words

__all__ = ["BOUND", "Fields", "first_text", "raw_fields", "read_fields"]

# Bytes of one header that are kept. Twice the length of the longest that mail
# servers are known to accept.
BOUND = 64 * 1024

# Bytes of a file in which the end of a header is looked for first.
_WINDOW = 64 * 1024

# A line ends in LF, with or without a CR before it, and never in a CR alone. White
# space before the colon is obsolete (RFC 5322 section 4.5) and still sent.
_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:([^\n]*(?:\n[ \t][^\n]*)*)(?:\n|\Z)")
_EMPTY_LINE = re.compile(rb"\r?(?:\n|\Z)")
_MBOX_LINE = re.compile(rb">?From [^\n]*(?:\n|\Z)")
_FOLD = re.compile(rb"\r?\n(?=[ \t])")
_BARE_CR = re.compile(rb"\r(?!\n)")
_BOM = b"\xef\xbb\xbf"


@attrs.frozen(slots=False)
class Fields:
    """A header.

    Attributes:
        pairs: the name in lower case and the unfolded body of each field, in order.
        end: the offset at which the body of the message begins.
        trouble: what was malformed.
    """

    pairs: tuple[tuple[str, bytes], ...]
    end: int
    trouble: tuple[str, ...]

    def all(self, name: str) -> tuple[bytes, ...]:
        """Return the bodies of all fields of that name, in any case."""
        return tuple(self._bodies.get(name.lower(), ()))

    @cached_property
    def _bodies(self) -> Mapping[str, list[bytes]]:
        """The bodies by name: a header is searched for dozens of names."""
        bodies: dict[str, list[bytes]] = {}
        for name, body in self.pairs:
            bodies.setdefault(name, []).append(body)
        return bodies

    def first(self, name: str) -> bytes:
        """Return the body of the first field of that name; ``b""`` if there is none."""
        return next(iter(self.all(name)), b"")

    def text(self, name: str) -> str:
        """Return the first field's body, its encoded words decoded."""
        return decode_words(self.first(name))[0]


def read_fields(content: AnyContent, start: int, stop: int) -> Fields:
    """Parse the header that begins at `start` of `content`, and ends before `stop`.

    It ends at an empty line, or before a line that is not a header field.
    """
    if isinstance(content, bytes):
        return _read(content, start, stop)
    size = _WINDOW
    while True:
        window = part_of(content, start, min(stop, start + size))
        fields = _read(window, 0, len(window))
        # Whether a line is a field cannot be told before its end.
        if start + len(window) == stop or b"\n" in window[fields.end :]:
            return attrs.evolve(fields, end=start + fields.end)
        size *= 2


def raw_fields(header: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the name in lower case and all bytes of each field of a header.

    The bytes are those of the whole field, folded, with the name and the line end.
    """
    position = _skip_odd_start(header, 0, len(header), {})
    while field := _FIELD.match(header, position):
        position = field.end()
        yield field[1].decode("ascii").lower(), field[0]


def first_text(content: bytes, name: bytes) -> str | None:
    """Return what `Fields.text` does, without reading the fields after that one.

    Args:
        content: a message.
        name: the name of the field, in lower case.

    Returns:
        the text; ``None`` if there is no such field.
    """
    position = _skip_odd_start(content, 0, len(content), {})
    left = BOUND
    while left and (field := _FIELD.match(content, position)):
        raw = field[2][:left]
        if field[1].lower() == name:
            return decode_words(_FOLD.sub(b"", raw).removesuffix(b"\r").strip())[0]
        left -= len(raw)
        position = field.end()
    return None


def _read(content: bytes, start: int, stop: int) -> Fields:
    pairs: list[tuple[str, bytes]] = []
    trouble: dict[str, None] = {}
    position = _skip_odd_start(content, start, stop, trouble)
    left = BOUND
    while field := _FIELD.match(content, position, stop):
        position = field.end()
        if not left:
            trouble[f"the header is over {BOUND} octets: only these are read"] = None
            continue
        raw = field[2][:left]
        left -= len(raw)
        unfolded = _FOLD.sub(b"", raw).removesuffix(b"\r")
        body = unfolded.strip()
        if body and unfolded.endswith((b" ", b"\t")):
            trouble[f"white space at the end of the field {_name(field[1])}"] = None
        for what in _wrong_with(body):
            trouble[what] = None
        pairs.append((field[1].decode("ascii").lower(), body))
    empty = _EMPTY_LINE.match(content, position, stop)
    if empty is None:
        trouble["the header ends in a line that is no header field"] = None
    return Fields(tuple(pairs), empty.end() if empty else position, tuple(trouble))


def _skip_odd_start(
    content: bytes, start: int, stop: int, trouble: dict[str, None]
) -> int:
    if content.startswith(_BOM, start, stop):
        trouble["a byte order mark before the header"] = None
        start += len(_BOM)
    mbox = _MBOX_LINE.match(content, start, stop)
    # "From : a@example.com" is a header field, not a line of an mbox.
    if mbox is None or _FIELD.match(content, start, stop):
        return start
    trouble["a 'From ' line of an mbox before the header"] = None
    return mbox.end()


def _name(name: bytes) -> str:
    return name[:64].decode("ascii")


def _wrong_with(body: bytes) -> list[str]:
    wrong = []
    if _BARE_CR.search(body):
        wrong.append("a CR without its LF in the header")
    if b"\x00" in body:
        wrong.append("a NUL in the header")
    if not body.isascii():
        try:
            body.decode("utf-8")
        except UnicodeError:
            wrong.append("octets in the header that are neither ASCII nor UTF-8")
    return wrong
