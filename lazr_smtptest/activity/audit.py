"""The audit hook: connections and look-ups of this process.

Python removes no audit hook: there is one, added when something is first recorded,
and it returns at once while nothing is.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable
from typing import Any

__all__ = ["start", "stop"]

# What to call with "connect" or "look up", the host and the port. It is the flag too.
_tell: Callable[[str, str, object], object] | None = None
_added = False

_LOOKUPS = ("socket.getaddrinfo", "socket.gethostbyname")
_EVENTS = frozenset(("socket.connect", *_LOOKUPS))


def start(tell: Callable[[str, str, object], object]) -> None:
    """Start to report events; add the hook, if there is none yet.

    Args:
        tell: called in the thread of the event, with ``"connect"`` or
            ``"look up"``, the host and the port, which is ``None`` if unknown.
    """
    global _tell, _added
    _tell = tell
    if not _added:
        _added = True
        sys.addaudithook(_hook)


def stop() -> None:
    """Stop reporting events; the hook stays."""
    global _tell
    _tell = None


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    tell = _tell
    if tell is None or event not in _EVENTS:
        return
    try:
        if event in _LOOKUPS:
            host = arguments[0]
            name = host.decode("ascii") if isinstance(host, bytes) else str(host or "")
            tell("look up", name, arguments[1] if len(arguments) > 1 else None)
        elif arguments[0].type == socket.SOCK_STREAM and isinstance(
            arguments[1], tuple
        ):
            host, port = arguments[1][:2]
            tell("connect", str(host), port)
    except Exception:
        # What a hook raises would be raised in the program.
        return
