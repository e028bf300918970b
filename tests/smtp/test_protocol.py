"""`lazr_smtptest.smtp.protocol`: what a server says to what a client says."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.testing import StringTransport

from lazr_smtptest.model.reply import Reply
from lazr_smtptest.smtp.limits import Limits
from lazr_smtptest.smtp.protocol import SMTPServerProtocol


def test_the_greeting_is_that_of_the_seed(wire: Any) -> None:
    """Its words are those that old tests look for, and ESMTP's."""
    assert wire.greeting == [
        "220 mx.example.com ESMTP Python SMTP proxy version 3.0.0.dev0"
    ]


def test_ehlo_announces_what_the_server_can_do(wire: Any) -> None:
    """The extensions follow the name (RFC 5321 section 4.1.1.1)."""
    assert wire.say("EHLO client.example.com") == [
        "250-mx.example.com",
        "250-PIPELINING",
        "250-SIZE 52428800",
        "250-8BITMIME",
        "250-SMTPUTF8",
        "250-ENHANCEDSTATUSCODES",
        "250-CHUNKING",
        "250-BINARYMIME",
        "250-DSN",
        "250-LIMITS RCPTMAX=1000",
        "250-DELIVERBY",
        "250-FUTURERELEASE 99999999 1973-03-03T09:46:39Z",
        "250-MT-PRIORITY",
        "250-VRFY",
        "250-EXPN",
        "250 HELP",
    ]


def test_helo_announces_nothing(wire: Any) -> None:
    """RFC 5321 section 4.1.1.1: a single line."""
    assert wire.say("HELO client.example.com") == ["250 mx.example.com"]


@pytest.mark.parametrize("verb", ["HELO", "EHLO"])
def test_a_hello_needs_a_name(wire: Any, verb: str) -> None:
    """RFC 5321 section 4.1.1.1: the argument is no option."""
    assert wire.codes(verb) == ["501"]


def test_a_hello_ends_the_transaction(wire: Any) -> None:
    """RFC 5321 section 4.1.4: EHLO has the effect of RSET."""
    wire.say("EHLO a", "MAIL FROM:<a@b>", "EHLO a")
    assert wire.codes("RCPT TO:<c@d>") == ["503"]


def test_noop_does_nothing_at_any_time(wire: Any) -> None:
    """RFC 5321 section 4.1.1.9, with an argument or without."""
    assert wire.say("NOOP", "NOOP whatever") == ["250 2.0.0 OK"] * 2


def test_vrfy_says_neither_yes_nor_no(wire: Any) -> None:
    """RFC 5321 section 7.3: 252 is for servers that do not tell."""
    assert wire.codes("VRFY someone", "VRFY") == ["252", "501"]


def test_help_lists_the_commands(wire: Any) -> None:
    """RFC 5321 section 4.1.1.8; EXIT is none of them here."""
    assert wire.say("HELP") == [
        "214 2.0.0 commands: "
        "AUTH BDAT DATA EHLO EXPN HELO HELP MAIL NOOP QUIT RCPT RSET STARTTLS VRFY"
    ]


def test_an_unknown_verb_is_refused(wire: Any) -> None:
    """RFC 5321 section 4.2.4: 500 for what is not recognized."""
    assert wire.say("FOO bar") == ["500 5.5.2 command not recognized"]


@pytest.mark.parametrize(
    "line", [b"", b" ", b" NOOP", b"NO\x00OP", b"__init__", b"\xff"]
)
def test_a_line_without_a_verb_is_refused(wire: Any, line: bytes) -> None:
    """A verb is letters and digits, and comes first."""
    assert wire.codes("NOOP", line) == ["250", "500"]


def test_a_verb_may_be_in_any_case(wire: Any) -> None:
    """RFC 5321 section 2.4."""
    assert wire.codes("noop", "NoOp") == ["250", "250"]


def test_trailing_white_space_is_tolerated(wire: Any) -> None:
    """RFC 5321 section 4.1.1: SHOULD."""
    assert wire.codes("RSET \t") == ["250"]


def test_quit_closes_the_connection(wire: Any) -> None:
    """RFC 5321 section 4.1.1.10: 221, and then the end."""
    assert wire.say("QUIT") == ["221 2.0.0 bye"]
    assert wire.transport.disconnecting


def test_quit_takes_no_argument(wire: Any) -> None:
    """RFC 5321 section 4.1.1.10."""
    assert wire.codes("QUIT now") == ["501"]


def test_what_follows_quit_is_not_looked_at(wire: Any) -> None:
    """The session has ended."""
    assert wire.codes("QUIT", "NOOP") == ["221"]
    assert wire.codes("NOOP") == []


def test_exit_is_unknown_where_nobody_asked_for_it(wire: Any) -> None:
    """It is no command of SMTP."""
    assert wire.codes("EXIT") == ["500"]


