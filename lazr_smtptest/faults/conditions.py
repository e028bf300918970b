"""The conditions of a rule on the fault context."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import attrs

from lazr_smtptest._checks import brief, check_flag
from lazr_smtptest._guesses import nearest
from lazr_smtptest._patterns import PATTERNS
from lazr_smtptest.faults.amounts import amount, numbers
from lazr_smtptest.faults.phases import PHASES, Phase, find_phases
from lazr_smtptest.model.fault_context import FaultContext
from lazr_smtptest.query.matchers import (
    Matcher,
    address,
    check_header_name,
    exactly,
    keys_of,
    matcher,
    wildcard,
    within,
)
from lazr_smtptest.query.truth import check_predicate, truth

__all__ = ["KEYWORDS", "RENAMED", "Conditions", "current"]

# Keywords that are not conditions on one context, but on the number of matches.
_COUNTING = frozenset(
    ["nth", "every", "times", "per", "between", "probability", "seed", "optional"]
)

# Letters beyond the hexadecimal digits, which no IP address has.
_HOST_NAME = re.compile(r"(?=.*[g-zG-Z])[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.?")

# Phases that ANY does not include: they have no reply, or the rule was already asked
# about it at EOD or AUTH.
_NOT_ANY = frozenset(["TLS", "LOGIN", "CONTENT", "KEPT"])


@attrs.frozen
class Condition:
    """One condition.

    Attributes:
        words: its source text.
        met: returns whether a context meets it.
    """

    words: str
    met: Callable[[FaultContext], bool]


@attrs.frozen
class Conditions:
    """All conditions of a rule.

    Attributes:
        phases: the phases, of which one has to match.
        conditions: the other conditions, which all have to match.
        marks: the sizes of a received part of a message, in bytes.
        recipient: returns whether the conditions match a recipient; ``None``: they
            do not depend on the recipient.
    """

    phases: tuple[Phase, ...]
    conditions: tuple[Condition, ...]
    marks: tuple[int, ...] = (0,)
    recipient: Callable[[str], bool] | None = None

    @classmethod
    def of(cls, names: Sequence[object], *keywords: Mapping[str, object]) -> Conditions:
        """Return the conditions for the arguments of a rule.

        Args:
            names: the names of the phases.
            keywords: sets of keywords, which all have to match.

        Raises:
            TypeError: a keyword is unknown, or its value has the wrong type.
            ValueError: no context of a phase could match.
        """
        phases = find_phases(names)
        conditions = []
        for each in keywords:
            for name, wanted in each.items():
                _check_known(name, phases)
                _check_absence(name, wanted, phases)
                if name == "recipients" and not any(
                    phase.name == "ANY" for phase in phases
                ):
                    amount(name, wanted, 1)  # from RCPT on there is one
                if name not in _COUNTING:
                    conditions.append(_MAKERS[name](name, wanted))
        recipient = _any_recipient(keywords)
        after: Any = next((each["after"] for each in keywords if "after" in each), None)
        if after is None:
            # Without ``after`` a rule at CONTENT matches at the start of the message.
            conditions.append(Condition("", lambda context: context.received == 0))
            return cls(phases, tuple(conditions), recipient=recipient)
        marks = after if isinstance(after, Collection) else (after,)
        return cls(phases, tuple(conditions), tuple(sorted(marks)), recipient)

    @property
    def names(self) -> frozenset[str]:
        """The names of the phases at which a rule can fire."""
        names = frozenset(phase.name for phase in self.phases)
        return names | (PHASES.keys() - _NOT_ANY) if "ANY" in names else names

    def met(self, context: FaultContext) -> bool:
        """Return whether a context meets all conditions."""
        return any(_is_at(context, phase) for phase in self.phases) and all(
            condition.met(context) for condition in self.conditions
        )

    def __str__(self) -> str:
        names = [repr(phase.name) for phase in self.phases]
        words = [each.words for each in self.conditions if each.words]
        return ", ".join([*names, *words])


def _any_recipient(
    keywords: Sequence[Mapping[str, object]],
) -> Callable[[str], bool] | None:
    """Return the joint check of the recipient in several sets, or ``None``."""
    wanted = [
        matcher("recipient", each["recipient"], _recipient).matches
        for each in keywords
        if each.get("recipient") is not None
    ]
    if not wanted:
        return None
    return lambda value: all(matches(value) for matches in wanted)


def _is_at(context: FaultContext, phase: Phase) -> bool:
    if phase.name != "ANY":
        return context.phase == phase.name
    if context.phase == "EOD" and context.line != b".":
        # The chunk that ended the message is a phase of its own: BDAT.
        return False
    return context.phase not in _NOT_ANY


def _check_known(name: str, phases: Sequence[Phase]) -> None:
    if name not in _MAKERS and name not in _COUNTING:
        known = ", ".join([*_MAKERS, *sorted(_COUNTING)])
        hint = nearest(name, [*_MAKERS, *_COUNTING])
        raise TypeError(f"a rule has no {name!r}, use: {known}{hint}")
    for phase in phases:
        if name not in phase.matches:
            where = ", ".join(
                each.name for each in PHASES.values() if name in each.matches
            )
            raise ValueError(
                f"{name} is not known at {phase.name}, so the rule could never fire; "
                f"it is known at: {where}"
            )


def _check_absence(name: str, wanted: object, phases: Sequence[Phase]) -> None:
    # The phases of a transaction have a sender and, from RCPT on, a recipient. ANY
    # includes phases outside of a transaction.
    if wanted is None and name in ("sender", "recipient"):
        for phase in phases:
            if phase.name != "ANY":
                raise ValueError(
                    f"{name} must not be None at {phase.name}: there always is one"
                )


def _numbered(
    get: Callable[[FaultContext], int], least: int = 1
) -> Callable[[str, object], Condition]:
    def make(name: str, wanted: object) -> Condition:
        is_wanted = numbers(name, wanted, least)
        return Condition(f"{name}={wanted!r}", lambda context: is_wanted(get(context)))

    return make


def _after(name: str, wanted: object) -> Condition:
    if isinstance(wanted, str):
        raise TypeError(f"{name} is a number or several, not {brief(wanted)}")
    return _numbered(lambda context: context.received, 0)(name, wanted)


def _amount(
    get: Callable[[FaultContext], int], least: int = 0
) -> Callable[[str, object], Condition]:
    def make(name: str, wanted: object) -> Condition:
        is_wanted = amount(name, wanted, least)
        return Condition(f"{name}={wanted!r}", lambda context: is_wanted(get(context)))

    return make


def _size(context: FaultContext) -> int:
    return context.size if context.envelope is None else context.envelope.size


def _from_differs(name: str, wanted: object) -> Condition:
    """Return the condition that the header From does not have an address."""
    if wanted not in ("sender", "user"):
        raise ValueError(f"{name} is 'sender' or 'user', not {brief(wanted)}")

    def met(context: FaultContext) -> bool:
        other = context.sender if wanted == "sender" else context.user
        if other is None or context.envelope is None:
            return False
        known = keys_of(other)[0]
        named = [keys_of(each)[0] for each in context.envelope.addresses("from")]
        if "@" not in other:
            # A user name may be the local part alone.
            named = [each.rpartition("@")[0] for each in named]
        return known not in named

    return Condition(f"{name}={wanted!r}", met)


def _text(
    values: Callable[[FaultContext], Sequence[Any]],
    plain: Callable[[str], Matcher] = wildcard,
    *,
    optional: bool = True,
) -> Callable[[str, object], Condition]:
    def make(name: str, wanted: object) -> Condition:
        if wanted is None and not optional:
            raise TypeError(f"{name} must not be None: there always is one")
        return _condition(name, wanted, matcher(name, wanted, plain), values)

    return make


def _condition(
    name: str,
    given: object,
    wanted: Matcher,
    values: Callable[[FaultContext], Sequence[Any]],
) -> Condition:
    """Return the condition that one of the values matches, or that there is none."""

    def met(context: FaultContext) -> bool:
        found = values(context)
        return not found if wanted.absence else any(map(wanted.matches, found))

    return Condition(f"{name}={_shown(given)}", met)


def _shown(given: object) -> str:
    if isinstance(given, PATTERNS):
        return f"re.compile({given.pattern!r})"
    if callable(given):
        return getattr(given, "__name__", None) or repr(given)
    return repr(given)


def _present(value: str | None) -> tuple[str, ...]:
    return () if value is None else (value,)


def _address(wanted: str) -> Matcher:
    if not wanted:
        return exactly(wanted)
    _check_local_part(wanted)
    return address(wanted)


def _peer(wanted: str) -> Matcher:
    if _HOST_NAME.fullmatch(wanted):
        raise ValueError(
            f"peer is an IP address, such as '127.0.0.1', not the name {brief(wanted)}"
        )
    return wildcard(wanted)


def _check_local_part(wanted: str) -> None:
    if wanted.startswith("@"):
        raise ValueError(
            f"an address has a local part: write {'*' + wanted[:64]!r} for all of a "
            f"domain, not {brief(wanted)}"
        )


def _recipient(wanted: str) -> Matcher:
    if not wanted:
        raise ValueError("recipient must not be empty: there is no such address")
    _check_local_part(wanted)
    return address(wanted)


def _name(wanted: str) -> Matcher:
    if not wanted:
        raise ValueError("a name is not empty: write None for a client without one")
    return wildcard(wanted)


def _mechanism(wanted: str) -> Matcher:
    if not wanted:
        raise ValueError("mechanism must not be empty: AUTH always names one")
    return wildcard(wanted.upper())


def _flag(name: str, wanted: object) -> Condition:
    check_flag(name, wanted)
    return Condition(f"{name}={wanted}", lambda context: context.tls is wanted)


def _where(name: str, wanted: object) -> Condition:
    if not callable(wanted) or isinstance(wanted, type):
        raise TypeError(f"{name} is a function of a FaultContext, not {brief(wanted)}")
    words = f"{name}={_shown(wanted)}"
    check_predicate(wanted, words)
    return Condition(words, lambda context: truth(wanted(context), words))


def _header(name: str, wanted: object) -> Condition:
    if not isinstance(wanted, Mapping) or not wanted:
        raise TypeError(f"{name} is a mapping of header names, not {brief(wanted)}")
    parts = [_field(key, value) for key, value in wanted.items()]
    return Condition(
        f"{name}={wanted!r}", lambda context: all(part.met(context) for part in parts)
    )


def _field(key: object, wanted: object) -> Condition:
    check_header_name(key)
    name = str(key)

    def values(context: FaultContext) -> Sequence[str]:
        return context.envelope.headers(name) if context.envelope is not None else ()

    return _condition(name, wanted, matcher(f"header {name}", wanted, wildcard), values)


def _content(name: str, wanted: object) -> Condition:
    """Return the condition that a message contains a text or bytes."""

    def content(context: FaultContext) -> Sequence[bytes]:
        return (context.envelope.content,) if context.envelope is not None else ()

    def text(context: FaultContext) -> Sequence[str]:
        return [each.decode("utf-8", "surrogateescape") for each in content(context)]

    pattern = wanted.pattern if isinstance(wanted, PATTERNS) else wanted
    if isinstance(pattern, str):
        found = matcher(name, wanted, within)
        return _condition(name, wanted, found, text)
    if wanted is None:
        raise TypeError(f"{name} must not be None: every message has one")
    return _condition(name, wanted, matcher(name, wanted, within, bytes), content)


_MAKERS: Mapping[str, Callable[[str, object], Condition]] = {
    "session": _numbered(lambda context: context.session.number),
    "transaction": _numbered(lambda context: context.transaction),
    "step": _numbered(lambda context: context.step),
    "after": _after,
    # The session itself is open.
    "open_sessions": _amount(lambda context: context.open_sessions, 1),
    "refusals": _amount(lambda context: context.session.refusals),
    "size": _amount(_size),
    "recipients": _amount(lambda context: context.recipients),
    "tls": _flag,
    "mechanism": _text(
        lambda context: (context.mechanism,), _mechanism, optional=False
    ),
    "peer": _text(lambda context: (context.session.peer[0],), _peer, optional=False),
    "helo": _text(lambda context: (context.helo,) if context.helo else (), _name),
    "user": _text(lambda context: _present(context.user), _name),
    "sender": _text(lambda context: _present(context.sender), _address),
    "recipient": _text(lambda context: context.to, _recipient),
    "header": _header,
    "from_differs": _from_differs,
    "content": _content,
    "where": _where,
}

# All keywords of a rule, for any phase.
KEYWORDS = frozenset([*_MAKERS, *_COUNTING])

# Former names that are accepted with a warning, and the present ones. In a mailbox `to`
# is the header field, so it is not a good name for a recipient of the envelope.
RENAMED = {"to": "recipient"}


def current(matches: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keywords of a rule with former names replaced.

    A former name causes a warning for the line that called the caller.
    """
    for former in RENAMED.keys() & matches.keys():
        if RENAMED[former] in matches:
            raise TypeError(
                f"{former}= of a rule is the former name of {RENAMED[former]}=: give "
                "one of them"
            )
        warnings.warn(
            f"{former}= of a rule is called {RENAMED[former]}= now, as in a mailbox",
            DeprecationWarning,
            stacklevel=3,
        )
    return {RENAMED.get(name, name): wanted for name, wanted in matches.items()}
