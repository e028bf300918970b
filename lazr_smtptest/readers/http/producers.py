"""Producers of the bodies of answers, for clients that read as fast as they can.

Everything runs in the reactor's thread. Pull producers would not do: Twisted runs them
on the global reactor.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.interfaces import IPushProducer
from zope.interface import implementer

from lazr_smtptest.readers.http.answer import FileBody, Stream

if TYPE_CHECKING:
    from lazr_smtptest.readers.http.request import HTTPRequest

__all__ = ["PIECE", "FilePieces", "Live", "Pieces", "pieces_of"]

# Bytes that are written at once of a large body.
PIECE = 65_536


@implementer(IPushProducer)
class Pieces:
    """Writes a body in pieces, as fast as the client takes them.

    Args:
        request: the request.
        body: the pieces.
        size: the bytes that are in memory until the client has read them.

    Attributes:
        paused_at: see `IPending`.
    """

    def __init__(
        self, request: HTTPRequest, body: Iterable[bytes], size: int = 0
    ) -> None:
        self._request = request
        self._pieces: Iterator[bytes] = iter(body)
        self._channel, site = request.channel, request.channel.site
        self._clock = site.clock
        site.pending.add(self, size)
        request.notifyFinish().addBoth(lambda _: site.pending.remove(self))
        self.paused_at: float | None = None
        if self._channel.is_waiting:
            self.pauseProducing()
        request.registerProducer(self, True)
        if self.paused_at is None:
            self.resumeProducing()

    def resumeProducing(self) -> None:
        """Write on: the client has read."""
        self.paused_at = None
        for piece in self._pieces:
            self._request.write(piece)
            if self.paused_at is not None:
                return
        self._request.unregisterProducer()
        self._request.finish()

    def pauseProducing(self) -> None:
        """Write no more, until the client has read."""
        self.paused_at = self._clock()

    def stopProducing(self) -> None:
        """Write no more: the client has left."""
        self._pieces = iter(())
        self.paused_at = self._clock()

    def abort(self) -> None:
        """Disconnect the client."""
        self._channel.forceAbortClient()


@implementer(IPushProducer)
class FilePieces:
    """Writes a file in pieces, which threads read as fast as the client takes them."""

    def __init__(self, request: HTTPRequest, body: FileBody) -> None:
        self._request = request
        self._body = body
        self._resumed: Deferred[None] | None = None
        request.registerProducer(self, True)
        if request.channel.is_waiting:
            self.pauseProducing()
        self._running = Deferred.fromCoroutine(self._run())
        self._running.addErrback(request._broken)

    async def _run(self) -> None:
        offset, call = 0, self._request._site.in_thread or maybeDeferred
        while offset < len(self._body):
            if self._resumed is not None:
                await self._resumed
            piece = await call(self._body.read, offset, PIECE)
            if not piece:
                raise EOFError(f"{self._body.file.path} is too short")
            offset += len(piece)
            self._request.write(piece)
        self._request.unregisterProducer()
        self._request.finish()

    def resumeProducing(self) -> None:
        """Write on: the client has read."""
        resumed, self._resumed = self._resumed, None
        if resumed is not None:
            resumed.callback(None)

    def pauseProducing(self) -> None:
        """Write no more, until the client has read."""
        if self._resumed is None:
            self._resumed = Deferred()

    def stopProducing(self) -> None:
        """Write no more: the client has left."""
        self._running.cancel()


@implementer(IPushProducer)
class Live:
    """Writes a stream; what a slow client does not take is kept for it."""

    def __init__(self, request: HTTPRequest, stream: Stream) -> None:
        self._request = request
        self._waiting: list[bytes] = []
        self._size = 0
        self._is_paused = False
        request.registerProducer(self, True)
        leave = stream.begin(self.write, self.end)
        request.notifyFinish().addErrback(lambda _: leave())

    def write(self, data: bytes) -> int:
        """Send bytes; return how many wait."""
        if self._is_paused:
            self._waiting.append(data)
            self._size += len(data)
        else:
            self._request.write(data)
        return self._size

    def end(self) -> None:
        """End the answer."""
        if not self._request._disconnected:
            self._request.unregisterProducer()
            self._request.finish()

    def pauseProducing(self) -> None:
        """Write no more, until the client has read."""
        self._is_paused = True

    def resumeProducing(self) -> None:
        """Write on: the client has read."""
        self._is_paused = False
        waiting, self._waiting, self._size = self._waiting, [], 0
        if waiting:
            self._request.write(b"".join(waiting))

    def stopProducing(self) -> None:
        """Write no more: the client has left."""
        self._waiting.clear()


def pieces_of(content: bytes) -> Iterator[bytes]:
    """Yield a content in pieces to write one after the other."""
    view = memoryview(content)
    for start in range(0, len(view), PIECE):
        yield bytes(view[start : start + PIECE])
