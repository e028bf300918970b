"""Searches of a store, and looks at its new messages, for many who wait at once.

Its functions are called in a thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol, TypeVar

from lazr_smtptest._patterns import PatternTimeoutError
from lazr_smtptest.model.summary import Summary
from lazr_smtptest.readers.http.condition import (
    AT_A_TIME,
    RECIPIENT,
    Arrived,
    ArrivedInMemory,
    Condition,
    arrived_after,
)

__all__ = ["Looked", "look", "search_each"]


class _Asks(Protocol):
    """One that asks for messages; it is hashed by its identity."""

    @property
    def condition(self) -> Condition:
        """The condition that a message has to meet."""


_Asker = TypeVar("_Asker", bound=_Asks)

# The number of the last message, whether there are no more after it, and the messages
# that meet the condition of each asker, or its error.
Looked = tuple[int, bool, Sequence[tuple[_Asker, "list[Summary] | Exception"]]]


def search_each(
    store: Any, asked: Iterable[tuple[Condition, int, int, float]]
) -> tuple[int, list[Any]]:
    """Return the last number of a message, and the oldest that meet each condition.

    Args:
        store: the store.
        asked: the condition, the number after which messages count, how many, and the
            seconds to wait for the index.

    Returns:
        for each condition the messages, or the error.
    """
    newest = store.next_number() - 1
    answers: list[Any] = []
    for condition, since, count, patience in asked:
        try:
            found = condition.search(store, since=since, count=count, timeout=patience)
            answers.append(found)
        except Exception as error:
            answers.append(error)
    return newest, answers


def look(store: Any, after: int, askers: Iterable[_Asker]) -> Looked[_Asker]:
    """Return the messages after a number that meet the conditions of askers.

    Args:
        store: the store.
        after: the number.
        askers: those who ask.
    """
    found: dict[_Asker, list[Summary]] = {}
    failed: dict[_Asker, list[Summary] | Exception] = {}
    new = arrived_after(store, after, AT_A_TIME)
    choose = _chooser(askers)
    for arrived in new:
        for asker in choose(arrived):
            if failed and asker in failed:
                continue
            try:
                is_found = asker.condition.matches(arrived)
            except KeyError:
                # It was removed in the meantime.
                break
            except PatternTimeoutError as error:
                # That of one request; the others wait for something else.
                failed[asker] = error
                continue
            if is_found:
                found.setdefault(asker, []).append(arrived.summary)
    last = new[-1].number if new else after
    return last, len(new) < AT_A_TIME, [*{**found, **failed}.items()]


def _chooser(
    askers: Iterable[_Asker],
) -> Callable[[Arrived | ArrivedInMemory], Sequence[_Asker]]:
    """Return a function that returns the askers whose condition a message may meet.

    Most conditions name a recipient, and need not be evaluated for all other messages.
    """
    by_recipient: dict[str, list[_Asker]] = {}
    for asker in askers:
        by_recipient.setdefault(asker.condition.recipient, []).append(asker)
    others = by_recipient.pop("", [])

    def choose(arrived: Arrived | ArrivedInMemory) -> Sequence[_Asker]:
        if not by_recipient:
            return others
        chosen = list(others)
        for recipient in arrived.evaluation.values(RECIPIENT):
            chosen += by_recipient.get(recipient, ())
        return chosen

    return choose
