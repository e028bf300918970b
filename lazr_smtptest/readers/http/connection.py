"""A connection of an HTTP client: its requests, and what it may cost."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from twisted.internet.interfaces import IDelayedCall
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.web import http
from twisted.web.http_headers import Headers

from lazr_smtptest.net.no_delay import send_at_once
from lazr_smtptest.readers.http.malformed import (
    fault_of_chunk,
    fault_of_coding,
    fault_of_field,
    fault_of_line_end,
    fault_of_request_line,
    fault_of_trailer,
)
from lazr_smtptest.readers.http.quick_channel import QuickChannel
from lazr_smtptest.readers.http.request import HTTPRequest

if TYPE_CHECKING:
    from lazr_smtptest.readers.http.site import HTTPSite

__all__ = ["FullConnection", "HTTPConnection", "refusal"]

# The most digits of Content-Length; Python does not convert very long numbers.
_DIGITS = 18

# Seconds of a turn: then other clients have theirs. The clock is read once in so many
# requests.
_TURN, _LOOK = 0.005, 4

# Seconds in which the header of a request has to come, and bytes of a body a second,
# measured over these seconds.
_PATIENCE, _LEAST_RATE = 60.0, 500

# Seconds that a client may take to read what the transport keeps for it, which is some
# 64 KiB: before an answer goes on, and before the connection ends.
_STALLED, _LINGERING = 60.0, 15.0

# What a line of the header cannot have (RFC 9110 section 5.5).
_CONTROLS = b"\0\r\n"

# It ends no line.
_BARE_LF = re.compile(rb"(?<!\r)\n")

# The host and port of a request-target in absolute form.
_AUTHORITY = re.compile(rb"https?://([^/?#]*)", re.IGNORECASE)

# The versions that are read, and the form of any (RFC 9112 section 2.3).
_VERSIONS = (b"HTTP/1.1", b"HTTP/1.0")
_VERSION = re.compile(rb"(?<= )HTTP/[0-9](?:\.[0-9])?\Z")

# The most empty lines before a request (RFC 9112 section 2.2): some clients send one
# after the body of the last one.
_EMPTY_LINES = 8


def refusal(
    status: HTTPStatus, reason: str, fields: Mapping[str, str] | None = None
) -> bytes:
    """Return the bytes of an answer after which the connection ends.

    Args:
        status: the status code.
        reason: a sentence for a person.
        fields: further fields of the header.
    """
    body = f"{reason}\n".encode()
    further = "".join(f"{each}: {value}\r\n" for each, value in (fields or {}).items())
    head = (
        f"HTTP/1.1 {status:d} {status.phrase}\r\n{further}"
        "Content-Type: text/plain; charset=utf-8\r\n"
        "X-Content-Type-Options: nosniff\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body


class FullConnection(Protocol):
    """A connection beyond the most that a site serves: it is refused with 503.

    Args:
        reason: a sentence for a person.
    """

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def connectionMade(self) -> None:
        """Refuse the client."""
        transport: Any = self.transport
        transport.write(refusal(HTTPStatus.SERVICE_UNAVAILABLE, self._reason))
        transport.loseConnection()


class HTTPConnection(QuickChannel):
    """A connection of a client, which may make several requests.

    A client that sends very many requests at once gets a turn now and then, one that
    sends a request too slowly is refused with 408, and one that does not read its
    answers is disconnected.
    """

    requestFactory = HTTPRequest
    site: HTTPSite

    def __init__(self) -> None:
        super().__init__()
        # The requests before the next look at the clock, and the end of the turn.
        self._left, self._until = _LOOK, 0.0
        self._turn: IDelayedCall | None = None
        # While a request comes, while the client does not read, and at the end.
        self._reading: IDelayedCall | None = None
        self._stalled: IDelayedCall | None = None
        self._lingering: IDelayedCall | None = None
        self._received = 0
        self._is_refused = self._is_ending = False
        # What is being read, for the words of a refusal: the field is empty before the
        # first one.
        self._request_line = self._field = b""
        self._empty_lines = 0

    @property
    def is_waiting(self) -> bool:
        """Return whether the client does not take what is written."""
        return bool(self._waitingForTransport)

    def connectionMade(self) -> None:
        """Begin to serve the client."""
        # Older versions of Twisted do not.
        send_at_once(self.transport)
        super().connectionMade()
        self.site.connections.add(self)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Cancel the timers of a client that has gone."""
        for each in (self._turn, self._reading, self._stalled, self._lingering):
            if each is not None and each.active():
                each.cancel()
        super().connectionLost(reason)
        self.site.connections.remove(self)

    # What is received

    def dataReceived(self, data: bytes) -> None:
        """Handle the requests of a client, as many as fit into a turn."""
        if self._is_refused:
            return
        if self._busyReceiving:
            # Of the same turn.
            super().dataReceived(data)
            return
        self._left, self._until = _LOOK, 0.0
        super().dataReceived(data)
        self._check_rest()
        self._received += len(data)
        if self._reading is not None or not self._handlingRequest:
            self._watch()

    def _check_rest(self) -> None:
        """Refuse at once what can never end well, and is not complete yet."""
        decoder = self._transferDecoder
        if decoder is None:
            rest = b"" if self._handlingRequest else self._buffer
        else:
            # Of chunks; a body with a length was refused when that came.
            state = getattr(decoder, "state", "")
            if state == "BODY":
                self.requests[-1].expect(decoder.length)
            rest = decoder._buffer if state else b""
        if rest and (found := _BARE_LF.search(rest)):
            reason = fault_of_line_end(bytes(rest[: found.end()]))
            self._refuse(HTTPStatus.BAD_REQUEST, reason)

    def _finishRequestBody(self, data: bytes) -> None:
        """Refuse malformed fields after the last chunk, which Twisted does not read."""
        trailer = getattr(self._transferDecoder, "_trailerHeaders", ())
        if reason := fault_of_trailer(trailer):
            self._refuse(HTTPStatus.BAD_REQUEST, reason)
        else:
            super()._finishRequestBody(data)

    def requestDone(self, request: HTTPRequest) -> None:
        """Start the next request, now or in another turn."""
        self._left -= 1
        if self._left or not self.persistent:
            super().requestDone(request)
            return
        now, self._left = self.site.clock(), _LOOK
        self._until = self._until or now + _TURN
        if now < self._until:
            super().requestDone(request)
            return
        # Until then it counts as not done: what comes is kept, within bounds.
        self._turn = self.callLater(0, partial(self._take_turn, request))

    def _take_turn(self, request: HTTPRequest) -> None:
        self._turn = None
        self._left, self._until = _LOOK, 0.0
        super().requestDone(request)

    def _is_first_line(self) -> bool:
        # The private name of Twisted: whether the next line begins a request.
        return bool(self._HTTPChannel__first_line)  # type: ignore[attr-defined]

    def _watch(self) -> None:
        """Measure how long a request takes to come."""
        is_incomplete = not self._handlingRequest and (
            not self._is_first_line() or bool(self._buffer)
        )
        if not is_incomplete and self._reading is not None:
            self._reading.cancel()
            self._reading = None
        elif is_incomplete and self._reading is None:
            self._received = 0
            self._reading = self.callLater(_PATIENCE, self._check_rate)

    def _check_rate(self) -> None:
        self._reading = None
        if self._transferDecoder is None:
            slow = f"the header of the request took more than {_PATIENCE:g} s"
        elif self._received < _PATIENCE * _LEAST_RATE:
            slow = f"the body of the request came at less than {_LEAST_RATE} bytes/s"
        else:
            self._watch()
            return
        self._refuse(HTTPStatus.REQUEST_TIMEOUT, slow)

    def lineReceived(self, line: bytes) -> None:
        """Handle a line of the header."""
        if self._is_refused:
            return
        # Not `_is_first_line`: it is a call for every line.
        if self._HTTPChannel__first_line and not self._is_request_line(line):  # type: ignore[attr-defined]
            return
        super().lineReceived(line)

    def _is_request_line(self, line: bytes) -> bool:
        """Return whether a line that may begin a request does so.

        Ignore an empty one, and refuse a version of HTTP that is not ours.
        """
        if not line and self.persistent:
            self._empty_lines += 1
            if self._empty_lines > _EMPTY_LINES:
                many = f"more than {_EMPTY_LINES} empty lines are before a request"
                self._refuse(HTTPStatus.BAD_REQUEST, many)
            return False
        self._request_line, self._field, self._empty_lines = line, b"", 0
        if line.endswith(_VERSIONS):
            return True
        version = _VERSION.search(line)
        if version is not None:
            self._refuse(
                HTTPStatus.HTTP_VERSION_NOT_SUPPORTED,
                f"this server speaks HTTP/1.1, not {version[0].decode()}",
            )
        return version is None

    # What is malformed

    def lineLengthExceeded(self, line: bytes) -> None:
        """Refuse a line that is too long: with 414 the first one, others with 431."""
        if self._is_first_line():
            longest = f"the request line has more than {self.MAX_LENGTH} bytes"
            self._refuse(HTTPStatus.REQUEST_URI_TOO_LONG, longest)
        else:
            self._refuse_header()

    def headerReceived(self, line: bytes) -> bool:
        """Refuse what another server could read otherwise; see `HTTPChannel`."""
        self._field = line
        name, _, value = line.partition(b":")
        name = name.lower()
        status = HTTPStatus.BAD_REQUEST
        if len(line.translate(None, _CONTROLS)) != len(line):
            reason = fault_of_field(line, has_length=False)
        elif name == b"content-length" and len(value.strip()) > _DIGITS:
            reason = f"the Content-Length has more than {_DIGITS} digits"
        elif self._receivedHeaderCount >= self.maxHeaders:
            self._refuse_header()
            return False
        elif name == b"transfer-encoding" and (
            fault := fault_of_coding(value, self._version)
        ):
            status, reason = fault
        else:
            received: bool = super().headerReceived(line)
            return received
        self._refuse(status, reason)
        return False

    def _refuse_header(self) -> None:
        self._refuse(
            HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
            f"the header has more than {self.totalHeadersSize} bytes or "
            f"{self.maxHeaders} fields",
        )

    def _respondToBadRequestAndDisconnect(self) -> None:
        """Refuse a request in which Twisted has found a fault."""
        if self._receivedHeaderSize > self.totalHeadersSize:
            self._refuse_header()
        else:
            self._refuse(HTTPStatus.BAD_REQUEST, self._fault())

    def _fault(self) -> str:
        """Return what Twisted has found."""
        decoder: Any = self._transferDecoder
        if not self.line_mode and decoder is not None:
            return fault_of_chunk(decoder.state, bytes(decoder._buffer))
        if self._field:
            return fault_of_field(self._field, has_length=decoder is not None)
        return fault_of_request_line(self._request_line)

    def _refuse(self, status: HTTPStatus, reason: str) -> None:
        """Answer a request that cannot be read, and end the connection."""
        if self._is_refused:
            return
        self._is_refused = True
        request = self.requests[-1] if self.requests else None
        transport: Any = self.transport
        if request is None or not request.startedWriting:
            # The fields that came before the fault.
            headers = Headers() if request is None else request.requestHeaders
            fields = self.site.fields_for_origin(headers)
            transport.write(refusal(status, reason, fields))
        self.loseConnection()

    # Which requests leave the connection open

    def checkPersistence(self, request: http.Request, version: bytes) -> bool:
        """Return whether another request may follow (RFC 9112 section 9.3)."""
        headers = request.requestHeaders
        target = _AUTHORITY.match(self._path)
        if target and len(headers.getRawHeaders(b"Host", ())) == 1:
            # RFC 9112 section 3.2.2: it is that of the target.
            headers.setRawHeaders(b"Host", [target[1]])
        fields = headers.getRawHeaders(b"Connection", ())
        if not fields and version == b"HTTP/1.1":
            return True
        options = {each.strip() for each in b",".join(fields).lower().split(b",")}
        if b"close" in options:
            request.responseHeaders.setRawHeaders(b"Connection", [b"close"])
            return False
        if version == b"HTTP/1.1":
            return True
        if not headers.hasHeader(b"Host"):
            # Only HTTP/1.1 requires it, and no browser is that old.
            headers.setRawHeaders(b"Host", [b"localhost"])
        return b"keep-alive" in options

    # What is not read

    def pauseProducing(self) -> None:
        """Write no more, until the client has read."""
        super().pauseProducing()
        if self._stalled is None:
            self._stalled = self.callLater(_STALLED, self._abort)

    def resumeProducing(self) -> None:
        """Write again."""
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None
        super().resumeProducing()

    def _abort(self) -> None:
        self._stalled = self._lingering = None
        transport: Any = self.transport
        transport.abortConnection()

    # The end

    def loseConnection(self) -> None:
        """End the connection when the client has read what was written."""
        if not self._is_ending:
            self._is_ending = True
            self._lingering = self.callLater(_LINGERING, self._abort)
            super().loseConnection()

    def shut_down(self) -> None:
        """End the connection after the request that is being answered."""
        self.persistent = False
        if not self._handlingRequest:
            self.loseConnection()
