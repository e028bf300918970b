"""Short answers that are sent at once."""

from __future__ import annotations

from typing import Any

from twisted.internet.interfaces import ITCPTransport

__all__ = ["send_at_once"]


def send_at_once(transport: Any) -> None:
    """Send what is written to a transport without a delay (TCP_NODELAY).

    Otherwise the kernel holds back what is written while the client has not yet
    acknowledged what was written before, for 40 to 200 ms: a second answer in a row,
    or news for a client that only listens.

    Args:
        transport: any transport; one that is not TCP has no such delay.
    """
    if ITCPTransport.providedBy(transport):
        transport.setTcpNoDelay(True)
