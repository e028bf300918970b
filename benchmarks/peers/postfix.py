"""Postfix's server for tests, which keeps nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from ..places import SEARCH, free_port
from ..program import Program
from .peer import Peer, Running, until_it_answers


class Sink(Peer):
    """``smtp-sink``."""

    name = "smtp-sink"
    remedy = "apt-get install postfix"
    offers = frozenset({"pipelining"})
    keeps = False

    def version(self) -> str | None:
        return _version()

    @contextmanager
    def run(self, needs: frozenset[str]) -> Iterator[Running]:
        port = free_port()
        command = [shutil.which(self.name, path=SEARCH) or self.name]
        if os.geteuid() == 0:
            # It insists.
            command += ["-u", "nobody"]
        # At most so many connections, and so many that are not accepted yet.
        command += ["-m", "4096", f"127.0.0.1:{port}", "1024"]
        with Program(self.name, command) as program:
            until_it_answers(program, port)
            yield Running(program, port)


@cache
def _version() -> str | None:
    """Ask once: it takes a process."""
    postconf = shutil.which("postconf", path=SEARCH)
    if postconf is None or shutil.which(Sink.name, path=SEARCH) is None:
        return None
    asked = [postconf, "-d", "-h", "mail_version"]
    said = subprocess.run(
        asked, capture_output=True, text=True, timeout=10, check=False
    )
    return str(said.stdout).strip()
