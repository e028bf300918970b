"""The phases of the protocol at which a rule may fire, one record each.

The data known at a phase determines the keywords of a rule; the server's behaviour
there determines its actions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from lazr_smtptest._guesses import nearest

__all__ = ["ACTIONS", "PHASES", "Phase", "find_phases"]

# Known from the first byte on.
_ALWAYS = frozenset(
    [
        "peer",
        "session",
        "tls",
        "open_sessions",
        "refusals",
        "where",
        "nth",
        "every",
        "times",
        "per",
        "between",
        "probability",
        "seed",
        "optional",
    ]
)
_NAMED = _ALWAYS | {"helo", "user"}
_MAIL = _NAMED | {"sender", "transaction", "size"}
_RCPT = _MAIL | {"recipient", "recipients"}
_END = _RCPT | {"header", "content", "from_differs"}

_ANYWHERE = frozenset(
    [
        "delay",
        "stop_reading",
        "window",
        "idle",
        "refuse_connections",
        "hold",
        "drop",
        "reset",
    ]
)
# Phases at which the client waits for a reply.
_ANSWERED = _ANYWHERE | {
    "reply",
    "raw",
    "go_on",
    "garble",
    "inject",
    "split",
    "trickle",
    "pieces",
    "blank",
    "swallow",
    "cut",
    "endless",
    "limit_rate",
}


@attrs.frozen
class Phase:
    """One phase of the protocol.

    Attributes:
        name: the name in a rule.
        meaning: its description, for the documentation.
        matches: the keywords that a rule may have there.
        actions: the actions that a rule may have there.
    """

    name: str
    meaning: str
    matches: frozenset[str] = _NAMED
    actions: frozenset[str] = _ANSWERED


_ALL = (
    Phase(
        "CONNECT", "before the greeting, after the handshake of implicit TLS", _ALWAYS
    ),
    Phase("HELO", "HELO"),
    Phase("EHLO", "EHLO", actions=_ANSWERED | {"announce", "hide"}),
    Phase("LHLO", "LHLO, in LMTP", actions=_ANSWERED | {"announce", "hide"}),
    Phase("STARTTLS", "STARTTLS, before its reply"),
    Phase(
        "TLS",
        "before the handshake, of STARTTLS or of implicit TLS",
        _ALWAYS - {"tls"},
        _ANYWHERE | {"raw", "certificate", "protocol", "cipher"},
    ),
    Phase(
        "AUTH",
        "each line of the client within AUTH; the command is step 1",
        _ALWAYS | {"helo", "step", "mechanism"},
    ),
    Phase(
        "LOGIN",
        "at the end of AUTH, before the password is checked",
        _NAMED | {"mechanism"},
    ),
    Phase(
        "MAIL",
        "MAIL with a valid address",
        _MAIL,
        _ANSWERED | {"reply_by_address"},
    ),
    Phase(
        "RCPT",
        "RCPT with a valid address",
        _RCPT,
        _ANSWERED | {"greylist", "quota", "reply_by_address"},
    ),
    Phase("DATA", "DATA, if a message may follow", _RCPT),
    Phase(
        "CONTENT",
        "within a message, after this number of bytes; 0: before the first",
        _RCPT | {"after"},
        _ANYWHERE | {"reply"},
    ),
    Phase("BDAT", "after a chunk, before its reply", _RCPT),
    Phase(
        "EOD",
        "the end of a message, before it is stored",
        _END,
        _ANSWERED | {"discard", "duplicate", "bounce"},
    ),
    Phase("KEPT", "after a message was stored, before its reply", _END),
    Phase("RSET", "RSET"),
    Phase("NOOP", "NOOP"),
    Phase("VRFY", "VRFY"),
    Phase("EXPN", "EXPN"),
    Phase("HELP", "HELP"),
    Phase("QUIT", "QUIT"),
    Phase("XCLIENT", "XCLIENT"),
    Phase("OTHER", "any other command, known or not"),
    Phase(
        "ANY",
        "all of the above except TLS, LOGIN, CONTENT and KEPT: once for each reply",
        _RCPT,
    ),
)

PHASES: Mapping[str, Phase] = {phase.name: phase for phase in _ALL}
# Actions that are possible at each phase, methods of `Actions`.
ACTIONS = tuple(sorted({name for phase in _ALL for name in phase.actions}))


def find_phases(names: Sequence[object]) -> tuple[Phase, ...]:
    """Return the phases with these names.

    Raises:
        TypeError: a name is not a text.
        ValueError: a name is unknown, or none is given.
    """
    if not names:
        raise ValueError(f"on() needs a phase: {', '.join(PHASES)}")
    found = []
    for name in names:
        if not isinstance(name, str):
            raise TypeError(f"a phase is a text such as 'RCPT', not {name!r}")
        phase = PHASES.get(name.upper())
        if phase is None:
            known = ", ".join(PHASES)
            hint = nearest(name, PHASES)
            raise ValueError(f"there is no phase {name!r}, only: {known}{hint}")
        found.append(phase)
    return tuple(found)
