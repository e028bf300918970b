"""Report that a process is ready: by a file, and to the service manager."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping, MutableMapping
from pathlib import Path

__all__ = ["check_ready_file", "notify_manager", "write_ready_file"]


def check_ready_file(path: Path) -> None:
    """Remove the file of a process that was killed, and check that one can be written.

    Raises:
        OSError: none can be written.
    """
    # Others would believe it.
    path.unlink(missing_ok=True)
    beginning = _beginning(path)
    try:
        # A full disk takes an empty file.
        beginning.write_bytes(b"\n")
    finally:
        beginning.unlink(missing_ok=True)


def write_ready_file(path: Path, ports: Mapping[str, str]) -> None:
    """Write a file with the addresses of the process, atomically.

    Args:
        path: the file. Its lines are ``NAME=ADDRESS``.
        ports: the addresses, by protocol.

    Raises:
        OSError: it cannot be written.
    """
    beginning = _beginning(path)
    lines = [f"{name}={address}\n" for name, address in ports.items()]
    beginning.write_text("".join(lines), encoding="utf-8")
    beginning.replace(path)


def _beginning(path: Path) -> Path:
    """Return the file that becomes the ready file."""
    return path.with_name(f"{path.name}.{os.getpid()}.tmp")


def notify_manager(state: str, environment: MutableMapping[str, str]) -> bool:
    """Send a state to the service manager that started the process (sd_notify(3)).

    Args:
        state: such as ``"READY=1"``.
        environment: the variables of the process; ``NOTIFY_SOCKET`` names the
            manager's socket.

    Returns:
        whether there is a manager and it received the state.
    """
    address = environment.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return False
    if address.startswith("@"):
        address = "\0" + address[1:]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as datagrams:
            datagrams.connect(address)
            datagrams.sendall(state.encode("utf-8"))
    except OSError:
        return False
    return True
