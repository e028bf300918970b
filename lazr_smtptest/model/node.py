"""A server of several that share a store."""

from __future__ import annotations

from datetime import datetime

import attrs

__all__ = ["Node"]


@attrs.frozen(kw_only=True)
class Node:
    """A process that keeps or reads the messages of a store.

    Attributes:
        name: its name, by default that of its machine; others may have the same.
        process: the id of the process on its machine.
        version: the version of this package that it runs.
        is_alive: whether it has been seen in the last seconds.
        is_this: whether it is the process that was asked.
        started_at: when it started.
        seen_at: when it was last seen.
        messages: the number of messages that it has kept since it started.
        rate: messages a second that it has kept lately.
        lag: seconds that its slowest message lately has waited for the database.
    """

    name: str
    process: int
    version: str
    is_alive: bool = True
    is_this: bool = False
    started_at: datetime
    seen_at: datetime
    messages: int
    rate: float
    lag: float = 0.0
