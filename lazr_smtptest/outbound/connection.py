"""The connection of the client to a server: commands and their replies."""

from __future__ import annotations

import ipaddress
import re
from collections import deque
from collections.abc import Sequence
from typing import Any

import attrs
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.protocol import Factory, connectionDone
from twisted.protocols.basic import LineReceiver
from twisted.python.failure import Failure

from lazr_smtptest.errors import SendError
from lazr_smtptest.tls.layer import insert, wrap

__all__ = ["Connection", "ServerReply", "UntrustedError"]

# Our name in EHLO, if we do not know our address.
_NAME = b"smtptest.invalid"

# The most lines of a reply, and the most bytes of a line.
_MOST_LINES = 200
_LONGEST_LINE = 4096

# How OpenSSL and the package service_identity say that a certificate is wrong.
_UNTRUSTED, _WRONG_NAME = "certificate verify failed", "VerificationError"

_REPLY = re.compile(rb"([2-5]\d\d)(?:([ -])(.*))?", re.S)


class UntrustedError(SendError):
    """The certificate of a server is not trusted."""


@attrs.frozen
class ServerReply:
    """A reply of the server.

    Attributes:
        code: its code.
        lines: the texts of its lines.
    """

    code: int
    lines: Sequence[str]

    def __str__(self) -> str:
        return " ".join(filter(None, (str(self.code), " ".join(self.lines))))


class Connection(LineReceiver):
    """A connection: one command at a time, and the reply to it.

    Args:
        transcript: gets a line for each command and for each line of a reply, with
            ``C:`` or ``S:`` in front and without secrets; ``None`` for no transcript.
    """

    MAX_LENGTH = _LONGEST_LINE

    def __init__(self, transcript: list[str] | None = None) -> None:
        self._transcript = transcript
        self._lines: list[str] = []
        self._waiter: Deferred[ServerReply] | None = None
        # Replies that came before they were read, such as the greeting.
        self._replies: deque[ServerReply] = deque()
        self._loss: SendError | None = None

    def name(self) -> bytes:
        """Return the name of this client: its address (RFC 5321 section 4.1.3)."""
        host = getattr(self._transport.getHost(), "host", "")
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return _NAME
        prefix = "IPv6:" if address.version == 6 else ""
        return f"[{prefix}{address}]".encode()

    @property
    def _transport(self) -> Any:
        return self.transport

    @property
    def is_open(self) -> bool:
        """True while it is connected."""
        return self.transport is not None and self._loss is None

    def send(self, data: bytes) -> None:
        """Send bytes; `expect` returns the replies, in their order (RFC 2920)."""
        if self._loss is None:
            self._transport.write(data)

    async def ask(
        self, command: bytes, *codes: int, secret: bool = False, is_line: bool = True
    ) -> ServerReply:
        """Send a command, and return the reply.

        Args:
            command: the command, or the message.
            codes: the codes that go on; any if there are none.
            secret: whether errors do not show the command.
            is_line: whether a line end follows.

        Raises:
            SendError: the reply has another code, or none came.
        """
        self._replies.clear()
        self.send(command + (b"\r\n" if is_line else b""))
        shown = command.decode("utf-8", "replace") if is_line else "the message"
        if secret:
            shown = "AUTH"
        self._note("C", shown if is_line else f"({len(command)} bytes)")
        return await self.expect(*codes, what=shown)

    async def expect(self, *codes: int, what: str = "connecting") -> ServerReply:
        """Return the next reply; see `ask`."""
        if self._replies:
            reply = self._replies.popleft()
        elif self._loss is not None:
            raise self._loss
        else:
            self._waiter = Deferred()
            reply = await self._waiter
        if codes and reply.code not in codes:
            raise SendError(f"reply to {what}: {reply}", reply.code)
        return reply

    def start_tls(self, options: Any, reactor: IReactorTime) -> None:
        """Begin TLS; what came before it in clear is thrown away.

        Args:
            options: how to connect; see `lazr_smtptest.outbound.tls.tls_options`.
            reactor: the reactor that runs this connection.
        """
        self.clearLineBuffer()
        self._replies.clear()
        self._note("C", "(TLS begins)")
        wrapping = wrap(Factory(), options, reactor, is_client=True)
        insert(wrapping, self, self._transport)

    def quit(self) -> None:
        """End the session."""
        if self.is_open:
            self._note("C", "QUIT")
            self._transport.write(b"QUIT\r\n")
            self._transport.loseConnection()

    def lineReceived(self, line: bytes) -> None:
        """Add a line to the reply that is being read."""
        self._note("S", line.decode("utf-8", "replace"))
        found = _REPLY.fullmatch(line)
        if found is None or len(self._lines) >= _MOST_LINES:
            self._lose(f"it does not speak SMTP: {line!r:.100}")
            return
        self._lines.append((found[3] or b"").decode("utf-8", "replace"))
        if found[2] == b"-":
            return
        lines, self._lines = self._lines, []
        self._replied(ServerReply(int(found[1]), lines))

    def _note(self, side: str, text: str) -> None:
        if self._transcript is not None:
            self._transcript.append(f"{side}: {text}")

    def _replied(self, reply: ServerReply) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is None:
            self._replies.append(reply)
        else:
            waiter.callback(reply)

    def lineLengthExceeded(self, line: bytes) -> None:
        """End the connection."""
        self._lose("it does not speak SMTP: a line is too long")

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Fail the command that waits for its reply."""
        why = reason.getErrorMessage()
        if _UNTRUSTED in why or type(reason.value).__name__ == _WRONG_NAME:
            self._lose(
                "its certificate is not trusted, or not for its name", UntrustedError
            )
        else:
            self._lose(f"the connection ended: {why}")

    def _lose(self, why: str, kind: type[SendError] = SendError) -> None:
        if self._loss is not None:
            return
        self._loss = kind(why)
        self._transport.abortConnection()
        waiter, self._waiter = self._waiter, None
        if waiter is not None:
            waiter.errback(self._loss)
