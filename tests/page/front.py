"""A reverse proxy that shows a server below a path of its own."""

from __future__ import annotations

from http.client import HTTPConnection, HTTPResponse
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import urlsplit

from .browser import PATIENCE
from .local import LocalServer

__all__ = ["Front"]

_CHUNK = 65536

# Those of one connection (RFC 9110 section 7.6.1): websockets do not pass.
_OF_A_CONNECTION = {"connection", "keep-alive", "transfer-encoding", "upgrade"}


class Front(LocalServer):
    """Takes the path away from each request, and passes the request on.

    Args:
        target: the URL of the server.
        path: it begins and ends with a slash.

    Attributes:
        url: the URL of the server as the proxy shows it.
    """

    def __init__(self, target: str, path: str) -> None:
        handler = type("Handler", (_Handler,), {"target": target, "prefix": path})
        super().__init__(handler)
        self.url = f"{self.address}{path}"


class _Handler(BaseHTTPRequestHandler):
    target: str
    prefix: str

    def do_GET(self) -> None:
        if not self.path.startswith(self.prefix):
            self.send_error(404)
            return
        size = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(size) if size else None
        fields = {
            name: value
            for name, value in self.headers.items()
            if name.lower() not in _OF_A_CONNECTION
        }
        upstream = HTTPConnection(urlsplit(self.target).netloc, timeout=PATIENCE)
        try:
            path = "/" + self.path.removeprefix(self.prefix)
            upstream.request(self.command, path, body, fields)
            self._pass_on(upstream.getresponse())
        except ConnectionError:
            # The browser has left, or the server has ended.
            self.close_connection = True
        finally:
            upstream.close()

    do_POST = do_PATCH = do_DELETE = do_PUT = do_GET

    def _pass_on(self, response: HTTPResponse) -> None:
        self.send_response(response.status)
        for name, value in response.getheaders():
            if name.lower() not in _OF_A_CONNECTION:
                self.send_header(name, value)
        self.end_headers()
        # As it comes: events have no end.
        while data := response.read1(_CHUNK):
            self.wfile.write(data)
            self.wfile.flush()

    def log_message(self, *arguments: Any) -> None:
        """Write nothing to standard error."""
