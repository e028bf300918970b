"""`lazr_smtptest.model.transcript`: what was said, and when, and how it is shown."""

from __future__ import annotations

import base64
import copy
import pickle
import re
import threading
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionLost
from twisted.python.failure import Failure

from lazr_smtptest.auth.login import Auth
from lazr_smtptest.faults import Faults
from lazr_smtptest.model.transcript import Line, Transcript
from lazr_smtptest.server.delivery import HandlerDeliveryFactory
from lazr_smtptest.smtp.limits import Limits
from lazr_smtptest.smtp.lmtp import LMTPServerProtocol
from lazr_smtptest.smtp.settings import Settings

from ..wire import Capture, Wire

WHOLE = """\
    0.000 <-  220 mx.example.com ESMTP Python SMTP proxy
    0.000  -> HELO client.example.com
    0.000 <-  250 mx.example.com
    0.000  -> MAIL FROM:<from@example.com>
    0.000 <-  250 2.1.0 sender accepted
    0.000  -> RCPT TO:<to@example.com>
    0.000 <-  250 2.1.5 recipient accepted
    0.000  -> DATA
    0.000 <-  354 go ahead, end with a line of one dot
    0.000  -> Subject: Hello
    0.000  ->
    0.000  -> Hi.
    0.000  -> .
    0.000 <-  250 2.0.0 message accepted
    0.000  -> NOOB
    0.000 <** 500 5.5.2 command not recognized
    0.000 === the client closed the connection"""

COMMANDS = ("MAIL FROM:<from@example.com>", "RCPT TO:<to@example.com>", "DATA")


class Pending(Capture):
    """A server that takes its time over a message."""

    def __init__(self) -> None:
        super().__init__()
        self.answer: Deferred[None] = Deferred()
        self.then = lambda: self.answer


def transcript(wire: Wire) -> Transcript:
    return wire.protocol.session.transcript


def said(wire: Wire, who: str) -> list[str]:
    return [line.text for line in transcript(wire) if line.who == who]


def with_logins() -> Wire:
    """A connection to a server that lets everybody log in."""
    handler, auth = Capture(), Auth.any()
    portal = auth.portal(HandlerDeliveryFactory(handler))
    return Wire(handler, portal=portal, challengers=auth.challengers())


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


# What the wire keeps


def test_all_that_is_said_is_shown_in_its_order() -> None:
    """Both sides' lines, the message, a refusal, and how it ended."""
    wire = Wire()
    wire.say("HELO client.example.com")
    for command in COMMANDS:
        wire.say(command)
    wire.say("Subject: Hello", "", "Hi.", ".")
    wire.say("NOOB")
    wire.disconnect()
    assert re.sub(" version .*", "", str(transcript(wire))) == WHOLE


def test_the_replies_to_a_batch_come_after_it() -> None:
    """The order is that of the wire: pipelined commands are not answered one by one."""
    wire = Wire()
    wire.say("NOOP", "RSET")
    words = [str(line)[10:] for line in transcript(wire).lines()[1:]]
    assert words == [" -> NOOP", " -> RSET", "<-  250 2.0.0 OK", "<-  250 2.0.0 OK"]


def test_a_line_has_the_time_at_which_it_came() -> None:
    """Seconds since the session began, of the reactor's clock."""
    wire = Wire()
    wire.clock.advance(1.5)
    wire.say("NOOP")
    assert [line.seconds for line in transcript(wire)] == [0, 1.5, 1.5]


def test_a_late_reply_has_its_own_time() -> None:
    """What the server was slow with can be seen."""
    wire = Wire(Pending())
    wire.begin()
    wire.say("Hi.", ".")
    wire.clock.advance(2)
    wire.handler.answer.callback(None)
    dot, reply = transcript(wire).lines()[-2:]
    assert [(dot.text, dot.seconds), (reply.text[:3], reply.seconds)] == [
        (".", 0),
        ("250", 2),
    ]


