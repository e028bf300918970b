"""The explanation of why messages did not come: the failure text of a test."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any

import attrs
from twisted.internet.defer import Deferred

from lazr_smtptest.faults.base import Scripted
from lazr_smtptest.mailbox.difference import candidates
from lazr_smtptest.mailbox.evidence import Evidence
from lazr_smtptest.mailbox.report import headline, not_received, unexpected
from lazr_smtptest.mime.addresses import address_key
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.session import Session
from lazr_smtptest.model.summary import Summary
from lazr_smtptest.query.criteria import Criteria
from lazr_smtptest.query.parser import parse
from lazr_smtptest.query.tree import Field, leaves
from lazr_smtptest.query.words import fold_line
from lazr_smtptest.readers.http.api import records, transcripts
from lazr_smtptest.readers.http.api.criteria import criteria_of_query
from lazr_smtptest.readers.http.condition import Arrived, Condition
from lazr_smtptest.stores._compiler import needs_index
from lazr_smtptest.stores.deferred_reader import DeferredReader
from lazr_smtptest.stores.session_log import Counters

__all__ = ["Explanation", "Explanations", "Wanted", "explain_query"]

# The most messages that are compared with what was wanted, the newest.
_COMPARED = 200
# The most failed sessions that are searched for a reason, the newest.
_SEARCHED = 50
# Seconds before a request in which a session must have ended to be a reason.
_RECENT = 60.0
# The most messages and sessions that the object of an error lists.
_LISTED = 10

_NOTHING_CAME = (
    "Possible causes: it was not sent yet, it went to another host or port, "
    "or nothing was sent."
)
_TO_IS_THE_FIELD = (
    "note: to: is the header field To; the recipient of the envelope is rcpt:"
)
_PLUS_IS_A_SPACE = "note: a + in a URL is a space: write %2B in its place"
# An address with a space in its local part, where a plus sign was meant.
_WITH_SPACE = re.compile(
    r"(?:rcpt|from|to|cc|bcc|reply-to|addressed):[^\s\"@:]+ [^\s\"@:]+@", re.IGNORECASE
)


@attrs.frozen(kw_only=True, eq=False)
class Wanted:
    """The messages that a request wants.

    Attributes:
        condition: what the messages have to meet.
        since: only messages with greater numbers count.
        count: how many; ``None``: one or more.
        timeout: seconds that it waited; 0: it did not wait.
        began: the time of the request, seconds since 1970.
    """

    condition: Condition
    since: int
    count: int | None
    timeout: float
    began: float = attrs.field(factory=time.time)


@attrs.frozen(kw_only=True)
class Explanation:
    """Why a request did not get what it wanted.

    Attributes:
        text: the failure text that a test in Python shows.
        arrived: the newest messages, newest first.
        nearest: the messages that come nearest, with their differences.
        sessions: the newest sessions that failed, newest first.
    """

    text: str
    arrived: Sequence[Summary]
    nearest: Sequence[records.NearMiss]
    sessions: Sequence[Session]

    def details(self) -> dict[str, object]:
        """Return the members of the object of the error."""
        return {
            "arrived": [records.summary_of(each) for each in self.arrived],
            "nearest": self.nearest,
            "failed_sessions": [transcripts.session_of(each) for each in self.sessions],
        }


class Explanations:
    """Makes explanations in a thread, those that are asked for together in one call.

    Args:
        store: an `IMessageReader`.
        reader: its Deferred twin.
        faults: the fault rules of the server; ``None`` if they are not known.
    """

    def __init__(
        self, store: Any, reader: DeferredReader, faults: Scripted | None = None
    ) -> None:
        self._store = store
        self._reader = reader
        self._faults = faults
        self._asked: list[tuple[Wanted, list[Summary], Deferred[Explanation]]] = []
        self._is_busy = False

    def explain(self, wanted: Wanted, found: list[Summary]) -> Deferred[Explanation]:
        """Return why a request did not get what it wanted.

        Args:
            wanted: what it wanted.
            found: the messages that it got: too few, or too many.
        """
        answer: Deferred[Explanation] = Deferred(lambda _: None)
        self._asked.append((wanted, found, answer))
        self._go_on()
        return answer

    def _go_on(self) -> None:
        if self._is_busy or not self._asked:
            return
        self._is_busy = True
        some, self._asked = self._asked, []
        cases = [(wanted, found) for wanted, found, _ in some]
        emptied = self._reader.emptied
        made = self._reader.call(
            _explain_all, self._store, self._faults, emptied, cases
        )
        made.addBoth(self._made, [answer for _, _, answer in some])

    def _made(self, result: Any, answers: list[Deferred[Explanation]]) -> None:
        self._is_busy = False
        results = result if isinstance(result, list) else [result] * len(answers)
        for answer, each in zip(answers, results, strict=True):
            if not answer.called:
                answer.callback(each)
        self._go_on()


# In a thread


def explain_query(
    store: Any, query: str, since: int, timeout: float, began: float
) -> str:
    """Return the failure text of a wait for one message of a store.

    Args:
        store: an `IMessageReader`, which may wait for a disk.
        query: the query.
        since: only messages with greater numbers count.
        timeout: seconds that it waited.
        began: the time at which it began, seconds since 1970.
    """
    tree = parse(query, now=datetime.now(timezone.utc), zone=None)
    wanted = Wanted(
        condition=Condition(query, tree),
        since=since,
        count=1,
        timeout=timeout,
        began=began,
    )
    [explanation] = _explain_all(store, None, 0.0, [(wanted, [])])
    return explanation.text


class _Facts:
    """The messages and sessions of a store, read once for several explanations."""

    def __init__(self, store: Any, faults: Scripted | None, emptied: float) -> None:
        self._store, self._emptied = store, emptied
        self.fired = () if faults is None else faults.journal
        self.faults = "" if faults is None else faults.report()
        page = store.page(limit=_COMPARED + 1)
        self.messages = [Arrived(store, summary) for summary in page[:_COMPARED]]
        self.has_more = len(page) > _COMPARED
        self.missing: int = store.index_progress().missing
        self.sessions: list[Session] = store.sessions(limit=_SEARCHED)
        self._failed: list[Session] = store.sessions(limit=_SEARCHED, failed=True)
        self._by_envelope: dict[int, Arrived] = {}

    def arrived(self, since: int) -> list[Arrived]:
        """Return the messages after a number, newest first."""
        return [
            each
            for each in self.messages
            if each.summary.number > since and self._is_there(each)
        ]

    def failed(self, wanted: Wanted) -> list[Session]:
        """Return the sessions that may be the reason, newest first.

        A server that runs for long has failed sessions of other tests, too.
        """
        earliest = max(wanted.began - _RECENT, self._emptied)
        if wanted.since:
            for last in self._store.page(after=wanted.since + 1, limit=1):
                if last.received_at is not None:
                    earliest = max(earliest, last.received_at.timestamp())
        return [each for each in self._failed if (each.ended or earliest) >= earliest]

    def _is_there(self, arrived: Arrived) -> bool:
        try:
            self._by_envelope[id(arrived.envelope)] = arrived
        except KeyError:
            # It was removed in the meantime.
            return False
        return True

    def of(self, envelope: Envelope) -> Arrived:
        """Return the message of an envelope."""
        return self._by_envelope[id(envelope)]


def _explain_all(
    store: Any,
    faults: Scripted | None,
    emptied: float,
    cases: Sequence[tuple[Wanted, list[Summary]]],
) -> list[Explanation]:
    facts = _Facts(store, faults, emptied)
    return [_explain(store, facts, wanted, found) for wanted, found in cases]


def _explain(
    store: Any, facts: _Facts, wanted: Wanted, found: list[Summary]
) -> Explanation:
    arrived, failed = facts.arrived(wanted.since), facts.failed(wanted)
    condition = wanted.condition
    criteria = criteria_of_query(condition.tree, facts.of)
    if condition.criteria is not None:
        criteria &= condition.criteria
    # Mailboxes have the oldest first.
    envelopes = tuple(each.envelope for each in reversed(arrived))
    evidence = Evidence(
        arrived=envelopes,
        sessions=tuple(reversed(failed)),
        counters=Counters(),
        fired=facts.fired,
        faults=facts.faults,
        clue="" if arrived or failed else _clue(facts, wanted),
        notes=tuple(_notes(wanted, facts, arrived, bool(failed))),
    )
    least = 1 if wanted.count is None else wanted.count
    if len(found) < least:
        within = f" within {wanted.timeout:g} s" if wanted.timeout else ""
        text = str(not_received(criteria, len(found), least, within, evidence))
    else:
        text = _too_many(store, criteria, least, found, evidence)
    nearest, _ = candidates(criteria, envelopes)
    return Explanation(
        text=text,
        arrived=[each.summary for each in arrived[:_LISTED]],
        nearest=[
            records.NearMiss(
                number=facts.of(each.envelope).summary.number,
                id=each.envelope.id,
                missed=[missed.name for missed in each.missed],
                differences=[line[2:] for line in each.describe()[1]],
            )
            for each in nearest
        ],
        sessions=failed[:_LISTED],
    )


def _too_many(
    store: Any,
    criteria: Criteria,
    count: int,
    found: Sequence[Summary],
    evidence: Evidence,
) -> str:
    read = (store.envelope(each.number) for each in found)
    envelopes = [each for each in read if each is not None]
    if count:
        what = f"{len(found)} messages match, wanted {count}:"
    else:
        what = "a message arrived that should not have:"
        if envelopes:
            what = f"{headline(envelopes[0])}\n{what}"
    return str(unexpected(what, criteria, envelopes, evidence))


def _clue(facts: _Facts, wanted: Wanted) -> str:
    if facts.messages:
        return f"no message after number {wanted.since}"
    sessions = len(facts.sessions)
    if not sessions:
        return "the store has no message, and no session has ended"
    were = "1 session has" if sessions == 1 else f"{sessions} sessions have"
    return f"the store has no message; {were} ended"


def _notes(
    wanted: Wanted, facts: _Facts, arrived: Sequence[Arrived], has_failed: bool
) -> list[str]:
    notes = []
    if not arrived and not has_failed:
        notes.append(_NOTHING_CAME)
    if wanted.since:
        notes.append(f"note: only messages after number {wanted.since} count")
    if facts.missing and needs_index(wanted.condition.tree):
        were = (
            "1 message was" if facts.missing == 1 else f"{facts.missing} messages were"
        )
        notes.append(f"note: {were} not searched: the index is not complete yet")
    if facts.has_more:
        notes.append(f"note: only the newest {_COMPARED} messages were compared")
    texts = [
        node.text
        for node in leaves(wanted.condition.tree)
        if isinstance(node, Field) and node.name == "to"
    ]
    recipients = {
        key
        for each in arrived
        for address in each.summary.rcpt_tos
        for key in (fold_line(address), address_key(address))
    }
    if any(text in recipient for text in texts for recipient in recipients):
        notes.append(_TO_IS_THE_FIELD)
    if _WITH_SPACE.search(wanted.condition.text):
        notes.append(_PLUS_IS_A_SPACE)
    return notes
