"""What a test writes down of a fault: the words that make the steps of a rule."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeVar

import attrs

from lazr_smtptest.faults import bounces, certificates
from lazr_smtptest.faults.gates import Gate, Greylist, Quota, Rate
from lazr_smtptest.faults.phases import PHASES, Phase
from lazr_smtptest.faults.steps import (
    Answer,
    Delay,
    Drop,
    Hold,
    Keep,
    Raw,
    Reset,
    Step,
    StopReading,
    Window,
    Words,
)
from lazr_smtptest.faults.ways import Cut, Endless, Garbled, Offered, Together, Way
from lazr_smtptest.moment import Moment
from lazr_smtptest.smtp.reply import Reply

__all__ = ["Actions"]

Text = str | Callable[[Moment], str]
_Self = TypeVar("_Self", bound="Actions")

_ON_PURPOSE = "on purpose"
_ENDLESS = 1024 * 1024


class Actions:
    """The steps of a rule, in the order in which they were written.

    Each method adds one and returns the rule. What changes a reply (`garble`,
    `inject`, `split`, `trickle`, `cut`, `endless`, `announce`, `hide`) changes
    the one before it, and the server's own where none is.

    All of them are called in the thread of the test.

    Raises:
        ValueError: the action makes no sense at a phase of the rule, nothing can
            follow the one before it, or a number is out of its range.
        TypeError: an argument has the wrong type.
    """

    phases: tuple[Phase, ...]

    def __init__(self) -> None:
        # Replaced as a whole, for another thread may be running them.
        self._steps: tuple[Step, ...] = ()
        self._gate: Gate | None = None
        self._words: list[str] = []

    @property
    def then(self: _Self) -> _Self:
        """The rule itself, so that a sequence reads as one."""
        if not self._steps:
            raise ValueError("then follows an action, and there is none yet")
        return self

    # Answers

    def reply(self: _Self, code: int, text: Text = _ON_PURPOSE) -> _Self:
        """Answer with a reply of the test's.

        One of 2xx or 3xx is only said in place of the server's own; one of 4xx or
        5xx refuses. After ``421`` the connection is closed (RFC 5321 section
        4.2.1).

        Args:
            code: 200 to 599.
            text: may begin with an enhanced code; line feeds make a reply of
                several lines; or a function that makes it of a `Moment`.
        """
        _number("code", code, 200, 599, int)
        if "CONTENT" in self._names() and code < 400:
            raise ValueError(f"at CONTENT only a refusal can be said, not {code}")
        if not callable(text):
            if not isinstance(text, str):
                raise TypeError(f"a reply's text is str, not {text!r}")
            return self._answer("reply", _reply(code, text), code, text)
        make = text
        return self._answer("reply", lambda moment: _reply(code, make(moment)), code)

    def raw(self: _Self, octets: bytes) -> _Self:
        """Send these octets in place of the reply, or of the TLS handshake.

        Where they begin as a reply of 2xx or 3xx does, the server does what it
        was asked.
        """
        _bytes("raw", octets)
        if "TLS" in self._names():
            return self._add("raw", Raw(octets), octets)
        return self._answer("raw", octets, octets)

    def go_on(self: _Self) -> _Self:
        """Answer as if nothing was wrong, before what follows."""
        return self._answer("go_on", None)

    # What becomes of a reply

    def garble(self: _Self) -> _Self:
        """Set the highest bit of each octet of the reply, but for its line ends."""
        return self._change("garble", Garbled())

    def inject(self: _Self, octets: bytes) -> _Self:
        """Send further octets with the reply: at STARTTLS, in clear before TLS."""
        _bytes("inject", octets)
        return self._change("inject", Together(octets), octets)

    def split(self: _Self) -> _Self:
        """Send each octet of the reply by itself."""
        return self._pace("split", 0.0)

    def trickle(self: _Self, rate: float) -> _Self:
        """Send so many octets of the reply a second."""
        _number("rate", rate, 0, math.inf)
        if not rate:
            raise ValueError("rate must be over 0 octets a second; see hold()")
        return self._pace("trickle", 1 / rate, rate)

    def cut(self: _Self, octets: int) -> _Self:
        """Send so many octets of the reply, then close the connection."""
        _number("octets", octets, 0, math.inf, int)
        return self._change("cut", Cut(octets), octets)

    def endless(self: _Self, octets: int = _ENDLESS) -> _Self:
        """Send the reply's first line again and again, and never a last one.

        Args:
            octets: after so many the connection is closed.
        """
        _number("octets", octets, 1, math.inf, int)
        return self._change("endless", Endless(octets), octets)

    def announce(self: _Self, *lines: str) -> _Self:
        """Announce these extensions too, or with other values: ``"SIZE 1000"``.

        Only what is announced changes.
        """
        return self._change("announce", Offered(lines=_lines("announce", lines)))

    def hide(self: _Self, *keywords: str) -> _Self:
        """Do not announce these extensions. Only what is announced changes."""
        hidden = frozenset(word.upper() for word in _lines("hide", keywords))
        return self._change("hide", Offered(hidden), *keywords)

    # Time and the connection

    def delay(self: _Self, seconds: float) -> _Self:
        """Wait so many seconds. The server looks at no command meanwhile."""
        _number("seconds", seconds, 0, math.inf)
        return self._add("delay", Delay(seconds), seconds)

    def stop_reading(self: _Self, seconds: float | None = None) -> _Self:
        """Read nothing for so many seconds: the client's TCP window fills.

        Args:
            seconds: ``None``: until the connection ends; then nothing follows.
        """
        if seconds is not None:
            _number("seconds", seconds, 0, math.inf)
            return self._add("stop_reading", StopReading(seconds), seconds)
        return self._add("stop_reading", StopReading(None))

    def window(self: _Self, octets: int) -> _Self:
        """Make the receive buffer of the socket small, for the whole session."""
        _number("octets", octets, 1, 2**30, int)
        return self._add("window", Window(octets), octets)

    def hold(self: _Self) -> _Self:
        """Say nothing any more, and leave the connection open."""
        return self._add("hold", Hold())

    def drop(self: _Self, *, close_notify: bool = True) -> _Self:
        """Close the connection: TCP sends FIN.

        Args:
            close_notify: whether TLS, if it is on, says that this is the end.
        """
        return self._add("drop", Drop(close_notify))

    def reset(self: _Self) -> _Self:
        """Break the connection off: TCP sends RST."""
        return self._add("reset", Reset())

    # Messages

    def discard(self: _Self) -> _Self:
        """Accept the message, and throw it away."""
        return self._add("discard", Keep(0))

    def duplicate(self: _Self, copies: int = 2) -> _Self:
        """Keep the message several times, each with a name of its own."""
        _number("copies", copies, 2, 1000, int)
        return self._add("duplicate", Keep(copies), copies)

    def bounce(
        self: _Self,
        host: str,
        port: int,
        *,
        to: str | None = None,
        status: str = "5.1.1",
        text: str = "no such mailbox",
        anywhere: bool = False,
    ) -> _Self:
        """Accept the message, throw it away, and report that (RFC 3464).

        The report has the null reverse-path, and goes to a mail server of the
        test's. A message that has the null reverse-path itself is not reported
        (RFC 5321 section 6.1), unless `to` is given.

        Args:
            host: where the report is sent; an address of the loopback.
            port: there.
            to: whom it is for; ``None``: the sender of the message.
            status: the enhanced code of the failure.
            text: what was wrong.
            anywhere: whether `host` may be any machine.
        """
        bounce = bounces.Bounce.to(host, port, to, status, text, anywhere=anywhere)
        self._add("bounce", Keep(0), host, port)
        # After the reply: the message is the server's only then.
        self._steps = (*self._steps, Answer(), bounce)
        return self

    # What was before

    def greylist(
        self: _Self, seconds: float = 300.0, code: int = 451, text: str = ""
    ) -> _Self:
        """Refuse who was not seen before, and take him later (RFC 6647).

        A client is known by its network (/24, IPv6 /64), the sender and the
        recipient.

        Args:
            seconds: from the first try on, before a further one is taken.
            code: of the refusal.
            text: of the refusal.
        """
        _number("seconds", seconds, 0, math.inf)
        gate = Greylist(seconds)
        words = text or f"4.7.1 greylisted, try again in {seconds:g} seconds"
        return self._guard("greylist", gate, code, words, seconds)

    def limit_rate(
        self: _Self,
        number: int,
        seconds: float = 60.0,
        code: int = 421,
        text: str = "4.7.0 too much at once, try again later",
    ) -> _Self:
        """Take so many in so many seconds, and refuse the others.

        Args:
            number: how many.
            seconds: within which.
            code: of the refusal; after 421 the connection is closed.
            text: of the refusal.
        """
        _number("number", number, 0, math.inf, int)
        _number("seconds", seconds, 0, math.inf)
        gate = Rate(number, seconds)
        return self._guard("limit_rate", gate, code, text, number, seconds)

    def quota(
        self: _Self,
        messages: int | None = None,
        octets: int | None = None,
        code: int = 452,
        text: str = "4.2.2 mailbox full",
    ) -> _Self:
        """Take so much for each recipient, counted from this rule on.

        Args:
            messages: how many messages; ``None``: any number.
            octets: how much in all; ``None``: any amount.
            code: of the refusal.
            text: of the refusal.
        """
        if messages is None and octets is None:
            raise ValueError("quota needs messages or octets")
        for name, given in (("messages", messages), ("octets", octets)):
            if given is not None:
                _number(name, given, 0, math.inf, int)
        return self._guard("quota", Quota(messages, octets), code, text)

    # TLS

    def certificate(self: _Self, kind: str) -> _Self:
        """Show another certificate.

        Args:
            kind: one of `lazr_smtptest.faults.certificates.KINDS`.
        """
        if any(word.startswith(("protocol", "cipher")) for word in self._words):
            raise ValueError("certificate comes before protocol and cipher")
        return self._add("certificate", certificates.Show.kind(kind), kind)

    def protocol(self: _Self, version: str) -> _Self:
        """Know no other version of TLS than this one: ``"TLSv1.1"``."""
        return self._add("protocol", certificates.Version.named(version), version)

    def cipher(self: _Self, suites: str) -> _Self:
        """Know no other cipher suites, and TLS 1.2 at most.

        Args:
            suites: in OpenSSL's words: ``"AES128-SHA"``.
        """
        return self._add("cipher", certificates.Cipher.named(suites), suites)

    # How it is put together

    def _names(self) -> list[str]:
        return [phase.name for phase in self.phases]

    def _add(self: _Self, name: str, step: Step, *words: object) -> _Self:
        self._check(name)
        if self._steps and self._steps[-1].final:
            raise ValueError(f"nothing can follow {self._words[-1]}")
        self._say(name, words)
        self._steps = (*self._steps, step)
        return self

    def _answer(self: _Self, name: str, words: Words, *given: object) -> _Self:
        if any(isinstance(step, Answer) for step in self._steps):
            raise ValueError(f"{name} is a second answer; see inject")
        return self._add(name, Answer(words), *given)

    def _change(self: _Self, name: str, way: Way, *given: object) -> _Self:
        answer = self._last_answer(name)
        ways = (*answer.ways, way)
        return self._evolve(name, attrs.evolve(answer, ways=ways), *given)

    def _pace(self: _Self, name: str, pace: float, *given: object) -> _Self:
        answer = self._last_answer(name)
        return self._evolve(name, attrs.evolve(answer, pace=pace), *given)

    def _last_answer(self, name: str) -> Answer:
        """Give the answer that is to be changed: the last step, or a new one."""
        self._check(name)
        last = self._steps[-1] if self._steps else None
        if isinstance(last, Answer):
            return last
        if any(isinstance(step, Answer) for step in self._steps):
            raise ValueError(f"{name} stands directly behind the answer it changes")
        return Answer()

    def _evolve(self: _Self, name: str, answer: Answer, *given: object) -> _Self:
        rest = self._steps
        if rest and isinstance(rest[-1], Answer):
            rest = rest[:-1]
        elif rest and rest[-1].final:
            raise ValueError(f"nothing can follow {self._words[-1]}")
        self._say(name, given)
        self._steps = (*rest, answer)
        return self

    def _guard(
        self: _Self, name: str, gate: Gate, code: int, text: str, *given: object
    ) -> _Self:
        _number("code", code, 400, 599, int)
        if self._gate is not None:
            raise ValueError(f"{name}: a rule has one memory; write a second rule")
        self._answer(name, _reply(code, text), *given)
        self._gate = gate
        return self

    def _check(self, name: str) -> None:
        for phase in self.phases:
            if name not in phase.actions:
                where = [each.name for each in PHASES.values() if name in each.actions]
                raise ValueError(
                    f"{name} makes no sense at {phase.name}, only at: "
                    + ", ".join(where)
                )

    def _say(self, name: str, given: tuple[object, ...]) -> None:
        self._words.append(f"{name}({', '.join(map(_shown, given))})")


def _reply(code: int, text: str) -> Reply:
    reply = Reply.from_text(code, text)
    if code < 400 and not text.startswith(f"{reply.enhanced} "):
        # What is said to EHLO and DATA has no enhanced code (RFC 2034 section 4).
        return Reply(code, text)
    return reply


def _number(
    name: str, given: object, least: float, most: float, kind: type = float
) -> None:
    kinds = int if kind is int else (int, float)
    if not isinstance(given, kinds) or isinstance(given, bool):
        raise TypeError(f"{name} is a number, not {given!r}")
    if not least <= given <= most:
        limits = f"{least:g} or more" if most == math.inf else f"{least:g} to {most:g}"
        raise ValueError(f"{name} must be {limits}, not {given!r}")


def _bytes(name: str, given: object) -> None:
    if not isinstance(given, bytes):
        raise TypeError(f"{name} takes bytes, not {given!r}")


def _lines(name: str, given: tuple[object, ...]) -> tuple[str, ...]:
    if not given:
        raise ValueError(f"{name} needs an extension's keyword")
    for line in given:
        if not isinstance(line, str):
            raise TypeError(f"{name} takes texts such as 'SIZE 1000', not {line!r}")
        if not line.isprintable() or not line.split():
            raise ValueError(f"{name}: that is no extension: {line!r}")
    return tuple(map(str, given))


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}..."
