"""MailHog's Jim: chances of misbehaviour, as fault rules of the server."""

from __future__ import annotations

import random
import secrets
from collections.abc import Iterator
from functools import partial
from http import HTTPStatus
from typing import Any

from lazr_smtptest.faults import Faults
from lazr_smtptest.faults.rule import Rule
from lazr_smtptest.model.fault_context import FaultContext
from lazr_smtptest.model.reply import escaped
from lazr_smtptest.readers.context import ReaderContext
from lazr_smtptest.readers.http.answer import Answer, HTTPError, json_answer
from lazr_smtptest.readers.http.call import Call
from lazr_smtptest.readers.http.mailhog.body import number_of, object_of
from lazr_smtptest.readers.http.mailhog.messages import not_found
from lazr_smtptest.readers.http.routes import Route

__all__ = ["Jim"]

_DEFAULTS = {
    "DisconnectChance": 0.005,
    "AcceptChance": 0.99,
    "LinkSpeedAffect": 0.1,
    "LinkSpeedMin": 1024,
    "LinkSpeedMax": 10240,
    "RejectSenderChance": 0.05,
    "RejectRecipientChance": 0.05,
    "RejectAuthChance": 0.05,
}

# Where a client may be disconnected: after each of its commands.
_COMMANDS = ("EHLO", "MAIL", "RCPT", "DATA", "EOD")

# Between the least and the most speed of a session.
_SPEEDS = 4

# The most seconds that a slow session takes for a message.
_LONGEST = 60.0


class Jim:
    """The part of the API that makes the server misbehave at random.

    Args:
        context: the server.
    """

    def __init__(self, context: ReaderContext) -> None:
        self._context = context
        self._values: dict[str, float] | None = None
        self._rules: list[Rule] = []

    def routes(self, base: str) -> Iterator[Route]:
        """Return the routes.

        Args:
            base: the path before all paths, such as ``/``.
        """
        for method, handler in (
            ("GET", self.get),
            ("POST", self.post),
            ("PUT", self.put),
            ("DELETE", self.delete),
        ):
            yield Route(method=method, template=f"{base}api/v2/jim", handler=handler)

    async def get(self, call: Call) -> Answer:
        """Answer with the chances."""
        return json_answer(self._needed())

    async def post(self, call: Call) -> Answer:
        """Switch it on."""
        if self._values is not None:
            raise HTTPError(HTTPStatus.BAD_REQUEST, "Jim is on already")
        try:
            given = await call.read(object_of)
        except HTTPError:
            given = {}
        self._set({**_DEFAULTS, **_read(given)})
        return Answer(status=HTTPStatus.CREATED)

    async def put(self, call: Call) -> Answer:
        """Set all chances; one that is left out is 0."""
        self._needed()
        self._set({**dict.fromkeys(_DEFAULTS, 0), **_read(await call.read(object_of))})
        return Answer()

    async def delete(self, call: Call) -> Answer:
        """Switch it off."""
        self._needed()
        self._remove_rules()
        self._values = None
        return Answer()

    def _needed(self) -> dict[str, float]:
        """Return the chances.

        Raises:
            HTTPError: 404, it is off.
        """
        if self._values is None:
            raise not_found()
        return self._values

    def _set(self, values: dict[str, float]) -> None:
        faults = self._context.needed_faults()
        self._remove_rules()
        self._values = values
        self._rules = list(_rules(faults, values))

    def _remove_rules(self) -> None:
        for rule in self._rules:
            rule.remove()
        self._rules.clear()


def _read(given: dict[str, Any]) -> dict[str, float]:
    """Return the chances and speeds of a request.

    Raises:
        HTTPError: 400, one is not valid.
    """
    values = {}
    for name in _DEFAULTS:
        if name.lower() in given:
            most = 2**31 if name.startswith("LinkSpeedM") else 1
            values[name] = number_of(name, given[name.lower()], most)
    return values


def _rules(faults: Faults, values: dict[str, float]) -> Iterator[Rule]:
    """Add the rules; one that never fires is left out."""

    def add(chance: float, *phases: str) -> Rule:
        return faults.on(*phases, probability=chance, optional=True)

    if values["AcceptChance"] < 1:
        yield add(1 - values["AcceptChance"], "CONNECT").drop()
    if values["RejectSenderChance"]:
        yield add(values["RejectSenderChance"], "MAIL").reply(550, _invalid_sender)
    if values["RejectRecipientChance"]:
        yield add(values["RejectRecipientChance"], "RCPT").reply(
            550, _invalid_recipient
        )
    if values["RejectAuthChance"]:
        yield add(values["RejectAuthChance"], "AUTH").reply(500, "Unrecognised command")
    if values["DisconnectChance"]:
        yield add(values["DisconnectChance"], *_COMMANDS).drop()
    # After the others: of several rules the first one fires.
    if values["LinkSpeedAffect"] and values["LinkSpeedMax"]:
        yield from _slow_links(faults, values)


def _slow_links(faults: Faults, values: dict[str, float]) -> Iterator[Rule]:
    """Add the rules of slow sessions: a session has one speed from beginning to end."""
    key, chance = secrets.token_hex(8), values["LinkSpeedAffect"]
    least, most = sorted((values["LinkSpeedMin"], values["LinkSpeedMax"]))
    for index in range(_SPEEDS):
        speed = max(1.0, least + (most - least) * (index + 0.5) / _SPEEDS)
        part = chance * index / _SPEEDS, chance * (index + 1) / _SPEEDS
        where = partial(_is_drawn, key, part)
        # The time of a message of 10 kB, whatever its size is.
        seconds = min(10_240 / speed, _LONGEST)
        yield faults.on("EOD", where=where, optional=True).delay(seconds).trickle(speed)
        yield faults.on("ANY", where=where, optional=True).trickle(speed)


def _is_drawn(key: str, part: tuple[float, float], context: FaultContext) -> bool:
    """Return whether the number of a session, 0 to 1, is within a part of these."""
    drawn = random.Random(f"{key}/{context.session.id}").random()
    return part[0] <= drawn < part[1]


def _invalid_sender(context: FaultContext) -> str:
    return f"Invalid sender <{escaped(context.sender or '')}>"


def _invalid_recipient(context: FaultContext) -> str:
    return f"Invalid recipient <{escaped(context.to[0])}>"
