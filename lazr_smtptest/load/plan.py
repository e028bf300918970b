"""The plan of a load: how much, how fast, to whom."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from lazr_smtptest.load.sizes import Sizes, parse_sizes
from lazr_smtptest.outbound.settings import Server

__all__ = ["NUMBER", "Plan"]

# In a recipient's address it is replaced by the number of the recipient.
NUMBER = "{n}"


@attrs.frozen(kw_only=True)
class Plan:
    """A load.

    Attributes:
        server: the server. Its timeout is for one message.
        address: the IP address to connect to.
        connections: the number of connections that are open at the same time.
        messages: the number of messages; ``None`` for no limit.
        duration: seconds after which no message begins; ``None`` for no limit.
        rate: messages a second; ``None``: each connection begins the next message
            when the last one has been answered.
        per_connection: messages after which a connection is replaced; ``None``: it is
            kept.
        pipelined: whether MAIL, RCPT and DATA are sent together (RFC 2920).
        sender: the reverse-path; ``""`` for the null one.
        recipient: the forward-path; `NUMBER` in it becomes 1, 2 and so on.
        recipients: the number of recipients of each message.
        sizes: the sizes of the messages that are made up, in bytes.
        corpus: messages to send in their turn, in place of made-up ones.

    Raises:
        ValueError: a value is not allowed, or there is no end.
    """

    server: Server
    address: str
    connections: int = 10
    messages: int | None = None
    duration: float | None = None
    rate: float | None = None
    per_connection: int | None = None
    pipelined: bool = False
    sender: str = "load@example.com"
    recipient: str = f"recipient-{NUMBER}@example.com"
    recipients: int = 1
    sizes: Sizes = attrs.field(factory=lambda: parse_sizes("4K"))
    corpus: Sequence[bytes] = attrs.field(default=(), repr=False)

    def __attrs_post_init__(self) -> None:
        """Check the values."""
        if self.messages is None and self.duration is None:
            raise ValueError("a load needs a number of messages, or a duration")
        for name in ("connections", "messages", "per_connection", "recipients"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"{name} must be 1 or more, not {value}")
        for name in ("duration", "rate"):
            value = getattr(self, name)
            if value is not None and not 0 < value < float("inf"):
                raise ValueError(f"{name} must be more than 0, not {value:g}")
        if self.recipients > 1 and NUMBER not in self.recipient:
            raise ValueError(
                f"{self.recipients} recipients need {NUMBER} in their address, "
                f"not {self.recipient!r}"
            )
