"""Collections of rules: all the faults of a server, or a part of them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lazr_smtptest._guesses import Guessable, nearest
from lazr_smtptest.faults.phases import PHASES

if TYPE_CHECKING:
    from lazr_smtptest.faults.journal import Fired
    from lazr_smtptest.faults.rule import Rule

__all__ = ["LimitedFaults", "Scripted"]


def _rule_that(action: str) -> str:
    """Return how a rule with an action is written."""
    names = [name for name, phase in PHASES.items() if action in phase.actions]
    phase = "RCPT" if "RCPT" in names else names[0]
    return f".on({phase!r}).{action}(...)"


_GUESSES = {
    **{each: _rule_that(each) for phase in PHASES.values() for each in phase.actions},
    **dict.fromkeys(
        ("assert_fired", "assert_called", "assert_all_called", "verify", "assert_met"),
        ".assert_all_fired(), or .fired of a rule",
    ),
    **dict.fromkeys(("fired", "history", "calls", "log"), ".journal"),
    **dict.fromkeys(
        ("rule", "add_rule", "when", "at", "fail"),
        ".on(phase), and an action of that rule",
    ),
    **dict.fromkeys(("remove", "remove_all", "disable"), ".clear()"),
}


class Scripted(Guessable):
    """A collection of rules: all the faults of a server, or a part of them.

    Any thread may call its methods.
    """

    guesses = _GUESSES

    def on(self, *phases: str, **matches: Any) -> Rule:
        """Add a rule and return it; its methods add the actions.

        Rules are asked in the order in which they were added, and the first one that
        matches fires. A rule without actions never fires.

        Args:
            phases: one or several of `lazr_smtptest.faults.phases.PHASES`.
            matches: further conditions. Values are compared like those of
                `Mailbox`: a text, a compiled regular expression, a function, or
                an object with an ``__eq__``. A number may be a list, ``[1, 3]``.

                In a text ``*`` matches any text and ``?`` one character.
                ``sender``, ``recipient``: addresses of the envelope; of several
                recipients one has to match. ``helo``, ``peer`` (an address),
                ``user``, ``mechanism``: texts. ``tls``: a bool. ``header``: a
                mapping, ``{"Subject": "Order *"}``. ``content``: a text or bytes
                within the message. ``where``: a function that takes a `FaultContext`.

                ``session``: the number of the session, of all of the server, from
                1 on. ``transaction``: its number within the session. ``step``:
                the number of the line within AUTH. ``after``: bytes of the
                message, in the phase CONTENT.

                ``open_sessions`` (connections at the listener), ``recipients``
                (so far), ``size`` (bytes, declared or real), ``refusals`` (of the
                session): a number means that many or more. All numbers except
                ``after`` may be a comparison: ``">=2"``. ``from_differs``:
                ``"user"`` or ``"sender"``: matches if the header From does not
                name it.

                ``nth``: fire at the n-th match only, over all sessions. ``every``:
                fire at each n-th match. ``times``: the most times it fires.
                ``per``: count these separately by ``"sender"``, ``"recipient"``,
                ``"user"``, ``"session"`` or ``"peer"``. ``between``: a pair of
                seconds since the rule was made. ``probability``: the share of
                these matches at which it fires; 1.0: all. ``seed``: the seed of
                its probability. ``optional``: whether a test accepts that it
                never fires.

        Raises:
            TypeError: a keyword is unknown, or a value has the wrong type.
            ValueError: the rule could never fire.
        """
        from lazr_smtptest.faults.keywords import current

        return self._write(phases, current(matches))

    def check(self, phases: Sequence[Any], **matches: Any) -> None:
        """Check the arguments of `on`, without adding a rule.

        Raises:
            TypeError: see `on`.
            ValueError: see `on`.
        """
        from lazr_smtptest.faults.keywords import current
        from lazr_smtptest.faults.rule import Rule

        Rule(phases, current(matches), forget=_forget_nothing)

    def personality(self, name: str, **options: Any) -> list[Rule]:
        """Add the rules of a ready-made personality, such as ``"greylisting"``.

        The rules are optional. `lazr_smtptest.faults.personalities` lists the
        personalities and their sources.

        Args:
            name: the name of the personality.
            options: its options.

        Raises:
            ValueError: the name is unknown.
            TypeError: an option is unknown.
        """
        import inspect

        from lazr_smtptest.faults.personalities import find_personality

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

    def add(self, tables: Mapping[str, Any]) -> tuple[Rule, ...]:
        """Add rules given by the tables that a TOML file has, such as from JSON.

        Args:
            tables: ``"fault"`` and ``"personality"``, each with a list of tables.

        Returns:
            the new rules.

        Raises:
            FaultFileError: a rule is wrong; then none is added.
        """
        from lazr_smtptest.faults.files import RuleTables

        before = set(self.rules)
        try:
            RuleTables(tables).write_into(self)
        except BaseException:
            for rule in self.rules:
                if rule not in before:
                    rule.remove()
            raise
        return tuple(rule for rule in self.rules if rule not in before)

    def limited_to(self, **matches: Any) -> LimitedFaults:
        """Return a part whose rules have to match these conditions too.

        Args:
            matches: the conditions; see `on`.
        """
        from lazr_smtptest.faults.keywords import current

        return LimitedFaults(self, current(matches))

    @property
    @abstractmethod
    def rules(self) -> tuple[Rule, ...]:
        """The active rules, in the order in which they are asked."""

    @property
    def journal(self) -> tuple[Fired, ...]:
        """The latest ten thousand records of fired rules, oldest first."""
        return self.journal_of(None)

    @abstractmethod
    def journal_of(self, rules: Sequence[Rule] | None) -> tuple[Fired, ...]:
        """Return the records of some rules; ``None``: of all rules of this part."""

    def clear(self) -> None:
        """Remove the rules and the journal of this part."""
        for rule in self.rules:
            rule.remove()

    def warn_if_idle(self) -> None:
        """Warn about each rule that has no action; once a rule."""
        for rule in self.rules:
            rule.warn_if_idle()

    def report(self) -> str:
        """Return the rules that have not fired as often as they should.

        Returns:
            lines for the report of a failed test; ``""``: there are none.
        """
        lines = [_missing(rule) for rule in self.rules if rule.missing]
        if not lines:
            return ""
        return "\n".join(["Faults that did not fire:", *lines])

    def assert_all_fired(self) -> None:
        """Check that each rule has fired: at least once, or `times`.

        Raises:
            AssertionError: one has not; the text lists them.
        """
        __tracebackhide__ = True
        report = self.report()
        if report:
            raise AssertionError(report)

    @abstractmethod
    def _write(self, phases: Sequence[Any], *matches: Mapping[str, Any]) -> Rule:
        """Add a rule and return it."""


def _forget_nothing(rule: Rule) -> None:
    """Ignore the removal of a rule that belongs to no collection."""


def _missing(rule: Rule) -> str:
    if not rule.has_steps:
        return f"  - {rule}, which has no action, such as .reply(451)"
    if rule.fired:
        return f"  - {rule}: {rule.fired} of {rule.limit} times"
    seen = f", though it matched {rule.seen} times" if rule.seen else ""
    return f"  - {rule}{seen}"


class LimitedFaults(Scripted):
    """A part of a server's faults, whose rules share further conditions.

    A rule at a phase where such a condition is unknown is an error: there is no
    recipient at MAIL.
    """

    def __init__(self, whole: Scripted, matches: Mapping[str, Any]) -> None:
        self._whole = whole
        self._matches = dict(matches)
        self._own: list[Rule] = []

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The active rules of this part."""
        if not self._own:
            return ()
        return tuple(rule for rule in self._whole.rules if rule in self._own)

    def journal_of(self, rules: Sequence[Rule] | None) -> tuple[Fired, ...]:
        """Return the records of some rules; ``None``: of all rules of this part."""
        return self._whole.journal_of(self._own if rules is None else rules)

    def clear(self) -> None:
        """Remove the rules of this part and their records."""
        super().clear()
        self._own.clear()

    def _write(self, phases: Sequence[Any], *matches: Mapping[str, Any]) -> Rule:
        rule = self._whole._write(phases, self._matches, *matches)
        self._own.append(rule)
        return rule
