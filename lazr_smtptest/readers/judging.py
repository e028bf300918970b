"""Criteria that a child process checks for large messages.

To parse a message of megabytes and to search its text takes seconds, in which a thread
holds up all others, the reactor's too. The child has a bound of time.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from lazr_smtptest._patterns import PatternTimeoutError
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.parsing.functions import LARGE, Function
from lazr_smtptest.query.difference import Difference

if TYPE_CHECKING:
    from lazr_smtptest.query.criteria import Criteria, Criterion

__all__ = ["JUDGING", "JUDGING_FUNCTION", "judged_elsewhere"]

# The name of the function in the registry of a pool.
JUDGING = "judging"


@attrs.frozen
class _Judgement:
    """The findings of a child about a message.

    Attributes:
        differences: for each criterion how the message differs; ``None``: it meets it.
        gave_up: the regular expression that took too long, and after how many seconds;
            ``None`` if none did.
        failure: why the message could not be checked; ``""`` if it could.
    """

    differences: tuple[Difference | None, ...] = ()
    gave_up: tuple[str, float] | None = None
    failure: str = ""


def _judge(envelope: Envelope, argument: str) -> _Judgement:
    """Check the criteria in a JSON object, and say how the message differs.

    Args:
        envelope: the message.
        argument: JSON: the criteria, and whether differences are wanted.
    """
    # Imported here, because importing it installs a reactor.
    from lazr_smtptest.query.criteria_json import read_criteria

    given, explains = json.loads(argument)
    explain = _explained if explains else _unexplained
    try:
        return _Judgement(
            tuple(
                None if each.matches(envelope) else explain(each, envelope)
                for each in read_criteria(given).criteria
            )
        )
    except PatternTimeoutError as error:
        return _Judgement(gave_up=(error.text, error.seconds))


def _explained(criterion: Criterion, envelope: Envelope) -> Difference:
    # Likewise.
    from lazr_smtptest.mailbox.difference import difference

    return difference(criterion, envelope)


def _unexplained(criterion: Criterion, envelope: Envelope) -> Difference:
    return Difference(0.0, "", ())


def _decode(values: list[Any]) -> _Judgement:
    differences, gave_up, failure = values
    return _Judgement(
        tuple(
            None if each is None else Difference(each[0], each[1], tuple(each[2]))
            for each in differences
        ),
        None if gave_up is None else (gave_up[0], gave_up[1]),
        failure,
    )


def _failed(envelope: Envelope, reason: str) -> _Judgement:
    return _Judgement(failure=reason)


JUDGING_FUNCTION = Function(_judge, attrs.astuple, _decode, _failed)


def judged_elsewhere(
    criteria: Criteria, given: Mapping[str, Any], parsing: Callable[..., Any]
) -> Criteria:
    """Return criteria that are checked in a child process for large messages.

    A message that cannot be checked within its bounds does not meet them.

    Args:
        criteria: the criteria.
        given: the same in JSON, see `read_criteria`.
        parsing: runs a function for a message, see `ParsingPool.call`.
    """
    judge = _Judge(given, parsing)
    return attrs.evolve(
        criteria,
        criteria=tuple(
            judge.criterion(at, each) for at, each in enumerate(criteria.criteria)
        ),
    )


class _Judge:
    """Asks a child process about large messages, about each once.

    Any thread may use it.
    """

    def __init__(self, given: Mapping[str, Any], parsing: Callable[..., Any]) -> None:
        self._given = given
        self._parsing = parsing
        # By the id and the size of a message, and by whether differences are known.
        self._known: dict[tuple[str, int, bool], _Judgement] = {}

    def criterion(self, at: int, criterion: Criterion) -> Criterion:
        """Return the criterion that has a place among all, with this judge."""
        if criterion.is_of_envelope:
            return criterion

        def matches(envelope: Envelope) -> bool:
            if envelope.size <= LARGE:
                return criterion.matches(envelope)
            judgement = self._of(envelope, explains=False)
            return not judgement.failure and judgement.differences[at] is None

        def differs(envelope: Envelope) -> Difference | None:
            if envelope.size <= LARGE:
                return None
            judgement = self._of(envelope, explains=True)
            found = None if judgement.failure else judgement.differences[at]
            return found or _unknown(criterion, judgement.failure)

        return attrs.evolve(criterion, matches=matches, differs=differs)

    def _of(self, envelope: Envelope, *, explains: bool) -> _Judgement:
        """Return the judgement of a message.

        Raises:
            PatternTimeoutError: a regular expression took too long.
            StateError: the server stops.
        """
        key = (envelope.id, envelope.size, explains)
        judgement = self._known.get(key)
        if judgement is None:
            argument = json.dumps([self._given, explains])
            judgement = self._parsing(JUDGING, envelope, argument)
            self._known[key] = judgement
        if judgement.gave_up is not None:
            raise PatternTimeoutError(*judgement.gave_up)
        return judgement


def _unknown(criterion: Criterion, failure: str) -> Difference:
    said = f"{criterion.name} cannot be checked: {failure}"
    return Difference(0.0, said, (f"  {said}",))
