"""The client that sends one message to a server by SMTP (RFC 5321), in one attempt.

It is the only one of this program. It connects to what it is told and to nothing else,
sends a message once, and never waits longer than it may.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import attrs
from twisted.internet.defer import CancelledError, Deferred
from twisted.python.failure import Failure

from lazr_smtptest.errors import SendError
from lazr_smtptest.outbound.connection import Connection, ServerReply
from lazr_smtptest.outbound.session import open_session
from lazr_smtptest.outbound.settings import Server

__all__ = ["Mail", "send_mail", "stuff"]

_LINE_END = re.compile(rb"\r\n|\r|\n")
# What no command may contain: it would begin another one, or end the address.
_UNSAFE = re.compile(r"[\x00-\x20\x7f<>]")
# The same in a local part in quotes, which may have spaces and brackets.
_UNSAFE_QUOTED = re.compile(r"[\x00-\x1f\x7f]")


@attrs.frozen(kw_only=True)
class Mail:
    """A message to send.

    Attributes:
        sender: the reverse-path; ``""`` for none.
        recipients: the forward-paths.
        content: the message; its line ends become CRLF.

    Raises:
        ValueError: an address has a character that no address has, or is several, or
            there is no recipient, or an empty one.
    """

    sender: str
    recipients: Sequence[str]
    content: bytes

    def __attrs_post_init__(self) -> None:
        if not self.recipients:
            raise ValueError("a message needs a recipient")
        if "" in self.recipients:
            # RFC 5321 section 4.1.1.3.
            raise ValueError("a recipient is an address, not ''")
        for address in (self.sender, *self.recipients):
            local = address.rpartition("@")[0]
            quoted = local.startswith('"') and local.endswith('"')
            unsafe = _UNSAFE_QUOTED if quoted else _UNSAFE
            if unsafe.search(address):
                raise ValueError(f"cannot send to or from the address {address!r:.100}")
            if "," in address and address.count("@") > 1 and not quoted:
                raise ValueError(
                    f"cannot send to or from the address {address!r:.100}: give "
                    "several addresses one by one, not with commas"
                )


def send_mail(
    reactor: Any, server: Server, mail: Mail, transcript: list[str] | None = None
) -> Deferred[ServerReply]:
    """Send a message to a server, in one attempt.

    All recipients get it, or the Deferred fails; a server that takes the message for
    some of them only is not sent the message.

    Args:
        reactor: connects, and measures the time.
        server: the server.
        mail: the message.
        transcript: see `Connection`.

    Returns:
        a Deferred with the reply to the message, when the server has accepted it. It
        fails with a `SendError` if it has not; cancelling it ends the attempt.
    """
    connection = Connection(transcript)
    sending = Deferred.fromCoroutine(_send(reactor, connection, server, mail))
    timeout = reactor.callLater(server.timeout, sending.cancel)

    def ended(result: Any) -> Any:
        if timeout.active():
            timeout.cancel()
        elif isinstance(result, Failure) and result.check(CancelledError):
            raise SendError(f"{_shown(server)} took over {server.timeout:g} s")
        return result

    return sending.addBoth(ended)


async def _send(
    reactor: Any, connection: Connection, server: Server, mail: Mail
) -> ServerReply:
    try:
        await open_session(reactor, connection, server)
        return await _transmit(connection, mail)
    except SendError as error:
        raise type(error)(f"{_shown(server)}: {error}", error.code) from error
    finally:
        connection.quit()


def _shown(server: Server) -> str:
    return f"{server.host} port {server.port}"


async def _transmit(connection: Connection, mail: Mail) -> ServerReply:
    """Send MAIL, RCPT and DATA; return the reply to the message."""
    addresses = (mail.sender, *mail.recipients)
    more = b"" if "".join(addresses).isascii() else b" SMTPUTF8"
    await connection.ask(b"MAIL FROM:<" + mail.sender.encode() + b">" + more, 250)
    for recipient in mail.recipients:
        await connection.ask(b"RCPT TO:<" + recipient.encode() + b">", 250, 251)
    await connection.ask(b"DATA", 354)
    return await connection.ask(stuff(mail.content), 250, is_line=False)


def stuff(content: bytes) -> bytes:
    """Return a message as DATA sends it (RFC 5321 section 4.5.2), with its end."""
    lines = _LINE_END.sub(b"\r\n", content)
    if not lines.endswith(b"\r\n"):
        lines += b"\r\n"
    if lines.startswith(b"."):
        lines = b"." + lines
    return lines.replace(b"\r\n.", b"\r\n..") + b".\r\n"
