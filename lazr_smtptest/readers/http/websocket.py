"""Websockets (RFC 6455) on which the server sends texts.

The checks of the gate come before: a page of another site never gets this far.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from twisted.internet.interfaces import IDelayedCall, IPushProducer
from twisted.python.failure import Failure
from zope.interface import implementer

from lazr_smtptest.readers.http.answer import Answer, HTTPError, Upgrade
from lazr_smtptest.readers.http.call import Call
from lazr_smtptest.readers.http.frame_sizes import FrameSizes

if TYPE_CHECKING:
    from lazr_smtptest.readers.http.request import HTTPRequest

__all__ = ["Begin", "websocket_answer"]

# Called with two functions: one that sends texts, and returns how many characters wait
# for the client to take them; and one that closes the websocket. It returns the
# function to call when the client has left.
Begin = Callable[[Callable[..., int], Callable[[], object]], Callable[[], object]]

# Seconds between two pings, and seconds to wait for the answer to one.
_PING = 54.0
_PONG = 10.0

# Bytes that a client may send between two pings: it has nothing to say but the control
# frames of section 5.5.
_MOST_RECEIVED = 4096

# Status codes of section 7.4.1.
_GOING_AWAY, _TOO_BIG = 1001, 1009

# Sixteen bytes in Base64.
_KEY = re.compile(rb"[A-Za-z0-9+/]{21}[AQgw]==")

# RFC 9110 section 15.5.22.
_WANTED = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
}


def websocket_answer(call: Call, begin: Begin) -> Answer:
    """Return the answer that makes a websocket of the connection.

    Args:
        call: the request.
        begin: called when the websocket is open.

    Raises:
        HTTPError: 426, the request is not the opening of a websocket; 501, the
            installed Twisted has none.
    """
    try:
        import twisted.web.websocket  # noqa: F401
    except ImportError as error:
        raise HTTPError(
            HTTPStatus.NOT_IMPLEMENTED,
            "websockets need Twisted 26.10 or newer: install it, or use the "
            "server-sent events of /api/v2/events",
        ) from error
    upgrades = {each.strip().lower() for each in call.header("upgrade").split(",")}
    if "websocket" not in upgrades or call.header("sec-websocket-version") != "13":
        raise HTTPError(
            HTTPStatus.UPGRADE_REQUIRED,
            "expected the opening of a websocket: Upgrade: websocket and "
            "Sec-WebSocket-Version: 13",
            headers=_WANTED,
        )
    return Answer(
        # A request for the header alone opens none.
        status=HTTPStatus.UPGRADE_REQUIRED,
        headers=_WANTED,
        body=Upgrade(lambda request: _open(request, begin)),
    )


def _open(request: HTTPRequest, begin: Begin) -> None:
    """Open the websocket on the connection of a request.

    Raises:
        HTTPError: 400, the opening is malformed; 426, it is of HTTP/1.0.
    """
    from twisted.web.websocket import WebSocketResource

    if request.clientproto != b"HTTP/1.1":
        # RFC 9110 section 7.8: it cannot be upgraded.
        raise HTTPError(
            HTTPStatus.UPGRADE_REQUIRED,
            "a websocket is opened by HTTP/1.1",
            headers=_WANTED,
        )
    keys = request.requestHeaders.getRawHeaders(b"Sec-WebSocket-Key", ())
    if len(keys) != 1 or not _KEY.fullmatch(keys[0]):
        raise HTTPError(
            HTTPStatus.BAD_REQUEST,
            "the opening of a websocket needs one Sec-WebSocket-Key: 16 bytes in "
            "Base64 (RFC 6455 section 4.2.1)",
        )

    class Factory:
        def buildProtocol(self, _: Any) -> _WebSocket:
            return _WebSocket(request, begin)

    request.path = request.uri.partition(b"?")[0]
    # It reads what this request has in common with those of `twisted.web.server`.
    asked: Any = request
    opened = WebSocketResource(Factory()).render_GET(asked)
    if isinstance(opened, bytes):
        raise HTTPError(
            HTTPStatus.BAD_REQUEST, "bad opening of a websocket (RFC 6455 section 4.2)"
        )


# All clients are sent the same texts, one after the other.
@lru_cache(16)
def _frames_of(texts: tuple[str, ...]) -> bytes:
    """Return the frames of texts, in order."""
    return b"".join(map(_frame_of, texts))


def _frame_of(text: str) -> bytes:
    """Return the frame of a text (RFC 6455 section 5.2)."""
    data = text.encode("utf-8", "replace")
    size = len(data)
    if size < 126:
        return b"\x81%c%b" % (size, data)
    if size < 65_536:
        return b"\x81\x7e%b%b" % (size.to_bytes(2, "big"), data)
    return b"\x81\x7f%b%b" % (size.to_bytes(8, "big"), data)


@implementer(IPushProducer)
class _WebSocket:
    """A websocket that a client has opened; see `WebSocketProtocol` of Twisted."""

    _wire: Any
    _leave: Callable[[], object] | None = None

    def __init__(self, request: HTTPRequest, begin: Begin) -> None:
        self._request = request
        self._channel: Any = request.channel
        self._begin = begin
        self._received = 0
        self._sizes = FrameSizes()
        self._is_open = False
        self._is_paused = False
        self._waiting: deque[str] = deque()
        self._size = 0
        self._timer: IDelayedCall | None = None

    # The opening

    def negotiationStarted(self, transport: Any) -> None:
        """Take the connection over."""
        self._wire = transport
        # The channel goes on telling its requests that the client has left.
        self._tell_requests = type(self._channel).connectionLost
        self._is_paused = self._channel._waitingForTransport
        self._request.registerProducer(self, True)

    def negotiationFinished(self) -> None:
        """Begin to send."""
        self._feed = self._channel.dataReceived
        self._channel.dataReceived = self._data_received
        self._is_open = True
        self._wait_to_ping()
        self._leave = self._begin(self.send, self.close)
        if not self._is_open:
            # It was closed in the meantime.
            self._left()

    # Sending

    def send(self, *texts: str) -> int:
        """Send texts; return how many characters wait."""
        if not self._is_open:
            return 0
        if self._is_paused:
            self._waiting += texts
            self._size += sum(map(len, texts))
        else:
            self._channel.write(_frames_of(texts))
        return self._size

    def close(self, code: int = _GOING_AWAY) -> None:
        """Close the websocket."""
        if not self._is_open:
            return
        self._end()
        if self._is_paused:
            # A client that does not read would keep the connection open.
            self._channel.forceAbortClient()
        else:
            self._wire.loseConnection(code)
            self._channel.loseConnection()

    # Receiving

    def _data_received(self, data: bytes) -> None:
        """Take bytes of the client, within the bound."""
        self._received += len(data)
        if self._received > _MOST_RECEIVED:
            self.close(_TOO_BIG)
        elif self._is_open:
            largest = self._sizes.largest(data)
            self._feed(data)
            if self._channel.transport.disconnecting:
                # The client has closed the websocket, or broken the protocol.
                self._end()
                self._channel.loseConnection()
            elif largest > _MOST_RECEIVED:
                # Its bytes are not waited for.
                self.close(_TOO_BIG)

    def textMessageReceived(self, message: str) -> None:
        """Ignore a text: clients have nothing to say."""

    def bytesMessageReceived(self, data: bytes | bytearray) -> None:
        """Ignore bytes."""

    # Pings

    def _wait_to_ping(self) -> None:
        self._timer = self._channel.callLater(_PING, self._ping)

    def _ping(self) -> None:
        self._received = 0
        self._timer = self._channel.callLater(_PONG, self._channel.forceAbortClient)
        self._wire.ping()

    def pongReceived(self, payload: bytes) -> None:
        """Note that the client is there."""
        if self._timer is not None and self._is_open:
            self._timer.cancel()
            self._wait_to_ping()

    # The end

    def connectionLost(self, reason: Failure) -> None:
        """Stop, and end the request: the client has left."""
        self._end()
        self._tell_requests(self._channel, reason)

    def _end(self) -> None:
        """Send no more, and expect no more."""
        self._is_open = False
        self._waiting.clear()
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._left()

    def _left(self) -> None:
        leave, self._leave = self._leave, None
        if leave is not None:
            leave()

    # A client that reads slowly

    def pauseProducing(self) -> None:
        """Keep what is sent, until the client has read."""
        self._is_paused = True

    def resumeProducing(self) -> None:
        """Send what was kept."""
        self._is_paused = False
        while self._waiting and not self._is_paused:
            text = self._waiting.popleft()
            self._size -= len(text)
            self.send(text)

    def stopProducing(self) -> None:
        """Send no more: the connection is lost."""
        self._waiting.clear()
