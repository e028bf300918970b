"""Where programs are found."""

from __future__ import annotations

import os
import socket
from pathlib import Path

# Postfix's are in a folder where users do not look.
SEARCH = os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin"


def node_modules() -> Path | None:
    """Give the folder of npm packages that LAZR_SMTPTEST_PROGRAMS names, if any."""
    folder = os.environ.get("LAZR_SMTPTEST_PROGRAMS")
    return Path(folder, "node_modules").resolve() if folder else None


def free_port() -> int:
    """Find a port for a server that cannot do so itself."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