def test_a_timeout_is_a_reply_and_an_end() -> None:
    """The server's last word, and that it was the one who left."""
    wire = Wire(limits=Limits(idle=10))
    wire.clock.advance(10)
    wire.disconnect()
    refusal, end = transcript(wire).lines()[-2:]
    assert (refusal.seconds, refusal.text) == (
        10,
        "421 4.4.2 nothing heard for too long, closing",
    )
    assert (end.who, end.text) == ("note", "the server closed the connection")


def test_a_lost_connection_is_not_a_closed_one() -> None:
    """The operating system's reason is shown."""
    wire = Wire()
    wire.protocol.connectionLost(Failure(ConnectionLost("reset by peer")))
    [note] = said(wire, "note")
    assert note.startswith("the connection was lost: ")
    assert "reset by peer" in note


def test_the_password_of_auth_plain_is_masked() -> None:
    """An initial response is a secret (RFC 4954 section 4)."""
    wire = with_logins()
    secret = encoded("\0anna\0secret")
    wire.say("EHLO c", f"AUTH PLAIN {secret}")
    assert said(wire, "client") == ["EHLO c", "AUTH PLAIN ********"]


def test_the_answers_of_auth_login_are_masked() -> None:
    """Each step of the exchange is."""
    wire = with_logins()
    wire.say("EHLO c", "AUTH LOGIN")
    wire.say(encoded("anna"))
    wire.say(encoded("secret"))
    assert said(wire, "client")[1:] == ["AUTH LOGIN", "********", "********"]


def test_giving_up_a_login_is_no_secret() -> None:
    """RFC 4954 section 4: a line of one star."""
    wire = with_logins()
    wire.say("EHLO c", "AUTH PLAIN")
    wire.say("*")
    assert said(wire, "client")[-1] == "*"


def test_secrets_are_shown_when_asked_for() -> None:
    """A test of a login may want to see it."""
    wire = with_logins()
    secret = encoded("\0anna\0secret")
    wire.say("EHLO c", "AUTH PLAIN")
    wire.say(secret)
    wire.say(f"AUTH PLAIN {secret}")
    text = transcript(wire).text(secrets=True)
    assert [line[10:] for line in text.splitlines() if secret in line] == [
        f" -> {secret}",
        f" -> AUTH PLAIN {secret}",
    ]


@pytest.mark.parametrize(
    "line", ["AUTH\tPLAIN c2VjcmV0", " auth plain c2VjcmV0", "AUTH  X  c2VjcmV0 "]
)
def test_a_secret_is_masked_whatever_is_wrong_with_the_command(line: str) -> None:
    """A command that the server does not know as AUTH may be meant as one."""
    wire = Wire()
    wire.say(line)
    assert "c2VjcmV0" not in str(transcript(wire))


def test_a_login_line_that_is_too_long_is_masked() -> None:
    """It is refused, and it was meant to be secret all the same."""
    wire = Wire(limits=Limits(auth_line=100, command_line=100))
    wire.say("AUTH PLAIN " + "x" * 200)
    assert said(wire, "client") == ["AUTH PLAIN ********"]


def test_a_long_line_is_cut() -> None:
    """Of a line the first 2048 octets are kept."""
    wire = Wire(limits=Limits(command_line=10_000))
    wire.say("NOOP " + "x" * 5000)
    assert len(said(wire, "client")[0]) == 2048


def test_a_line_that_is_too_long_is_there_with_its_refusal() -> None:
    """So it can be seen what was refused."""
    wire = Wire(limits=Limits(command_line=20, auth_line=20))
    wire.say("NOOP " + "x" * 100)
    line, refusal = transcript(wire).lines()[-2:]
    assert (line.text[:6], refusal.text) == ("NOOP x", "500 5.5.6 line too long")


