"""The structure of a message (RFC 3501 section 7.4.2): BODY and BODYSTRUCTURE.

A part is a slice of the stored message, and so is its header; nothing is decoded to
find parts in it. A multipart without parts is ``text/plain``, because the grammar has
no empty multipart.
"""

from __future__ import annotations

import re

import attrs

from lazr_smtptest._spool import AnyContent, part_of
from lazr_smtptest.mime.comments import without_comments
from lazr_smtptest.mime.delimiters import part_spans
from lazr_smtptest.mime.fields import Fields, read_fields
from lazr_smtptest.mime.parameters import raw_parameters, read_structured
from lazr_smtptest.mime.parts import DEEPEST, MOST_PARTS
from lazr_smtptest.readers.imap.envelope import (
    NO_ENVELOPE,
    field_string,
    read_envelope,
)
from lazr_smtptest.readers.imap.strings import quoted

__all__ = ["Entity", "plain_structure", "read_structure"]

_TYPE = re.compile(rb"([!#-'*+.0-9A-Z^-~-]+)/([!#-'*+.0-9A-Z^-~-]+)", re.I)
_TAG = re.compile(rb"[A-Za-z0-9-]+")
_HEADER_END = re.compile(rb"\r?\n\r?\n")
_LONGEST_BOUNDARY = 200
# Bytes in which line ends are counted at once.
_BLOCK = 1 << 20


@attrs.frozen
class Entity:
    """A message, or a part of one.

    Attributes:
        start: the offset of its header in the message.
        body: the offset of its body.
        stop: the offset at which its body ends.
        type: its media type in lower case, such as ``text/plain``.
        encoding: its transfer encoding in lower case, such as ``7bit``.
        charset: that of a text; ``b""`` if its header names none.
        basic: the beginning of its body structure, as it is sent: of a multipart the
            subtype, otherwise the fields up to the size.
        extension: the extension data of its body structure, as it is sent.
        lines: the line ends of its body; 0 if no structure tells it.
        envelope: of a message, its envelope as it is sent; ``b""`` for another part.
        parts: of a multipart, its parts; of a part that is a message, the message.
    """

    start: int
    body: int
    stop: int
    type: bytes
    encoding: bytes
    charset: bytes
    basic: bytes
    extension: bytes
    lines: int
    envelope: bytes
    parts: tuple[Entity, ...] = ()

    @property
    def is_multipart(self) -> bool:
        """Return whether it has parts."""
        return self.type.startswith(b"multipart/")

    @property
    def is_message(self) -> bool:
        """Return whether it is a part with a message in it."""
        return self.type == b"message/rfc822"

    def describe(self, *, extended: bool) -> bytes:
        """Return its body structure.

        Args:
            extended: whether with the extension data, as BODYSTRUCTURE has it and BODY
                does not.
        """
        parts = [part.describe(extended=extended) for part in self.parts]
        words = [self.basic]
        if self.is_multipart:
            words = [b"".join(parts), self.basic]
        elif self.is_message:
            words += [self.parts[0].envelope, *parts, b"%d" % self.lines]
        elif self.type.startswith(b"text/"):
            words.append(b"%d" % self.lines)
        if extended:
            words.append(self.extension)
        return b"(%s)" % b" ".join(words)


def read_structure(content: AnyContent) -> Entity:
    """Parse the structure of a message; never raises for what it contains.

    Messages and multiparts are read up to 50 deep, and 1000 parts in all.

    Raises:
        OSError: the file with the content cannot be read.
    """
    return _Reader(content).read(0, len(content), depth=0, is_root=True)


def plain_structure(content: AnyContent) -> Entity:
    """Return the structure of a message that cannot be parsed: one plain text."""
    start = part_of(content, 0, min(_BLOCK, len(content)))
    found = _HEADER_END.search(start)
    body = found.end() if found else 0
    stop = len(content)
    return Entity(
        start=0,
        body=body,
        stop=stop,
        type=b"text/plain",
        encoding=b"7bit",
        charset=b"",
        basic=b'"TEXT" "PLAIN" NIL NIL NIL "7BIT" %d' % (stop - body),
        extension=b"NIL NIL NIL NIL",
        lines=_count_lines(content, body, stop),
        envelope=NO_ENVELOPE,
    )


