"""Short answers that are sent at once."""

from __future__ import annotations

import contextlib
from typing import Any

__all__ = ["send_at_once"]


def send_at_once(transport: Any) -> None:
    """Send what is written to a transport without a delay (TCP_NODELAY).

    Otherwise the kernel holds back what is written while the client has not yet
    acknowledged what was written before, for 40 to 200 ms: a second answer in a row,
    or news for a client that only listens.

    Args:
        transport: any transport; one that is not TCP has no such delay.
    """
    # TLS claims that it is TCP, whatever transport is below it.
    set_no_delay = getattr(transport, "setTcpNoDelay", None)
    if set_no_delay is not None:
        # Twisted 24.7 tries it with UNIX sockets, too, which do not have the option.
        with contextlib.suppress(OSError):
            set_no_delay(True)