def test_octets_cannot_forge_lines() -> None:
    """What is not printable is escaped, what is not UTF-8 too."""
    wire = Wire()
    wire.say(b"NO\xff\x1b[2J\tOP \xc3\xa4")
    assert said(wire, "client") == ["NO\\xff\\x1b[2J\\tOP \xe4"]


def test_a_short_message_is_shown_whole() -> None:
    """Six lines and no more."""
    wire = Wire()
    wire.begin()
    wire.say("1", "", "3", "4", "5", "6", ".")
    assert said(wire, "client")[-7:] == ["1", "", "3", "4", "5", "6", "."]


def test_of_a_message_of_many_lines_the_middle_is_left_out() -> None:
    """Four lines, the size, two lines."""
    wire = Wire()
    wire.begin()
    wire.say(*"123456789", ".")
    assert said(wire, "client")[-8:-1] == [
        *"1234",
        "[... 27 octets in all ...]",
        *"89",
    ]


def test_of_a_long_message_whole_lines_are_shown() -> None:
    """The beginning and the end of what is kept may be half a line: not shown."""
    wire = Wire()
    wire.begin()
    wire.say(*(f"{number:04} {'x' * 50}" for number in range(1000)), ".")
    shown = said(wire, "client")[4:-1]
    assert [line[:4] for line in shown] == ["0000", "0001", "[...", "0999"]


def test_a_message_that_is_too_big_is_a_size() -> None:
    """Its octets are not there to be shown."""
    wire = Wire(limits=Limits(message_size=100))
    wire.begin()
    wire.say("x" * 200, ".")
    assert said(wire, "client")[-2:] == ["[... 202 octets in all ...]", "."]


def test_a_message_that_breaks_off_is_shown_as_far_as_it_came() -> None:
    """Without the dot, and with its last, half line."""
    wire = Wire()
    wire.begin()
    wire.send(b"Subject: Hello\r\n\r\nHi, Bo")
    wire.disconnect()
    assert said(wire, "client")[-4:] == ["DATA", "Subject: Hello", "", "Hi, Bo"]


def test_a_chunk_is_shown_with_its_command() -> None:
    """BDAT (RFC 3030), which has no dot."""
    wire = Wire()
    wire.say("EHLO c", *COMMANDS[:2])
    wire.send(b"BDAT 4 LAST\r\nHi\r\n")
    assert said(wire, "client")[-2:] == ["BDAT 4 LAST", "Hi"]


def test_lmtp_has_a_reply_for_each_recipient() -> None:
    """RFC 2033 section 4.2."""
    wire = Wire(protocol=LMTPServerProtocol)
    wire.say("LHLO c", *COMMANDS[:2], *COMMANDS[1:])
    wire.say("Hi.", ".")
    assert [line[:3] for line in said(wire, "server")[-2:]] == ["250", "250"]


def test_the_bound_of_a_transcript_is_a_limit_of_the_listener() -> None:
    """0 keeps nothing."""
    wire = Wire(settings=Settings(limits=Limits(transcript=0)))
    wire.say("NOOP")
    assert str(transcript(wire)) == ""


# Reading and writing it down


def test_a_line_says_whether_it_refuses() -> None:
    """A reply of 4xx or 5xx does."""
    kinds = [("server", "550 no"), ("server", "450 no"), ("client", "550 no")]
    refuses = [Line(0, who, text).refuses for who, text in kinds]
    assert (refuses, Line(0, "server", "250").refuses) == ([True, True, False], False)


def test_what_goes_over_tls_is_shown_by_its_arrows() -> None:
    """Waves stand for strokes."""
    transcript = Transcript()
    transcript.client(b"STARTTLS")
    transcript.tls("TLS is on")
    transcript.client(b"NOOP")
    transcript.server(b"250 OK\r\n")
    transcript.server(b"550 no\r\n")
    transcript.note("the end")
    arrows = [str(line)[10:13] for line in transcript]
    assert arrows == [" ->", "===", " ~>", "<~ ", "<~*", "==="]


