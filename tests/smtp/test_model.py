"""A random walk through the protocol, beside a small model of SMTP.

The model is RFC 5321 section 4.1.4 with RFC 1870 and RFC 3030, for one client that
sends well-formed and malformed commands in any order. After each command the
codes of the replies have the class that the model expects, and what the server has
kept is what the model says was delivered.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from lazr_smtptest.smtp.limits import Limits

from ..chance import some

LIMITS = Limits(message_size=100, recipients=3, errors=10, junk=8)

Message = tuple[str, tuple[str, ...], bytes]


class Model:
    """What a server knows of a client, and what it has taken from it.

    Each method stands for a command and gives the classes of the codes of its
    replies: ``"2"``, ``"3"``, ``"4"``, ``"5"``. `good` says whether the command
    is well-formed.
    """

    def __init__(self) -> None:
        self.delivered: list[Message] = []
        self.closed = False
        self.errors = self.junk = 0
        self.reset()

    def reset(self) -> None:
        self.sender: str | None = None
        self.recipients: list[str] = []
        self.chunks: bytes | None = None

    def refuse(self) -> str:
        self.errors += 1
        self.closed = self.errors == LIMITS.errors
        return "54" if self.closed else "5"

    def hello(self, good: bool) -> str:
        if not good:
            return self.refuse()
        self.reset()
        return self.idle()

    def mail(self, good: bool, sender: str, size: int = 0) -> str:
        if self.sender is not None or not good or size > 100:
            return self.refuse()
        self.sender = sender
        return "2"

    def rcpt(self, good: bool, recipient: str) -> str:
        if self.sender is None or self.chunks is not None or not good:
            return self.refuse()
        if len(self.recipients) == LIMITS.recipients:
            return "4"
        self.recipients.append(recipient)
        return "2"

    def data(self, good: bool) -> str:
        if not (good and self.recipients) or self.chunks is not None:
            return self.refuse()
        return "3"

    def bdat(self, octets: bytes, last: bool) -> str:
        if not self.recipients:
            return self.refuse()
        self.chunks = (self.chunks or b"") + octets
        if last or len(self.chunks) > 100:
            return self.content(self.chunks)
        # An empty one brings no mail nearer.
        return "2" if octets else self.idle()

    def content(self, content: bytes) -> str:
        """The end of a message."""
        sender, recipients = self.sender, tuple(self.recipients)
        self.reset()
        if len(content) > 100:
            return self.refuse()
        assert sender is not None
        self.delivered.append((sender, recipients, content))
        self.junk = 0
        return "2"

    def rset(self, good: bool) -> str:
        if not good:
            return self.refuse()
        self.reset()
        return self.idle()

    def idle(self) -> str:
        """What brings no mail nearer: NOOP and the like."""
        self.junk += 1
        self.closed = self.junk > LIMITS.junk
        return "4" if self.closed else "2"

    def quit(self, good: bool) -> str:
        if not good:
            return self.refuse()
        self.closed = True
        return "2"


ADDRESSES = st.sampled_from(["a@example.com", "b.c@[192.0.2.1]", '"d e"@example.net'])
NOT_PATHS = st.sampled_from(
    ["", "<", "<a@b", "anna", "<a@>", "<@b>", "<a b@c>", "<a@b>x"]
)
NOT_OPTIONS = st.sampled_from(
    ["SIZE", "SIZE=x", "BODY=9BIT", "FOO", "=", "SIZE=1 SIZE=1"]
)
CONTENTS = st.lists(st.sampled_from([b"", b".", b"..", b"x", b"QUIT", b"y" * 60])).map(
    lambda lines: b"".join(line + b"\r\n" for line in lines)
)
OCTETS = st.one_of(CONTENTS, st.binary(max_size=60))


def stuffed(content: bytes) -> bytes:
    """A content with its transparency dots and its end (section 4.5.2)."""
    lines = content.splitlines(keepends=True)
    return b"".join(b"." * line.startswith(b".") + line for line in lines) + b".\r\n"


class Walk(RuleBasedStateMachine):
    """A client that says anything at any time, and comes back when it is sent away."""

    def __init__(self, new_wire: Any) -> None:
        super().__init__()
        self.new_wire = new_wire
        self.connect()

    def connect(self) -> None:
        self.model = Model()
        self.wire = self.new_wire(limits=LIMITS)

    def say(self, line: str, expected: str) -> None:
        """Send a line; what is answered is what the model expects."""
        self.send(line.encode() + b"\r\n", expected)

    def send(self, octets: bytes, expected: str) -> None:
        said = self.wire.send(octets)
        # Replies of several lines are one.
        classes = [line[0] for line in said if line[3] != "-"]
        assert "".join(classes) == expected, (octets, said)
        self.what_was_kept_is_what_was_delivered()
        assert self.wire.transport.disconnecting == self.model.closed
        if self.model.closed:
            assert self.wire.codes("NOOP") == []
            self.connect()

    @rule(verb=st.sampled_from(["EHLO", "HELO", "ehlo"]), good=st.booleans())
    def hello(self, verb: str, good: bool) -> None:
        line = f"{verb} client.example.com" if good else verb
        self.say(line, self.model.hello(good))

    @rule(sender=ADDRESSES | st.just(""), size=st.sampled_from([None, 0, 100, 101]))
    def mail(self, sender: str, size: int | None) -> None:
        option = "" if size is None else f" SIZE={size}"
        expected = self.model.mail(True, sender, size or 0)
        self.say(f"MAIL FROM:<{sender}>{option}", expected)

    @rule(path=NOT_PATHS)
    def mail_without_a_path(self, path: str) -> None:
        self.say(f"MAIL FROM:{path}", self.model.mail(False, ""))

    @rule(options=NOT_OPTIONS)
    def mail_with_bad_options(self, options: str) -> None:
        self.say(f"MAIL FROM:<a@b> {options}", self.model.mail(False, ""))

    @rule(recipient=ADDRESSES)
    def rcpt(self, recipient: str) -> None:
        self.say(f"RCPT TO:<{recipient}>", self.model.rcpt(True, recipient))

    @rule(path=NOT_PATHS | st.just("<>"))
    def rcpt_without_a_path(self, path: str) -> None:
        self.say(f"RCPT TO:{path}", self.model.rcpt(False, ""))

    @rule(content=CONTENTS)
    def data(self, content: bytes) -> None:
        expected = self.model.data(True)
        self.say("DATA", expected)
        if expected == "3":
            self.send(stuffed(content), self.model.content(content))

    @rule(content=CONTENTS, recipients=st.lists(ADDRESSES, min_size=1, max_size=4))
    def transaction(self, content: bytes, recipients: list[str]) -> None:
        self.mail("a@example.com", None)
        for recipient in recipients:
            self.rcpt(recipient)
        self.data(content)

    @rule()
    def data_with_an_argument(self) -> None:
        self.say("DATA x", self.model.data(False))

    @rule(octets=OCTETS, last=st.booleans())
    def bdat(self, octets: bytes, last: bool) -> None:
        expected = self.model.bdat(octets, last)
        command = b"BDAT %d%b\r\n" % (len(octets), b" LAST" * last)
        self.send(command + octets, expected)

    @rule(good=st.booleans())
    def rset(self, good: bool) -> None:
        self.say("RSET" if good else "RSET x", self.model.rset(good))

    @rule(line=st.sampled_from(["NOOP", "NOOP x", "noop", "VRFY x", "HELP"]))
    def idle(self, line: str) -> None:
        self.say(line, self.model.idle())

    @rule(line=st.sampled_from(["FOO", "", " NOOP", "MAILFROM:<a@b>", "X\u00e9"]))
    def unknown(self, line: str) -> None:
        self.say(line, self.model.refuse())

    @rule(good=st.booleans())
    def quit(self, good: bool) -> None:
        self.say("QUIT" if good else "QUIT x", self.model.quit(good))

    @invariant()
    def what_was_kept_is_what_was_delivered(self) -> None:
        kept = [
            (envelope.mail_from, envelope.rcpt_tos, envelope.content)
            for envelope in self.wire.envelopes
        ]
        assert kept == self.model.delivered


@pytest.mark.slow
def test_the_server_does_as_the_model(new_wire: Any) -> None:
    """Whatever the client says, and in whatever order."""
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        lambda: Walk(new_wire),
        settings=settings(
            max_examples=some(150), stateful_step_count=40, deadline=None
        ),
    )
