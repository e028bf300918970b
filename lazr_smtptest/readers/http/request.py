"""A request on the wire: its body within a bound, its answer, and its end."""

from __future__ import annotations

import logging
import re
import zlib
from collections.abc import Sequence
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote

import attrs
from twisted.internet.defer import CancelledError, Deferred, fail
from twisted.python.failure import Failure
from twisted.web import http

from lazr_smtptest.readers.http.answer import (
    Answer,
    FileBody,
    HTTPError,
    Stream,
    Upgrade,
)
from lazr_smtptest.readers.http.call import Call, values_of, weights_of
from lazr_smtptest.readers.http.producers import (
    PIECE,
    FilePieces,
    Live,
    Pieces,
    pieces_of,
)

if TYPE_CHECKING:
    from lazr_smtptest.readers.http.connection import HTTPConnection
    from lazr_smtptest.readers.http.site import HTTPSite

__all__ = ["HTTPRequest", "takes_gzip"]

log = logging.getLogger("lazr.smtptest")

# Bytes that are still read and thrown away of a body that is too large, so that the
# client can read the answer instead of a reset connection.
_DISCARDED = 16 * 1024 * 1024

# Below this many bytes compression costs more than it saves.
_SMALL = 1024
# Above this many, it is done in a thread: 10 ms in that of the reactor would be felt.
_LONG = 262_144
# Said of an answer for which there is no memory.
_TOO_MANY = "too many answers wait for clients to read them: try again later"

_GZIP = {"Content-Encoding": "gzip"}
_VARY = ("Vary", "Accept-Encoding")
_COMPRESSED = ("application/json", "text/", "application/problem+json")

# RFC 9112 section 3.2.2: the host is that of Host.
_ABSOLUTE = re.compile("https?://[^/?#]*", re.IGNORECASE)

# The beginnings of answers, the values of Accept-Encoding, and the compressed bodies
# that are kept; none of the last is larger than `_LONG`.
_HEADS, _ENCODINGS, _BODIES = 256, 16, 8