def test_a_reply_of_several_lines_is_several_lines() -> None:
    """Each as it went over the wire."""
    transcript = Transcript()
    transcript.server(b"250-a\r\n250 b\r\n")
    assert [line.text for line in transcript] == ["250-a", "250 b"]


@pytest.mark.parametrize("bound", [10, 11])
def test_beyond_its_bound_the_middle_is_left_out(bound: int) -> None:
    """The first half stays, and the latest come."""
    transcript = Transcript(bound)
    for number in range(100):
        transcript.at(number)
        transcript.client(b"%d" % number)
    lines = transcript.lines()
    first, latest = lines[0], lines[-1]
    notes = [line.text for line in lines if line.who == "note"]
    assert (first.text, latest.text, latest.seconds) == ("0", "99", 99)
    assert notes == ["here lines are left out: the transcript has its bound"]
    assert len(lines) < bound


def test_a_little_beyond_half_its_bound_nothing_is_left_out() -> None:
    """There is room for the latest as well."""
    transcript = Transcript(10)
    for number in range(4):
        transcript.at(number)
        transcript.client(b"%d" % number)
    assert [line.text for line in transcript] == ["0", "1", "2", "3"]


def test_times_at_which_nothing_was_said_take_no_room() -> None:
    """A message that comes in a thousand pieces does not push the rest out."""
    transcript = Transcript(10)
    transcript.client(b"DATA")
    for number in range(1000):
        transcript.at(number)
    transcript.message(b"Hi.\r\n", 5)
    assert [line.text for line in transcript] == ["DATA", "Hi.", "."]
    assert transcript.lines()[-1].seconds == 999


@pytest.mark.parametrize("bound", [20, 100_000])
def test_it_can_be_read_while_it_is_written(bound: int) -> None:
    """A reader sees lines in their order, whole, whatever comes meanwhile."""
    transcript = Transcript(bound)
    done = threading.Event()

    def write() -> None:
        for number in range(5000):
            transcript.at(number)
            transcript.client(b"%d" % number)
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    broken: list[Any] = []
    while not done.is_set():
        numbers = [int(line.text) for line in transcript if line.who == "client"]
        broken += [numbers] if numbers != sorted(numbers) else []
    writer.join()
    assert broken == []


# After the end of the session


def every_kind() -> Transcript:
    """A transcript that has one of everything."""
    transcript = Transcript()
    transcript.at(0.1)
    transcript.server(b"220 mx.example.com\r\n")
    transcript.at(0.2)
    transcript.client(b"STARTTLS")
    transcript.tls("TLS is on")
    transcript.client(b"AUTH PLAIN c2VjcmV0")
    transcript.client(b"AUTH LOGIN")
    transcript.secret(b"c2VjcmV0")
    transcript.server(b"535 5.7.8 no\r\n")
    transcript.at(0.3)
    transcript.message(b"Subject: Hello\r\n\r\n" + b"Hi.\r\n" * 100, 518)
    transcript.part(b"Hi, Bo", 6)
    transcript.note("the client closed the connection")
    return transcript


@pytest.mark.parametrize("secrets", [False, True])
def test_what_has_ended_is_shown_as_before(secrets: bool) -> None:
    """Every kind of line, its time, and its secrets, if they are asked for."""
    transcript = every_kind()
    before = transcript.lines(secrets=secrets)
    transcript.close()
    assert transcript.lines(secrets=secrets) == before
    assert transcript.text(secrets=secrets) == "\n".join(map(str, before))


def test_what_has_ended_hides_its_secrets() -> None:
    """In whatever form it is kept."""
    transcript = every_kind()
    transcript.close()
    assert "c2VjcmV0" not in str(transcript)


