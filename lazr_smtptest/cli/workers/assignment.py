"""The assignment of a worker at its start, and its file descriptors."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import attrs

__all__ = ["ASSIGNMENT", "FIRST_SOCKET", "ORDERS", "REPORTS", "Assignment"]

# The descriptors of a worker. Its standard output and error are pipes of the
# supervisor, which logs what is written there.
ORDERS = 0
REPORTS = 3
ASSIGNMENT = 4
FIRST_SOCKET = 5


def _to_tuple(sockets: Iterable[int]) -> tuple[int, ...]:
    return tuple(sockets)


@attrs.frozen(kw_only=True)
class Assignment:
    """The work of a worker.

    Attributes:
        reactor: the module whose ``install`` installs its reactor.
        options: the checked options of the command line.
        tls: the fields of the `TLS` that all workers share.
        tells_mail: whether to report each mail to the supervisor.
        logs_mail: whether the outcome of mail is logged.
        file_settings: the limits and settings of files, see `FileSettings.apply`.
        fixed: those that the command line has set, see `FileSettings`.
        sockets: the descriptors of the sockets, in the order of the listeners.
    """

    reactor: str
    # These contain passwords and the private key.
    options: Mapping[str, Any] = attrs.field(repr=False)
    tls: Mapping[str, Any] | None = attrs.field(default=None, repr=False)
    tells_mail: bool = False
    logs_mail: bool = True
    file_settings: Mapping[str, Any] = attrs.field(factory=dict)
    fixed: tuple[str, ...] = attrs.field(default=(), converter=tuple[str, ...])
    sockets: tuple[int, ...] = attrs.field(default=(), converter=_to_tuple)

    def to_json(self) -> bytes:
        """Encode it for a pipe; other users could read a command line."""
        return json.dumps(attrs.asdict(self)).encode("ascii")

    @classmethod
    def from_json(cls, octets: bytes) -> Assignment:
        """Decode the result of `to_json`."""
        return cls(**json.loads(octets))
