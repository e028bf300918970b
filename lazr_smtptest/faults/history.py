"""What a rule remembers: who tried before, how often, how much was kept.

A gate lets a moment pass, then the rule does not fire; or it does not. All of it
runs in the reactor's thread.
"""

from __future__ import annotations

import ipaddress
import re
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

import attrs

from lazr_smtptest.faults.keys import Key
from lazr_smtptest.model.fault_context import Moment
from lazr_smtptest.query.matchers import keys_of

__all__ = ["Dictated", "Gate", "Greylist", "Quota", "Rate", "dictated_code"]

# A code of a refusal, at the beginning of a local part.
_CODE = re.compile(r"[45][0-9]{2}(?![0-9])")

# Keys that are remembered, the latest.
_KEYS = 100_000

# What a greylist takes for one client (RFC 6647 section 2.4.1 speaks of the
# address's network).
_PREFIXES = {4: 24, 6: 64}

_Value = TypeVar("_Value")


class Gate:
    """Something that depends on what was before.

    Attributes:
        key: what it counts by; ``None``: see the class.
    """

    key: Key | None = None

    def passes(self, moment: Moment, now: float) -> bool:
        """Return whether the rule does not fire, and remember that it was asked.

        Args:
            moment: where the session is.
            now: seconds of a clock that is never set.
        """
        raise NotImplementedError

    def kept(self, moment: Moment) -> None:
        """Note a message that was kept."""


class _Memory(Generic[_Value]):
    """A value for each key, of the latest hundred thousand.

    Args:
        make: makes the value of a key that is not known.
    """

    def __init__(self, make: Callable[[], _Value]) -> None:
        self._make = make
        self._values: OrderedDict[Hashable, _Value] = OrderedDict()

    def __getitem__(self, key: Hashable) -> _Value:
        """Return the value of a key, made if it is not known."""
        if key in self._values:
            return self._values[key]
        value = self._values[key] = self._make()
        if len(self._values) > _KEYS:
            self._values.popitem(last=False)
        return value


class Greylist(Gate):
    """Refuses a key that was not seen before, for some time (RFC 6647).

    The key is the client's network, the sender and the recipient.

    Args:
        seconds: how long after the first try a further one is refused.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._first: _Memory[list[float]] = _Memory(list)

    def passes(self, moment: Moment, now: float) -> bool:
        """Return whether the first try was long enough ago."""
        first = self._first[(self.key or _triple)(moment)]
        if not first:
            first.append(now)
            return False
        return now - first[0] >= self._seconds


def _triple(moment: Moment) -> Hashable:
    return _network(moment.session.peer[0]), moment.sender or "", moment.to[0]


def _network(host: str) -> str:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    prefix = _PREFIXES[address.version]
    return str(ipaddress.ip_network((address, prefix), strict=False))


class Rate(Gate):
    """Allows `number` moments in `seconds`, in all if there is no key.

    Args:
        number: how many pass.
        seconds: within how many seconds.
    """

    def __init__(self, number: int, seconds: float) -> None:
        self._number = number
        self._seconds = seconds
        self._passed: _Memory[deque[float]] = _Memory(deque)

    def passes(self, moment: Moment, now: float) -> bool:
        """Return whether there is room for one more."""
        passed = self._passed[None if self.key is None else self.key(moment)]
        while passed and now - passed[0] >= self._seconds:
            passed.popleft()
        if len(passed) >= self._number:
            return False
        passed.append(now)
        return True


@attrs.define
class _Used:
    messages: int = 0
    octets: int = 0


class Quota(Gate):
    """Allows so much for each recipient, or for each key.

    Args:
        messages: how many messages; ``None``: any number.
        octets: how many bytes in all; ``None``: any amount.
    """

    def __init__(self, messages: int | None, octets: int | None) -> None:
        self._messages = messages
        self._octets = octets
        self._used: _Memory[_Used] = _Memory(_Used)

    def passes(self, moment: Moment, now: float) -> bool:
        """Return whether there is room for one more, of the size that was declared."""
        used = self._used[(self.key or _mailbox)(moment)]
        if self._messages is not None and used.messages >= self._messages:
            return False
        return self._octets is None or (
            used.octets < self._octets and used.octets + moment.size <= self._octets
        )

    def kept(self, moment: Moment) -> None:
        """Count a message once for each key that its recipients have."""
        key = self.key or _mailbox
        size = 0 if moment.envelope is None else moment.envelope.size
        for each in {key(attrs.evolve(moment, to=(to,))) for to in moment.to}:
            used = self._used[each]
            used.messages += 1
            used.octets += size


def _mailbox(moment: Moment) -> Hashable:
    return keys_of(moment.to[0])[0]


class Dictated(Gate):
    """Refuses an address that begins with the code of a refusal."""

    def passes(self, moment: Moment, now: float) -> bool:
        """Return whether the address begins with no code."""
        return not dictated_code(moment)


def dictated_code(moment: Moment) -> str:
    """Return the code that an address begins with; ``""`` if it begins with none."""
    address = moment.to[0] if moment.phase == "RCPT" else moment.sender or ""
    found = _CODE.match(address)
    return found[0] if found else ""
