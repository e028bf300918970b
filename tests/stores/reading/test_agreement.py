"""Every store finds the messages that the evaluation of a query finds."""

from __future__ import annotations

from typing import Any

import attrs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lazr_smtptest.model.document import Document
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.summary import FLAGS, Flag, Summary
from lazr_smtptest.query.document import document_of
from lazr_smtptest.query.evaluation import matches
from lazr_smtptest.query.tree import Node

from ...chance import some
from ...query.queries import TAGS, messages, queries
from ..reading_helpers import PATIENCE, numbered

_marks = st.tuples(
    st.sets(st.sampled_from(sorted(FLAGS))), st.sets(st.sampled_from(TAGS), max_size=2)
)
_ids = ("5e-1", "5e-2", "5e-10")


@attrs.frozen
class Message:
    """A message, as a query looks at it."""

    summary: Summary
    document: Document


def message_of(envelope: Envelope, flags: set[Flag], tags: set[str]) -> Message:
    """Make what a store has to know of a message, without a store."""
    document = document_of(envelope)
    session = envelope.session
    summary = Summary(
        id=envelope.id,
        received_at=envelope.received_at,
        mail_from=envelope.mail_from,
        rcpt_tos=envelope.rcpt_tos,
        sender=document.sender,
        to=document.to,
        cc=document.cc,
        bcc=document.bcc,
        reply_to=document.reply_to,
        subject=document.subject,
        message_id=document.message_id,
        size=envelope.size,
        attachments=len(document.attachments),
        inlines=len(document.inlines),
        snippet=document.snippet,
        flags=frozenset(flags),
        tags=tuple(tags),
        user=envelope.user,
        tls=envelope.tls,
        session_id=session.id if session else "",
        warnings=document.warnings,
    )
    return Message(summary, document)


def kept_in(
    store: Any, envelopes: list[Envelope], marks: list[Any]
) -> list[tuple[int, Message]]:
    """Replace the messages of a store; return its numbers, each with its message."""
    store.clear()
    kept = []
    for at, envelope in enumerate(envelopes):
        id = _ids[at] if at < len(_ids) else ""
        flags, tags = marks[at] if at < len(marks) else (set(), set())
        store.add(attrs.evolve(envelope, id=id))
        (summary,) = store.page(limit=1)
        store.change(numbered(summary.number), set_flags=flags, add_tags=tags)
        message = message_of(attrs.evolve(envelope, id=summary.id), flags, tags)
        kept.append((summary.number, message))
    return kept


@settings(
    deadline=None,
    max_examples=some(60),
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)
@given(
    envelopes=st.lists(messages, min_size=1, max_size=6),
    marks=st.lists(_marks, max_size=6),
    asked=st.lists(queries, min_size=1, max_size=8),
)
def test_a_store_finds_what_the_evaluation_finds(
    store: Any,
    envelopes: list[Envelope],
    marks: list[Any],
    asked: list[tuple[str, Node]],
) -> None:
    """Random messages, and random queries: numbers, pages and counts."""
    kept = kept_in(store, envelopes, marks)
    for text, tree in asked:
        expected = [number for number, message in kept if matches(tree, message)]
        assert list(store.numbers(text, timeout=PATIENCE)) == expected, text
        page = store.page(text, timeout=PATIENCE)
        assert [summary.number for summary in page] == expected[::-1], text
        assert store.counts(text, timeout=PATIENCE).matching == len(expected), text


@settings(
    deadline=None,
    max_examples=some(30),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(envelopes=st.lists(messages, min_size=1, max_size=4))
def test_a_store_has_the_summaries_of_the_documents(
    store: Any, envelopes: list[Envelope]
) -> None:
    """What a list shows is what a query looks at."""
    kept = kept_in(store, envelopes, [])
    store.counts("x", timeout=PATIENCE)
    for number, message in kept:
        # The numbers are the store's.
        found = store.summary(number)
        summary = attrs.evolve(message.summary, number=number, change=found.change)
        assert found == summary
