"""Record the transcript of a session of IMAP or POP3."""

from __future__ import annotations

import re
from collections.abc import Callable

from lazr_smtptest.model.transcript import Transcript

__all__ = ["Conversation"]

_MASK = b"********"
# A literal that follows a line (RFC 3501 section 4.3).
_LITERAL = re.compile(rb"\{([0-9]{1,20})\}\r\n")
# Lines of the replies to a command that are kept, beside the last one.
_MOST = 20
# Bytes that are kept of a line that has not ended.
_LONGEST = 65_536


class Conversation:
    """Writes a transcript: without secrets, and of literals the sizes only.

    Of the replies to a command the first lines and the last one are kept. A command
    that logs in is masked before it is kept.

    Args:
        transcript: the transcript.
        now: returns the seconds since the session began.
        masked: matches a command with a secret; its group is what may be shown.
        has_literals: whether the server sends literals, as in IMAP.
    """

    def __init__(
        self,
        transcript: Transcript,
        now: Callable[[], float],
        masked: re.Pattern[bytes],
        *,
        has_literals: bool,
    ) -> None:
        self._transcript = transcript
        self._now = now
        self._masked = masked
        self._has_literals = has_literals
        # Bytes of a literal that the server has not sent yet.
        self._literal = 0
        self._begun = b""
        self._left = _MOST
        # What was left out: lines, their bytes, and the last one.
        self._lines, self._octets, self._last = 0, 0, b""

    # The client

    def client(self, line: bytes, *, is_secret: bool = False) -> None:
        """Add a line of the client, without its line end.

        Args:
            line: the line.
            is_secret: whether nothing of it may be shown.
        """
        self._begin()
        if is_secret and line != b"*":
            self._transcript.client(_MASK)
            return
        found = self._masked.match(line)
        self._transcript.client(line if found is None else found[1] + _MASK)

    def skipped(self, size: int, what: str) -> None:
        """Add a note on bytes of the client that are not kept.

        Args:
            size: how many.
            what: what they are.
        """
        self._begin()
        self._transcript.client(f"[... {size} octets{what} ...]".encode())

    def _begin(self) -> None:
        self.flush()
        self._left = _MOST
        self._transcript.at(self._now())

    # The server

    def server(self, data: bytes) -> None:
        """Add what the server sends."""
        self._transcript.at(self._now())
        data = self._begun + data
        self._begun, at = b"", 0
        while at < len(data):
            if self._literal:
                size = min(self._literal, len(data) - at)
                self._literal -= size
                at += size
                continue
            found = _LITERAL.search(data, at) if self._has_literals else None
            end = data.rfind(b"\r\n", at) + 2 if found is None else found.end()
            if found is not None:
                self._literal = int(found[1])
            if end < at + 2:
                self._begun = data[at:][-_LONGEST:]
                return
            self._add(data[at:end])
            at = end

    def _add(self, text: bytes) -> None:
        """Add whole lines, each with its line end."""
        while self._left and text:
            end = text.index(b"\r\n") + 2
            self._transcript.server(text[:end])
            self._left -= 1
            text = text[end:]
        if text:
            if self._last:
                self._lines += 1
                self._octets += len(self._last)
            start = text.rfind(b"\r\n", 0, len(text) - 2) + 2
            start = start if start > 1 else 0
            self._lines += text.count(b"\r\n", 0, start)
            self._octets += start
            self._last = text[start:]

    def flush(self) -> None:
        """Add a note on what was left out, and the last line."""
        if self._lines:
            self._transcript.note(
                f"{self._lines} more lines of the server, {self._octets} octets"
            )
        if self._last:
            self._transcript.server(self._last)
        self._lines, self._octets, self._last = 0, 0, b""