def test_exit_stops_the_server_after_its_reply(new_wire: Any) -> None:
    """The seed's command."""
    said: list[object] = []
    wire = new_wire(on_exit=lambda: said.append(wire.heard()))
    wire.say("EXIT")
    assert said == [["250 2.0.0 OK"]]
    assert wire.transport.disconnecting


def test_help_lists_exit_where_it_is(new_wire: Any) -> None:
    """Then it is a command."""
    assert " EXIT " in new_wire(on_exit=lambda: None).say("HELP")[0]


def test_a_line_too_long_is_answered_once(new_wire: Any) -> None:
    """RFC 5321 section 4.5.3.1.9; the session goes on behind it."""
    wire = new_wire(limits=Limits(command_line=100))
    assert wire.codes("NOOP " + "x" * 500, "NOOP") == ["500", "250"]


def test_a_bare_lf_is_answered_once(wire: Any) -> None:
    """RFC 5321 section 2.3.8; the rest of the line is no command."""
    assert wire.send(b"NOOP\nNOOP\r\n") == [
        "500 5.5.2 bare LF: lines end in CRLF",
    ]


def test_a_client_that_waits_for_the_answer_to_a_bare_lf_may_go_on(wire: Any) -> None:
    """Its next line is another command."""
    assert wire.send(b"NOOP\n") == ["500 5.5.2 bare LF: lines end in CRLF"]
    assert wire.say("NOOP") == ["250 2.0.0 OK"]