class _Reader:
    """Parses a message.

    Args:
        content: the message.
    """

    def __init__(self, content: AnyContent) -> None:
        self._content = content
        self._left = MOST_PARTS

    def read(
        self,
        start: int,
        stop: int,
        *,
        depth: int,
        is_root: bool = False,
        default: bytes = b"text/plain",
    ) -> Entity:
        """Return a message or a part.

        Args:
            start: the offset of its header.
            stop: the offset at which it ends.
            depth: how many multiparts and messages are around it.
            is_root: whether it is a message.
            default: its media type, if its header has none.
        """
        fields = read_fields(self._content, start, stop)
        body = min(fields.end, stop)
        value, parameters = raw_parameters(fields.first("content-type"))
        type_ = value.lower() if fields.all("content-type") else default
        if _TYPE.fullmatch(type_) is None:
            type_, parameters = b"text/plain", []  # RFC 2045 section 5.2
        if type_ == b"text/plain" and not fields.all("content-type"):
            parameters = [(b"charset", b"us-ascii")]
        parts: tuple[Entity, ...] = ()
        if type_.startswith(b"multipart/"):
            parts = self._parts(fields, body, stop, depth, type_)
            type_ = type_ if parts else b"text/plain"
        elif type_ == b"message/rfc822":
            if depth < DEEPEST and self._left:
                self._left -= 1
                parts = (self.read(body, stop, depth=depth + 1, is_root=True),)
            else:
                type_ = b"application/octet-stream"
        lines = 0
        if type_.startswith((b"text/", b"message/rfc822")):
            lines = _count_lines(self._content, body, stop)
        encoding = _encoding(fields)
        return Entity(
            start=start,
            body=body,
            stop=stop,
            type=type_,
            encoding=encoding,
            charset=dict(parameters).get(b"charset", b""),
            basic=_basic(type_, parameters, fields, encoding, stop - body),
            extension=_extension(type_, parameters, fields),
            lines=lines,
            envelope=read_envelope(fields) if is_root else b"",
            parts=parts,
        )

    def _parts(
        self, fields: Fields, body: int, stop: int, depth: int, type_: bytes
    ) -> tuple[Entity, ...]:
        """Return the parts of a multipart; none if it has none that can be read."""
        boundary = read_structured(fields.first("content-type")).boundary.rstrip()
        if depth >= DEEPEST or not 0 < len(boundary) <= _LONGEST_BOUNDARY:
            return ()
        spans, _ = part_spans(self._content, body, stop, boundary)
        spans = spans[: self._left]
        self._left -= len(spans)
        # RFC 2046 section 5.1.5.
        is_digest = type_ == b"multipart/digest"
        default = b"message/rfc822" if is_digest else b"text/plain"
        return tuple(
            self.read(start, end, depth=depth + 1, default=default)
            for start, end in spans
        )


def _basic(
    type_: bytes,
    parameters: list[tuple[bytes, bytes]],
    fields: Fields,
    encoding: bytes,
    size: int,
) -> bytes:
    main, _, subtype = type_.upper().partition(b"/")
    if main == b"MULTIPART":
        return quoted(subtype)
    values = (
        quoted(main),
        quoted(subtype),
        _parameters(parameters),
        field_string(fields, "content-id"),
        field_string(fields, "content-description"),
        quoted(encoding.upper()),
        b"%d" % size,
    )
    return b" ".join(values)


def _extension(
    type_: bytes, parameters: list[tuple[bytes, bytes]], fields: Fields
) -> bytes:
    is_multipart = type_.startswith(b"multipart/")
    values = (
        _parameters(parameters)
        if is_multipart
        else field_string(fields, "content-md5"),
        _disposition(fields),
        _languages(fields),
        field_string(fields, "content-location"),
    )
    return b" ".join(values)


def _parameters(parameters: list[tuple[bytes, bytes]]) -> bytes:
    if not parameters:
        return b"NIL"
    words = (
        b"%s %s" % (quoted(_clean(name.upper())), quoted(_clean(value)))
        for name, value in parameters
    )
    return b"(%s)" % b" ".join(words)


def _clean(value: bytes) -> bytes:
    return value.translate(None, b"\0\r\n")


def _disposition(fields: Fields) -> bytes:
    value, parameters = raw_parameters(fields.first("content-disposition"))
    if not value:
        return b"NIL"
    return b"(%s %s)" % (quoted(_clean(value.upper())), _parameters(parameters))


def _languages(fields: Fields) -> bytes:
    """Return the tags of Content-Language (RFC 3282)."""
    field = without_comments(fields.first("content-language").decode("latin-1"))
    tags = [quoted(tag) for tag in _TAG.findall(field.encode("latin-1"))]
    if len(tags) < 2:
        return tags[0] if tags else b"NIL"
    return b"(%s)" % b" ".join(tags)


def _encoding(fields: Fields) -> bytes:
    field = fields.first("content-transfer-encoding").decode("latin-1")
    words = _clean(without_comments(field).encode("latin-1")).split()
    return words[0].strip(b'";').lower() if words else b"7bit"


def _count_lines(content: AnyContent, start: int, stop: int) -> int:
    return sum(
        part_of(content, begin, min(stop, begin + _BLOCK)).count(b"\n")
        for begin in range(start, stop, _BLOCK)
    )
