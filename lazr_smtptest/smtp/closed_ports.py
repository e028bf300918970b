"""Ports that refuse connections for some time, and then listen again.

A port is closed as Twisted's `Port` keeps it: only its socket is replaced, so that
whoever has the port keeps it, and the factory is not told of a stop. The new socket
is bound at once and does not listen: the address stays taken, and the kernel refuses
connections to it.
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

# Options that the new socket takes from the old one, where the system has them.
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
    """The ports of a factory that refuse connections now.

    Its methods are called in the reactor's thread.

    Args:
        reactor: where time comes from.
    """

    def __init__(self, reactor: IReactorTime) -> None:
        self._reactor = reactor
        self._timers: dict[Any, Timer] = {}

    def close(self, port: Any, seconds: float) -> None:
        """Let a port refuse connections for so many seconds, counted from now.

        Args:
            port: a `Port` of Twisted's that listens.
            seconds: how long.

        Raises:
            OSError: its address cannot be had any more.
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
        """Open none of them any more: the server stops."""
        timers, self._timers = self._timers, {}
        for timer in timers.values():
            timer.cancel()


def _replace(old: socket.socket) -> socket.socket:
    """Close a socket that listens; return one at its address that does not listen."""
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
    """Remove the file of a UNIX socket; return its mode, if there is one."""
    if family != getattr(socket, "AF_UNIX", None) or os.fsencode(address)[:1] == b"\0":
        return None
    mode = stat.S_IMODE(Path(address).stat().st_mode)
    Path(address).unlink()
    return mode