# The header of every answer: nothing in it is to be run, framed, or remembered.
_SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class HTTPRequest(http.Request):
    """A request that the site's routes answer.

    Everything runs in the reactor's thread.
    """

    _is_refused = False
    _discarded = 0
    # The path, and the most bytes of the body, before the request is complete.
    _early_path = ""
    _most = 0
    # Set by the site when it makes the connection.
    channel: HTTPConnection

    @property
    def _site(self) -> HTTPSite:
        return self.channel.site

    # The body

    def gotLength(self, length: int | None) -> None:
        """Refuse a body that is not to be read: it is too large, or from a stranger."""
        # Not `content`, which may be a file: disk work in the reactor's thread.
        self._body = bytearray()
        if length == 0:
            return
        # The request does not know them yet.
        channel: Any = self.channel
        path, _ = _target(channel._path)
        error = self._site.refuse_early(
            self.requestHeaders, channel._command.decode("latin-1"), path
        )
        self._early_path, self._most = path, self._site.max_body_of(path)
        if error is None and length is not None and length > self._most:
            error = self._too_large_error()
        if error is not None:
            self._refuse_body(error)

    def handleContentChunk(self, data: bytes) -> None:
        """Keep a piece of the body, within the bound."""
        if self._is_refused:
            self._discarded += len(data)
            if self._discarded > _DISCARDED:
                self.channel.forceAbortClient()
            return
        self._body += data
        if len(self._body) > self._most:
            self._refuse_body(self._too_large_error())

    def expect(self, size: int) -> None:
        """Refuse a body that will be too large.

        Args:
            size: the bytes that the client has promised to send next.
        """
        if not self._is_refused and len(self._body) + size > self._most:
            self._refuse_body(self._too_large_error())

    def _too_large_error(self) -> HTTPError:
        return HTTPError(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            f"the body is larger than {self._most} bytes",
        )

    def _refuse_body(self, error: HTTPError) -> None:
        """Answer while the body is still being read; the connection ends after it."""
        self._is_refused = True
        self._body.clear()
        # No "100 Continue" after this answer.
        self.requestHeaders.removeHeader(b"Expect")
        self.clientproto = b"HTTP/1.1"
        self.channel.persistent = False
        self.responseHeaders.setRawHeaders("Connection", ["close"])
        self._write(self._site.describe(self._early_path, error), is_last=False)

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
        """Handle a request whose body is complete."""
        if self._is_refused:
            self.finish()
            return
        self.method, self.uri, self.clientproto = command, path, version
        self.process()

    # The answer

    def process(self) -> None:
        """Find out the answer, and write it."""
        method = self.method.decode("latin-1")
        path, raw_query = _target(self.uri)
        call = Call(
            method="GET" if method == "HEAD" else method,
            path=path,
            query=_query(raw_query),
            headers=self.requestHeaders,
            body=bytes(self._body),
            in_thread=self._site.in_thread,
        )
        try:
            answer = self._site.answer(method, call)
        except Exception:
            answer = fail(Failure())
        if isinstance(answer, Answer):
            # Most answers are there at once, and need no Deferred.
            self._answer_now(answer)
            return
        answer.addCallbacks(self._answered, self._failed, errbackArgs=(path,))
        self._wait_for(answer)

    def _answer_now(self, answer: Answer) -> None:
        try:
            written = self._answered(answer)
        except Exception:
            written = fail(Failure())
        if written is not None:
            self._wait_for(written)

    def _wait_for(self, written: Deferred[Any]) -> None:
        """End what is done for a client if it leaves."""
        self.notifyFinish().addErrback(lambda _: written.cancel())
        written.addErrback(self._broken)

    def _answered(self, answer: Answer) -> Deferred[None] | None:
        """Write an answer; return a Deferred if a thread compresses it first."""
        if self._disconnected:
            return None
        if isinstance(answer.body, Upgrade) and self.method != b"HEAD":
            try:
                answer.body.take(self)
                return None
            except HTTPError as error:
                answer = self._site.describe("", error)
        body, in_thread = answer.body, self._site.in_thread
        is_long = isinstance(body, bytes) and len(body) > _LONG
        if is_long and in_thread is not None and self._can_compress(answer):
            compressed = in_thread(_gzip, body)
            return compressed.addCallback(self._write_compressed, answer)
        self._write(answer)
        return None

    def _write_compressed(self, body: bytes, answer: Answer) -> None:
        if not self._disconnected:
            headers = {**answer.headers, **_GZIP}
            self._write(attrs.evolve(answer, body=body, headers=headers))

    def _failed(self, failure: Failure, path: str) -> None:
        if failure.check(CancelledError) and self._disconnected:
            return
        log.error("HTTP: %s", failure.getTraceback())
        error = HTTPError(HTTPStatus.INTERNAL_SERVER_ERROR, "the server has a fault")
        self._answered(self._site.describe(path, error))

    def _broken(self, failure: Failure) -> None:
        """End the connection: an answer could not be written."""
        if failure.check(CancelledError) and self._disconnected:
            return
        log.error("HTTP: %s", failure.getTraceback())
        if not self._disconnected:
            self.channel.forceAbortClient()

    def _write(self, answer: Answer, is_last: bool = True) -> None:
        body = answer.body
        is_kept = isinstance(body, bytes) and len(body) > PIECE and is_last
        if is_kept and not self._site.pending.has_room(len(body)):  # type: ignore[arg-type]
            error = HTTPError(HTTPStatus.SERVICE_UNAVAILABLE, _TOO_MANY)
            answer = self._site.describe("", error)
        answer = self._site.readable(self.requestHeaders, answer)
        self._site.count(self.method.decode("latin-1"), answer.status)
        if isinstance(answer.body, bytes) and (
            len(answer.body) <= PIECE or not is_last or self.method == b"HEAD"
        ):
            self._write_at_once(answer, answer.body)
            if is_last:
                self.finish()
            return
        if self.clientproto != b"HTTP/1.1":
            # It knows no chunks: some of these answers end with the connection.
            self.channel.persistent = False
        # Twisted does not know the phrase of every status.
        self.setResponseCode(answer.status, HTTPStatus(answer.status).phrase.encode())
        for name, value in {**_SECURITY, **answer.headers}.items():
            self.setHeader(name, value)
        if answer.content_type:
            self.setHeader("Content-Type", answer.content_type)
        if isinstance(answer.body, bytes):
            body, fields = self._encoded(answer, answer.body)
            for field in fields:
                self.responseHeaders.addRawHeader(*field)
            self.setHeader("Content-Length", str(len(body)))
            # So that requests which the client does not read stay few.
            Pieces(self, pieces_of(body), len(body))
            return
        length = answer.length
        if isinstance(answer.body, FileBody):
            length = len(answer.body)
        if length is not None and not isinstance(answer.body, Stream):
            self.setHeader("Content-Length", str(length))
        if self.method == b"HEAD" or isinstance(answer.body, Upgrade):
            self.finish()
        elif isinstance(answer.body, Stream):
            Live(self, answer.body)
        elif isinstance(answer.body, FileBody):
            FilePieces(self, answer.body)
        else:
            Pieces(self, answer.body)

    def _write_at_once(self, answer: Answer, body: bytes) -> None:
        """Write the header and the body together, without Twisted's own header."""
        status = answer.status
        lines = [
            self.clientproto,
            _head_of(status, answer.content_type, *answer.headers.items()),
        ]
        body, fields = self._encoded(answer, body)
        lines += map(_line_of, fields)
        # RFC 9110 section 8.6.
        if status not in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED):
            lines.append(b"Content-Length: %d\r\n" % len(body))
        # Twisted may have set Connection.
        for name, values in self.responseHeaders.getAllRawHeaders():
            lines += [b"%b: %b\r\n" % (name, value) for value in values]
        if self.clientproto != b"HTTP/1.1" and self.channel.persistent:
            lines.append(b"Connection: keep-alive\r\n")
        lines.append(b"\r\n")
        if self.method != b"HEAD":
            lines.append(body)
        self.startedWriting = 1
        self.channel.write(b"".join(lines))

    def _encoded(
        self, answer: Answer, body: bytes
    ) -> tuple[bytes, Sequence[tuple[str, str]]]:
        """Return a body as it is sent, and the fields of the header that tell of it."""
        if len(body) < _SMALL or not answer.content_type.startswith(_COMPRESSED):
            return body, ()
        fields = () if "Vary" in answer.headers else (_VARY,)
        if not self._can_compress(answer):
            return body, fields
        compress = _gzip_again if len(body) <= _LONG else _gzip
        return compress(body), (*fields, *_GZIP.items())

    def _can_compress(self, answer: Answer) -> bool:
        """Return whether the body may be compressed, and is not yet."""
        return (
            answer.content_type.startswith(_COMPRESSED)
            and "Content-Encoding" not in answer.headers
            and takes_gzip(values_of(self.requestHeaders, "accept-encoding"))
        )


