r"""The sections of a message (RFC 3501 section 6.4.5, RFC 3516): ``BODY[...]``.

What is sent is what was stored, byte for byte: each section is a slice of the message,
and HEADER.FIELDS are slices of the header one after the other. Sizes, partials and
literals count these bytes. Line ends that are not CRLF, and NUL, are not changed
either, although RFC 3501 has neither in a literal: a test sees what its program sent,
and the sizes in BODYSTRUCTURE and RFC822.SIZE are right.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import attrs

from lazr_smtptest._spool import AnyContent, part_of
from lazr_smtptest.mime.fields import raw_fields
from lazr_smtptest.mime.transfer import decode_transfer
from lazr_smtptest.readers.imap.errors import CommandError
from lazr_smtptest.readers.imap.strings import astring
from lazr_smtptest.readers.imap.structure import Entity

__all__ = ["Section", "Span", "find_part", "parse_section"]

# Parts that are nested deeper are in no structure.
_MOST_NUMBERS = 110
_LARGEST = 2**63 - 1  # RFC 9051 section 4.2
_ITEM = re.compile(
    rb"(?is)(BODY|BINARY|BINARY\.SIZE|BODY\.PEEK|BINARY\.PEEK)\[(.*)\]"
    rb"(?:<([0-9]{1,19})\.([0-9]{1,19})>)?"
)
_SPECIFICATION = re.compile(
    rb"(?is)((?:[1-9][0-9]{0,8}(?:\.[1-9][0-9]{0,8})*)?)(?:(?:(?<=[0-9])\.|(?<![0-9]))"
    rb"(HEADER\.FIELDS\.NOT|HEADER\.FIELDS|HEADER|TEXT|MIME)(?: \((.+)\))?)?"
)
_NAME = re.compile(
    rb'(?s)(?:"((?:[^"\\]|\\["\\])*)"|\{([0-9]{1,5})\+?\}\r\n|([^\s"(){%*\\]+))'
)
_QUOTED_PAIR = re.compile(rb"\\(.)", re.S)
_EMPTY_LINES = (b"\n", b"\r\n")
# RFC 2045 section 6.1.
_AS_IT_IS = frozenset([b"7bit", b"8bit", b"binary"])
_ENCODINGS = frozenset([*_AS_IT_IS, b"base64", b"quoted-printable"])


@attrs.frozen
class Span:
    """Bytes of a message between two offsets, which need not be in memory."""

    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start


@attrs.frozen
class Section:
    """A section that is fetched.

    Attributes:
        kind: ``BODY``, ``BINARY`` or ``BINARY.SIZE``.
        is_peek: whether it leaves the flags alone.
        numbers: the part numbers, from 1 on; ``()`` for the message.
        text: ``HEADER``, ``HEADER.FIELDS``, ``HEADER.FIELDS.NOT``, ``TEXT``, ``MIME``
            or ``""``.
        names: the names of the fields, as the client wrote them.
        partial: the offset of the first byte, and the most bytes; ``None`` for all.
    """

    kind: str
    is_peek: bool = False
    numbers: tuple[int, ...] = ()
    text: str = ""
    names: tuple[bytes, ...] = ()
    partial: tuple[int, int] | None = None

    @property
    def needs_structure(self) -> bool:
        """Return whether it needs more than the bytes of the message."""
        return bool(self.numbers or self.text or self.kind != "BODY")

    @property
    def label(self) -> bytes:
        """Its name in the response."""
        words = [".".join(map(str, self.numbers))] if self.numbers else []
        words += [self.text] if self.text else []
        inner = ".".join(words).encode("ascii")
        if self.names:
            inner += b" (%s)" % b" ".join(map(astring, self.names))
        origin = b"" if self.partial is None else b"<%d>" % self.partial[0]
        return b"%s[%s]%s" % (self.kind.encode("ascii"), inner, origin)

    def read(self, content: AnyContent, root: Entity | None) -> Span | bytes | None:
        """Return what is to be sent; ``None`` if the message has no such section.

        Args:
            content: the message.
            root: its structure; ``None`` if `needs_structure` is false.

        Raises:
            CommandError: a part is in an unknown transfer encoding.
            OSError: the file with the content cannot be read.
        """
        found = self._whole(content, root)
        if found is None or self.partial is None:
            return found
        first, most = self.partial
        if isinstance(found, bytes):
            return found[first : first + most]
        start = min(found.start + first, found.stop)
        return Span(start, min(start + most, found.stop))

    def _whole(self, content: AnyContent, root: Entity | None) -> Span | bytes | None:
        if root is None:
            return Span(0, len(content))
        part, is_root = root, True
        if self.numbers:
            found = find_part(root, self.numbers)
            if found is None:
                return None
            part, is_root = found, False
        if self.kind != "BODY":
            return self._decoded(content, part, is_root)
        if self.text == "MIME":
            return Span(part.start, part.body)
        if not self.text:
            return Span(part.body, part.stop)
        if not is_root:
            # These are of a message within the message only.
            if not part.is_message:
                return None
            part = part.parts[0]
        if self.text == "TEXT":
            return Span(part.body, part.stop)
        if self.text == "HEADER":
            return Span(part.start, part.body)
        return self._fields(part_of(content, part.start, part.body), part)

    def _fields(self, header: bytes, part: Entity) -> bytes:
        """Return the fields of a header that are asked for, and an empty line.

        There is none if the message has neither an empty line nor a body.
        """
        names = {name.lower().decode("latin-1") for name in self.names}
        wanted = self.text == "HEADER.FIELDS"
        pieces = [
            field for name, field in raw_fields(header) if (name in names) is wanted
        ]
        has_empty_line = header.endswith((b"\n\n", b"\n\r\n")) or header in _EMPTY_LINES
        if part.body < part.stop or has_empty_line:
            pieces.append(b"\r\n")
        return b"".join(pieces)

    def _decoded(
        self, content: AnyContent, part: Entity, is_root: bool
    ) -> Span | bytes:
        """Return a part without its transfer encoding (RFC 3516 section 4.2)."""
        if is_root:
            return Span(part.start, part.stop)
        # A multipart and a message are in no encoding that changes them (RFC 2045
        # section 6.4), whatever their header says.
        is_composite = part.is_multipart or part.is_message
        if is_composite or part.encoding in _AS_IT_IS:
            return Span(part.body, part.stop)
        if part.encoding not in _ENCODINGS:
            shown = part.encoding[:64].decode("ascii", "backslashreplace")
            raise CommandError(
                f"a part is in the unknown transfer encoding {shown!r}: fetch it "
                "with BODY",
                status="NO",
                code="UNKNOWN-CTE",
            )
        body = part_of(content, part.body, part.stop)
        return decode_transfer(body, part.encoding.decode("ascii"))[0]


def find_part(root: Entity, numbers: tuple[int, ...]) -> Entity | None:
    """Return the part of a message by its numbers; ``None`` if there is none.

    Part 1 of a message that is no multipart is its body (RFC 3501 section 6.4.5).
    """
    part, is_message = root, True
    for number in numbers:
        if not is_message and part.is_message:
            part, is_message = part.parts[0], True
        if part.is_multipart:
            if number > len(part.parts):
                return None
            part = part.parts[number - 1]
        elif not is_message or number > 1:
            return None
        is_message = False
    return part


def parse_section(raw: bytes) -> Section:
    """Parse a fetch item with a section, such as ``BODY.PEEK[1.MIME]<0.100>``.

    Raises:
        CommandError: it is malformed.
    """
    item = _ITEM.fullmatch(raw)
    inner = item and _SPECIFICATION.fullmatch(item[2])
    if item is None or inner is None:
        raise _malformed(raw)
    kind, peek, _ = item[1].decode("ascii").upper().partition(".PEEK")
    numbers = tuple(map(int, inner[1].split(b"."))) if inner[1] else ()
    text = (inner[2] or b"").decode("ascii").upper()
    names = tuple(_names(inner[3] or b""))
    is_misplaced = (
        (text == "MIME" and not numbers)
        or bool(names) != text.startswith("HEADER.FIELDS")
        or (kind != "BODY" and text)
        or (kind == "BINARY.SIZE" and item[3])
        or len(numbers) > _MOST_NUMBERS
    )
    partial = (int(item[3]), int(item[4])) if item[3] else None
    if is_misplaced or (partial and not _is_range(*partial)):
        raise _malformed(raw)
    is_peek = bool(peek) or kind == "BINARY.SIZE"
    return Section(kind, is_peek, numbers, text, names, partial)


def _is_range(first: int, most: int) -> bool:
    return 0 < most <= _LARGEST and first <= _LARGEST


def _names(raw: bytes) -> Iterator[bytes]:
    """Yield the strings of a list of field names."""
    position = 0
    while position < len(raw):
        found = _NAME.match(raw, position)
        if found is None:
            raise _malformed(raw)
        position = found.end()
        if found[2]:
            size = int(found[2])
            yield raw[position : position + size]
            position += size
        elif found[3]:
            yield found[3]
        else:
            yield _QUOTED_PAIR.sub(rb"\1", found[1])
        if raw[position : position + 1] not in (b" ", b""):
            raise _malformed(raw)
        position += 1


def _malformed(raw: bytes) -> CommandError:
    shown = raw[:64].decode("ascii", "backslashreplace")
    return CommandError(f"a malformed section: {shown!r}")
