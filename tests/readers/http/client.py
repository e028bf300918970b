"""A client in memory: it sends the bytes of requests, and reads the answers."""

from __future__ import annotations

import gzip
import json
from http.client import HTTPResponse
from io import BytesIO
from typing import Any

import attrs
from twisted.internet.address import IPv4Address
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from lazr_smtptest.readers.http.site import HTTPSite

__all__ = ["Client", "Response"]


@attrs.frozen
class Response:
    """An answer as the client reads it."""

    status: int
    reason: str
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class _Socket:
    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, mode: str) -> BytesIO:
        return BytesIO(self._data)


class Client:
    """A connection to a site."""

    def __init__(self, site: HTTPSite, clock: Clock | None = None) -> None:
        self.transport = StringTransport(peerAddress=IPv4Address("TCP", "127.0.0.1", 9))
        self.protocol = site.buildProtocol(self.transport.getPeer())
        if clock is not None:
            self.protocol.callLater = clock.callLater
        self.protocol.makeConnection(self.transport)

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.protocol.dataReceived(data)

    def request(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        json: object = None,
        host: str | None = "localhost:8025",
        **headers: str,
    ) -> Response:
        """Make a request, and return the answer.

        Names of header fields are written with underscores.
        """
        if json is not None:
            body = _json(json)
            headers.setdefault("content_type", "application/json")
        lines = [f"{method} {path} HTTP/1.1"]
        if host is not None:
            lines.append(f"Host: {host}")
        lines += [f"{name.replace('_', '-')}: {each}" for name, each in headers.items()]
        if body is not None:
            lines.append(f"Content-Length: {len(body)}")
        head = "\r\n".join([*lines, "", ""]).encode("latin-1")
        self.send(head + (body or b""))
        return self.response(method)

    def get(self, path: str, **options: Any) -> Response:
        """Make a GET request."""
        return self.request("GET", path, **options)

    def response(self, method: str = "GET") -> Response:
        """Read the answer that has come, and forget it."""
        data = self.transport.value()
        assert data, "no answer has come"
        self.transport.clear()
        response = HTTPResponse(_Socket(data), method=method)  # type: ignore[arg-type]
        response.begin()
        body = response.read()
        if response.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        headers = {name.lower(): each for name, each in response.headers.items()}
        return Response(response.status, response.reason, headers, body)


def _json(value: object) -> bytes:
    return json.dumps(value).encode()
