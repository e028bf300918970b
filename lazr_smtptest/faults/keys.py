"""The keys of a rule: the sender, the recipient, the user, the session, the peer."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence

from lazr_smtptest._checks import brief
from lazr_smtptest._guesses import nearest
from lazr_smtptest.faults.phases import Phase
from lazr_smtptest.model.fault_context import FaultContext
from lazr_smtptest.query.matchers import keys_of

__all__ = ["Key", "find_key"]

Key = Callable[[FaultContext], Hashable]


def _address(value: str | None) -> str | None:
    return None if value is None else keys_of(value)[0]


_PARTS: Mapping[str, Key] = {
    "sender": lambda context: _address(context.sender),
    "recipient": lambda context: tuple(map(_address, context.to)),
    "user": lambda context: context.user,
    "session": lambda context: context.session.id,
    "peer": lambda context: context.session.peer[0],
}


def find_key(per: object, phases: Sequence[Phase]) -> Key:
    """Return the function for the key of a context.

    Args:
        per: a name, or several.
        phases: the phases of the rule.

    Raises:
        TypeError: `per` is neither.
        ValueError: a name is unknown, or has no value at a phase.
    """
    names = [per] if isinstance(per, str) else per
    if not isinstance(names, (list, tuple)) or not names:
        raise TypeError(f"per is one or several of {_known()}, not {brief(per)}")
    for name in names:
        if not isinstance(name, str):
            raise TypeError(f"per is one or several of {_known()}, not {brief(per)}")
        if name not in _PARTS:
            hint = nearest(name, _PARTS)
            raise ValueError(
                f"per is one or several of {_known()}, not {brief(per)}{hint}"
            )
        for phase in phases:
            if name not in phase.matches:
                raise ValueError(f"per={name!r} is not known at {phase.name}")
    parts = [_PARTS[name] for name in names]
    return lambda context: tuple([part(context) for part in parts])


def _known() -> str:
    return ", ".join(_PARTS)
