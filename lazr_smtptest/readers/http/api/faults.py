"""The fault rules of the server: what makes it misbehave."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timezone
from http import HTTPStatus
from itertools import count
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from lazr_smtptest.faults.base import Scripted
from lazr_smtptest.faults.errors import FaultFileError
from lazr_smtptest.faults.journal import Fired
from lazr_smtptest.faults.personalities import PERSONALITIES
from lazr_smtptest.faults.rule import Rule
from lazr_smtptest.readers.http.answer import (
    Answer,
    HTTPError,
    json_answer,
    text_answer,
)
from lazr_smtptest.readers.http.api import records, requests
from lazr_smtptest.readers.http.api.operations import operation
from lazr_smtptest.readers.http.call import Call
from lazr_smtptest.readers.http.routes import Route

if TYPE_CHECKING:
    from lazr_smtptest.faults.shared import SharedRules

__all__ = ["MOST_RULES", "FaultRules", "fired_of"]

# The most rules at the same time: each is asked at every command.
MOST_RULES = 1000

# More rules than these, or more bytes of them, are read in a thread.
_FEW, _SHORT = 10, 4096

# The most records of the journal in one answer.
_MOST = 1000

_ELSEWHERE = {409: "The fault rules are in another process."}


class FaultRules:
    """The part of the API that is about fault rules.

    Args:
        needed: returns the rules of this process; raises an `AbsentError` if it takes
            no mail.
        most: the most rules at the same time, those of files among them.
        shared: the rules of several servers, to which new ones are added; ``None``: the
            rules are of this server alone.
        has_others: whether other servers share the store.
    """

    def __init__(
        self,
        needed: Callable[[], Scripted],
        most: int = MOST_RULES,
        shared: SharedRules | None = None,
        *,
        has_others: bool = False,
    ) -> None:
        self._shared = shared
        self._has_others = has_others or shared is not None
        self._needed = needed if shared is None else lambda: shared.faults
        self._fired = needed
        self._most = most
        self._ids: WeakKeyDictionary[Rule, int] = WeakKeyDictionary()
        # Those of the servers together count up.
        self._next = count(1) if shared is None else count(-1, -1)

    def routes(self, prefix: str) -> Iterator[Route]:
        """Return the routes."""
        path = f"{prefix}/faults"
        yield operation(
            "GET",
            path,
            self.rules,
            "List the fault rules",
            answer=records.Rules,
            others=_ELSEWHERE,
        )
        yield operation(
            "POST",
            path,
            self.add,
            "Add fault rules",
            body=requests.RulesRequest,
            example={"fault": [{"on": "RCPT", "recipient": "x@*", "reply": [450, ""]}]},
            answer=records.Rules,
            status=HTTPStatus.CREATED,
            others={**_ELSEWHERE, 429: "There are too many."},
        )
        yield operation(
            "DELETE",
            path,
            self.clear,
            "Remove all fault rules, and the journal",
            status=HTTPStatus.NO_CONTENT,
            others=_ELSEWHERE,
        )
        yield operation(
            "GET",
            f"{path}/journal",
            self.journal,
            "List the rules that fired",
            query=("limit",),
            answer=records.Journal,
            others=_ELSEWHERE,
        )
        yield operation(
            "POST",
            f"{path}/assert-all-fired",
            self.assert_all_fired,
            "Assert that each fault rule has fired",
            answer=records.Rules,
            others={409: "A rule has not fired, or they are in another process."},
        )
        yield operation(
            "GET",
            f"{path}/{{rule}}",
            self.rule,
            "Get a fault rule",
            answer=records.Rule,
            others=_ELSEWHERE,
        )
        yield operation(
            "DELETE",
            f"{path}/{{rule}}",
            self.remove,
            "Remove a fault rule",
            status=HTTPStatus.NO_CONTENT,
            others=_ELSEWHERE,
        )
        yield operation(
            "GET",
            f"{prefix}/personalities",
            self.personalities,
            "List the personalities of servers",
            answer=list[records.Personality],
        )

    # The rules

    async def rules(self, call: Call) -> Answer:
        """Answer with the rules, in the order in which they are asked.

        Servers that share a database share the rules that are added here, and how often
        these have fired: ``shared`` is true. What ``counted_by_each`` names, and
        ``seen``, is counted by each server for itself. Another rule is of this server
        alone. ``shared`` is null where no other server shares the database.
        """
        await self._look()
        return self._listed(self._needed().rules)

    async def _look(self) -> None:
        """Read what other servers have added, removed and counted."""
        if self._shared is not None:
            await self._shared.look()

    async def add(self, call: Call) -> Answer:
        """Add rules after those that are there.

        They are the tables of a TOML file of faults: each ``fault`` has ``on``, the
        conditions and the actions, each ``personality`` its ``name`` and options.
        Servers that share a database all have them, half a second later.

        Raises:
            HTTPError: 400, one is wrong; then none is added. 429, there are too many.
        """
        faults = self._needed()
        asked = await call.json(requests.RulesRequest)
        tables = {"fault": asked.fault, "personality": asked.personality}
        number = len(asked.fault) + len(asked.personality)
        if len(faults.rules) + number > self._most:
            raise HTTPError(
                HTTPStatus.TOO_MANY_REQUESTS,
                f"there are {len(faults.rules)} fault rules, and with these there "
                f"would be more than {self._most}: remove some first",
            )
        try:
            is_little = number <= _FEW and len(call.body) <= _SHORT
            if self._shared is not None:
                added = await self._shared.add(tables)
            elif call.in_thread is None or is_little:
                added = faults.add(tables)
            else:
                added = await call.in_thread(faults.add, tables)
        except FaultFileError as error:
            raise HTTPError(
                HTTPStatus.BAD_REQUEST, f"bad {error}", details={"key": error.key}
            ) from error
        except RecursionError as error:
            raise HTTPError(
                HTTPStatus.BAD_REQUEST, "bad rules: they are nested too deeply"
            ) from error
        return self._listed(added, HTTPStatus.CREATED)

    async def clear(self, call: Call) -> Answer:
        """Remove all rules and the journal; settings of files do not apply any more.

        Of other servers that share the database only the shared rules are removed.
        """
        if self._shared is not None:
            await self._shared.clear()
        self._needed().clear()
        return Answer(status=HTTPStatus.NO_CONTENT)

    async def rule(self, call: Call) -> Answer:
        """Answer with a rule."""
        return json_answer(self._record(await self._find(call)))

    async def remove(self, call: Call) -> Answer:
        """Remove a rule; its records stay in the journal."""
        rule = await self._find(call)
        if self._shared is not None and self._shared.number_of(rule) is not None:
            await self._shared.remove(rule)
        else:
            rule.remove()
        return Answer(status=HTTPStatus.NO_CONTENT)

    async def _find(self, call: Call) -> Rule:
        await self._look()
        id = call.parameters["rule"]
        for rule in self._needed().rules:
            if str(self._id(rule)) == id:
                return rule
        raise HTTPError(HTTPStatus.NOT_FOUND, f"there is no fault rule {id!r}")

    def _id(self, rule: Rule) -> int:
        """Return the id of a rule: a number that no other rule had."""
        number = None if self._shared is None else self._shared.number_of(rule)
        if number is not None:
            return number
        if rule not in self._ids:
            self._ids[rule] = next(self._next)
        return self._ids[rule]

    def _listed(self, rules: Iterable[Rule], status: int = HTTPStatus.OK) -> Answer:
        made = records.Rules([self._record(rule) for rule in rules])
        return json_answer(made, status)

    def _record(self, rule: Rule) -> records.Rule:
        return records.Rule(
            id=self._id(rule),
            rule=str(rule),
            phases=[phase.name for phase in rule.phases],
            seen=rule.seen,
            fired=rule.fired,
            times=rule.limit,
            optional=rule.is_optional,
            missing=bool(rule.missing),
            shared=rule.claim is not None if self._has_others else None,
            counted_by_each=[] if rule.claim is None else [*rule.counted_by_each],
        )

    # What they did

    async def journal(self, call: Call) -> Answer:
        """Answer with the latest rules that fired at this server, oldest first.

        The transcript of a session, which all servers that share a database have, names
        those that fired in it.
        """
        limit = int(call.number("limit", 50, least=1, most=_MOST))
        fired = self._fired().journal[-limit:]
        return json_answer(records.Journal([fired_of(each) for each in fired]))

    async def assert_all_fired(self, call: Call) -> Answer:
        """Answer with the rules if each has fired: at least once, or ``times``.

        Raises:
            HTTPError: 409, one has not; ``detail`` lists them.
        """
        await self._look()
        faults = self._needed()
        report = faults.report()
        if not report:
            return self._listed(faults.rules)
        if call.prefers_text:
            return text_answer(f"{report}\n", HTTPStatus.CONFLICT)
        missing = [self._record(rule) for rule in faults.rules if rule.missing]
        raise HTTPError(HTTPStatus.CONFLICT, report, details={"rules": missing})

    async def personalities(self, call: Call) -> Answer:
        """Answer with the personalities that ``POST /faults`` can add."""
        return json_answer(
            [
                records.Personality(
                    name=name,
                    summary=_summary_of(add),
                    options={
                        each.name: each.default
                        for each in list(inspect.signature(add).parameters.values())[1:]
                    },
                )
                for name, add in PERSONALITIES.items()
            ]
        )


def _summary_of(add: Callable[..., object]) -> str:
    """Return the first line of a docstring, as plain text."""
    summary, _, _ = inspect.cleandoc(add.__doc__ or "").partition("\n")
    return summary.replace("`", "")


def fired_of(fired: Fired) -> records.Fired:
    """Return the object of a rule that fired."""
    return records.Fired(
        rule=fired.rule,
        nth=fired.nth,
        phase=fired.phase,
        at=datetime.fromtimestamp(fired.at, timezone.utc),
        session=fired.session,
        session_id=fired.session_id,
        transaction=fired.transaction,
        helo=fired.helo,
        sender=fired.sender,
        to=fired.to,
        line=fired.line.decode("utf-8", "replace"),
    )
