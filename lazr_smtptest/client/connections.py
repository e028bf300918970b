"""Connections to a server, which are used again."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import os
import socket
import ssl
import threading
import time
import weakref
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

import attrs

from lazr_smtptest.client.address import Address
from lazr_smtptest.client.errors import RemoteError, one_line, unreachable
from lazr_smtptest.client.probe import protocol_of, protocol_of_line
from lazr_smtptest.version import __version__

__all__ = ["Aborter", "Connections", "Response"]

# The version of the API, which the client and the server must share.
API = "/api/v2"

# Idle connections that are kept.
_IDLE = 4
# Seconds after which one is not used again: the server closes it after a minute.
_MOST_IDLE = 30.0
# Seconds of a TLS handshake after which a server is asked whether it speaks HTTP: one
# without TLS waits for the end of what it takes for a line.
_HANDSHAKE = 3.0

# What an idle connection raises that the server has closed in the meantime.
_CLOSED = (
    http.client.RemoteDisconnected,
    ConnectionResetError,
    ConnectionAbortedError,
    BrokenPipeError,
)


@attrs.frozen
class Response:
    """The answer to a request.

    Attributes:
        status: the status code.
        content_type: the value of Content-Type, without its parameters.
        body: the whole body.
    """

    status: int
    content_type: str
    body: bytes

    @property
    def json(self) -> Any:
        """The decoded JSON."""
        return json.loads(self.body)

    @property
    def detail(self) -> str:
        """The server's description of an error; ``""`` if it is no server of ours."""
        if self.content_type != "application/problem+json":
            # An error of the gate comes before any part of the API.
            text = self.body.decode("utf-8", "replace").strip()
            is_text = self.content_type == "text/plain" and self.status != 404
            return " ".join(text.split()) if is_text else ""
        try:
            return str(self.json["detail"])
        except (ValueError, KeyError, TypeError):
            return ""


