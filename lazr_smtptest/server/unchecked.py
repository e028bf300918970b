"""Errors of hooks that no test has seen, because nothing stopped the server."""

from __future__ import annotations

import atexit
import os
import sys
import warnings
import weakref

from lazr_smtptest.server.servers import Server

__all__ = ["forget", "watch"]

# The servers that were started and not stopped, by the process and their identity:
# a server need not be hashable.
_started: weakref.WeakValueDictionary[tuple[int, int], Server] = (
    weakref.WeakValueDictionary()
)


def watch(controller: object, server: Server) -> weakref.finalize[..., object]:
    """Report the errors of a server that is not stopped.

    They cause a ResourceWarning when the controller is deleted, and a line on standard
    error when the process ends.

    Returns:
        what `forget` takes.
    """
    _started[os.getpid(), id(server)] = server
    deleted = weakref.finalize(controller, _warn, server)
    deleted.atexit = False
    return deleted


def forget(server: Server, deleted: weakref.finalize[..., object]) -> None:
    """Undo `watch`, for a server that is stopped."""
    _started.pop((os.getpid(), id(server)), None)
    deleted.detach()


def _warn(server: Server) -> None:
    text = _text(server)
    if text:
        warnings.warn(text, ResourceWarning, stacklevel=2)


def _print() -> None:
    for (process, _), server in list(_started.items()):
        text = _text(server) if process == os.getpid() else ""
        if text:
            print(f"lazr_smtptest: {text}", file=sys.stderr)


def _text(server: Server) -> str:
    """Return a line about the errors that were not raised; ``""``: there are none."""
    errors = server.errors
    if not errors:
        return ""
    words = " ".join(f"{type(errors[0]).__name__}: {errors[0]!s:.300}".split())
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return (
        f"the server on {server.host}:{server.port} was not stopped, so no test has "
        f"seen the error of its hook: {words}{more}; use a with block or call stop()"
    )


atexit.register(_print)