def test_the_end_of_a_connection_is_the_end_of_its_transcript() -> None:
    """It is shown as it was, and takes a part of the room."""
    wire = Wire()
    wire.begin()
    wire.say("Subject: Hello", "", "Hi.", ".")
    wire.disconnect()
    assert isinstance(transcript(wire)._head, bytes)
    assert [line.text for line in transcript(wire)][-6:] == [
        "Subject: Hello",
        "",
        "Hi.",
        ".",
        "250 2.0.0 message accepted",
        "the client closed the connection",
    ]


def test_two_sessions_that_went_alike_share_what_is_the_same() -> None:
    """Ten thousand of them are kept."""
    forms = []
    for name in ("one", "another"):
        wire = Wire()
        wire.say(f"HELO {name}.example.com", "NOOP")
        wire.disconnect()
        forms.append(transcript(wire)._kept)
    assert forms[0] is forms[1]


def test_a_session_takes_little_room() -> None:
    """Some octets for each line beside those of the client, and none for replies."""
    wire = Wire()
    lines = ("EHLO client.example.com", *COMMANDS[:2])
    for line in (*lines, "DATA", "Hi.\r\n.", "QUIT"):
        wire.clock.advance(0.25)
        wire.say(line)
    wire.disconnect()
    assert len(transcript(wire)._head) <= sum(map(len, lines)) + 70


def test_nothing_is_said_behind_the_end() -> None:
    """Whoever has something to say ends it later."""
    transcript = every_kind()
    before = transcript.lines()
    transcript.close()
    transcript.at(0.4)
    transcript.note("late")
    transcript.message(b"Hi.\r\n", 5)
    assert transcript.lines() == before


def test_no_reply_is_noted_for_a_client_that_has_left() -> None:
    """No rule runs for it when its message is kept."""
    wire = Wire(Pending(), faults=(faults := Faults()))
    faults.on("KEPT").reply(451)
    wire.begin()
    wire.say("Hi.", ".")
    wire.disconnect()
    wire.handler.answer.callback(None)
    assert said(wire, "note")[-1] == "the client closed the connection"
    assert wire.protocol.session.refusals == 0


def test_a_time_after_all_was_said_is_not_shown() -> None:
    """Before the end, and after it."""
    transcript = every_kind()
    before = transcript.lines()
    transcript.at(0.4)
    transcript.close()
    transcript.at(0.5)
    assert transcript.lines() == before


def test_it_can_end_twice() -> None:
    """The second time there is nothing to do."""
    transcript = every_kind()
    before = str(transcript)
    transcript.close()
    transcript.close()
    assert str(transcript) == before


@pytest.mark.parametrize("bound", [0, 10])
def test_what_said_nothing_can_end(bound: int) -> None:
    """With nothing to make small."""
    transcript = Transcript(bound)
    transcript.close()
    assert transcript.lines() == []


@pytest.mark.parametrize(("bound", "lines"), [(10, 100), (1000, 150)])
def test_a_long_one_is_left_as_it_is(bound: int, lines: int) -> None:
    """What its bound leaves out it says as before."""
    transcript = Transcript(bound)
    for number in range(lines):
        transcript.at(number)
        transcript.client(b"%d" % number)
    before = transcript.lines()
    transcript.close()
    assert transcript.lines() == before
    assert not isinstance(transcript._head, bytes)


def test_it_can_be_read_while_it_ends() -> None:
    """A reader sees all of it at any time."""
    ending = [every_kind() for _ in range(2000)]
    before = len(ending[0].lines())
    done = threading.Event()

    def end() -> None:
        for each in ending:
            each.close()
        done.set()

    writer = threading.Thread(target=end)
    writer.start()
    lengths = set()
    while not done.is_set():
        lengths |= {len(each.lines()) for each in ending[::50]}
    writer.join()
    assert lengths <= {before}


@pytest.mark.parametrize("ended", [False, True])
@pytest.mark.parametrize(
    "again", [copy.copy, copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))]
)
def test_a_copy_is_written_to_by_itself(again: Any, ended: bool) -> None:
    """It begins with what was said before."""
    transcript = every_kind()
    before = transcript.lines()
    if ended:
        transcript.close()
    copied = again(transcript)
    copied.note("late")
    assert copied.lines()[:-1] == transcript.lines() == before
    assert isinstance(transcript._head, bytes) is ended


