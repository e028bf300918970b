"""``smtptest --webhook``: another program is told of mail."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from ..commands import PATIENCE, Start, send

STORE = "--store=sqlite:mail.db"


class Receiver:
    """A server that takes requests.

    Attributes:
        url: its URL.
    """

    def __init__(self) -> None:
        bodies: queue.Queue[Any] = queue.Queue()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["content-length"])
                bodies.put(json.loads(self.rfile.read(length)))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *arguments: Any) -> None:
                pass

        self._bodies = bodies
        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def take(self) -> Any:
        """Return the body of the next request."""
        return self._bodies.get(timeout=PATIENCE)

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver of webhooks."""
    receiver = Receiver()
    yield receiver
    receiver.close()


def test_a_mail_is_told(start: Start, receiver: Receiver) -> None:
    """Also without HTTP of our own."""
    process = start("smtptest", "--port=0", f"--webhook={receiver.url}")
    send(int(process.wait_for(r"^ready smtp=(\d+)$")[1]))
    body = receiver.take()
    assert body["type"] == "message.kept"
    assert body["data"]["subject"] == "hello"


@pytest.mark.slow
def test_workers_share_the_webhooks(start: Start, receiver: Receiver) -> None:
    """The process that starts them makes the requests."""
    process = start(
        "smtptest", "--port=0", "--workers=2", STORE, f"--webhook={receiver.url}"
    )
    port = int(process.wait_for(r"^ready smtp=(\d+)$")[1])
    for _ in range(3):
        send(port)
    assert [receiver.take()["data"]["number"] for _ in range(3)] == [1, 2, 3]
