"""The memory of a rule: earlier attempts, their number, and kept messages.

If a gate lets an event pass, the rule does not fire. All of it runs in the reactor's
thread.
"""

from __future__ import annotations

import ipaddress
import re
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

import attrs

from lazr_smtptest.faults.keys import Key
from lazr_smtptest.model.fault_context import FaultContext
from lazr_smtptest.query.matchers import keys_of

__all__ = ["Dictated", "Gate", "Greylist", "Quota", "Rate", "dictated_code"]

# The code of a refusal, at the start of a local part.
_CODE = re.compile(r"[45][0-9]{2}(?![0-9])")

# The number of keys that are kept, the latest ones.
_KEYS = 100_000

# The networks that a greylist treats as one client (RFC 6647 section 2.4.1).
_PREFIXES = {4: 24, 6: 64}

_Value = TypeVar("_Value")


class Gate:
    """A decision that depends on earlier events.

    Attributes:
        key: returns the key of a context; ``None``: see the class.
        counts: whether it depends on the messages that were kept.
    """

    key: Key | None = None
    counts = False

    def passes(self, context: FaultContext, now: float) -> bool:
        """Return true if the rule must not fire, and record the event.

        Args:
            context: the context of the event.
            now: seconds of a monotonic clock.
        """
        raise NotImplementedError

    def kept(self, context: FaultContext) -> None:
        """Record a message that was kept."""


class _Memory(Generic[_Value]):
    """A mapping with a default, limited to the latest hundred thousand keys.

    Args:
        make: returns the value of a new key.
    """

    def __init__(self, make: Callable[[], _Value]) -> None:
        self._make = make
        self._values: OrderedDict[Hashable, _Value] = OrderedDict()

    def __getitem__(self, key: Hashable) -> _Value:
        """Return the value of a key, made if the key is new."""
        if key in self._values:
            return self._values[key]
        value = self._values[key] = self._make()
        if len(self._values) > _KEYS:
            self._values.popitem(last=False)
        return value


class Greylist(Gate):
    """A gate that defers a new key for some time (RFC 6647).

    Without `key` it is the client's network, the sender and the recipient.

    Args:
        seconds: how long after the first attempt further ones are deferred.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._first: _Memory[list[float]] = _Memory(list)

    def passes(self, context: FaultContext, now: float) -> bool:
        """Return whether the first attempt was long enough ago."""
        first = self._first[(self.key or _triple)(context)]
        if not first:
            first.append(now)
            return False
        return now - first[0] >= self._seconds


def _triple(context: FaultContext) -> Hashable:
    return _network(context.session.peer[0]), context.sender or "", context.to[0]


def _network(host: str) -> str:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    prefix = _PREFIXES[address.version]
    return str(ipaddress.ip_network((address, prefix), strict=False))


class Rate(Gate):
    """A gate that lets `number` events pass per `seconds`, in all or for each key.

    Args:
        number: the number of events.
        seconds: the length of the period.
    """

    def __init__(self, number: int, seconds: float) -> None:
        self._number = number
        self._seconds = seconds
        self._passed: _Memory[deque[float]] = _Memory(deque)

    def passes(self, context: FaultContext, now: float) -> bool:
        """Return whether a further event is within the rate."""
        passed = self._passed[None if self.key is None else self.key(context)]
        while passed and now - passed[0] >= self._seconds:
            passed.popleft()
        if len(passed) >= self._number:
            return False
        passed.append(now)
        return True


@attrs.define
class _Used:
    messages: int = 0
    size: int = 0


class Quota(Gate):
    """A gate with a quota for each recipient, or for each key.

    It allows `messages`, and `size` bytes in all; ``None`` is no limit.
    """

    counts = True

    def __init__(self, messages: int | None, size: int | None) -> None:
        self._messages = messages
        self._size = size
        self._used: _Memory[_Used] = _Memory(_Used)

    def passes(self, context: FaultContext, now: float) -> bool:
        """Return whether a message of the declared size is within the quota."""
        used = self._used[(self.key or _mailbox)(context)]
        if self._messages is not None and used.messages >= self._messages:
            return False
        return self._size is None or (
            used.size < self._size and used.size + context.size <= self._size
        )

    def kept(self, context: FaultContext) -> None:
        """Count a message once for each key of its recipients."""
        key = self.key or _mailbox
        size = 0 if context.envelope is None else context.envelope.size
        for each in {key(attrs.evolve(context, to=(to,))) for to in context.to}:
            used = self._used[each]
            used.messages += 1
            used.size += size


def _mailbox(context: FaultContext) -> Hashable:
    return keys_of(context.to[0])[0]


class Dictated(Gate):
    """A gate that refuses an address that begins with the code of a refusal."""

    def passes(self, context: FaultContext, now: float) -> bool:
        """Return whether the address does not begin with a code."""
        return not dictated_code(context)


def dictated_code(context: FaultContext) -> str:
    """Return the code at the start of an address; ``""`` if there is none."""
    address = context.to[0] if context.phase == "RCPT" else context.sender or ""
    found = _CODE.match(address)
    return found[0] if found else ""
