"""The parts of a message (RFC 2046 section 5.1), as slices of its octets."""

from __future__ import annotations

import re
from collections.abc import Iterator

import attrs

from lazr_smtptest.mime.charsets import decode
from lazr_smtptest.mime.fields import Fields, read_fields
from lazr_smtptest.mime.parameters import read_parameters
from lazr_smtptest.mime.transfer import decode_transfer

__all__ = ["MOST_PARTS", "Part", "Parts", "read_parts"]

DEEPEST = 50
MOST_PARTS = 1000

_TYPE = re.compile(r"[^\s/;]+/[^\s/;]+")
_LONGEST_BOUNDARY = 200  # RFC 2046 allows 70


@attrs.frozen
class Part:
    """A part that is no multipart.

    Attributes:
        fields: its header.
        content_type: such as ``text/plain``, in lower case.
        parameters: those of its Content-Type.
        disposition: ``attachment``, ``inline``, or ``""`` if it has none.
        filename: ``""`` if it has none.
        body: its octets, the transfer encoding not undone.
    """

    fields: Fields
    content_type: str
    parameters: dict[str, str]
    disposition: str
    filename: str
    body: bytes = attrs.field(repr=False)

    @property
    def is_text(self) -> bool:
        """Whether it is there to be read as the message, and not as a file."""
        named = self.filename or self.disposition == "attachment"
        return self.content_type in ("text/plain", "text/html") and not named

    def octets(self) -> tuple[bytes, str]:
        """Give its content, and what was wrong with it."""
        encoding = self.fields.text("content-transfer-encoding")
        return decode_transfer(self.body, encoding)

    def text(self) -> tuple[str, str]:
        """Give its content as text, and what was wrong with it."""
        octets, wrong = self.octets()
        text, undecodable = decode(octets, self.parameters.get("charset") or "ascii")
        return text, wrong or undecodable


@attrs.frozen
class Parts:
    """A message taken apart.

    Attributes:
        fields: its header.
        leaves: its parts that are no multiparts, in their order.
        trouble: what was wrong.
    """

    fields: Fields
    leaves: tuple[Part, ...]
    trouble: tuple[str, ...]


def read_parts(content: bytes) -> Parts:
    """Take a message apart, however odd it is; never raises.

    A message within the message stays whole: it is an attachment.
    """
    top = read_fields(content, 0, len(content))
    trouble = dict.fromkeys(top.trouble)
    leaves: list[Part] = []
    # Depth, header and end of what is still to be taken apart, the next one last.
    todo = [(0, top, len(content))]
    seen = 1
    while todo:
        depth, fields, stop = todo.pop()
        trouble |= dict.fromkeys(fields.trouble)
        type_, parameters = read_parameters(fields.first("content-type"))
        inner: list[tuple[int, int]] = []
        if type_.startswith("multipart/"):
            boundary = parameters.get("boundary", "").encode("utf-8")
            inner, wrong = _split(content, fields.end, stop, boundary, depth)
            trouble |= dict.fromkeys(wrong)
        if not inner:
            leaves.append(_leaf(content, fields, stop, type_, parameters))
            continue
        if seen + len(inner) > MOST_PARTS:
            trouble[f"over {MOST_PARTS} parts: the rest is not read"] = None
            inner = inner[: MOST_PARTS - seen]
        seen += len(inner)
        headers = [(read_fields(content, *span), span[1]) for span in inner]
        todo += [(depth + 1, header, end) for header, end in reversed(headers)]
    return Parts(top, tuple(leaves), tuple(trouble))


def _split(
    content: bytes, start: int, stop: int, boundary: bytes, depth: int
) -> tuple[list[tuple[int, int]], list[str]]:
    """Find where the parts of a multipart begin and end, and what was wrong."""
    if depth >= DEEPEST:
        return [], [f"multiparts over {DEEPEST} deep: what is in them is not read"]
    boundary = boundary.rstrip()
    if not 0 < len(boundary) <= _LONGEST_BOUNDARY:
        return [], ["a multipart without a usable boundary"]
    spans, wrong = _spans(content, start, stop, boundary)
    if not spans:
        return [], ["a multipart without parts"]
    return spans[:MOST_PARTS], wrong


def _spans(
    content: bytes, start: int, stop: int, boundary: bytes
) -> tuple[list[tuple[int, int]], list[str]]:
    spans: list[tuple[int, int]] = []
    begin = None
    for line, end, last in _delimiters(content, start, stop, boundary):
        if begin is not None:
            # The line end before a delimiter belongs to the delimiter.
            before = 2 if content.endswith(b"\r\n", begin, line) else 1
            spans.append((begin, max(begin, line - before)))
        if last:
            return spans, []
        begin = end
    if begin is not None:
        spans.append((begin, stop))
    return spans, ["a multipart without its last delimiter"]


def _delimiters(
    content: bytes, start: int, stop: int, boundary: bytes
) -> Iterator[tuple[int, int, bool]]:
    """Find the delimiter lines: where they begin and end, and if it is the last."""
    pattern = rb"(?m)^--%s(--)?[ \t]*\r?(?:\n|\Z)" % re.escape(boundary)
    for found in re.compile(pattern).finditer(content, start, stop):
        yield found.start(), found.end(), found[1] is not None


def _leaf(
    content: bytes, fields: Fields, stop: int, type_: str, parameters: dict[str, str]
) -> Part:
    disposition, more = read_parameters(fields.first("content-disposition"))
    return Part(
        fields=fields,
        # RFC 2045 section 5.2: without a type, or with a bad one, it is this.
        content_type=type_ if _TYPE.fullmatch(type_) else "text/plain",
        parameters=parameters,
        disposition=disposition,
        filename=more.get("filename") or parameters.get("name") or "",
        body=content[fields.end : stop],
    )
