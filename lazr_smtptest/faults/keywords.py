"""The keywords of a rule: each makes a condition on the fault context."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs

from lazr_smtptest._checks import brief, check_flag
from lazr_smtptest._patterns import PATTERNS
from lazr_smtptest.faults.amounts import amount, numbers
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

__all__ = [
    "COUNTING",
    "KEYWORDS",
    "MAKERS",
    "RENAMED",
    "Condition",
    "current",
    "recipient_matcher",
]

# Keywords that are not conditions on one context, but on the number of matches.
COUNTING = frozenset(
    ["nth", "every", "times", "per", "between", "probability", "seed", "optional"]
)

# Letters beyond the hexadecimal digits, which no IP address has.
_HOST_NAME = re.compile(r"(?=.*[g-zG-Z])[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.?")


@attrs.frozen
class Condition:
    """One condition.

    Attributes:
        words: its source text.
        met: returns whether a context meets it.
    """

    words: str
    met: Callable[[FaultContext], bool]


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


def recipient_matcher(wanted: str) -> Matcher:
    """Return the matcher of a recipient; raise `ValueError` if none could match."""
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


MAKERS: Mapping[str, Callable[[str, object], Condition]] = {
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
    "recipient": _text(lambda context: context.to, recipient_matcher),
    "header": _header,
    "from_differs": _from_differs,
    "content": _content,
    "where": _where,
}

# All keywords of a rule, for any phase.
KEYWORDS = frozenset([*MAKERS, *COUNTING])

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
