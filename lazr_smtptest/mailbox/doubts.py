"""Reasons to doubt an `assert_none` that passes: it may have passed for a mistake."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from lazr_smtptest._checks import brief
from lazr_smtptest.mailbox.hints import looks_misspelled, misspelling
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.query.criteria import Criteria

__all__ = ["doubts"]


def doubts(
    criteria: Criteria, arrived: Callable[[], Iterable[Envelope]], elsewhere: str
) -> Iterator[str]:
    """Yield warnings about criteria that no message meets, a line each.

    Args:
        criteria: the criteria.
        arrived: returns the messages that are there.
        elsewhere: where else the program sent mail, while none came; ``""``: nowhere.
    """
    if elsewhere:
        yield (
            f"assert_none: no message arrived here, but {elsewhere}: "
            "configure the address of this server in the program"
        )
    spelled = [each for each in criteria.criteria if looks_misspelled(each)]
    if not spelled:
        # No message needs to be read.
        return
    for envelope in arrived():
        missed = criteria.missed(envelope)
        hints = [misspelling(each, envelope) for each in missed]
        if all(hints):
            yield (
                f"assert_none: a message with the subject {brief(envelope.subject)} "
                f"is no match for {missed[0].name} {brief(missed[0].plain)}: {hints[0]}"
            )
            return
