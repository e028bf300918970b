"""The keys of a rule: the sender, the recipient, the user, the session, the peer."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence

from lazr_smtptest.faults.checks import nearest
from lazr_smtptest.faults.phases import Phase
from lazr_smtptest.model.fault_context import Moment
from lazr_smtptest.query.matchers import keys_of

__all__ = ["Key", "find_key"]

Key = Callable[[Moment], Hashable]


def _address(value: str | None) -> str | None:
    return None if value is None else keys_of(value)[0]


_PARTS: Mapping[str, Key] = {
    "sender": lambda moment: _address(moment.sender),
    "recipient": lambda moment: tuple(map(_address, moment.to)),
    "user": lambda moment: moment.user,
    "session": lambda moment: moment.session.id,
    "peer": lambda moment: moment.session.peer[0],
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
        raise TypeError(f"per is one or several of {_known()}, not {per!r}")
    for name in names:
        if not isinstance(name, str):
            raise TypeError(f"per is one or several of {_known()}, not {per!r}")
        if name not in _PARTS:
            hint = nearest(name, _PARTS)
            raise ValueError(f"per is one or several of {_known()}, not {per!r}{hint}")
        for phase in phases:
            if name not in phase.matches:
                raise ValueError(f"per={name!r} is not known at {phase.name}")
    parts = [_PARTS[name] for name in names]
    return lambda moment: tuple([part(moment) for part in parts])


def _known() -> str:
    return ", ".join(_PARTS)
