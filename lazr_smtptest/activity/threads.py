"""The threads of this process: the servers' own ones, and those that an error ended.

On Python 3.12 and later `monitor` sees such errors and no hook is replaced. Before,
`threading.excepthook` is the only place where Python tells of them: it is chained
while something is recorded, and restored after.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

__all__ = ["ChainedHook", "is_observed", "unobserved"]

_ours: set[int] = set()


@contextlib.contextmanager
def unobserved() -> Iterator[None]:
    """Exclude the calling thread from every record; for the threads of servers."""
    ident = threading.get_ident()
    _ours.add(ident)
    try:
        yield
    finally:
        _ours.discard(ident)


def is_observed() -> bool:
    """Return whether the calling thread belongs to the program, not to a server."""
    return threading.get_ident() not in _ours


class ChainedHook:
    """One link in the chain of `threading.excepthook`.

    Args:
        ended: called with the error and the name of each thread that it ended, such
            as ``thread 'mailer'``; the hook that was there before is called after.
    """

    def __init__(self, ended: Callable[[BaseException, str], object]) -> None:
        self._before = threading.excepthook
        self._ended: Callable[[BaseException, str], object] | None = ended
        # One object, to be compared with.
        self._link = self._call
        threading.excepthook = self._link

    def _call(self, arguments: Any) -> None:
        ended, error = self._ended, arguments.exc_value
        if ended is not None and error is not None:
            thread = arguments.thread
            ended(error, "thread" if thread is None else f"thread {thread.name!r}")
        self._before(arguments)

    def remove(self) -> None:
        """Restore the hook. Where another was chained after, only pass calls on."""
        self._ended = None
        if threading.excepthook is self._link:
            threading.excepthook = self._before