# Those of the latest answers are kept: most are those of a few.
@lru_cache(_HEADS)
def _head_of(status: int, content_type: str, *fields: tuple[str, str]) -> bytes:
    """Return the beginning of an answer after the version.

    Args:
        status: the status code.
        content_type: the value of Content-Type; ``""`` for none.
        fields: the names and the values of further fields.
    """
    all_fields = {**_SECURITY, **dict(fields)}
    if content_type:
        all_fields["Content-Type"] = content_type
    lines = map(_line_of, all_fields.items())
    # Twisted does not know the phrase of every status.
    return f" {status:d} {HTTPStatus(status).phrase}\r\n".encode() + b"".join(lines)


@lru_cache(_HEADS)
def _line_of(field: tuple[str, str]) -> bytes:
    """Return a line of the header, in which no other one can hide."""
    value = b" ".join(field[1].encode("utf-8", "replace").splitlines())
    return b"%b: %b\r\n" % (field[0].encode("latin-1"), value)


def _gzip(body: bytes) -> bytes:
    # Level 1: another one takes five times as long to save a tenth.
    compressor = zlib.compressobj(1, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    return compressor.compress(body) + compressor.flush()


# An answer that is kept is asked for again and again, and is the same bytes.
_gzip_again = lru_cache(_BODIES)(_gzip)


def _target(uri: bytes) -> tuple[str, str]:
    """Return the percent-decoded path of a request, and its query as it is."""
    target = uri.decode("latin-1")
    if target[:1] != "/" and (absolute := _ABSOLUTE.match(target)):
        target = target[absolute.end() :]
    raw_path, _, query = target.partition("?")
    return unquote(raw_path, errors="replace"), query


def _query(text: str) -> dict[str, list[str]]:
    if not text:
        return {}
    # Not more names than a person would write; the rest is not looked at.
    try:
        return parse_qs(text, keep_blank_values=True, max_num_fields=1000)
    except ValueError:
        return {}


def takes_gzip(values: Sequence[str]) -> bool:
    """Return whether a client accepts gzip (RFC 9110 section 12.5.3)."""
    return bool(values) and _names_gzip(",".join(values))


# Most clients say the same in each request.
@lru_cache(_ENCODINGS)
def _names_gzip(value: str) -> bool:
    weights = weights_of(value)
    named = [weights[name] for name in ("gzip", "x-gzip", "*") if name in weights]
    return bool(named and named[0])