class Aborter:
    """Ends a request from another thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connection: http.client.HTTPConnection | None = None
        self._ended = threading.Event()

    @property
    def aborted(self) -> bool:
        """True once `abort` was called."""
        return self._ended.is_set()

    def sleep(self, seconds: float) -> bool:
        """Wait until `abort` is called; return whether it was."""
        return self._ended.wait(seconds)

    def abort(self) -> None:
        """End the request that is under way, and all later ones."""
        with self._lock:
            self._ended.set()
            if self._connection is not None:
                _disconnect(self._connection)

    def use(self, connection: http.client.HTTPConnection | None) -> None:
        """Note the connection of the request that is under way; ``None``: none is."""
        with self._lock:
            self._connection = connection
            if connection is not None and self.aborted:
                _disconnect(connection)


class Connections:
    """Connections to a server; any thread may use them.

    Args:
        address: the address of the server.
        user: the name to log in with, in place of that in the URL.
        password: the password.
        verify: whether to check the server's certificate; a file of certificates of
            a CA in PEM; or an `ssl.SSLContext`.
        timeout: seconds until a server that does not answer is given up.
    """

    def __init__(
        self,
        address: Address,
        *,
        user: str | None = None,
        password: str | None = None,
        verify: bool | str | os.PathLike[str] | ssl.SSLContext = True,
        timeout: float = 30.0,
    ) -> None:
        self.address = address
        self.timeout = timeout
        self._user = address.user if user is None else user
        self._password = address.password if password is None else password
        self._context = _context(verify) if address.secure else None
        self._lock = threading.Lock()
        # Each with the time at which it was last used.
        self._idle: list[tuple[float, http.client.HTTPConnection]] = []
        self._process = os.getpid()
        self._is_known = False
        # Whoever forgets to close it gets no ResourceWarning.
        weakref.finalize(self, _close, self._idle)

    def close(self) -> None:
        """Close the idle connections; a later request opens a new one."""
        with self._lock:
            _close(self._idle)

    def request(
        self,
        method: str,
        path: str,
        query: Mapping[str, object] | None = None,
        body: object = None,
        *,
        content_type: str = "application/json",
        patience: float = 0.0,
        aborter: Aborter | None = None,
        accept: tuple[int, ...] = (),
    ) -> Response:
        """Make a request, and return the answer.

        Args:
            method: the method.
            path: the path below that of the API, percent-encoded.
            query: the query of the URL; ``None`` and ``""`` are left out.
            body: an object for JSON, or bytes; ``None`` for no body.
            content_type: the type of a body of bytes.
            patience: seconds to wait beyond the timeout.
            aborter: ends the request from another thread.
            accept: statuses of 400 and above that are no errors.

        Raises:
            RemoteError: the server does not answer, or with an error.
        """
        given = {
            name: value
            for name, value in (query or {}).items()
            if value is not None and value != ""
        }
        target = f"{self.address.base}{API}{path}"
        if given:
            target += "?" + urlencode(given, errors="replace")
        data = body if isinstance(body, bytes) or body is None else _encode(body)
        headers = self._headers(None if data is None else content_type)
        response = self._send(
            method, target, data, headers, self.timeout + patience, aborter
        )
        if response.status >= 400 and response.status not in accept:
            raise self._error(response, f"{method} {API}{path}")
        return response

    def _headers(self, content_type: str | None) -> dict[str, str]:
        headers = {
            "User-Agent": f"lazr.smtptest/{__version__}",
            "X-Requested-With": "lazr.smtptest",
        }
        if content_type is not None:
            headers["Content-Type"] = content_type
        if self._user:
            login = f"{self._user}:{self._password}".encode()
            headers["Authorization"] = "Basic " + base64.b64encode(login).decode()
        return headers

    def _send(
        self,
        method: str,
        target: str,
        data: bytes | None,
        headers: dict[str, str],
        timeout: float,
        aborter: Aborter | None,
    ) -> Response:
        # A wait has to look first at what a server that was started again has.
        again = method != "POST" and aborter is None
        aborter = aborter or Aborter()
        while True:
            connection, is_new = self._take(timeout)
            try:
                if is_new:
                    self._connect(connection, timeout)
                aborter.use(connection)
                connection.request(method, target, data, headers)
                answer = connection.getresponse()
                body = answer.read()
            except (OSError, http.client.HTTPException, ValueError) as error:
                connection.close()
                # The server may have closed an idle connection.
                if isinstance(error, _CLOSED) and again and not is_new:
                    continue
                found = "" if aborter.aborted else self._protocol(error)
                raise unreachable(self.address, error, found, timeout) from error
            except BaseException:
                connection.close()
                raise
            finally:
                aborter.use(None)
            if answer.status == HTTPStatus.SERVICE_UNAVAILABLE:
                # The server of this connection stops; there may be another one.
                connection.close()
                if again and not is_new:
                    continue
            else:
                self._give_back(connection, answer)
            self._is_known = True
            kind = answer.headers.get_content_type()
            return Response(answer.status, kind, body)

    def _take(self, timeout: float) -> tuple[http.client.HTTPConnection, bool]:
        """Return a connection, and whether it is a new one."""
        with self._lock:
            if self._process != os.getpid():
                # The sockets are the parent's, who goes on to use them.
                self._process = os.getpid()
                _close(self._idle)
            used, connection = self._idle.pop() if self._idle else (0.0, None)
        if connection is not None:
            if time.monotonic() - used < _MOST_IDLE:
                connection.sock.settimeout(timeout)
                return connection, False
            connection.close()
        host, port = self.address.host, self.address.port
        if self._context is None:
            return http.client.HTTPConnection(host, port, timeout=timeout), True
        made = http.client.HTTPSConnection(
            host, port, timeout=timeout, context=self._context
        )
        return made, True

    def _give_back(
        self, connection: http.client.HTTPConnection, answer: http.client.HTTPResponse
    ) -> None:
        with self._lock:
            if (
                connection.sock is not None
                and not answer.will_close
                and len(self._idle) < _IDLE
            ):
                self._idle.append((time.monotonic(), connection))
                return
        connection.close()

    def _connect(self, connection: http.client.HTTPConnection, timeout: float) -> None:
        if self._context is None or self._is_known or timeout <= _HANDSHAKE:
            connection.connect()
            return
        connection.timeout = _HANDSHAKE
        try:
            connection.connect()
        except TimeoutError:
            connection.close()
            if protocol_of(self.address):
                raise
            # It is slow.
            connection.timeout = timeout
            connection.connect()
        connection.timeout = timeout
        connection.sock.settimeout(timeout)

    def _protocol(self, error: Exception) -> str:
        """Return what a server speaks that was never understood; ``""``: unknown."""
        if self._is_known or isinstance(error, ConnectionRefusedError):
            return ""
        if isinstance(error, http.client.BadStatusLine):
            # Its text is the line that the server sent.
            found = protocol_of_line(str(error).encode("latin-1", "replace"))
            if found:
                return found
        is_silent = isinstance(error, TimeoutError) and not self.address.secure
        is_unfound = isinstance(error, socket.gaierror)
        return "" if is_silent or is_unfound else protocol_of(self.address)

    def _error(self, response: Response, what: str) -> RemoteError:
        """Return the error of an answer."""
        detail, status = response.detail, response.status
        shown = one_line(detail)
        if status == 401:
            message = (
                f"the server at {self.address} refuses the login of {self._user!r}"
                if self._user
                else f"the server at {self.address} needs a login: "
                "use http://USER:PASSWORD@HOST:PORT"
            )
        elif not detail:
            message = (
                f"{self.address} is no server of lazr.smtptest: {what} got {status}; "
                "check the port, and the path if it has --http-base"
            )
        elif status == 404 and detail.startswith("no such path: "):
            message = (
                f"the server at {self.address} does not know {what}: its version of "
                "lazr.smtptest is another one, or its path is (--http-base)"
            )
        elif status < 500:
            # It says what is wrong with the request.
            message = shown
        else:
            message = f"{what}: {shown}"
        return RemoteError(message, status, detail)


def _encode(value: object) -> bytes:
    return json.dumps(value).encode("ascii")


def _context(verify: bool | str | os.PathLike[str] | ssl.SSLContext) -> ssl.SSLContext:
    if isinstance(verify, ssl.SSLContext):
        return verify
    if isinstance(verify, bool):
        context = ssl.create_default_context()
        if not verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context
    return ssl.create_default_context(cafile=verify)


def _close(connections: list[tuple[float, http.client.HTTPConnection]]) -> None:
    while connections:
        connections.pop()[1].close()


def _disconnect(connection: http.client.HTTPConnection) -> None:
    sock = connection.sock
    if sock is not None:
        with contextlib.suppress(OSError):
            # Wakes the thread that reads; that of TLS has a method of its own.
            socket.socket.shutdown(sock, socket.SHUT_RDWR)
