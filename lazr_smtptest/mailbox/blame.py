"""Faults as the cause of a message that did not arrive."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from lazr_smtptest.faults.journal import Fired
from lazr_smtptest.mailbox.attempt import Attempt
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.session import Session
from lazr_smtptest.model.transcript import Line
from lazr_smtptest.query.criteria import Criteria

__all__ = ["blame", "delayed", "lost", "refused_port", "rule_before"]

_NOTE = "fault: "

# The actions in the words of a rule, past all that stands in quotes.
_ACTION = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|\.(\w+)\(")
_REFUSAL = re.compile(r"\.reply\((\d{3})")

# What these do, if it is the last thing that a rule does.
_DOES = {
    "drop": "dropped the connection",
    "reset": "reset the connection",
    "hold": "stopped answering",
    "stop_reading": "stopped reading",
    "cut": "cut its reply off",
    "endless": "sent a reply without end",
    "delay": "delayed its reply",
    "trickle": "sent its reply slowly",
    "pieces": "sent its reply in pieces",
    "split": "sent its reply byte by byte",
    "swallow": "sent no reply",
    "blank": "sent empty lines with its reply",
    "garble": "garbled its reply",
    "inject": "sent more than its reply",
    "raw": "sent another reply",
    "reply": "sent another reply",
    "announce": "announced other extensions",
    "hide": "did not announce all extensions",
    "certificate": "showed another certificate",
    "protocol": "took one version of TLS only",
    "cipher": "took one cipher suite only",
}
_LOSES = {"discard": "discarded", "bounce": "bounced"}

# Actions after which a client goes on later.
_SLOW = frozenset(["delay", "trickle", "split", "pieces"])

# Actions that refuse with a code of their own.
_GUARDS = frozenset(["greylist", "limit_rate", "quota", "reply_by_address"])

# Actions that send a line more than the client expects.
_CONFUSING = frozenset(["inject", "raw", "blank"])

# A rule that announces a maximum size (RFC 1870).
_SIZE = re.compile(r"(?i)\.announce\([^)]*'SIZE \d")

# What a client says that gives up.
_GIVES_UP = re.compile(r"(?i)(QUIT|RSET|EHLO|HELO|LHLO)\b.*|\*")


def blame(session: Session, fired: Sequence[Fired], attempt: Attempt | None) -> str:
    """Return the effect of the fault that ended an attempt; ``""`` if none did.

    Args:
        session: the session of the attempt.
        fired: the journal of the server.
        attempt: the message or recipient; ``None``: the session had none.
    """
    ours = [each for each in fired if each.session_id == session.id]
    if attempt is not None:
        ours = [each for each in ours if each.transaction in (0, attempt.transaction)]
    if attempt is not None and attempt.code:
        rules = (each.rule for each in reversed(ours) if _refuses(each, attempt))
        rule = next(rules, "") or _size_rule(ours, attempt)
        return f"{attempt.outcome}: {rule}" if rule else ""
    if ours and _is_last(session, ours[-1]):
        return _sentence(ours[-1])
    idle = [each for each in fired if each.session_id == session.id and _idles(each)]
    if idle and _was_closed(session):
        return f"the server closed the idle connection: {idle[-1].rule}"
    # From then on the client takes each reply for that to another command.
    confusing = (
        each for each in reversed(ours) if _CONFUSING.intersection(_actions(each.rule))
    )
    return next(map(_sentence, confusing), "")


def _size_rule(fired: Sequence[Fired], attempt: Attempt) -> str:
    """Return the rule that announced the size that a message exceeds, or ``""``."""
    if attempt.code != 552:
        return ""
    rules = (each.rule for each in reversed(fired) if _SIZE.search(each.rule))
    return next(rules, "")


def _idles(fired: Fired) -> bool:
    return "idle" in _actions(fired.rule)


def _was_closed(session: Session) -> bool:
    """Return whether the server closed the connection before the client did."""
    lines = session.transcript.lines()
    said = [line.text.upper() for line in lines if line.who == "client"]
    return (
        bool(lines)
        and lines[-1].text == "the server closed the connection"
        and said[-1:] != ["QUIT"]
    )


def lost(fired: Iterable[Fired], criteria: Criteria) -> str:
    """Return the effect of a fault on the wanted message after it was accepted.

    Args:
        fired: the journal of the server.
        criteria: the criteria of the test.
    """
    of_envelope = criteria.of_envelope()
    for each in reversed(list(fired)):
        does = next(filter(None, map(_LOSES.get, _actions(each.rule))), None)
        envelope = Envelope(
            mail_from=each.sender or "", rcpt_tos=each.to, content=b"", helo=each.helo
        )
        if does and all(
            one.matches(envelope) for one in of_envelope.criteria if one.name != "user"
        ):
            return f"the server accepted the message and {does} it: {each.rule}"
    return ""


def delayed(fired: Iterable[Fired], late: Iterable[Envelope]) -> str:
    """Return the rule that delayed a message; ``""``: there was none.

    Args:
        fired: the journal of the server.
        late: the messages that came late, or in time.
    """
    sessions = {each.session.id for each in late if each.session is not None}
    for each in reversed(list(fired)):
        if each.session_id in sessions and _SLOW.intersection(_actions(each.rule)):
            return each.rule
    return ""


def refused_port(fired: Iterable[Fired], arrived: Sequence[Envelope]) -> str:
    """Return the fault that closed the port of the server; ``""``: there was none.

    Args:
        fired: the journal of the server.
        arrived: the messages; one of a later session shows that the port was open.
    """
    sessions = [each.session.number for each in arrived if each.session is not None]
    latest = max(sessions, default=0)
    for each in reversed(list(fired)):
        if "refuse_connections" in _actions(each.rule) and latest <= each.session:
            return f"the port refused connections: {each.rule}"
    return ""


def rule_before(lines: Sequence[Line], number: int) -> str:
    """Return the rule that fired right before a line; ``""``: none."""
    before = lines[number - 1] if number else None
    if before is None or before.who != "note" or not before.text.startswith(_NOTE):
        return ""
    return before.text.removeprefix(_NOTE)


def _sentence(fired: Fired) -> str:
    does = next(filter(None, map(_DOES.get, reversed(_actions(fired.rule)))), None)
    if does is None:
        return f"a fault fired at {fired.phase}: {fired.rule}"
    return f"the server {does} at {fired.phase}: {fired.rule}"


def _actions(rule: str) -> list[str]:
    return [name for name in _ACTION.findall(rule) if name]


def _refuses(fired: Fired, attempt: Attempt) -> bool:
    """Return whether this rule refused the sender, recipient or message."""
    if fired.phase not in attempt.phases:
        return False
    if attempt.recipient and attempt.recipient not in fired.to:
        return False
    found = _REFUSAL.search(fired.rule)
    if found is not None:
        return found[1] == str(attempt.code)
    actions = _actions(fired.rule)
    return "raw" in actions or bool(_GUARDS.intersection(actions))


def _is_last(session: Session, fired: Fired) -> bool:
    """Return whether the client sent nothing further after a fault."""
    lines = session.transcript.lines()
    notes = [at for at, line in enumerate(lines) if line.text == _NOTE + fired.rule]
    said = lines[notes[-1] + 1 :] if notes else []
    return all(line.who != "client" or _GIVES_UP.fullmatch(line.text) for line in said)