# Since a moment

LEFT_OUT = "here lines are left out: they were said before the clearing"


def test_since_its_end_there_is_what_was_said_then() -> None:
    """With its times; and that there was more."""
    wire = Wire()
    wire.say("HELO client.example.com")
    wire.clock.advance(1)
    end = transcript(wire).end()
    wire.clock.advance(1)
    wire.say("NOOP")
    assert str(transcript(wire).since(end)).splitlines() == [
        f"    0.000 === {LEFT_OUT}",
        "    2.000  -> NOOP",
        "    2.000 <-  250 2.0.0 OK",
    ]


def test_time_need_not_go_on() -> None:
    """On a `Clock` all may be said at once."""
    wire = Wire()
    for number in range(5):
        wire.say("NOOP")
        end = transcript(wire).end()
        wire.say(f"NOOP {number}")
        rest = transcript(wire).since(end)
        assert [each.text for each in rest if each.who == "client"] == [
            f"NOOP {number}"
        ]


def test_since_its_beginning_there_is_all() -> None:
    """Nothing is left out."""
    empty = Transcript()
    end = empty.end()
    empty.at(0.0)
    empty.server(b"220 hello\r\n")
    assert str(empty.since(end)) == str(empty)


def test_since_its_end_there_is_nothing() -> None:
    """But that there was something."""
    wire = Wire()
    wire.say("NOOP")
    rest = transcript(wire).since(transcript(wire).end())
    assert [(each.who, each.text) for each in rest] == [("note", LEFT_OUT)]


def test_a_time_at_which_nothing_was_said_hides_nothing() -> None:
    """The next thing that is said takes its place."""
    transcript = Transcript()
    transcript.at(0.0)
    transcript.client(b"NOOP")
    transcript.at(1.0)
    end = transcript.end()
    transcript.at(2.0)
    transcript.client(b"NOOP 2")
    assert [each.text for each in transcript.since(end)][1:] == ["NOOP 2"]


def test_what_is_said_within_tls_stays_so() -> None:
    """Though TLS began before."""
    transcript = Transcript()
    transcript.tls("TLSv1.3")
    transcript.at(0.0)
    transcript.client(b"NOOP")
    end = transcript.end()
    transcript.at(1.0)
    transcript.client(b"NOOP")
    assert [(each.text, each.tls) for each in transcript.since(end)] == [
        ("TLSv1.3", False),
        (LEFT_OUT, False),
        ("NOOP", True),
    ]


@pytest.mark.parametrize("lines", [10, 1000])
@pytest.mark.parametrize("before", [3, 100, 1000])
def test_since_a_moment_there_is_all_that_is_kept(before: int, lines: int) -> None:
    """Also of a session that is over, and beyond the bound."""
    transcript = Transcript(bound=200)
    for number in range(before):
        transcript.at(float(number))
        transcript.client(b"early")
    end = transcript.end()
    for number in range(lines):
        transcript.at(float(before + number))
        transcript.client(b"late %d" % number)
    kept = [each.text for each in transcript if each.text.startswith("late")]
    transcript.close()
    rest = transcript.since(end)
    said = [each.text for each in rest if each.who == "client"]
    assert said == kept
    assert len(kept) >= 10


def talk(transcript: Transcript, lines: int, length: int) -> None:
    """Keep so many long commands, each with a short reply."""
    for number in range(lines):
        transcript.at(float(number))
        transcript.client(b"NOOP %d " % number + b"x" * length)
        transcript.server(b"250 OK\r\n")


