"""Mailpit's chaos: three probabilities of a refusal, as fault rules of the server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from lazr_smtptest.faults import Faults
from lazr_smtptest.faults.rule import Rule
from lazr_smtptest.readers.context import ReaderContext
from lazr_smtptest.readers.http.answer import Answer, json_answer
from lazr_smtptest.readers.http.call import Call
from lazr_smtptest.readers.http.mailpit.reading import bad, body_of
from lazr_smtptest.readers.http.routes import Route

__all__ = ["Chaos"]


@attrs.frozen
class _Kind:
    """A place where the server may refuse.

    Attributes:
        phase: the phase of the fault rules.
        code: the code of the reply, if none is given.
        text: the text of the reply.
    """

    phase: str
    code: int
    text: str


_KINDS = {
    "Sender": _Kind("MAIL", 451, "Chaos sender error"),
    "Recipient": _Kind("RCPT", 451, "Chaos recipient error"),
    "Authentication": _Kind("AUTH", 535, "Chaos authentication error"),
}


@attrs.frozen
class _Trigger:
    """The setting of a place: a code, and a probability in percent."""

    code: int
    probability: int
    rule: Rule | None = None


class Chaos:
    """The part of the API that makes the server misbehave at random.

    Args:
        context: the server.
    """

    def __init__(self, context: ReaderContext) -> None:
        self._faults = context.faults
        self._triggers = {name: _Trigger(kind.code, 0) for name, kind in _KINDS.items()}

    def routes(self, prefix: str) -> Iterator[Route]:
        """Return the routes."""
        for method, handler in (("GET", self.get), ("PUT", self.put)):
            yield Route(method=method, template=f"{prefix}/chaos", handler=handler)

    async def get(self, call: Call) -> Answer:
        """Answer with what is set."""
        return self._answer(self._needed())

    async def put(self, call: Call) -> Answer:
        """Set all, or nothing if one value is wrong."""
        faults = self._needed()
        wanted = _triggers(await call.read(body_of))
        for trigger in self._triggers.values():
            if trigger.rule is not None:
                trigger.rule.remove()
        self._triggers = {
            name: attrs.evolve(trigger, rule=_rule(faults, _KINDS[name], trigger))
            for name, trigger in wanted.items()
        }
        return self._answer(faults)

    def _needed(self) -> Faults:
        """Return the fault rules.

        Raises:
            HTTPError: 400, this process has none.
        """
        if self._faults is None:
            raise bad("Chaos is not enabled")
        return self._faults

    def _answer(self, faults: Faults) -> Answer:
        rules = faults.rules
        return json_answer(
            {
                name: {
                    "ErrorCode": trigger.code,
                    # Rules may be removed by others, too.
                    "Probability": trigger.probability if trigger.rule in rules else 0,
                }
                for name, trigger in self._triggers.items()
            }
        )


def _rule(faults: Faults, kind: _Kind, trigger: _Trigger) -> Rule | None:
    """Add the rule of a trigger, unless it never fires."""
    if not trigger.probability:
        return None
    rule = faults.on(kind.phase, probability=trigger.probability / 100, optional=True)
    return rule.reply(trigger.code, kind.text)


def _triggers(body: Mapping[str, Any]) -> dict[str, _Trigger]:
    """Return the triggers of a request; one that is left out has its default.

    Raises:
        HTTPError: 400, a value is wrong.
    """
    triggers = {}
    for name, kind in _KINDS.items():
        given = body.get(name.lower()) or {}
        if not isinstance(given, dict):
            raise bad(f"{name} must be an object with ErrorCode and Probability")
        values = {key.lower(): value for key, value in given.items()}
        code = values.get("errorcode") or kind.code
        probability = values.get("probability") or 0
        if not _is_between(code, 400, 599):
            raise bad("error code must be between 400 and 599")
        if not _is_between(probability, 0, 100):
            raise bad("probability must be between 0 and 100")
        triggers[name] = _Trigger(code, probability)
    return triggers


def _is_between(value: object, least: int, most: int) -> bool:
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    return is_whole and least <= value <= most  # type: ignore[operator]
