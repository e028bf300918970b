"""What a test writes down of a fault: the words that make the steps of a rule."""

from __future__ import annotations

import math
from typing import TypeVar

from lazr_smtptest.faults import bounces, certificates
from lazr_smtptest.faults.answers import Answers
from lazr_smtptest.faults.builder import action, make_reply
from lazr_smtptest.faults.checks import check_number
from lazr_smtptest.faults.history import Greylist, Quota, Rate
from lazr_smtptest.faults.steps import (
    Answer,
    Delay,
    Discard,
    Drop,
    Hold,
    Idle,
    Keep,
    RefuseConnections,
    Reset,
    StopReading,
    Window,
)

__all__ = ["Actions"]

# Seconds of a timer: some thirty years.
_LONGEST = 1e9

_Self = TypeVar("_Self", bound="Actions")


class Actions(Answers):
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

    # Time and the connection

    @action
    def delay(self: _Self, seconds: float) -> _Self:
        """Wait so many seconds. The server looks at no command meanwhile."""
        check_number("seconds", seconds, 0, math.inf)
        return self._add("delay", Delay(seconds))

    @action
    def stop_reading(self: _Self, seconds: float | None = None) -> _Self:
        """Read nothing for so many seconds: the client's TCP window fills.

        Args:
            seconds: ``None``: until the connection ends; then nothing follows.
        """
        if seconds is not None:
            check_number("seconds", seconds, 0, math.inf)
            return self._add("stop_reading", StopReading(seconds))
        return self._add("stop_reading", StopReading(None))

    @action
    def window(self: _Self, octets: int) -> _Self:
        """Make the receive buffer of the socket small, for the whole session."""
        check_number("octets", octets, 1, 2**30, int)
        return self._add("window", Window(octets))

    @action
    def hold(self: _Self) -> _Self:
        """Say nothing any more, and leave the connection open."""
        return self._add("hold", Hold())

    @action
    def drop(self: _Self, *, close_notify: bool = True) -> _Self:
        """Close the connection: TCP sends FIN.

        Args:
            close_notify: whether TLS, if it is on, says that this is the end.
        """
        return self._add("drop", Drop(close_notify))

    @action
    def reset(self: _Self) -> _Self:
        """Break the connection off: TCP sends RST."""
        return self._add("reset", Reset())

    @action
    def idle(
        self: _Self,
        seconds: float,
        text: str = "4.4.2 nothing heard for too long, closing",
        *,
        silent: bool = False,
    ) -> _Self:
        """End the session once the client has sent nothing for so many seconds.

        It holds from here to the end of the session. A client that waits for the
        reply to a command or a message is not idle.

        Args:
            seconds: how long.
            text: of the reply 421 that comes first.
            silent: whether no reply comes, only FIN.
        """
        check_number("seconds", seconds, 0, _LONGEST)
        if not isinstance(text, str):
            raise TypeError(f"a reply's text is str, not {text!r}")
        return self._add(
            "idle", Idle(seconds, None if silent else make_reply(421, text))
        )

    @action
    def refuse_connections(self: _Self, seconds: float) -> _Self:
        """Close the listening port for so many seconds; then it listens again.

        New connections are refused by the kernel. This session goes on, and so do
        the others. A server in memory has no port, and nothing happens.
        """
        check_number("seconds", seconds, 0, _LONGEST)
        return self._add("refuse_connections", RefuseConnections(seconds))

    # Messages

    @action
    def discard(self: _Self) -> _Self:
        """Accept the message, and throw it away.

        A rule with a ``recipient`` throws it away for the recipients that match
        only; it is kept for the others.
        """
        return self._add("discard", Discard(self._matching_recipient()))

    @action
    def duplicate(self: _Self, copies: int = 2) -> _Self:
        """Keep the message several times, each with a name of its own."""
        check_number("copies", copies, 2, 1000, int)
        return self._add("duplicate", Keep(copies))

    @action
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

        A rule with a ``recipient`` does so for the recipients that match only; the
        message is kept for the others.

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
        lost = self._matching_recipient()
        bounce = bounces.Bounce.to(
            host, port, to, status, text, anywhere=anywhere, lost=lost
        )
        self._add("bounce", Discard(lost))
        # After the reply: the message is the server's only then.
        self._steps = (*self._steps, Answer(), bounce)
        return self

    # What was before

    @action
    def greylist(
        self: _Self, seconds: float = 300.0, code: int = 451, text: str = ""
    ) -> _Self:
        """Defer what was not seen before for some time (RFC 6647).

        What is seen is the client's network (/24, IPv6 /64), the sender and the
        recipient; or what the rule counts ``per``.

        Args:
            seconds: from the first try on, before a further one is taken.
            code: of the refusal.
            text: of the refusal.
        """
        check_number("seconds", seconds, 0, math.inf)
        gate = Greylist(seconds)
        words = text or f"4.7.1 greylisted, try again in {seconds:g} seconds"
        return self._guard("greylist", gate, code, words)

    @action
    def limit_rate(
        self: _Self,
        number: int,
        seconds: float = 60.0,
        code: int = 421,
        text: str = "4.7.0 too much at once, try again later",
    ) -> _Self:
        """Allow `number` events in `seconds`, and refuse the others.

        They are counted in all, or for each of what the rule counts ``per``.

        Args:
            number: how many.
            seconds: within which.
            code: of the refusal; after 421 the connection is closed.
            text: of the refusal.
        """
        check_number("number", number, 0, math.inf, int)
        check_number("seconds", seconds, 0, math.inf)
        gate = Rate(number, seconds)
        return self._guard("limit_rate", gate, code, text)

    @action
    def quota(
        self: _Self,
        messages: int | None = None,
        octets: int | None = None,
        code: int = 452,
        text: str = "4.2.2 mailbox full",
    ) -> _Self:
        """Allow so much for each recipient, counted from this rule on.

        Or for each of what the rule counts ``per``.

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
                check_number(name, given, 0, math.inf, int)
        return self._guard("quota", Quota(messages, octets), code, text)

    # TLS

    @action
    def certificate(self: _Self, kind: str) -> _Self:
        """Show another certificate.

        Args:
            kind: one of `lazr_smtptest.faults.certificates.KINDS`.
        """
        if any(word.startswith(("protocol", "cipher")) for word in self._words):
            raise ValueError("certificate comes before protocol and cipher")
        return self._add("certificate", certificates.Show.kind(kind))

    @action
    def protocol(self: _Self, version: str) -> _Self:
        """Know no other version of TLS than this one: ``"TLSv1.1"``."""
        return self._add("protocol", certificates.Version.named(version))

    @action
    def cipher(self: _Self, suites: str) -> _Self:
        """Know no other cipher suites, and TLS 1.2 at most.

        Args:
            suites: in OpenSSL's words: ``"AES128-SHA"``.
        """
        return self._add("cipher", certificates.Cipher.named(suites))