@pytest.mark.parametrize("length", [1, 100, 2000, 100_000])
@pytest.mark.parametrize("size", [1000, 20_000, 131_072])
def test_a_transcript_has_a_bound_of_its_bytes(length: int, size: int) -> None:
    """Once it has ended; before that the latest sixteen events may be beyond it."""
    transcript = Transcript(size=size)
    talk(transcript, 400, length)
    sixteen = 16 * (min(length, 2048) + 100)
    assert transcript.memory <= size + 2 * sixteen
    transcript.close()
    # Of the first half it is seen when they are there that they are too many.
    assert transcript.memory <= size + sixteen


@pytest.mark.parametrize("line", ["NOOP " + "x" * 1500, "VRFY " + "x" * 30, "FOO"])
def test_the_transcript_of_a_connection_has_a_bound_of_its_bytes(line: str) -> None:
    """Long lines count, short ones, and the replies to many commands at once."""
    wire = Wire(limits=Limits(junk=10_000, errors=10_000, transcript_size=20_000))
    for _ in range(200):
        wire.say(*[line] * 3)
    wire.disconnect()
    memory = wire.protocol.session.transcript.memory
    assert 5_000 < memory <= 20_000 + 16 * 1600


KINDS = {
    "secret": (b"x" * 2000,),
    "part": (b"x" * 500, 500),
    "message": (b"x" * 500, 500),
    "note": ("x" * 2000,),
    "tls": ("x" * 2000,),
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_event_counts_for_the_bound_of_the_bytes(kind: str) -> None:
    """A password, a part of a message, a note."""
    transcript = Transcript(size=10_000)
    for number in range(100):
        transcript.at(float(number))
        getattr(transcript, kind)(*KINDS[kind])
    assert transcript.memory <= 10_000 + 16 * 2100


@pytest.mark.parametrize("since", [False, True])
def test_what_is_copied_counts_for_the_bound_of_the_bytes(since: bool) -> None:
    """Whether all of it is copied or the rest of it."""
    transcript = Transcript(size=1_000_000)
    end = transcript.end()
    talk(transcript, 20, 2000)
    copied = transcript.since(end) if since else copy.copy(transcript)
    copied.size = 20_000
    talk(copied, 100, 10)
    assert copied.memory <= 20_000 + 20 * 2100


def test_of_a_transcript_with_too_many_bytes_the_middle_is_missing() -> None:
    """What was said first and last is there, and that there was more."""
    transcript = Transcript(size=20_000)
    talk(transcript, 300, 1000)
    transcript.close()
    said = [line.text.rstrip("x") for line in transcript if line.who != "server"]
    cut = said.index("here lines are left out: the transcript has its bound")
    assert said[:3] == ["NOOP 0 ", "NOOP 1 ", "NOOP 2 "]
    assert said[-3:] == ["NOOP 297 ", "NOOP 298 ", "NOOP 299 "]
    assert 3 <= cut <= len(said) - 3


def test_a_transcript_within_its_bytes_is_whole() -> None:
    """Nothing is left out."""
    transcript = Transcript()
    talk(transcript, 200, 20)
    transcript.close()
    assert [line.text for line in transcript][::2] == [
        f"NOOP {number} " + "x" * 20 for number in range(200)
    ]


def test_a_transcript_can_be_read_while_it_is_cut() -> None:
    """At any moment it begins with the first line and ends with the latest."""
    transcript = Transcript(size=10_000)
    for number in range(200):
        transcript.at(float(number))
        transcript.client(b"NOOP %d " % number + b"x" * 500)
        texts = [line.text.rstrip("x") for line in transcript]
        assert (texts[0], texts[-1]) == ("NOOP 0 ", f"NOOP {number} ")


@pytest.mark.parametrize("lines", [1, 10, 900])
def test_a_forgotten_transcript_says_so(lines: int) -> None:
    """Whether it was packed, left as it was, or cut."""
    transcript = Transcript()
    talk(transcript, lines, 10)
    transcript.close()
    transcript.forget()
    assert [line.text for line in transcript] == [
        "the transcript is gone: transcripts have a bound together"
    ]
    assert transcript.memory < 200
