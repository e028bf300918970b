"""Bodies of answers with the content of a message, or of a part, which may be large."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, DeferredSemaphore

from lazr_smtptest.mime.parts import Part
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.readers.http.answer import LARGE, FileBody

__all__ = ["Turns", "body_of", "raw_body"]

# The most large messages that are decoded at the same time.
_MOST_LARGE = 2

_Result = TypeVar("_Result")


def raw_body(envelope: Envelope) -> bytes | FileBody:
    """Return the bytes of a message; a large one may be in a temporary file."""
    content = envelope.kept
    return content if isinstance(content, bytes) else FileBody.whole(content)


def body_of(part: Part) -> bytes | FileBody:
    """Return the decoded content of a part; a large one is in a temporary file.

    It takes time.
    """
    is_large = part.size > LARGE
    return FileBody.of(part.pieces()) if is_large else part.octets()[0]


class Turns:
    """Lets only a few large messages be decoded at the same time."""

    def __init__(self) -> None:
        self._turns = DeferredSemaphore(_MOST_LARGE)

    async def run(
        self,
        size: int,
        read: Callable[[], Coroutine[Any, Any, _Result] | Deferred[_Result]],
    ) -> _Result:
        """Return the result of `read`, which decodes a message of `size` bytes."""
        if size <= LARGE:
            return await read()
        await self._turns.acquire()
        try:
            return await read()
        finally:
            self._turns.release()
