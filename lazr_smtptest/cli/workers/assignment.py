"""What a worker is told when it is started, and by which descriptors."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import attrs

__all__ = ["ASSIGNMENT", "FIRST_SOCKET", "ORDERS", "REPORTS", "Assignment"]

# The descriptors of a worker. The standard output and error belong to nobody, and
# what comes there is logged.
ORDERS = 0
REPORTS = 3
ASSIGNMENT = 4
FIRST_SOCKET = 5


def _to_tuple(sockets: Iterable[int]) -> tuple[int, ...]:
    return tuple(sockets)


@attrs.frozen(kw_only=True)
class Assignment:
    """What a worker is to do.

    Attributes:
        reactor: the module whose ``install`` makes its reactor.
        options: those of the command line, checked.
        tls: the fields of the `TLS` that all workers have in common.
        tells_mail: whether the supervisor wants to hear of each mail.
        logs_mail: whether what becomes of mail is logged.
        sockets: the descriptors of the sockets, in the order of the listeners.
    """

    reactor: str
    # Passwords and the private key are in these.
    options: Mapping[str, Any] = attrs.field(repr=False)
    tls: Mapping[str, Any] | None = attrs.field(default=None, repr=False)
    tells_mail: bool = False
    logs_mail: bool = True
    sockets: tuple[int, ...] = attrs.field(default=(), converter=_to_tuple)

    def to_json(self) -> bytes:
        """Write it down, for a pipe; a command line could be read by others."""
        return json.dumps(attrs.asdict(self)).encode("ascii")

    @classmethod
    def from_json(cls, octets: bytes) -> Assignment:
        """Read what `to_json` wrote."""
        return cls(**json.loads(octets))
