"""The phases of the protocol at which a rule may fire, one record each.

The data known at a phase determines the keywords of a rule; the server's behaviour
there determines its actions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from lazr_smtptest._guesses import nearest

__all__ = [
    "ACTIONS",
    "PHASES",
    "READER_ACTIONS",
    "READER_PHASES",
    "Phase",
    "find_phases",
    "phases_of",
]

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
        protocol: ``"SMTP"``, also for LMTP, ``"IMAP"`` or ``"POP3"``.
    """

    name: str
    meaning: str
    matches: frozenset[str] = _NAMED
    actions: frozenset[str] = _ANSWERED
    protocol: str = "SMTP"


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

# Of a session in which mail is read.
_READER = _ALWAYS | {"user"}
_SENT = frozenset(["delay", "hold", "drop", "reset", "reply", "raw", "go_on"]) | {
    *("garble", "inject", "split", "trickle", "pieces", "blank", "swallow", "cut")
}
_CAPABLE = _SENT | {"announce", "hide"}
_SELECTED = _SENT | {"expunge", "repeat_exists"}


def _imap(name: str, meaning: str, actions: frozenset[str] = _SENT) -> Phase:
    return Phase(f"IMAP {name}", meaning, _READER, actions, "IMAP")


def _pop3(name: str, meaning: str, actions: frozenset[str] = _SENT) -> Phase:
    return Phase(f"POP3 {name}", meaning, _READER, actions, "POP3")


_READERS = (
    _imap("GREETING", "before the greeting", _CAPABLE),
    _imap("CAPABILITY", "CAPABILITY", _CAPABLE),
    _imap("STARTTLS", "STARTTLS"),
    _imap("LOGIN", "LOGIN or AUTHENTICATE", _CAPABLE),
    _imap("LIST", "LIST or LSUB"),
    _imap("STATUS", "STATUS", _SENT | {"uidvalidity"}),
    _imap("SELECT", "SELECT or EXAMINE", _SELECTED | {"uidvalidity"}),
    _imap("FETCH", "FETCH or UID FETCH", _SELECTED | {"cut_literal", "resize_literal"}),
    _imap("SEARCH", "SEARCH, SORT or THREAD, also after UID", _SELECTED),
    _imap("STORE", "STORE or UID STORE", _SELECTED),
    _imap("COPY", "COPY or UID COPY", _SELECTED),
    _imap("MOVE", "MOVE or UID MOVE", _SELECTED),
    _imap("EXPUNGE", "EXPUNGE, UID EXPUNGE or CLOSE", _SELECTED),
    _imap("APPEND", "APPEND, after its messages have come", _SELECTED),
    _imap("IDLE", "IDLE, before its first reply", _SELECTED),
    _imap("NOOP", "NOOP or CHECK", _SELECTED),
    _imap("LOGOUT", "LOGOUT"),
    _imap("OTHER", "any other command of IMAP, known or not", _SELECTED),
    _imap("ANY", "all of the IMAP phases above"),
    _pop3("GREETING", "before the greeting"),
    _pop3("CAPA", "CAPA", _CAPABLE),
    _pop3("STLS", "STLS"),
    _pop3("USER", "USER"),
    _pop3("LOGIN", "PASS, APOP or AUTH"),
    _pop3("STAT", "STAT"),
    _pop3("LIST", "LIST"),
    _pop3("UIDL", "UIDL"),
    _pop3("RETR", "RETR"),
    _pop3("TOP", "TOP"),
    _pop3("DELE", "DELE"),
    _pop3("RSET", "RSET"),
    _pop3("NOOP", "NOOP"),
    _pop3("QUIT", "QUIT, before marked messages are removed"),
    _pop3("OTHER", "any other command of POP3, known or not"),
    _pop3("ANY", "all of the POP3 phases above"),
)

# The phases of the sessions in which mail is read.
READER_PHASES: Mapping[str, Phase] = {phase.name: phase for phase in _READERS}
READER_ACTIONS = tuple(sorted({name for each in _READERS for name in each.actions}))


def phases_of(protocol: str) -> Mapping[str, Phase]:
    """Return the phases of a protocol, by name.

    Args:
        protocol: see `Phase`.
    """
    if protocol == "SMTP":
        return PHASES
    return {
        name: each for name, each in READER_PHASES.items() if each.protocol == protocol
    }


def find_phases(names: Sequence[object]) -> tuple[Phase, ...]:
    """Return the phases with these names.

    Raises:
        TypeError: a name is not a text.
        ValueError: a name is unknown, none is given, or they are of several protocols.
    """
    if not names:
        raise ValueError(f"on() needs a phase: {', '.join(PHASES)}")
    found = []
    for name in names:
        if not isinstance(name, str):
            raise TypeError(f"a phase is a text such as 'RCPT', not {name!r}")
        key = " ".join(name.upper().split())
        phase = PHASES.get(key) or READER_PHASES.get(key)
        if phase is None:
            protocol = key.partition(" ")[0]
            phases = phases_of(protocol if protocol in ("IMAP", "POP3") else "SMTP")
            known = ", ".join(phases)
            hint = nearest(key if phases is not PHASES else name, phases)
            raise ValueError(f"there is no phase {name!r}, only: {known}{hint}")
        found.append(phase)
    _check_protocol(found)
    return tuple(found)


def _check_protocol(phases: Sequence[Phase]) -> None:
    """Check that phases are of one protocol.

    Raises:
        ValueError: they are not.
    """
    for phase in phases:
        if phase.protocol != phases[0].protocol:
            raise ValueError(
                f"a rule is about one protocol, not both {phases[0].protocol} and "
                f"{phase.protocol}: write one for {phases[0].name} and another for "
                f"{phase.name}"
            )
