"""A server in a process of its own, for tests that measure it or starve it."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from .host import Client
from .words import PATIENCE, send_tagged

__all__ = ["Process"]


class Process:
    """A server in a process of its own, whose use of the machine is measured.

    Args:
        options: those of ``serve.py``, beside this file.
    """

    def __init__(self, *options: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("serve.py")), *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.port = int(self._answer()["port"])
        self._clients = contextlib.ExitStack()

    def connect(self, **options: Any) -> Client:
        client = Client(self.port, **options)
        self._clients.callback(client.close)
        return client

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def status(self) -> dict[str, Any]:
        """What it has used: ``cpu`` in seconds, ``peak`` and ``rss`` in bytes;
        and the ``messages`` that it keeps.
        """
        assert self._process.stdin is not None
        self._process.stdin.write("status\n")
        self._process.stdin.flush()
        return self._answer()

    def still_serves(self) -> bool:
        before = self.status()["messages"]
        send_tagged(self.port)
        return bool(self.status()["messages"] == before + 1)

    def close(self) -> None:
        self._clients.close()
        with self._process:
            assert self._process.stdin is not None
            self._process.stdin.close()
            try:
                self._process.wait(PATIENCE)
            finally:
                self._process.kill()
