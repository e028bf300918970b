"""The answer to an HTTP request, before it is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING

import attrs

from lazr_smtptest._json import encode_json
from lazr_smtptest._spool import SpooledContent

if TYPE_CHECKING:
    from lazr_smtptest.readers.http.request import HTTPRequest

__all__ = [
    "LARGE",
    "Answer",
    "FileBody",
    "HTTPError",
    "Stream",
    "Upgrade",
    "json_answer",
    "text_answer",
]

_JSON = "application/json"
_TEXT = "text/plain; charset=utf-8"

# Bytes of a body of which a slow client would hold too much in memory.
LARGE = 1 << 20


@attrs.frozen
class Stream:
    """A body that is written as things happen, until the client leaves.

    Attributes:
        begin: called with two functions: one that sends bytes, and returns how many
            bytes wait for the client to take them; and one that ends the answer. It
            returns the function to call when the client has left.
    """

    begin: Callable[
        [Callable[[bytes], int], Callable[[], object]], Callable[[], object]
    ]


@attrs.frozen
class Upgrade:
    """The connection goes over to another protocol (RFC 9110 section 7.8).

    Attributes:
        take: called with the request instead of writing an answer, unless it asks for
            the header alone.
    """

    take: Callable[[HTTPRequest], None]


@attrs.frozen
class FileBody:
    """A body that is read from a temporary file while the client takes it.

    Attributes:
        file: the file, which is removed with the last of its bodies.
        start, end: the offsets of its bytes.
    """

    file: SpooledContent
    start: int
    end: int

    @classmethod
    def of(cls, pieces: Iterable[bytes]) -> FileBody:
        """Write pieces into a temporary file; it takes time."""
        file = SpooledContent()
        for piece in pieces:
            file.append(piece)
        return cls.whole(file)

    @classmethod
    def whole(cls, file: SpooledContent) -> FileBody:
        """Return a body that is a whole file."""
        return cls(file, 0, len(file))

    def __len__(self) -> int:
        return self.end - self.start

    def within(self, start: int, end: int) -> FileBody:
        """Return the bytes between two offsets."""
        return FileBody(self.file, self.start + start, self.start + end)

    def read(self, offset: int, count: int) -> bytes:
        """Return bytes from an offset on; it takes time."""
        first = self.start + offset
        return self.file.read_at(first, min(count, self.end - first))


@attrs.frozen(kw_only=True)
class Answer:
    """The answer to a request.

    Attributes:
        status: the status code.
        body: the whole body, or pieces of it, made one after the other while the
            client takes them, or a `FileBody`, a `Stream`, or an `Upgrade`.
        content_type: the value of Content-Type; ``""`` for none.
        length: bytes of the body; needed if it comes in pieces.
        headers: further header fields.
    """

    status: int = HTTPStatus.OK
    body: bytes | Iterable[bytes] | FileBody | Stream | Upgrade = b""
    content_type: str = ""
    length: int | None = None
    headers: Mapping[str, str] = attrs.field(factory=dict)


class HTTPError(Exception):
    """A request is answered with an error.

    Args:
        status: the status code, 400 to 599.
        message: one line for the person who can act.
        headers: header fields of the answer.
        details: members of the JSON object that describes the error.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        headers: Mapping[str, str] | None = None,
        details: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(status, message)
        self.status = status
        self.message = message
        self.headers = dict(headers or {})
        self.details = dict(details or {})

    def __str__(self) -> str:
        return f"{self.status}: {self.message}"


def json_answer(
    value: object, status: int = HTTPStatus.OK, headers: Mapping[str, str] | None = None
) -> Answer:
    """Return an answer in JSON (RFC 8259), with a line feed at its end.

    Args:
        value: what msgspec can encode.
        status: the status code.
        headers: further header fields.
    """
    body = encode_json(value) + b"\n"
    return Answer(
        status=status, body=body, content_type=_JSON, headers=dict(headers or {})
    )


def text_answer(
    text: str, status: int = HTTPStatus.OK, headers: Mapping[str, str] | None = None
) -> Answer:
    """Return an answer in plain text; what UTF-8 cannot encode becomes ``?``."""
    return Answer(
        status=status,
        body=text.encode("utf-8", "replace"),
        content_type=_TEXT,
        headers=dict(headers or {}),
    )
