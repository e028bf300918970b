"""What a rule remembers: who tried before, how often, how much was kept.

A gate lets a moment pass, then the rule does not fire; or it does not. All of it
runs in the reactor's thread.
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict, deque

import attrs

from lazr_smtptest.moment import Moment

__all__ = ["Gate", "Greylist", "Quota", "Rate"]

# What is remembered of a server's clients, at most.
_TRIPLES = 100_000

# What a greylist takes for one client (RFC 6647 section 2.4.1 speaks of the
# address's network).
_PREFIXES = {4: 24, 6: 64}


class Gate:
    """Something that depends on what was before."""

    def passes(self, moment: Moment) -> bool:
        """Say whether all is well, and remember that it was asked."""
        raise NotImplementedError

    def kept(self, moment: Moment) -> None:
        """Take note of a message that was kept."""


class Greylist(Gate):
    """Refuses who was not seen before, and takes him later (RFC 6647).

    Args:
        seconds: how long after the first try a further one is refused.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._first: OrderedDict[tuple[str, str, str], float] = OrderedDict()

    def passes(self, moment: Moment) -> bool:
        """Say whether the client, sender and recipient have waited."""
        triple = _network(moment.session.peer[0]), moment.sender or "", moment.to[0]
        first = self._first.get(triple)
        if first is not None:
            return moment.now - first >= self._seconds
        self._first[triple] = moment.now
        if len(self._first) > _TRIPLES:
            self._first.popitem(last=False)
        return False


def _network(host: str) -> str:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    prefix = _PREFIXES[address.version]
    return str(ipaddress.ip_network((address, prefix), strict=False))


class Rate(Gate):
    """Takes so many in so many seconds.

    Args:
        number: how many pass.
        seconds: within how many seconds.
    """

    def __init__(self, number: int, seconds: float) -> None:
        self._number = number
        self._seconds = seconds
        self._passed: deque[float] = deque()

    def passes(self, moment: Moment) -> bool:
        """Say whether there is room for one more."""
        while self._passed and moment.now - self._passed[0] >= self._seconds:
            self._passed.popleft()
        if len(self._passed) >= self._number:
            return False
        self._passed.append(moment.now)
        return True


@attrs.define
class _Used:
    messages: int = 0
    octets: int = 0


class Quota(Gate):
    """Takes so much for each recipient.

    Args:
        messages: how many messages; ``None``: any number.
        octets: how much in all; ``None``: any amount.
    """

    def __init__(self, messages: int | None, octets: int | None) -> None:
        self._messages = messages
        self._octets = octets
        self._used: dict[str, _Used] = {}

    def passes(self, moment: Moment) -> bool:
        """Say whether the mailbox takes one more, of the size that was declared."""
        used = self._used.get(moment.to[0]) or _Used()
        if self._messages is not None and used.messages >= self._messages:
            return False
        return self._octets is None or (
            used.octets < self._octets and used.octets + moment.size <= self._octets
        )

    def kept(self, moment: Moment) -> None:
        """Count a message for each of its recipients."""
        for recipient in moment.to:
            used = self._used.setdefault(recipient, _Used())
            used.messages += 1
            if moment.envelope is not None:
                used.octets += len(moment.envelope.content)
