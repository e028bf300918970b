"""The client that sends one message to a server by SMTP (RFC 5321), in one attempt.

It is the only one of this program. It connects to what it is told and to nothing else,
sends a message once, and never waits longer than it may.
"""

from __future__ import annotations

import base64
import hmac
import ipaddress
import re
from collections.abc import Sequence
from types import ModuleType
from typing import Any

import attrs
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.endpoints import (
    HostnameEndpoint,
    TCP4ClientEndpoint,
    TCP6ClientEndpoint,
)
from twisted.internet.protocol import Factory
from twisted.python.failure import Failure

from lazr_smtptest.errors import SendError
from lazr_smtptest.outbound.connection import Connection
from lazr_smtptest.outbound.settings import Login, Server

__all__ = ["Mail", "send_mail"]

_LINE_END = re.compile(rb"\r\n|\r|\n")
# What no command may contain: it would begin another one, or end the address.
_UNSAFE = re.compile(r"[\x00-\x20\x7f<>]")
# The same in a local part in quotes, which may have spaces and brackets.
_UNSAFE_QUOTED = re.compile(r"[\x00-\x1f\x7f]")

_REFUSAL = 400


@attrs.frozen(kw_only=True)
class Mail:
    """A message to send.

    Attributes:
        sender: the reverse-path; ``""`` for none.
        recipients: the forward-paths.
        content: the message; its line ends become CRLF.

    Raises:
        ValueError: an address has a character that no address has, or there is no
            recipient.
    """

    sender: str
    recipients: Sequence[str]
    content: bytes

    def __attrs_post_init__(self) -> None:
        if not self.recipients:
            raise ValueError("a message needs a recipient")
        for address in (self.sender, *self.recipients):
            local = address.rpartition("@")[0]
            quoted = local.startswith('"') and local.endswith('"')
            unsafe = _UNSAFE_QUOTED if quoted else _UNSAFE
            if unsafe.search(address):
                raise ValueError(f"cannot send to or from the address {address!r:.100}")


def send_mail(reactor: Any, server: Server, mail: Mail) -> Deferred[None]:
    """Send a message to a server, in one attempt.

    All recipients get it, or the Deferred fails; a server that takes the message for
    some of them only is not sent the message.

    Args:
        reactor: connects, and measures the time.
        server: the server.
        mail: the message.

    Returns:
        a Deferred that fires when the server has accepted the message. It fails with a
        `SendError` if it has not; cancelling it ends the attempt.
    """
    connection = Connection()
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
) -> None:
    try:
        await _connect(reactor, connection, server)
        await _greet(reactor, connection, server)
        await _transmit(connection, mail)
    except SendError as error:
        raise SendError(f"{_shown(server)}: {error}", error.code) from error
    finally:
        connection.quit()


def _shown(server: Server) -> str:
    return f"{server.host} port {server.port}"


async def _connect(reactor: Any, connection: Connection, server: Server) -> None:
    endpoint = _endpoint(reactor, server)
    if server.security == "tls":
        tls = _tls()
        endpoint = tls.TLSEndpoint(endpoint, tls.tls_options(server), reactor)
    try:
        await endpoint.connect(Factory.forProtocol(lambda: connection))
    except CancelledError:
        raise
    except Exception as error:
        raise SendError(f"cannot connect: {error}") from error


def _endpoint(reactor: Any, server: Server) -> Any:
    host = "127.0.0.1" if server.host == "localhost" else server.host
    try:
        version = ipaddress.ip_address(host).version
    except ValueError:
        name = host.encode("idna")
        return HostnameEndpoint(reactor, name, server.port, server.timeout)
    # No thread to resolve an address.
    kind = TCP4ClientEndpoint if version == 4 else TCP6ClientEndpoint
    return kind(reactor, host, server.port, server.timeout)


def _tls() -> ModuleType:
    """Return the module for TLS.

    Raises:
        SendError: the packages for TLS are missing; it names the extra.
    """
    try:
        from lazr_smtptest.outbound import tls
    except ImportError as error:
        raise SendError(
            f"TLS needs pip install 'lazr.smtptest[tls]': {error}"
        ) from error
    return tls


async def _greet(reactor: Any, connection: Connection, server: Server) -> None:
    """Read the greeting, and begin the session: EHLO, STARTTLS, AUTH."""
    await connection.expect(220)
    extensions = await _hello(connection)
    if server.security == "starttls":
        if "STARTTLS" not in extensions:
            raise SendError("it does not offer STARTTLS, and TLS is required")
        await connection.ask(b"STARTTLS", 220)
        connection.start_tls(_tls().tls_options(server), reactor)
        extensions = await _hello(connection)
    if server.login is not None:
        await _log_in(connection, server.login, extensions.get("AUTH", ""))


async def _hello(connection: Connection) -> dict[str, str]:
    """Send EHLO, or HELO; return the extensions and their parameters."""
    name = connection.name()
    reply = await connection.ask(b"EHLO " + name)
    if reply.code >= _REFUSAL:
        await connection.ask(b"HELO " + name, 250)
        return {}
    words = (line.partition(" ") for line in reply.lines[1:])
    return {keyword.upper(): value for keyword, _, value in words}


async def _log_in(connection: Connection, login: Login, offered: str) -> None:
    mechanism = login.mechanism.upper()
    if mechanism not in offered.upper().split():
        raise SendError(f"it does not offer AUTH {mechanism}")
    user, password = login.user.encode(), login.password.encode()
    if mechanism == "PLAIN":
        word = base64.b64encode(b"\0" + user + b"\0" + password)
        await connection.ask(b"AUTH PLAIN " + word, 235, secret=True)
    elif mechanism == "LOGIN":
        await connection.ask(b"AUTH LOGIN", 334)
        await connection.ask(base64.b64encode(user), 334, secret=True)
        await connection.ask(base64.b64encode(password), 235, secret=True)
    else:
        reply = await connection.ask(b"AUTH CRAM-MD5", 334)
        try:
            challenge = base64.b64decode("".join(reply.lines))
        except ValueError as error:
            raise SendError(f"its challenge is no base64: {reply}") from error
        digest = hmac.new(password, challenge, "md5").hexdigest().encode()
        word = base64.b64encode(user + b" " + digest)
        await connection.ask(word, 235, secret=True)


async def _transmit(connection: Connection, mail: Mail) -> None:
    """Send MAIL, RCPT and DATA."""
    addresses = (mail.sender, *mail.recipients)
    more = b"" if "".join(addresses).isascii() else b" SMTPUTF8"
    await connection.ask(b"MAIL FROM:<" + mail.sender.encode() + b">" + more, 250)
    for recipient in mail.recipients:
        await connection.ask(b"RCPT TO:<" + recipient.encode() + b">", 250, 251)
    await connection.ask(b"DATA", 354)
    await connection.ask(_stuffed(mail.content), 250, is_line=False)


def _stuffed(content: bytes) -> bytes:
    """Return a message as DATA sends it (RFC 5321 section 4.5.2), with its end."""
    lines = _LINE_END.sub(b"\r\n", content)
    if not lines.endswith(b"\r\n"):
        lines += b"\r\n"
    if lines.startswith(b"."):
        lines = b"." + lines
    return lines.replace(b"\r\n.", b"\r\n..") + b".\r\n"
