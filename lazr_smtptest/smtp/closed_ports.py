"""Listening ports that refuse connections for some time, and then listen again.

Twisted's `Port` object stays as it is; only its socket is replaced. So references to
the port stay valid, and the factory is not stopped. The new socket is bound at once
and does not listen: the address stays taken, and the kernel refuses connections to it.
"""

from __future__ import annotations

import os
import socket
import stat
from functools import partial
from pathlib import Path
from typing import Any

from twisted.internet.interfaces import IReactorTime

from lazr_smtptest.net.clock import Timer, duration_clock

__all__ = ["ClosedPorts"]

# Options that are copied to the new socket, where the system has them.
_OPTIONS = [
    (level, getattr(socket, name))
    for level, name in (
        (socket.SOL_SOCKET, "SO_REUSEADDR"),
        (socket.SOL_SOCKET, "SO_REUSEPORT"),
        (socket.IPPROTO_IPV6, "IPV6_V6ONLY"),
    )
    if hasattr(socket, name)
]


class ClosedPorts:
    """The ports of a factory that currently refuse connections.

    Its methods are called in the reactor's thread.

    Args:
        reactor: provides the time.
    """

    def __init__(self, reactor: IReactorTime) -> None:
        self._reactor = reactor
        self._timers: dict[Any, Timer] = {}

    def close(self, port: Any, seconds: float) -> None:
        """Make a port refuse connections for `seconds`, counted from now.

        Args:
            port: a Twisted `Port` that listens.
            seconds: how long, in seconds.

        Raises:
            OSError: its address can no longer be bound.
        """
        timer = self._timers.pop(port, None)
        if timer is not None:
            timer.cancel()
        else:
            port.stopReading()
            port.socket = _replace(port.socket)
            port.fileno = port.socket.fileno
        self._timers[port] = Timer(
            self._reactor.callLater,
            duration_clock(self._reactor),
            seconds,
            partial(self._open, port),
        )

    def _open(self, port: Any) -> None:
        del self._timers[port]
        if port.connected and not port.disconnecting:
            port.socket.listen(port.backlog)
            port.startReading()

    def forget(self) -> None:
        """Cancel the reopening of all of them: the server stops."""
        timers, self._timers = self._timers, {}
        for timer in timers.values():
            timer.cancel()


def _replace(old: socket.socket) -> socket.socket:
    """Close a listening socket; return a bound one that does not listen."""
    address = old.getsockname()
    new = socket.socket(old.family, old.type)
    new.setblocking(False)
    for level, option in _OPTIONS:
        if level == socket.SOL_SOCKET or old.family == socket.AF_INET6:
            new.setsockopt(level, option, old.getsockopt(level, option))
    mode = _remove_path(old.family, address)
    old.close()
    new.bind(address)
    if mode is not None:
        Path(address).chmod(mode)
    return new


def _remove_path(family: int, address: Any) -> int | None:
    """Remove the file of a UNIX socket; return its mode, ``None`` without a file."""
    if family != getattr(socket, "AF_UNIX", None) or os.fsencode(address)[:1] == b"\0":
        return None
    mode = stat.S_IMODE(Path(address).stat().st_mode)
    Path(address).unlink()
    return mode
