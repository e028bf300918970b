"""The start of a session with a server: connecting, EHLO, STARTTLS, AUTH."""

from __future__ import annotations

import base64
import hmac
import ipaddress
from types import ModuleType
from typing import Any

from twisted.internet.defer import CancelledError
from twisted.internet.endpoints import (
    HostnameEndpoint,
    TCP4ClientEndpoint,
    TCP6ClientEndpoint,
)
from twisted.internet.protocol import Factory

from lazr_smtptest.errors import SendError
from lazr_smtptest.outbound.connection import Connection
from lazr_smtptest.outbound.settings import Login, Server

__all__ = ["Extensions", "open_session", "tls_options"]

_REFUSAL = 400

# The extensions that EHLO names, in capitals, and the parameters of each.
Extensions = dict[str, str]


async def open_session(
    reactor: Any,
    connection: Connection,
    server: Server,
    *,
    address: str = "",
    options: Any = None,
) -> Extensions:
    """Connect to a server, and go on until it takes mail.

    Args:
        reactor: connects, and measures the time.
        connection: a new connection.
        server: the server.
        address: the IP address to connect to; ``""`` for that of the server's host.
        options: what `tls_options` returned, if several sessions share it.

    Returns:
        the extensions that the server offers.

    Raises:
        SendError: the server cannot be reached, or refuses the client.
    """
    if options is None:
        options = tls_options(server)
    await _connect(reactor, connection, server, address, options)
    return await _greet(reactor, connection, server, options)


def tls_options(server: Server) -> Any:
    """Return how TLS with a server begins; ``None``: without TLS.

    Raises:
        SendError: the packages for TLS are missing; it names the extra.
    """
    return None if server.security == "none" else _tls().tls_options(server)


async def _connect(
    reactor: Any, connection: Connection, server: Server, address: str, options: Any
) -> None:
    endpoint = _endpoint(reactor, server, address)
    if server.security == "tls":
        endpoint = _tls().TLSEndpoint(endpoint, options, reactor)
    try:
        await endpoint.connect(Factory.forProtocol(lambda: connection))
    except CancelledError:
        raise
    except Exception as error:
        raise SendError(f"cannot connect: {error}") from error


def _endpoint(reactor: Any, server: Server, address: str) -> Any:
    host = address or server.host
    if host == "localhost":
        host = "127.0.0.1"
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


async def _greet(
    reactor: Any, connection: Connection, server: Server, options: Any
) -> Extensions:
    """Read the greeting, and begin the session: EHLO, STARTTLS, AUTH."""
    await connection.expect(220)
    extensions = await _hello(connection)
    if server.security == "starttls":
        if "STARTTLS" not in extensions:
            raise SendError("it does not offer STARTTLS, and TLS is required")
        await connection.ask(b"STARTTLS", 220)
        connection.start_tls(options, reactor)
        extensions = await _hello(connection)
    if server.login is not None:
        await _log_in(connection, server.login, extensions.get("AUTH", ""))
    return extensions


async def _hello(connection: Connection) -> Extensions:
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
