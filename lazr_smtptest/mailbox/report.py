"""The texts of failures: criteria, messages, differences and transcripts."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from lazr_smtptest.mailbox.attempt import attempts
from lazr_smtptest.mailbox.blame import delayed, lost, refused_port
from lazr_smtptest.mailbox.difference import Candidate, candidates, title
from lazr_smtptest.mailbox.evidence import Evidence
from lazr_smtptest.mailbox.excerpt import excerpt
from lazr_smtptest.mailbox.failure import NotReceived, missing, showing, unwanted
from lazr_smtptest.mailbox.lines import more, names, short
from lazr_smtptest.mailbox.verdict import cause, is_vague, verdict
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.session import Session
from lazr_smtptest.query.criteria import Criteria

__all__ = ["headline", "not_received", "unexpected"]

# Test frameworks leave the frames of this module out of a failure.
__tracebackhide__ = __unittest = True

# What a failure may take of the terminal.
_LISTED = 5
_SESSIONS = 3
# Only so many messages, the latest, are searched for those that match.
_MATCHED = 1000
# What the first line may take: half of it is left in a summary of 80 columns.
_COLUMNS = 80

_NOTHING_CAME = (
    "Possible causes: it was not sent yet, it went to another host or port, "
    "or nothing was sent."
)

_NOTHING_CAME_IN_MEMORY = (
    "Possible causes: it was not sent yet, no client was connected to the server in "
    "memory, or nothing was sent."
)

# Only so many sessions, the latest, are searched for what was wanted.
_SEARCHED = 100


def not_received(
    criteria: Criteria, found: int, count: int, within: str, evidence: Evidence
) -> NotReceived:
    """Return the failure of a test that wanted more messages than there are.

    Its first line is the reason, as far as it is known. The summary of a test run
    shows it, often with room for 80 columns.

    Args:
        criteria: the criteria.
        found: how many messages match.
        count: how many were wanted.
        within: a phrase about the time; ``""`` for none.
        evidence: the facts.
    """
    arrived = len(evidence.arrived)
    if found:
        what = "1 message matches" if found == 1 else f"{found} messages match"
        within += f", wanted {count}"
    else:
        what = "no message matches" if arrived else "no message arrived"
    of_all = f" ({arrived} arrived)" if arrived > found else ""
    sessions = _ranked(criteria, evidence.failed)
    nearest, others = candidates(criteria, evidence.arrived)
    described = [each.describe() for each in nearest]
    reason = _reason(criteria, evidence, sessions, found)
    if not reason and not found and nearest:
        of_nearest = "nearest: " if arrived > 1 else ""
        reason = _fitting(f"{of_nearest}{described[0][0]}")
    known = bool(evidence.reason or evidence.clue or evidence.counters.messages)
    parts = [
        "\n".join(filter(None, [short(reason), f"{what}{within}{of_all}"])),
        "\n".join(["wanted:", *_wanted(criteria)]),
        _matching(criteria, evidence.arrived) if found else "",
        *(
            "\n".join([_position(each, arrived), *lines])
            for each, (_, lines) in zip(nearest, described, strict=True)
        ),
        _left_out(others),
        "" if arrived or sessions or known else _causes(evidence),
        "\n".join(map(short, evidence.notes)),
        *_conversations(sessions, criteria, evidence, reason),
        evidence.faults,
        evidence.appendix,
    ]
    text = "\n\n".join(filter(None, parts))
    error = missing(text, criteria.given, evidence.arrived, evidence.sessions)
    return showing(error, sessions[:_SESSIONS])


def _causes(evidence: Evidence) -> str:
    return _NOTHING_CAME_IN_MEMORY if evidence.memory else _NOTHING_CAME


def unexpected(
    what: str, criteria: Criteria, found: Sequence[Envelope], evidence: Evidence
) -> AssertionError:
    """Return the failure of a test that wanted fewer messages than there are.

    Args:
        what: the first lines of the text, without the last line end.
        criteria: the criteria.
        found: the messages that match.
        evidence: the facts.
    """
    over = (each.session for each in found[:_LISTED] if each.session is not None)
    # These are whole; what is known of them is what was said since the clearing.
    known = {each.id: each for each in evidence.sessions}
    shown = (known.get(each.id, each) for each in over)
    sessions = list(dict.fromkeys([*shown, *evidence.failed]))
    if not evidence.conversations:
        sessions = []
    parts = [
        "\n".join([what, *_listing(found)]),
        "\n".join(["looked for:", *_wanted(criteria)]),
        *_conversations(sessions, criteria, evidence),
        evidence.faults,
        evidence.appendix,
    ]
    error = unwanted("\n\n".join(filter(None, parts)))
    return showing(error, sessions[:_SESSIONS])


def headline(envelope: Envelope) -> str:
    """Return the first line of a failure for a message that should not be there."""
    return _fitting(
        short(f"unwanted: {envelope.subject!r} to {names(envelope.rcpt_tos)}")
    )


def _wanted(criteria: Criteria) -> list[str]:
    width = max((len(each.name) for each in criteria.criteria), default=0)
    return [
        f"  {each.name:{width}}  {short(each.wanted)}" for each in criteria.criteria
    ] or ["  any message"]


def _matching(criteria: Criteria, arrived: Sequence[Envelope]) -> str:
    """Return a list of the messages that match, of the latest ones."""
    found = [each for each in arrived[-_MATCHED:] if criteria(each)]
    return "\n".join(["these match:", *_listing(found)]) if found else ""


def _listing(envelopes: Sequence[Envelope]) -> list[str]:
    """Return a line for each of the first messages."""
    lines = [f"  - {_listed(each)}" for each in envelopes[:_LISTED]]
    return lines + more(len(envelopes) - _LISTED, "  ")


def _listed(envelope: Envelope) -> str:
    over = f" (session {envelope.session.number})" if envelope.session else ""
    return short(f"{title(envelope)}, subject {envelope.subject!r}") + over


def _left_out(number: int) -> str:
    if number < 1:
        return ""
    others = "1 other message is" if number == 1 else f"{number} other messages are"
    return f"{others} not shown"


def _position(candidate: Candidate, arrived: int) -> str:
    which = f"Message {candidate.position} of {arrived}"
    return f"{which}, {title(candidate.envelope)}:"


def _ranked(criteria: Criteria, failed: Sequence[Session]) -> list[Session]:
    """Return the sessions: those with matching mail first, mere probes last."""
    searched = failed[:_SEARCHED]
    ours = [each for each in searched if _had(each, criteria)]
    silent = [each for each in searched if _only_looked_in(each)]
    return sorted(failed, key=lambda each: (each not in ours, each in silent))


def _only_looked_in(session: Session) -> bool:
    """Return whether the client was greeted and sent nothing, as a probe does."""
    whose = [line.who for line in session.transcript]
    greeted = whose[:1] == ["server"] and not session.refusals
    return greeted and "client" not in whose


def _had(session: Session, criteria: Criteria) -> bool:
    known = criteria.of_envelope()
    return bool(known.criteria) and any(
        known(each.envelope) for each in attempts(session)
    )


def _reason(
    criteria: Criteria, evidence: Evidence, failed: Sequence[Session], found: int
) -> str:
    """Return the reason in a line; ``""`` if it is unknown."""
    if evidence.reason:
        rule = delayed(evidence.fired, filter(criteria, evidence.arrived))
        return f"{evidence.reason}: {rule}" if rule else evidence.reason
    is_here = evidence.has(criteria.of_envelope())
    if found or not is_here:
        reason = evidence.handling.of(criteria)
        if reason:
            return reason
    if failed and (not evidence.arrived or _had(failed[0], criteria)):
        reason, by_fault = cause(failed[0], criteria, evidence.fired)
        if evidence.clue and is_vague(reason):
            return _fitting(evidence.clue)
        # A rule is shown as it was written.
        return reason if by_fault else _fitting(reason)
    if not evidence.arrived or criteria.of_envelope().criteria:
        reason = lost(evidence.fired, criteria)
        if reason:
            return reason
    if not is_here:
        reason = refused_port(evidence.fired, evidence.arrived)
        if reason:
            return reason
    if evidence.arrived or failed:
        return ""
    if evidence.clue:
        return _fitting(evidence.clue)
    if not evidence.counters.connections:
        to = f" to {evidence.address}" if evidence.address else ""
        return f"no client connected{to}"
    if not evidence.counters.messages:
        return "clients were connected, and none sent it"
    accepted = evidence.counters.messages
    were = "message was" if accepted == 1 else "messages were"
    return f"{accepted} {were} accepted, and none is here any more"


def _fitting(reason: str) -> str:
    """Shorten a reason to the width of a terminal; the text below has the rest."""
    return reason if len(reason) <= _COLUMNS else f"{reason[: _COLUMNS - 3]}..."


def _conversations(
    sessions: Sequence[Session],
    criteria: Criteria,
    evidence: Evidence,
    reason: str = "",
) -> Iterator[str]:
    now = time.time()
    for session in sessions[:_SESSIONS]:
        host, port = session.peer
        peer = f", {host}:{port}" if host else ""
        became = evidence.handling.of_session(session.id) or verdict(
            session, criteria, now, evidence.fired
        )
        # The first line has it.
        became = "" if became == reason else f" {became}"
        head = short(f"Session {session.number}{peer}:{became}")
        said = excerpt(session.transcript.lines()) if evidence.conversations else ()
        yield "\n".join([head, *said])
    yield from more(len(sessions) - _SESSIONS, "", "more sessions")
