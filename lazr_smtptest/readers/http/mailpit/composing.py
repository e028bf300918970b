"""Messages made of the JSON of a request: header fields, MIME parts, line ends.

Everything is the data of a request, so nothing in it may begin a header field of its
own, or a part.
"""

from __future__ import annotations

import base64
import quopri
import re
import secrets
from collections.abc import Iterable, Sequence
from email.header import Header
from urllib.parse import quote

import attrs

__all__ = ["File", "compose", "field", "mailbox", "sniff"]

# What no header field may have: it would begin another one, or end the header.
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")

# Bytes of a line: RFC 5322 section 2.1.1, without the line end.
_LONGEST = 998
# Bytes of a line that are encoded at once.
_PIECE = 65_536
# The bytes that are ASCII.
_ASCII = bytes(range(0x80))
# Characters of a header field that is not folded.
_UNFOLDED = 200

_TYPE = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+(?:\s*;[ -~]*)?", re.ASCII)

# How the contents begin that have a type of their own.
_BEGINNINGS = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"BM", "image/bmp"),
    (b"%PDF-", "application/pdf"),
    (b"%!PS-Adobe-", "application/postscript"),
    (b"PK\x03\x04", "application/zip"),
    (b"\x1f\x8b\x08", "application/x-gzip"),
)
_HTML = re.compile(rb"\s*<(?:!doctype html|html|head|body|script|p|div)[\s>]", re.I)
_XML = re.compile(rb"\s*<\?xml")
_BINARY = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")
# Bytes that are looked at.
_SNIFFED = 512


@attrs.frozen(kw_only=True)
class File:
    """A file to attach.

    Attributes:
        name: its name.
        content_type: its type, such as ``"image/png"``.
        content_id: its Content-ID without angle brackets, if the HTML shows it; ``""``
            for an attachment.
        content: its bytes.
    """

    name: str
    content_type: str
    content_id: str
    content: bytes


def compose(
    fields: Iterable[tuple[str, str]], text: str, html: str, files: Sequence[File]
) -> bytes:
    """Return a message; its lines end in CRLF.

    Args:
        fields: the names and the bodies of the header fields, encoded by `field`.
        text: the text, which may be empty.
        html: the HTML; ``""`` for none.
        files: the files; those with a Content-ID belong to the HTML.
    """
    part = _text_part(text, "plain")
    if html:
        part = _multipart("alternative", [part, _text_part(html, "html")])
    inlines = [_file_part(file) for file in files if file.content_id]
    attached = [_file_part(file) for file in files if not file.content_id]
    if inlines:
        part = _multipart("related", [part, *inlines])
    if attached:
        part = _multipart("mixed", [part, *attached])
    head = [f"{name}: {body}" for name, body in fields]
    return "\r\n".join([*head, "MIME-Version: 1.0", ""]).encode() + part


def field(name: str, text: str) -> str:
    """Return the body of an unstructured header field; no control character is left."""
    text = clean(text)
    if text.isascii() and len(text) <= _UNFOLDED:
        return text
    charset = "us-ascii" if text.isascii() else "utf-8"
    raw = text.encode("utf-8", "replace").decode()
    return Header(raw, charset, header_name=name).encode(linesep="\r\n")


def clean(text: str) -> str:
    """Return a text with a space for each run of control characters."""
    return _CONTROL.sub(" ", text).strip()


def mailbox(name: str, address: str) -> str:
    """Return a mailbox of an address field."""
    name = clean(name)
    if not name:
        return address
    if _ATOMS.fullmatch(name):
        return f"{name} <{address}>"
    if name.isascii():
        escaped = re.sub(r'(["\\])', r"\\\1", name)
        return f'"{escaped}" <{address}>'
    return f"{field('To', name)} <{address}>"


def sniff(content: bytes) -> str:
    """Return the type of a content by its first bytes."""
    start = content[:_SNIFFED]
    for beginning, kind in _BEGINNINGS:
        if start.startswith(beginning):
            return kind
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "image/webp"
    if _HTML.match(start):
        return "text/html; charset=utf-8"
    if _XML.match(start):
        return "text/xml; charset=utf-8"
    if _BINARY.search(start):
        return "application/octet-stream"
    return "text/plain; charset=utf-8"


# Parts: their header, an empty line, and their body


def _text_part(text: str, subtype: str) -> bytes:
    # Not by a regular expression, which would hold up all other threads meanwhile.
    lf = text.replace("\r\n", "\n")
    raw = lf.replace("\n", "\r\n").encode("utf-8", "replace")
    lines = raw.split(b"\r\n")
    is_plain = raw.isascii() and b"\r" not in b"".join(lines) and b"\0" not in raw
    if is_plain and all(len(line) <= _LONGEST for line in lines):
        encoding, body = "7bit", raw
    elif len(raw.translate(None, _ASCII)) * 2 > len(raw):
        encoding, body = "base64", _base64(raw)
    else:
        encoding, body = "quoted-printable", _quoted_printable(lines)
    return _part(f"text/{subtype}; charset=utf-8", encoding, body)


def _quoted_printable(lines: Sequence[bytes]) -> bytes:
    return b"\r\n".join(b"=\r\n".join(map(_encoded, _cut(line))) for line in lines)


def _encoded(piece: bytes) -> bytes:
    encoded = quopri.encodestring(piece).replace(b"\r", b"=0D")
    return encoded.replace(b"=\n", b"=\r\n")


def _cut(line: bytes) -> list[bytes]:
    """Return a line in pieces: to encode one holds up all other threads."""
    starts = range(0, len(line), _PIECE) or (0,)
    return [line[start : start + _PIECE] for start in starts]


def _base64(content: bytes) -> bytes:
    return base64.encodebytes(content).replace(b"\n", b"\r\n").removesuffix(b"\r\n")


def _file_part(file: File) -> bytes:
    kind, name = clean(file.content_type), clean(file.name)
    if not _TYPE.fullmatch(kind):
        kind = "application/octet-stream"
    disposition = "attachment"
    more: list[str] = []
    if file.content_id:
        content_id = re.sub(r"[<>\s]", "", clean(file.content_id))
        disposition, more = "inline", [f"Content-ID: <{content_id}>"]
    if name:
        kind = f"{kind}; {_parameter('name', name)}"
        disposition = f"{disposition}; {_parameter('filename', name)}"
    return _part(
        kind,
        "base64",
        _base64(file.content),
        f"Content-Disposition: {disposition}",
        *more,
    )


def _parameter(name: str, value: str) -> str:
    if value.isascii():
        escaped = re.sub(r'(["\\])', r"\\\1", value)
        return f'\r\n {name}="{escaped}"'
    # RFC 2231 section 4.
    encoded = quote(value.encode("utf-8", "replace"), safe="")
    return f"\r\n {name}*=utf-8''{encoded}"


def _multipart(subtype: str, parts: Sequence[bytes]) -> bytes:
    boundary = secrets.token_hex(16)
    start = b"--" + boundary.encode()
    body = b"".join(start + b"\r\n" + part + b"\r\n" for part in parts)
    return (
        f"Content-Type: multipart/{subtype};\r\n boundary={boundary}\r\n\r\n".encode()
        + body
        + start
        + b"--\r\n"
    )


def _part(kind: str, encoding: str, body: bytes, *fields: str) -> bytes:
    head = [
        f"Content-Type: {kind}",
        f"Content-Transfer-Encoding: {encoding}",
        *fields,
        "",
        "",
    ]
    return "\r\n".join(head).encode("utf-8", "replace") + body
