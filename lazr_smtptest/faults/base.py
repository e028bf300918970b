"""What rules can be written in: all the faults of a server, or a part of them."""

from __future__ import annotations

import inspect
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from lazr_smtptest.faults.checks import nearest
from lazr_smtptest.faults.conditions import current
from lazr_smtptest.faults.journal import Fired
from lazr_smtptest.faults.personalities import find_personality
from lazr_smtptest.faults.rule import Rule

__all__ = ["LimitedFaults", "Scripted"]


class Scripted:
    """What rules can be written in: all the faults of a server, or a part.

    Any thread may call its methods.
    """

    def on(self, *phases: str, **matches: Any) -> Rule:
        """Write a rule; its methods say what is to happen.

        The rules are asked in the order in which they were written, and the first
        one that matches fires. A rule that no action was added to never fires.

        Args:
            phases: one or several of `lazr_smtptest.faults.phases.PHASES`.
            matches: what has to be so besides. A value is compared as those of
                `Mailbox` are: a text, a compiled regular expression, a function,
                or an object with an ``__eq__``. Numbers may be several, ``[1,
                3]``.

                In every text ``*`` stands for any text and ``?`` for one
                character. ``sender``, ``recipient``: addresses of the envelope; of
                several recipients one has to match. ``helo``, ``peer`` (an
                address), ``user``, ``mechanism``: texts. ``tls``: a bool. ``header``: a
                mapping, ``{"Subject": "Order *"}``. ``content``: a text or bytes
                within the message. ``where``: a function of a `Moment`.

                ``session``: which one of the server's sessions, from 1 on.
                ``transaction``: which one of the session's. ``step``: which line
                of AUTH. ``after``: octets of the message in the phase CONTENT.

                ``open_sessions`` (connections at the listener), ``recipients``
                (so far), ``size`` (bytes, declared or real), ``refusals`` (of the
                session): a number is that many or more. All numbers but ``after``
                take a comparison, too: ``">=2"``. ``from_differs``: ``"user"`` or
                ``"sender"``, whom the header From does not name.

                ``nth``: which one of the moments that match all of this, over all
                sessions. ``every``: each n-th of them. ``times``: how often it
                fires at most. ``per``: what these count by, of ``"sender"``,
                ``"recipient"``, ``"user"``, ``"session"`` and ``"peer"``.
                ``between``: a pair of seconds since the rule was made.
                ``probability``: how often it fires of those, 1.0 for always.
                ``seed``: of its probability. ``optional``: whether it need not
                fire at all.

        Raises:
            TypeError: a keyword is not known, or a value has the wrong type.
            ValueError: the rule could never fire.
        """
        return self._write(phases, current(matches))

    def check(self, phases: Sequence[Any], **matches: Any) -> None:
        """Check what `on` would take, and write no rule.

        Raises:
            TypeError: see `on`.
            ValueError: see `on`.
        """
        Rule(phases, current(matches), forget=_forget_nothing)

    def personality(self, name: str, **options: Any) -> list[Rule]:
        """Add the rules of a ready-made personality, such as ``"greylisting"``.

        They are optional. `lazr_smtptest.faults.personalities` says which there
        are, and where they come from.

        Args:
            name: of one of them.
            options: what it takes.

        Raises:
            ValueError: there is none of that name.
            TypeError: it takes no such option.
        """
        personality = find_personality(name)
        _, *known = inspect.signature(personality).parameters
        unknown = [each for each in options if each not in known]
        if unknown:
            takes = ", ".join(f"{each}=" for each in known) or "no options"
            raise TypeError(
                f"personality {name!r} takes {takes}, not {unknown[0]}="
                + nearest(unknown[0], known)
            )
        before = set(self.rules)
        personality(self, **options)
        return [rule for rule in self.rules if rule not in before]

    def limited_to(self, **matches: Any) -> LimitedFaults:
        """Give a part in which each rule has to match this too.

        Args:
            matches: see `on`.
        """
        return LimitedFaults(self, current(matches))

    @property
    @abstractmethod
    def rules(self) -> tuple[Rule, ...]:
        """The rules in force, in the order in which they are asked."""

    @property
    def journal(self) -> tuple[Fired, ...]:
        """What fired, oldest first; the latest ten thousand of it."""
        return self.journal_of(None)

    @abstractmethod
    def journal_of(self, rules: Sequence[Rule] | None) -> tuple[Fired, ...]:
        """Give what fired of some rules; ``None``: of all of this part."""

    def clear(self) -> None:
        """Forget the rules and the journal of this part."""
        for rule in self.rules:
            rule.remove()

    def report(self) -> str:
        """Write down the rules that have not fired as often as they should.

        Returns:
            lines for the report of a test that failed; ``""``: there are none.
        """
        lines = [_missing(rule) for rule in self.rules if rule.missing]
        if not lines:
            return ""
        return "\n".join(["Faults that did not fire:", *lines])

    def assert_all_fired(self) -> None:
        """Check that each rule has fired: once at least, or `times`.

        Raises:
            AssertionError: which has not.
        """
        __tracebackhide__ = True
        report = self.report()
        if report:
            raise AssertionError(report)

    @abstractmethod
    def _write(self, phases: Sequence[Any], *matches: Mapping[str, Any]) -> Rule:
        """Make a rule and put it in force."""


def _forget_nothing(rule: Rule) -> None:
    """Forget a rule that nobody has."""


def _missing(rule: Rule) -> str:
    if rule.fired:
        return f"  - {rule}: {rule.fired} of {rule.times} times"
    seen = f", though it matched {rule.seen} times" if rule.seen else ""
    return f"  - {rule}{seen}"


class LimitedFaults(Scripted):
    """A part of a server's faults: its rules match only what it is limited to.

    A rule at a phase where that is not known is an error: nobody has named a
    recipient at MAIL.
    """

    def __init__(self, whole: Scripted, matches: Mapping[str, Any]) -> None:
        self._whole = whole
        self._matches = dict(matches)
        self._own: list[Rule] = []

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules of this part that are in force."""
        return tuple(rule for rule in self._whole.rules if rule in self._own)

    def journal_of(self, rules: Sequence[Rule] | None) -> tuple[Fired, ...]:
        """Give what fired of some rules; ``None``: of all of this part."""
        return self._whole.journal_of(self._own if rules is None else rules)

    def clear(self) -> None:
        """Forget the rules of this part, and that they fired."""
        super().clear()
        self._own.clear()

    def _write(self, phases: Sequence[Any], *matches: Mapping[str, Any]) -> Rule:
        rule = self._whole._write(phases, self._matches, *matches)
        self._own.append(rule)
        return rule
