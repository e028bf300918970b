"""One message on its way to a server, as the queue keeps it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import attrs

__all__ = ["STATES", "Release", "State"]

State = Literal["queued", "sent", "refused", "expired", "canceled"]

STATES: tuple[State, ...] = ("queued", "sent", "refused", "expired", "canceled")


@attrs.frozen(kw_only=True)
class Release:
    """A message that is sent on, and what came of it.

    Attributes:
        number: its number in the queue: positive, and never used again.
        message: the id of the message in the store.
        route: the name of the route, such as ``"relay"``.
        by_rule: whether a rule asked for it; otherwise a person or a program did.
        sender: the reverse-path; ``""`` for none.
        recipients: the forward-paths.
        state: ``"queued"``: it is tried until it is taken; ``"sent"``; ``"refused"``:
            the server does not want it, or it must not be sent; ``"expired"``: the
            server did not take it in time; ``"canceled"``.
        created: seconds since 1970.
        changed: seconds since 1970, when an attempt ended or the state changed.
        attempts: how many there were.
        next_try: seconds since 1970; ``None`` if there is no further attempt.
        code: the code of the reply that decided the latest attempt; 0 for none.
        reply: that reply, or why there was none.
        transcript: the session of the latest attempt: lines with ``C:`` or ``S:`` in
            front, without passwords and without the message.
    """

    number: int = 0
    message: str
    route: str
    by_rule: bool = False
    sender: str
    recipients: Sequence[str]
    state: State = "queued"
    created: float
    changed: float
    attempts: int = 0
    next_try: float | None = None
    code: int = 0
    reply: str = ""
    transcript: str = ""
