"""The parts of a message (RFC 2046 section 5.1), as slices of its bytes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import attrs

from lazr_smtptest._spool import AnyContent, part_of
from lazr_smtptest.mime.charsets import decode
from lazr_smtptest.mime.comments import without_comments
from lazr_smtptest.mime.delimiters import part_spans
from lazr_smtptest.mime.fields import Fields, read_fields
from lazr_smtptest.mime.labels import encoding_of
from lazr_smtptest.mime.meta_charset import prescan
from lazr_smtptest.mime.parameters import Structured, read_parameters, read_structured
from lazr_smtptest.mime.transfer import decode_in_pieces, decode_transfer

__all__ = ["MOST_PARTS", "Part", "Parts", "join_texts", "read_parts"]

DEEPEST = 50
MOST_PARTS = 1000

_TYPE = re.compile(r"[^\s/;]+/[^\s/;]+")
_LONGEST_BOUNDARY = 200  # RFC 2046 allows 70
_SHOWN = 64
# Multiparts whose first part is the main one (RFC 2387, RFC 1847, RFC 6522).
_FIRST_IS_BODY = frozenset(
    ["multipart/related", "multipart/signed", "multipart/report"]
)


@attrs.frozen
class Part:
    """A part that is not a multipart.

    Attributes:
        fields: its header.
        content_type: such as ``text/plain``, in lower case.
        parameters: those of its Content-Type.
        disposition: ``attachment``, ``inline``, or ``""`` if it has none.
        filename: ``""`` if it has none.
        source: what it is read from: the message, or a multipart that was decoded.
        start: the offset of its body in `source`.
        stop: the offset at which its body ends.
        is_body: whether its position is that of the message's text, so that a file
            name does not make it a file: the only part, in an alternative, or first
            in a related or signed multipart or a report.
        path: its position among the parts of each multipart around it, from 1 on, the
            outermost first; ``()`` if the message is no multipart.
        choices: how many numbers of `path` lead to each ``multipart/alternative``
            around it.
        is_component: whether it stands beside the root of a ``multipart/related``,
            which refers to it, so that it is a file whatever its type.
    """

    fields: Fields
    content_type: str
    parameters: dict[str, str]
    disposition: str
    filename: str
    source: AnyContent = attrs.field(repr=False)
    start: int
    stop: int
    is_body: bool = False
    path: tuple[int, ...] = ()
    choices: tuple[int, ...] = ()
    is_component: bool = False

    @property
    def is_text(self) -> bool:
        """True if it is to be read as the message's text, and not as a file.

        A disposition that is unknown is an attachment (RFC 2183 section 2.8).
        """
        if self.content_type not in ("text/plain", "text/html"):
            return False
        if self.disposition not in ("", "inline") or self.is_component:
            return False
        return self.is_body or not self.filename

    @property
    def size(self) -> int:
        """Return the bytes of its body, before the transfer encoding is decoded."""
        return self.stop - self.start

    @property
    def section(self) -> str:
        """Return its section number (RFC 3501 section 6.4.5)."""
        return ".".join(map(str, self.path)) or "1"

    @property
    def body(self) -> bytes:
        """Return its bytes, before the transfer encoding is decoded."""
        return part_of(self.source, self.start, self.stop)

    def octets(self) -> tuple[bytes, str]:
        """Return its decoded content, and what was malformed."""
        words = _encoding(self.fields)
        return decode_transfer(self.body, words[0] if words else "")

    def pieces(self) -> Iterator[bytes]:
        """Yield its decoded content in pieces: it may be large."""
        words = _encoding(self.fields)
        return decode_in_pieces(
            self.source, self.start, self.stop, words[0] if words else ""
        )

    def text(self) -> tuple[str, str]:
        """Return its content as text, and what was malformed.

        HTML without a charset in its header may declare one itself.

        A line end may be CR CR LF: some writers of quoted-printable encode the CR by
        itself, and others turn each LF into CR LF even after a CR.
        """
        octets, wrong = self.octets()
        charset = self.parameters.get("charset")
        if not charset and self.content_type == "text/html":
            charset = prescan(octets, lambda label: encoding_of(label) or None)
        text, undecodable = decode(octets, charset or "ascii")
        found = [each for each in (wrong, undecodable) if each]
        return text.replace("\r\r\n", "\r\n"), ", ".join(found)


@attrs.frozen
class Parts:
    """A parsed message.

    Attributes:
        fields: its header.
        leaves: its parts that are not multiparts, in order.
        trouble: what was malformed.
    """

    fields: Fields
    leaves: tuple[Part, ...]
    trouble: tuple[str, ...]

    def texts(self, content_type: str) -> list[Part]:
        """Return the texts of a type, which mail programs show below each other.

        Of alternatives only the first one that has such a text counts.
        """
        chosen: dict[tuple[int, ...], int] = {}
        return [
            part
            for part in self.leaves
            if part.is_text
            and part.content_type == content_type
            and all(
                chosen.setdefault(part.path[:depth], part.path[depth])
                == part.path[depth]
                for depth in part.choices
            )
        ]


def join_texts(texts: Iterable[str]) -> str | None:
    """Return texts below each other; ``None`` if there are none."""
    found = list(texts)
    if len(found) < 2:
        return found[0] if found else None
    *before, last = filter(None, found) if any(found) else [""]
    ended = (text if text.endswith("\n") else f"{text}\n" for text in before)
    return "".join([*ended, last])


def read_parts(content: AnyContent) -> Parts:
    """Split a message into its parts, however malformed it is; never raises.

    A message within the message stays whole: it is an attachment. A content in a file
    is read in blocks; its parts read from the file, too.

    Raises:
        OSError: the file cannot be read.
    """
    top = read_fields(content, 0, len(content))
    trouble = dict.fromkeys(top.trouble)
    leaves: list[Part] = []
    # The parts that are still to be split, the next one last.
    todo = [_Span((), top, content, len(content), is_body=True)]
    seen = 1
    while todo:
        span = todo.pop()
        trouble |= dict.fromkeys(span.fields.trouble)
        field = read_structured(span.fields.first("content-type"))
        trouble |= dict.fromkeys(f"Content-Type: {each}" for each in field.trouble)
        inner: list[tuple[int, int]] = []
        if field.value.startswith("multipart/"):
            inner, wrong = _split(span, field.boundary)
            if encoding := _forbidden_encoding(span.fields):
                trouble[f"a multipart in {encoding}"] = None
                decoded = None if inner or span.is_decoded else _decoded(span, encoding)
                if decoded and (parts := _split(decoded, field.boundary))[0]:
                    span, (inner, wrong) = decoded, parts
            trouble |= dict.fromkeys(wrong)
        if not inner:
            leaf, wrong = _leaf(span, field)
            trouble |= dict.fromkeys(wrong)
            leaves.append(leaf)
            continue
        if seen + len(inner) > MOST_PARTS:
            trouble[f"over {MOST_PARTS} parts: the rest is not read"] = None
            inner = inner[: MOST_PARTS - seen]
        seen += len(inner)
        within, wrong = _inside(span, field, inner)
        trouble |= dict.fromkeys(wrong)
        todo += reversed(within)
    return Parts(top, tuple(leaves), tuple(trouble))


@attrs.frozen
class _Span:
    """A part that is still to be split.

    Attributes:
        path: see `Part`.
        fields: its header.
        content: the message, or the body of a multipart that was decoded.
        stop: the offset in `content` at which its body ends.
        is_body: see `Part`.
        default: its content type, if it does not have one.
        is_decoded: whether a multipart around it was decoded as a whole.
        choices: see `Part`.
        is_component: see `Part`.
    """

    path: tuple[int, ...]
    fields: Fields
    content: AnyContent = attrs.field(repr=False)
    stop: int
    is_body: bool
    default: str = "text/plain"
    is_decoded: bool = False
    choices: tuple[int, ...] = ()
    is_component: bool = False


def _forbidden_encoding(fields: Fields) -> str:
    """Return the transfer encoding of a multipart, if it must not have that one.

    RFC 2045 section 6.4 allows 7bit, 8bit and binary. Most programs read the parts of
    a multipart as they are, whatever its header says.
    """
    words = _encoding(fields)
    encoding = words[0].lower() if words else ""
    return encoding if encoding in ("base64", "quoted-printable") else ""


def _decoded(span: _Span, encoding: str) -> _Span:
    """Return a multipart that is encoded as a whole, decoded."""
    body = part_of(span.content, span.fields.end, span.stop)
    octets, _ = decode_transfer(body, encoding)
    return attrs.evolve(
        span,
        fields=attrs.evolve(span.fields, end=0),
        content=octets,
        stop=len(octets),
        is_decoded=True,
    )


def _inside(
    outer: _Span, field: Structured, spans: list[tuple[int, int]]
) -> tuple[list[_Span], list[str]]:
    """Return the spans of the parts of a multipart, and what was malformed."""
    headers = [read_fields(outer.content, start, stop) for start, stop in spans]
    # RFC 2046 section 5.1.5.
    is_digest = field.value == "multipart/digest"
    default = "message/rfc822" if is_digest else "text/plain"
    alone = len(spans) == 1 and outer.is_body
    is_choice = field.value == "multipart/alternative"
    root, components, wrong = 0, frozenset[int](), list[str]()
    if field.value == "multipart/related":
        root, components, wrong = _related(headers, field)
    found = [
        _Span(
            (*outer.path, number + 1),
            fields,
            outer.content,
            stop,
            alone or is_choice or (number == root and field.value in _FIRST_IS_BODY),
            default,
            outer.is_decoded,
            (*outer.choices, len(outer.path)) if is_choice else outer.choices,
            number in components,
        )
        for number, (fields, (_, stop)) in enumerate(zip(headers, spans, strict=True))
    ]
    return found, wrong


def _related(
    headers: list[Fields], field: Structured
) -> tuple[int, frozenset[int], list[str]]:
    """Return the numbers of the root and of the components of a related multipart.

    The root is the part that ``start`` names, or the first one (RFC 2387 section
    3.2). The others are components if the root can refer to them.

    Returns:
        the number of the root, those of the components, and what was malformed.
    """
    ids = [_id_of(fields.text("content-id")) for fields in headers]
    start = _id_of(field.parameters.get("start", ""))
    wrong = []
    if start and start not in ids:
        wrong.append(f"start: no part has the Content-ID {start[:_SHOWN]!r}")
    root = ids.index(start) if start in ids and start else 0
    type_, _ = read_parameters(headers[root].first("content-type"))
    if type_ and not type_.startswith(("text/", "multipart/")):
        return root, frozenset(), wrong
    components = (
        number
        for number, fields in enumerate(headers)
        if number != root and (root or ids[number] or fields.first("content-location"))
    )
    return root, frozenset(components), wrong


def _id_of(text: str) -> str:
    return without_comments(text).strip().removeprefix("<").removesuffix(">")


def _split(outer: _Span, boundary: bytes) -> tuple[list[tuple[int, int]], list[str]]:
    """Return where the parts of a multipart begin and end, and what was malformed."""
    if len(outer.path) >= DEEPEST:
        return [], [f"multiparts over {DEEPEST} deep: what is in them is not read"]
    boundary = boundary.rstrip()
    if not 0 < len(boundary) <= _LONGEST_BOUNDARY:
        return [], ["a multipart without a usable boundary"]
    spans, wrong = part_spans(outer.content, outer.fields.end, outer.stop, boundary)
    if not spans:
        return [], ["a multipart without parts"]
    return spans[:MOST_PARTS], wrong


def _leaf(span: _Span, field: Structured) -> tuple[Part, list[str]]:
    """Return a part, and what was malformed in its fields."""
    fields = span.fields
    disposition = read_structured(fields.first("content-disposition"))
    trouble = [f"Content-Disposition: {each}" for each in disposition.trouble]
    if disposition.parameters and not disposition.value:
        shown = fields.text("content-disposition")[:_SHOWN]
        trouble.append(
            f"Content-Disposition: {shown!r} does not begin with a type (RFC 2183 "
            "section 2)"
        )
    if len(_encoding(fields)) > 1:
        shown = fields.text("content-transfer-encoding")[:_SHOWN]
        trouble.append(f"Content-Transfer-Encoding: {shown!r} is more than a word")
    type_ = field.value if fields.all("content-type") else span.default
    if _TYPE.fullmatch(type_) is None:
        if fields.first("content-type"):
            shown = fields.text("content-type")[:_SHOWN]
            trouble.append(f"Content-Type: {shown!r} is no type: read as text/plain")
        type_ = "text/plain"  # RFC 2045 section 5.2
    part = Part(
        fields=fields,
        content_type=type_,
        parameters=field.parameters,
        disposition=disposition.value,
        filename=disposition.parameters.get("filename")
        or field.parameters.get("name")
        or "",
        source=span.content,
        start=fields.end,
        stop=max(fields.end, span.stop),
        is_body=span.is_body,
        path=span.path,
        choices=span.choices,
        is_component=span.is_component,
    )
    return part, trouble


def _encoding(fields: Fields) -> list[str]:
    """Return the words of Content-Transfer-Encoding; one is allowed."""
    field = fields.first("content-transfer-encoding").decode("latin-1")
    return without_comments(field).replace('"', " ").replace(";", " ; ").split()
