"""The actions of a rule: methods that add its steps."""

from __future__ import annotations

from typing import TypeVar

from lazr_smtptest._checks import LONGEST, check_flag
from lazr_smtptest.faults import bounces, certificates
from lazr_smtptest.faults.answers import Answers
from lazr_smtptest.faults.builder import action, make_reply
from lazr_smtptest.faults.checks import MOST, check_number, check_reply_text
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

_Self = TypeVar("_Self", bound="Actions")


class Actions(Answers):
    """The actions of a rule, carried out in the order in which they are added.

    Each method adds one step and returns the rule. A method that changes a reply
    (`garble`, `inject`, `split`, `trickle`, `pieces`, `blank`, `swallow`, `cut`,
    `endless`, `announce`, `hide`) changes the reply added before it, or the
    server's own if there is none.

    All of them are called in the test's thread.

    Raises:
        ValueError: the action is not possible at a phase of the rule, the step
            before it is final, or a number is out of its range.
        TypeError: an argument has the wrong type.
    """

    # Time and the connection

    @action
    def delay(self: _Self, seconds: float) -> _Self:
        """Wait for `seconds`. The server handles no command meanwhile."""
        check_number("seconds", seconds, 0, LONGEST)
        return self._add("delay", Delay(seconds))

    @action
    def stop_reading(self: _Self, seconds: float | None = None) -> _Self:
        """Stop reading for `seconds`: the client's TCP window fills.

        Args:
            seconds: how long; ``None``: until the connection ends, as a final step.
        """
        if seconds is not None:
            check_number("seconds", seconds, 0, LONGEST)
            return self._add("stop_reading", StopReading(seconds))
        return self._add("stop_reading", StopReading(None))

    @action
    def window(self: _Self, size: int) -> _Self:
        """Set the socket's receive buffer to `size` bytes, for the whole session."""
        check_number("size", size, 1, 2**30, int)
        return self._add("window", Window(size))

    @action
    def hold(self: _Self) -> _Self:
        """Send nothing more, and leave the connection open."""
        return self._add("hold", Hold())

    @action
    def drop(self: _Self, *, close_notify: bool = True) -> _Self:
        """Close the connection: TCP sends FIN.

        Args:
            close_notify: whether TLS, if it is active, sends close_notify first.
        """
        check_flag("close_notify", close_notify)
        return self._add("drop", Drop(close_notify))

    @action
    def reset(self: _Self) -> _Self:
        """Abort the connection: TCP sends RST."""
        return self._add("reset", Reset())

    @action
    def idle(
        self: _Self,
        seconds: float,
        text: str = "4.4.2 nothing heard for too long, closing",
        *,
        silent: bool = False,
    ) -> _Self:
        """End the session when the client sends nothing for `seconds`.

        It applies to the rest of the session. A client that waits for the reply to
        a command or a message is not idle.

        Args:
            seconds: the idle limit.
            text: the text of the reply 421 that is sent first.
            silent: whether to send no reply, only FIN.
        """
        check_number("seconds", seconds, 0, LONGEST)
        check_flag("silent", silent)
        check_reply_text(text)
        return self._add(
            "idle", Idle(seconds, None if silent else make_reply(421, text))
        )

    @action
    def refuse_connections(self: _Self, seconds: float) -> _Self:
        """Close the listening port for `seconds`; then it listens again.

        The kernel refuses new connections. This session and the others continue. A
        server in memory has no port: then the action has no effect.
        """
        check_number("seconds", seconds, 0, LONGEST)
        return self._add("refuse_connections", RefuseConnections(seconds))

    # Messages

    @action
    def discard(self: _Self) -> _Self:
        """Accept the message, and discard it.

        A rule with a ``recipient`` discards it only for the recipients that match;
        it is kept for the others.
        """
        return self._add("discard", Discard(self._matching_recipient()))

    @action
    def duplicate(self: _Self, copies: int = 2) -> _Self:
        """Keep `copies` of the message, each with an id of its own."""
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
        """Accept the message, discard it, and send a report of that (RFC 3464).

        A rule with a ``recipient`` does so only for the recipients that match; the
        message is kept for the others.

        The report has the null reverse-path, and is sent to a mail server that the
        test provides. A message that has the null reverse-path itself is not
        reported (RFC 5321 section 6.1), unless `to` is given.

        Args:
            host: the address of that server, on the loopback interface.
            port: its port.
            to: the recipient of the report; ``None``: the sender of the message.
            status: the enhanced code of the failure.
            text: the reason of the failure.
            anywhere: whether `host` may be any machine.
        """
        lost = self._matching_recipient()
        bounce = bounces.Bounce.to(
            host, port, to, status, text, anywhere=anywhere, lost=lost
        )
        self._add("bounce", Discard(lost))
        # After the reply: only then the server is responsible for the message.
        self._steps = (*self._steps, Answer(), bounce)
        return self

    # Actions that depend on earlier events

    @action
    def greylist(
        self: _Self, seconds: float = 300.0, code: int = 451, text: str = ""
    ) -> _Self:
        """Defer an unknown (client, sender, recipient) triplet (RFC 6647).

        The client counts by its network (/24, IPv6 /64). A rule with ``per`` defers
        an unknown value of that instead of a triplet.

        Args:
            seconds: how long after the first attempt further ones are deferred.
            code: the code of the refusal.
            text: the text of the refusal.
        """
        check_number("seconds", seconds, 0, LONGEST)
        check_reply_text(text)
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
        """Allow `number` events per `seconds`, and refuse the others.

        All events are counted together, or by the value of the rule's ``per``.

        Args:
            number: the number of events.
            seconds: the length of the period.
            code: the code of the refusal; after 421 the connection is closed.
            text: the text of the refusal.
        """
        check_number("number", number, 0, MOST, int)
        check_number("seconds", seconds, 0, LONGEST)
        gate = Rate(number, seconds)
        return self._guard("limit_rate", gate, code, text)

    @action
    def quota(
        self: _Self,
        messages: int | None = None,
        size: int | None = None,
        code: int = 452,
        text: str = "4.2.2 mailbox full",
    ) -> _Self:
        """Allow `messages` and `size` bytes for each recipient, and refuse the rest.

        Messages and bytes are counted from the start of this rule, for each recipient
        or for each value of the rule's ``per``; ``None`` is no limit. The refusal has
        `code` and `text`.
        """
        if messages is None and size is None:
            raise ValueError("quota needs messages or size")
        for name, given in (("messages", messages), ("size", size)):
            if given is not None:
                check_number(name, given, 0, MOST, int)
        return self._guard("quota", Quota(messages, size), code, text)

    # TLS

    @action
    def certificate(self: _Self, kind: str) -> _Self:
        """Send another certificate in the TLS handshake.

        Args:
            kind: one of `lazr_smtptest.faults.certificates.KINDS`.
        """
        if any(word.startswith(("protocol", "cipher")) for word in self._words):
            raise ValueError("certificate comes before protocol and cipher")
        return self._add("certificate", certificates.Show.kind(kind))

    @action
    def protocol(self: _Self, version: str) -> _Self:
        """Support only this version of TLS: ``"TLSv1.1"``."""
        return self._add("protocol", certificates.Version.named(version))

    @action
    def cipher(self: _Self, suites: str) -> _Self:
        """Support only these cipher suites, and TLS 1.2 at most.

        Args:
            suites: a cipher list in OpenSSL's syntax: ``"AES128-SHA"``.
        """
        return self._add("cipher", certificates.Cipher.named(suites))
