"""A proxy that stands for the rest of the world, and notes who asks for it."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler
from typing import Any

from .local import LocalServer

__all__ = ["World"]

# Chromium asks its maker about forms by itself, in this version whatever its options.
_OF_CHROMIUM = "content-autofill.googleapis.com:443"

# And by itself for the icon of a window, which may be closed meanwhile.
_ICON = "/favicon.ico"

# An image of one pixel.
_PIXEL = bytes.fromhex(
    "47494638396101000100800000ffffff00000021f90401000000002c00000000010001000002024401"
    "003b"
)


class World(LocalServer):
    """Answers every request with an image, as if it were any host of the Internet.

    Attributes:
        asked: the method and URL of each request that has arrived.
    """

    def __init__(self) -> None:
        self.asked: list[str] = []
        super().__init__(self._handler())

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        world = self

        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                if not self.path.endswith(_ICON):
                    world.asked.append(f"{self.command} {self.path}")
                self.send_response(200)
                self.send_header("Content-Type", "image/gif")
                # The next test asks again.
                self.send_header("Cache-Control", "no-store")
                self.send_header("Content-Length", str(len(_PIXEL)))
                self.end_headers()
                self.wfile.write(_PIXEL)

            do_GET = do_POST = do_HEAD = do_PUT = _answer

            def do_CONNECT(self) -> None:
                if self.path != _OF_CHROMIUM:
                    world.asked.append(f"CONNECT {self.path}")
                self.send_error(502)

            def log_message(self, *arguments: Any) -> None:
                """Write nothing to standard error."""

        return Handler