def test_help_is_made_once(wire: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second answer costs no more than that to NOOP."""
    first = wire.say("HELP")
    monkeypatch.setattr(wire.protocol, "verbs", None)
    assert wire.say("HELP") == first


def test_pipelined_commands_are_answered_in_one_write(wire: Any) -> None:
    """RFC 2920 section 3.2."""
    writes = []
    wire.transport.write = writes.append
    wire.send(b"NOOP\r\nNOOP\r\n")
    assert writes == [b"250 2.0.0 OK\r\n" * 2]


def test_a_flood_of_commands_is_answered_in_parts(wire: Any) -> None:
    """Replies are not collected without a bound."""
    writes: list[bytes] = []
    wire.transport.write = writes.append
    wire.send(b"NOOP\r\n" * 1000)
    assert len(writes) == 10
    assert b"".join(writes) == b"250 2.0.0 OK\r\n" * 1000


def test_an_idle_client_is_sent_away(new_wire: Any) -> None:
    """RFC 5321 section 4.5.3.2.7: 421, by the reactor that was given."""
    wire = new_wire(limits=Limits(idle=10))
    wire.clock.advance(10)
    assert wire.heard() == ["421 4.4.2 nothing heard for too long, closing"]
    assert wire.transport.disconnecting


def test_a_client_that_speaks_is_not_idle(new_wire: Any) -> None:
    """Every byte counts."""
    wire = new_wire(limits=Limits(idle=10))
    wire.clock.advance(9)
    wire.send(b"N")
    wire.clock.advance(9)
    assert wire.heard() == []


def test_a_connection_that_ended_leaves_no_timer(wire: Any) -> None:
    """Nothing keeps the reactor busy."""
    wire.disconnect()
    assert wire.clock.getDelayedCalls() == []


def test_too_many_errors_end_the_session(new_wire: Any) -> None:
    """421 after the last one that is borne."""
    wire = new_wire(limits=Limits(errors=3))
    assert wire.codes("X", "X", "X", "NOOP") == ["500", "500", "500", "421"]
    assert wire.transport.disconnecting


def test_a_client_that_takes_no_replies_is_not_read(wire: Any) -> None:
    """Back-pressure: its commands wait where they are."""
    wire.transport.producer.pauseProducing()
    assert wire.transport.producerState == "paused"
    assert wire.codes("NOOP") == []


def test_it_is_read_again_when_it_takes_them(wire: Any) -> None:
    """And what waited is answered."""
    producer = wire.transport.producer
    producer.pauseProducing()
    wire.say("NOOP")
    producer.resumeProducing()
    assert wire.heard() == ["250 2.0.0 OK"]
    assert wire.transport.producerState == "producing"


def test_a_lost_connection_needs_no_back_pressure(wire: Any) -> None:
    """Its transport says so, and nothing follows."""
    wire.transport.producer.stopProducing()
    wire.disconnect()
    wire.protocol.dataReceived(b"NOOP\r\n")
    assert wire.heard() == []


def test_a_command_of_a_subclass_is_a_command(new_wire: Any) -> None:
    """Twisted's way to add one, and its way to answer."""

    class WithStat(SMTPServerProtocol):
        def do_STAT(self, argument: bytes) -> None:
            self.sendCode(250, b"stat " + argument)

    assert new_wire(protocol=WithStat).say("STAT x") == ["250 stat x"]


def test_a_line_of_a_subclass_keeps_its_place(new_wire: Any) -> None:
    """Twisted's protocols may write lines themselves."""

    class WithStat(SMTPServerProtocol):
        def do_STAT(self, argument: bytes) -> None:
            self.sendLine(b"250-one")
            self.sendLine(b"250 two")

    wire = new_wire(protocol=WithStat)
    assert wire.say("NOOP", "STAT", "NOOP") == [
        "250 2.0.0 OK",
        "250-one",
        "250 two",
        "250 2.0.0 OK",
    ]


def test_a_subclass_can_change_the_input(new_wire: Any) -> None:
    """Its `dataReceived` sees all bytes."""

    class Shouting(SMTPServerProtocol):
        def dataReceived(self, data: bytes) -> None:
            super().dataReceived(data.replace(b"noop", b"VRFY"))

    assert new_wire(protocol=Shouting).codes("noop x") == ["252"]


def test_a_subclass_can_change_a_line(new_wire: Any) -> None:
    """Its `lineReceived` sees each command."""

    class Shouting(SMTPServerProtocol):
        def lineReceived(self, line: bytes) -> None:
            super().lineReceived(line.replace(b"noop", b"VRFY"))

    assert new_wire(protocol=Shouting).codes("noop x") == ["252"]


def test_a_subclass_can_change_a_reply(new_wire: Any) -> None:
    """Its `reply` sees the replies of all commands."""

    class Terse(SMTPServerProtocol):
        def reply(self, reply: Reply) -> None:
            super().reply(Reply(reply.code, "ok"))

    assert new_wire(protocol=Terse).say("VRFY x", "NOOP") == ["252 ok", "250 ok"]


def test_a_subclass_can_say_that_the_client_is_not_idle(new_wire: Any) -> None:
    """Twisted's `TimeoutMixin` has a method for it."""
    wire = new_wire(limits=Limits(idle=10))
    wire.clock.advance(9)
    wire.protocol.resetTimeout()
    wire.clock.advance(9)
    assert wire.codes("NOOP") == ["250"]


def test_a_command_that_raises_is_a_local_error(
    new_wire: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """451, a line in the log, and the session goes on."""

    class Broken(SMTPServerProtocol):
        def do_STAT(self, argument: bytes) -> None:
            raise ZeroDivisionError("oops")

    wire = new_wire(protocol=Broken)
    assert wire.codes("STAT", "NOOP") == ["451", "250"]
    assert "127.0.0.1:50000: ZeroDivisionError('oops')" in caplog.text


def test_a_protocol_works_without_a_factory() -> None:
    """With the defaults, on any transport."""
    protocol = SMTPServerProtocol()
    transport = StringTransport()
    protocol.callLater = lambda period, func: _Call()  # type: ignore
    protocol.makeConnection(transport)
    transport.clear()
    protocol.dataReceived(b"NOOP\r\n")
    assert transport.value() == b"250 2.0.0 OK\r\n"


class _Call:
    """A delayed call that never comes."""

    def reset(self, period: float) -> None:
        pass


def test_a_transport_may_have_no_address() -> None:
    """Then the peer is nobody."""
    protocol = SMTPServerProtocol()
    protocol.callLater = lambda period, func: _Call()  # type: ignore
    protocol.makeConnection(StringTransport(peerAddress=object()))  # type: ignore
    assert protocol.peer == ("", 0)


class Direct:
    """A socket's buffer with room for so many octets."""

    def __init__(self, *room: int | Exception) -> None:
        self.room = list(room)
        self.written = b""

    def send(self, data: bytes) -> int:
        room = self.room.pop(0)
        if isinstance(room, Exception):
            raise room
        self.written += data[:room]
        return min(room, len(data))


OK = b"250 2.0.0 OK\r\n"


def test_a_reply_goes_into_the_sockets_buffer(wire: Any) -> None:
    """The transport has nothing to do."""
    direct = Direct(1000)
    wire.protocol.replies.socket = direct
    assert wire.say("NOOP") == []
    assert direct.written == OK


def test_what_the_buffer_does_not_take_is_the_transports(wire: Any) -> None:
    """And all that follows, so that it stays in order."""
    direct = Direct(3)
    wire.protocol.replies.socket = direct
    wire.protocol.dataReceived(b"NOOP\r\n")
    wire.protocol.dataReceived(b"NOOP\r\n")
    assert direct.written + wire.transport.value() == OK * 2


def test_an_error_of_the_socket_is_the_transports(wire: Any) -> None:
    """It meets it again, and closes the connection."""
    wire.protocol.replies.socket = Direct(ConnectionError())
    assert wire.say("NOOP") == ["250 2.0.0 OK"]


def test_a_message_is_read_in_bigger_pieces(wire: Any) -> None:
    """Within it the socket is asked for more, and afterwards for less again."""
    wire.protocol.replies.socket = Direct(*[10_000] * 9)
    wire.begin()
    within = wire.transport.bufferSize
    wire.send(b"Hi.\r\n.\r\n")
    assert within > wire.transport.bufferSize
