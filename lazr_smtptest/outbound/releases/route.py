"""Where messages are sent on to, and which."""

from __future__ import annotations

import re
from collections.abc import Sequence

import attrs

from lazr_smtptest.errors import ReleaseError
from lazr_smtptest.outbound.settings import Relay
from lazr_smtptest.query.parser import parse

__all__ = ["Route"]


@attrs.frozen(kw_only=True)
class Route:
    """A server that messages are sent on to, and the rules for it.

    Attributes:
        name: ``"relay"`` or ``"forward"``, as the options begin.
        relay: the server, the recipients that it may get, and what changes on the way.
        is_automatic: whether each new message that matches is sent on; otherwise only
            what someone asks for.
        query: which messages are, in the search language; ``""`` for all.
        matching: a regular expression: only the recipients that it matches somewhere
            get them; ``""`` for all recipients.
        to: the recipients of everything, instead of those of the message; none to
            leave those.
        rate: the most attempts in a minute; 0 for any number.

    Raises:
        ValueError: an expression is not valid.
        QueryError: the query is not valid.
    """

    name: str
    relay: Relay
    is_automatic: bool = False
    query: str = ""
    matching: str = ""
    to: Sequence[str] = attrs.field(default=(), converter=tuple)
    rate: int = 0

    def __attrs_post_init__(self) -> None:
        """Check the values."""
        parse(self.query)
        try:
            re.compile(self.matching)
        except re.error as error:
            raise ValueError(
                f"{self.name}-matching must be a regular expression, "
                f"not {self.matching!r}: {error}"
            ) from None

    @property
    def rule(self) -> str:
        """A text that is another one for another rule."""
        return "\n".join((self.name, self.query, self.matching, *self.to))

    def check(self, recipients: Sequence[str]) -> None:
        """Check that recipients may get messages.

        Raises:
            ReleaseError: one may not; it names the rule.
        """
        relay = self.relay
        for rule, pattern, wrong in (
            ("allowed", relay.allowed, relay.not_allowed(recipients)),
            ("blocked", relay.blocked, relay.blocked_among(recipients)),
        ):
            if wrong:
                verb = "does not match" if rule == "allowed" else "matches"
                raise ReleaseError(
                    f"{self.name}-{rule}",
                    f"nothing is sent to {', '.join(wrong)}, which {verb} {pattern!r}",
                )

    def selected(self, recipients: Sequence[str]) -> Sequence[str]:
        """Return the recipients that get a message by rule; there may be none.

        Args:
            recipients: those of the message.
        """
        matching = re.compile(self.matching, re.IGNORECASE)
        found = [each for each in recipients if matching.search(each)]
        if not found:
            return ()
        wanted = list(dict.fromkeys(self.to or found))
        relay = self.relay
        wrong = {*relay.not_allowed(wanted), *relay.blocked_among(wanted)}
        return [each for each in wanted if each not in wrong]
