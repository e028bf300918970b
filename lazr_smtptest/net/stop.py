"""The stop of a reactor."""

from __future__ import annotations

import contextlib
from typing import Any

from twisted.internet.error import ReactorNotRunning

__all__ = ["stop"]


def stop(reactor: Any) -> None:
    """Stop a reactor, unless something else has stopped it already.

    Called in the thread of the reactor.
    """
    with contextlib.suppress(ReactorNotRunning):
        reactor.stop()
