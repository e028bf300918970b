"""How the wire carries out what a rule says: order, time, and the session after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from twisted.internet.defer import Deferred, succeed
from zope.interface.verify import verifyObject

from lazr_smtptest.faults import Faults
from lazr_smtptest.faults.steps import Delay
from lazr_smtptest.interfaces import IFaultPolicy, IFaultStep
from lazr_smtptest.smtp.fault_points import NoFaults
from lazr_smtptest.smtp.limits import Limits
from lazr_smtptest.smtp.lmtp import LMTPServerProtocol
from lazr_smtptest.smtp.protocol import SMTPServerProtocol
from lazr_smtptest.tls.context import TLS

from .lines import Lines

if TYPE_CHECKING:
    from tests.faults.conftest import Site

MAIL = "MAIL FROM:<from@example.com>"
RCPT = "RCPT TO:<to@example.com>"
MESSAGE = ("Subject: Hi", "", "Hello.", ".")


def test_the_interfaces_are_provided() -> None:
    """What the wire asks, and what it does."""
    assert verifyObject(IFaultPolicy, Faults())
    assert verifyObject(IFaultPolicy, NoFaults())
    assert verifyObject(IFaultStep, Delay(1))


def test_no_faults_want_nothing() -> None:
    """That is the policy of a factory without one."""
    assert NoFaults().marks() == ()
    assert NoFaults().decide(None) is None  # type: ignore[arg-type,func-returns-value]
    NoFaults().failed(ValueError())


# The commands after it


def test_commands_wait_for_a_fault(site: Site) -> None:
    """RFC 2920 section 3.2: replies keep their order."""
    site.faults.on("MAIL").delay(3).then.reply(451)
    client = site.connect().greeted()
    assert client.codes("NOOP", MAIL, "NOOP") == ["250"]
    site.clock.advance(3)
    assert client.heard().count(b"\r\n") == 2


def test_what_comes_meanwhile_is_kept(site: Site) -> None:
    """It is handled when the fault is over."""
    site.faults.on("NOOP", times=1).delay(3)
    client = site.connect().greeted()
    client.say("NOOP")
    assert client.say("RSET") == b""
    site.clock.advance(3)
    assert client.heard() == b"250 2.0.0 OK\r\n" * 2


def test_steps_are_done_in_their_order(site: Site) -> None:
    """Before the answer and after it."""
    site.faults.on("NOOP").delay(1).reply(250, "2.0.0 fine").then.delay(2).then.drop()
    client = site.connect().greeted()
    client.say("NOOP")
    site.clock.advance(1)
    assert client.heard() == b"250 2.0.0 fine\r\n"
    assert not client.closed
    site.clock.advance(2)
    assert client.closed


def test_a_delay_of_nothing_is_one_turn_of_the_reactor(site: Site) -> None:
    """The server goes on at once."""
    site.faults.on("NOOP").delay(0)
    client = site.connect().greeted()
    assert client.say("NOOP") == b""
    site.clock.advance(0)
    assert client.heard() == b"250 2.0.0 OK\r\n"


# Replies


def test_421_ends_the_session(site: Site) -> None:
    """RFC 5321 section 4.2.1."""
    site.faults.on("MAIL").reply(421, "4.3.2 going down")
    client = site.connect().greeted()
    assert client.say(MAIL) == b"421 4.3.2 going down\r\n"
    assert client.closed


def test_a_positive_reply_is_said_by_a_server_that_obeys(site: Site) -> None:
    """Only the words are others."""
    site.faults.on("MAIL").reply(250, "2.1.0 and who are you?")
    client = site.connect().greeted()
    assert client.say(MAIL) == b"250 2.1.0 and who are you?\r\n"
    assert client.codes(RCPT, "DATA", *MESSAGE) == ["250", "354", "250"]


def test_a_positive_reply_does_not_hide_a_refusal(site: Site) -> None:
    """A recipient that the server does not take is refused."""
    site.server.handle_envelope = lambda envelope: 1 // 0  # type: ignore[method-assign]
    site.faults.on("EOD").reply(250, "2.0.0 fine")
    assert site.connect().greeted().mail()[-1] == "451"
    with pytest.raises(ZeroDivisionError):
        site.server.check()


def test_octets_of_the_tests_are_said_by_a_server_that_obeys(site: Site) -> None:
    """Where they begin as a reply of 2xx does."""
    site.faults.on("MAIL").raw(b"250 \xff\xff\r\n")
    client = site.connect().greeted()
    assert client.say(MAIL) == b"250 \xff\xff\r\n"
    assert client.codes(RCPT) == ["250"]


def test_octets_without_an_end_are_sent_so(site: Site) -> None:
    """And the transcript says so."""
    site.faults.on("NOOP").raw(b"220-hi")
    client = site.connect().greeted()
    assert client.say("NOOP") == b"220-hi"
    text = str(client.protocol.session.transcript)
    assert "<-  220-hi" in text
    assert "sent without its end" in text


def test_no_octets_are_an_answer_too(site: Site) -> None:
    """The client waits, and the server waits for the client."""
    site.faults.on("NOOP").cut(0)
    client = site.connect().greeted()
    assert client.say("NOOP") == b""
    assert client.closed


def test_a_reply_to_data_that_is_not_354_begins_no_message(site: Site) -> None:
    """RFC 5321 section 4.3.2: the client cannot mean it."""
    site.faults.on("DATA").reply(250, "2.0.0 what now?")
    client = site.connect().greeted()
    assert client.codes(MAIL, RCPT, "DATA", "NOOP") == ["250", "250", "250", "250"]


def test_a_reply_may_have_several_lines(site: Site) -> None:
    """Each with the code, enhanced and all."""
    site.faults.on("MAIL").reply(451, "4.3.0 one\ntwo")
    client = site.connect().greeted()
    assert client.say(MAIL) == b"451-4.3.0 one\r\n451 4.3.0 two\r\n"


def test_a_reply_may_be_made_of_the_moment(site: Site) -> None:
    """As Postfix names the recipient."""
    site.faults.on("RCPT").reply(550, lambda context: f"5.1.1 no {context.to[0]}")
    client = site.connect().greeted()
    assert client.say(MAIL, RCPT).splitlines()[1] == b"550 5.1.1 no to@example.com"


def test_a_reply_that_cannot_be_made_is_a_local_error(new_site: type[Site]) -> None:
    """And the test hears of it."""
    site = new_site()
    site.faults.on("RCPT").reply(550, lambda context: f"{1 // 0}")
    client = site.connect().greeted()
    assert client.codes(MAIL, RCPT) == ["250", "451"]
    with pytest.raises(ZeroDivisionError):
        site.server.check()


def test_enhanced_codes_are_not_said_where_they_are_hidden(
    new_site: type[Site],
) -> None:
    """RFC 2034: not announced, not used."""
    site = new_site(hidden=["ENHANCEDSTATUSCODES"])
    site.faults.on("MAIL").reply(250, "2.1.0 fine")
    assert site.connect().greeted().say(MAIL) == b"250 fine\r\n"


@pytest.mark.parametrize(
    ("code", "text", "said"),
    [
        (550, "5.7.26 one\n5.7.26 two", b"550-5.7.26 one\r\n550 5.7.26 two\r\n"),
        (550, "5.7.26 one\n5.7.27 two", b"550-5.7.26 one\r\n550 5.7.27 two\r\n"),
        (550, "5.7.26 one\n\n5.7.26 two\n", None),
        (550, "one\ntwo", b"550-5.1.1 one\r\n550 5.1.1 two\r\n"),
        (550, "4.2.2 of another class", b"550 4.2.2 of another class\r\n"),
        (550, "5.7.1", b"550 5.7.1\r\n"),
        (550, "5.7.1  two spaces", b"550 5.7.1  two spaces\r\n"),
        (451, "7.3 is no code", b"451 4.3.0 7.3 is no code\r\n"),
        (451, "", b"451\r\n"),
        (250, "", b"250\r\n"),
        (250, "fine", b"250 fine\r\n"),
        (250, "2.1.0 one\ntwo", b"250-2.1.0 one\r\n250 two\r\n"),
        (250, "one\r\ntwo\nthree", b"250-one\r\n250-two\r\n250 three\r\n"),
        (250, "a\u2028b\x85c\x0bd", "250 a\u2028b\x85c\x0bd\r\n".encode()),
    ],
)
def test_a_reply_sends_exactly_its_text(
    site: Site, code: int, text: str, said: bytes | None
) -> None:
    """A refusal without an enhanced code gets one, in each line (RFC 2034)."""
    if said is None:
        said = b"550-5.7.26 one\r\n550-5.7.26 \r\n550 5.7.26 two\r\n"
    site.faults.on("MAIL").reply(code, text)
    assert site.connect().greeted().say(MAIL) == said


def test_a_record_has_the_enhanced_code_of_the_text(site: Site) -> None:
    """Where it is the same in each line."""
    site.faults.on("MAIL").reply(550, "5.7.26 one\n5.7.26 two")
    client = site.connect().greeted()
    client.say(MAIL)
    [transaction] = client.protocol.session.transactions
    assert (transaction.reply.enhanced, transaction.reply.text) == (
        "5.7.26",
        "one\ntwo",
    )


def test_refusals_count(new_site: type[Site]) -> None:
    """A client that goes on all the same is sent away."""
    site = new_site(limits=Limits(errors=2))
    site.faults.on("MAIL").reply(550).trickle(1000)
    client = site.connect().greeted()
    client.say(MAIL)
    site.clock.pump([0.001] * 50)
    client.heard()
    client.say(MAIL)
    site.clock.pump([0.001] * 100)
    assert client.heard().endswith(b"421 4.7.0 too many errors\r\n")
    assert client.closed


# What belongs to a transaction


def test_a_refused_sender_is_a_refused_transaction(site: Site) -> None:
    """The session has it, and its reply."""
    site.faults.on("MAIL").reply(451, "4.3.0 no")
    client = site.connect().greeted()
    client.say(MAIL)
    [transaction] = client.protocol.session.transactions
    assert (transaction.outcome, transaction.reply.code) == ("refused", 451)


def test_rules_match_the_number_of_the_transaction(site: Site) -> None:
    """From MAIL on, whatever became of those before."""
    site.faults.on("MAIL", transaction=2).reply(451)
    client = site.connect().greeted()
    assert [client.mail()[0] for _ in range(3)] == ["250", "451", "250"]


def test_a_message_that_was_kept_may_be_refused(site: Site) -> None:
    """The ambiguous case: it is there, and the client sends it again."""
    site.faults.on("KEPT").reply(451, "4.3.0 no")
    client = site.connect().greeted()
    assert client.mail()[-1] == "451"
    assert len(site.envelopes) == 1
    assert client.protocol.session.transactions[0].outcome == "refused"


def test_a_message_that_was_refused_is_not_kept(site: Site) -> None:
    """So there is nothing to ask for at KEPT."""
    site.server.then = lambda: 1 // 0
    site.faults.on("KEPT", optional=True).drop()
    assert site.connect().greeted().mail()[-1] == "451"
    assert site.faults.journal == ()
    with pytest.raises(ZeroDivisionError):
        site.server.check()


def test_header_and_content_are_known_at_the_end(site: Site) -> None:
    """A rule may be about one message of many."""
    site.faults.on("EOD", header={"Subject": "Hi"}, content=b"Hello").reply(554)
    client = site.connect().greeted()
    assert client.mail()[-1] == "554"
    assert client.codes(MAIL, RCPT, "DATA", "Subject: Ho", "", ".")[-1] == "250"


def test_a_message_is_given_twice_to_lines_too(site: Site) -> None:
    """An IMessage that has heard its end is not told more; a new one is made."""
    lines = Lines()
    site.factory.delivery_factory = lines
    site.faults.on("EOD").duplicate()
    assert site.connect().greeted().mail()[-1] == "250"
    assert lines.ended == 2


def test_a_message_is_given_twice_to_a_handler_that_waits(site: Site) -> None:
    """The reply is that to the first."""
    first: Deferred[None] = Deferred()
    waiting = [first, Deferred()]
    site.server.then = waiting.pop
    site.faults.on("EOD").duplicate()
    client = site.connect().greeted()
    codes = client.mail("a@x", "b@x")
    assert codes[-1] == "354"
    first.callback(None)
    assert client.heard() == b""


def test_nothing_is_kept_of_a_connection_that_is_dropped_before(site: Site) -> None:
    """EOD comes before, KEPT after."""
    site.faults.on("EOD").drop()
    client = site.connect().greeted()
    assert client.mail() == ["250", "250", "354"]
    assert site.envelopes == []


def test_a_message_is_kept_of_a_connection_that_is_dropped_after(site: Site) -> None:
    """The client cannot tell which it was."""
    site.faults.on("KEPT").drop()
    assert site.connect().greeted().mail() == ["250", "250", "354"]
    assert len(site.envelopes) == 1


def test_what_is_hidden_is_hidden_in_a_reply_that_offers(site: Site) -> None:
    """A refusal of EHLO is what it was."""
    site.faults.on("EHLO").hide("SIZE")
    client = site.connect()
    client.heard()
    assert client.say("EHLO")[:3] == b"501"


# Within a message


@pytest.mark.parametrize("size", [1, 7, 50, 1000])
def test_a_rule_within_a_message_fires_however_it_comes(site: Site, size: int) -> None:
    """The pieces do not matter, only the octets."""
    site.faults.on("CONTENT", after=10, nth=1).reply(550, "5.7.1 enough")
    site.faults.on("CONTENT", after=10_000, optional=True).drop()
    client = site.connect().greeted()
    client.say(MAIL, RCPT, "DATA")
    octets = b"Subject: Hi\r\n\r\nHello.\r\n.\r\n"
    heard = b""
    for start in range(0, len(octets), size):
        heard += client.send(octets[start : start + size])
    assert heard == b"550 5.7.1 enough\r\n"
    assert client.mail()[-1] == "250"
    assert len(site.envelopes) == 1


@pytest.mark.parametrize("size", [1, 2, 3, 100])
@pytest.mark.parametrize("after", [3, 4])
def test_the_end_of_data_is_no_octet_of_the_message(
    site: Site, size: int, after: int
) -> None:
    """Only what cannot be the end counts, however it comes."""
    site.faults.on("CONTENT", after=after, optional=True).reply(550)
    client = site.connect().greeted()
    client.say(MAIL, RCPT, "DATA")
    octets = b"a\r\n.\r\n"
    heard = b"".join(
        client.send(octets[start : start + size])
        for start in range(0, len(octets), size)
    )
    assert heard[:3] == (b"550" if after == 3 else b"250")


def test_rules_within_a_message_fire_one_after_the_other(site: Site) -> None:
    """In the order of the octets, though all came at once."""
    site.faults.on("CONTENT", after=5).delay(2)
    site.faults.on("CONTENT", after=2).delay(1)
    client = site.connect().greeted()
    assert client.mail() == ["250", "250", "354"]
    site.clock.advance(1)
    site.clock.advance(2)
    assert client.heard() == b"250 2.0.0 message accepted\r\n"
    assert [(fired.at, fired.phase) for fired in site.faults.journal] == [
        (0.0, "CONTENT"),
        (1.0, "CONTENT"),
    ]


def test_the_former_name_of_the_bytes_received_warns(site: Site) -> None:
    """A function of a test that has it works as before."""
    sizes: list[int] = []
    site.faults.on("CONTENT", after=20, where=lambda it: sizes.append(it.octets)).drop()
    with pytest.warns(DeprecationWarning, match="octets is called received now"):
        site.connect().greeted().mail()
    assert sizes == [20]


def test_octets_of_chunks_add_up(site: Site) -> None:
    """RFC 3030: a message may come in many."""
    site.faults.on("CONTENT", after=6).reply(552, "5.3.4 enough")
    client = site.connect().greeted()
    client.say(MAIL, RCPT)
    assert client.send(b"BDAT 4\r\nabcd")[:3] == b"250"
    assert client.send(b"BDAT 4 LAST\r\ne") == b""
    assert client.send(b"f") == b"552 5.3.4 enough\r\n"
    assert client.send(b"gh") == b""
    assert client.codes("NOOP") == ["250"]


def test_a_chunk_that_is_refused_loses_the_message(site: Site) -> None:
    """RFC 3030 section 2: further chunks find no transaction."""
    site.faults.on("BDAT", nth=1).reply(452, "4.3.1 full")
    client = site.connect().greeted()
    client.say(MAIL, RCPT)
    assert client.send(b"BDAT 4\r\nabcd") == b"452 4.3.1 full\r\n"
    assert client.send(b"BDAT 4 LAST\r\nefgh")[:3] == b"503"


def test_a_slow_message_is_not_cut_while_a_fault_holds_it(site: Site) -> None:
    """The server is slow, not the client."""
    site.faults.on("CONTENT", after=2).hold()
    client = site.connect().greeted()
    client.say(MAIL, RCPT, "DATA")
    client.send(b"abc")
    for _ in range(30):
        client.send(b"d")
        site.clock.advance(20)
    assert not client.closed


def test_reading_stops_for_good(site: Site) -> None:
    """The window fills; the server neither reads nor answers."""
    site.faults.on("CONTENT").stop_reading()
    client = site.connect().greeted()
    client.say(MAIL, RCPT, "DATA")
    assert client.transport.producerState == "paused"
    client.protocol.engine.block(True)
    client.protocol.engine.block(False)
    assert client.transport.producerState == "paused"
    site.clock.advance(10_000)
    assert not client.closed


# Time


def test_an_idle_client_is_one_that_need_not_wait_for_us(site: Site) -> None:
    """The limit counts from the end of the fault on."""
    site.faults.on("NOOP").delay(1000)
    client = site.connect().greeted()
    client.say("NOOP")
    site.clock.advance(1000)
    assert client.heard() == b"250 2.0.0 OK\r\n"
    site.clock.advance(299)
    assert not client.closed
    site.clock.advance(1)
    assert client.heard()[:3] == b"421"


def test_a_held_session_ends_with_the_server(site: Site) -> None:
    """RFC 5321 section 3.8."""
    site.faults.on("NOOP").hold()
    client = site.connect().greeted()
    client.say("NOOP")
    client.protocol.shut_down()
    assert client.heard()[:3] == b"421"
    assert client.closed


def test_a_held_session_ends_with_its_time(new_site: type[Site]) -> None:
    """The limit of sessions holds for all."""
    site = new_site(limits=Limits(session=60))
    site.faults.on("NOOP").hold()
    client = site.connect().greeted()
    client.say("NOOP")
    site.clock.advance(60)
    assert client.heard()[:3] == b"421"


def test_nothing_is_left_of_a_client_that_goes(site: Site) -> None:
    """No timer, and no complaint."""
    site.faults.on("NOOP").delay(5).then.reply(451).trickle(1).then.drop()
    client = site.connect().greeted()
    client.say("NOOP")
    client.leave()
    assert site.clock.getDelayedCalls() == []


def test_nothing_is_left_of_a_client_that_goes_while_it_is_told(site: Site) -> None:
    """The rest of the reply is for nobody."""
    site.faults.on("NOOP").trickle(1)
    client = site.connect().greeted()
    client.say("NOOP")
    client.leave()
    assert site.clock.getDelayedCalls() == []


def test_a_trickling_goodbye_is_whole(site: Site) -> None:
    """The connection ends after it, not within it."""
    site.faults.on("QUIT").trickle(1000)
    client = site.connect().greeted()
    client.say("QUIT")
    assert not client.closed
    site.clock.pump([0.001] * 20)
    assert client.heard().endswith(b" bye\r\n")
    assert client.closed


# What the engine waits for


def test_a_handler_that_waits_is_waited_for(site: Site) -> None:
    """Its reply goes the way that the rule says."""
    waiting: Deferred[None] = Deferred()
    site.server.then = lambda: waiting
    site.faults.on("EOD").cut(3)
    client = site.connect().greeted()
    assert client.mail() == ["250", "250", "354"]
    assert not client.closed
    waiting.callback(None)
    assert client.heard() == b"250"
    assert client.closed


def test_a_fault_may_follow_a_handler_that_waits(site: Site) -> None:
    """KEPT is when it has kept."""
    waiting: Deferred[None] = Deferred()
    site.server.then = lambda: waiting
    site.faults.on("KEPT").delay(3)
    client = site.connect().greeted()
    client.mail()
    assert client.say("NOOP") == b""
    waiting.callback(None)
    assert client.heard() == b""
    site.clock.advance(3)
    assert client.heard().count(b"250") == 2


@pytest.mark.parametrize("waits", [False, True])
def test_faults_are_within_each_other(site: Site, waits: bool) -> None:
    """What the inner one says goes the way of the outer one."""
    waiting: Deferred[None] = Deferred()
    site.server.then = lambda: waiting if waits else None
    site.faults.on("EOD").garble()
    site.faults.on("KEPT").delay(3).reply(452, "4.3.1 no")
    client = site.connect().greeted()
    client.mail()
    waiting.callback(None)
    assert client.heard() == b""
    site.clock.advance(3)
    assert bytes(each & 0x7F for each in client.heard()) == b"452 4.3.1 no\r\n"
    assert client.codes("NOOP") == ["250"]


def test_a_drop_within_is_one_of_all(site: Site) -> None:
    """Nothing is left to say it."""
    site.faults.on("EOD").trickle(1)
    site.faults.on("KEPT").delay(1).drop()
    client = site.connect().greeted()
    client.mail()
    site.clock.advance(1)
    assert client.closed
    client.leave()
    assert site.clock.getDelayedCalls() == []


def test_a_server_that_stops_ends_faults_within_each_other(site: Site) -> None:
    """The inner and the outer one."""
    site.faults.on("EOD").trickle(1)
    site.faults.on("KEPT").hold()
    client = site.connect().greeted()
    client.mail()
    client.protocol.shut_down()
    assert client.heard()[:3] == b"421"


@pytest.mark.parametrize("seconds", [0.0, 1.0])
def test_what_a_command_raises_is_a_reply(site: Site, seconds: float) -> None:
    """Also where a fault has come before it."""
    site.faults.on("OTHER", times=1).delay(seconds)
    site.faults.on("NOOP", times=1).delay(seconds)
    site.factory.protocol = Raising
    client = site.connect().greeted()
    client.say("NOOP")
    site.clock.advance(seconds)
    assert client.heard()[:3] == b"451"
    with pytest.raises(ValueError, match="may raise"):
        site.server.check()


@pytest.mark.parametrize("waits", [False, True])
def test_a_reply_that_comes_later_is_not_lost(site: Site, waits: bool) -> None:
    """A command of a subclass may answer when it likes."""
    site.factory.protocol = Later
    rule = site.faults.on("OTHER").go_on()
    if waits:
        rule.then.delay(1)
    client = site.connect().greeted()
    assert client.say("XLATER") == b""
    client.protocol.reply_now()
    site.clock.advance(1)
    assert client.heard()[:3] == b"250"


# AUTH


def test_each_step_of_auth_may_fail(site: Site) -> None:
    """The exchange ends, and the session goes on."""
    site.faults.on("AUTH", mechanism="LOGIN", step=3).reply(454, "4.7.0 not now")
    client = site.connect().greeted()
    assert client.codes("AUTH LOGIN", "YW5uYQ==", "c2VjcmV0") == ["334", "334", "454"]
    assert client.codes("NOOP") == ["250"]


def test_a_login_may_fail_for_a_user(site: Site, plain: str) -> None:
    """Whatever the password."""
    site.faults.on("LOGIN", user="anna", times=1).reply(535, "5.7.8 no")
    client = site.connect().greeted()
    assert client.codes(f"AUTH PLAIN {plain}") == ["535"]
    assert client.codes(f"AUTH PLAIN {plain}") == ["235"]
    site.faults.on("MAIL", user="anna").reply(451)
    assert client.codes(MAIL) == ["451"]


# LMTP


@pytest.mark.parametrize("code", [250, 452])
def test_lmtp_answers_for_each_recipient(new_site: type[Site], code: int) -> None:
    """RFC 2033 section 4.2: whatever the reply is."""
    site = new_site(protocol=LMTPServerProtocol)
    site.faults.on("EOD").reply(code, "what it is")
    client = site.connect()
    client.say("LHLO client.example.com")
    assert client.mail("a@x", "b@x")[-2:] == [str(code)] * 2


def test_lmtp_may_refuse_what_was_kept(new_site: type[Site]) -> None:
    """For each recipient."""
    site = new_site(protocol=LMTPServerProtocol)
    site.faults.on("KEPT").reply(452)
    client = site.connect()
    client.say("LHLO client.example.com")
    assert client.mail("a@x", "b@x")[-2:] == ["452"] * 2
    assert len(site.envelopes) == 1


# The connection


def test_a_client_that_was_turned_away_may_only_go(site: Site) -> None:
    """RFC 5321 section 3.1: 503 to all but QUIT."""
    site.faults.on("CONNECT").reply(554, "5.3.2 no service here")
    client = site.connect()
    assert client.heard() == b"554 5.3.2 no service here\r\n"
    assert client.codes("EHLO a", "QUIT") == ["503", "221"]


def test_a_greeting_may_be_late(site: Site) -> None:
    """What the client says before it is looked at after it."""
    site.faults.on("CONNECT").delay(3)
    client = site.connect()
    assert client.say("NOOP") == b""
    site.clock.advance(3)
    assert client.heard().count(b"\r\n") == 2


def test_the_nth_session_is_counted_by_the_server(site: Site) -> None:
    """The others are served."""
    site.faults.on("CONNECT", session=2).delay(3).then.reply(421)
    assert site.connect().heard()[:3] == b"220"
    client = site.connect()
    assert client.heard() == b""
    site.clock.advance(3)
    assert client.heard()[:3] == b"421"
    assert client.closed
    assert site.connect().heard()[:3] == b"220"


def test_a_session_of_too_many_is_not_asked_for(new_site: type[Site]) -> None:
    """It has its 421 already."""
    site = new_site(limits=Limits(connections=1))
    site.connect()
    site.faults.on("CONNECT", optional=True).drop()
    assert site.connect().heard()[:3] == b"421"
    assert site.faults.journal == ()


def test_bytes_behind_starttls_end_the_session_all_the_same(
    new_site: type[Site],
) -> None:
    """They are not run, whatever the rule says of the reply."""
    site = new_site(tls=TLS.auto())
    site.faults.on("STARTTLS").garble()
    client = site.connect().greeted()
    said = client.say("STARTTLS", "NOOP")
    assert bytes(each & 0x7F for each in said).startswith(b"421")
    assert said.count(b"\r\n") == 1
    assert client.closed


def test_a_client_may_be_gone_before_it_is_answered(site: Site) -> None:
    """A handler may see to that."""
    site.faults.on("EOD").trickle(1)
    client = site.connect().greeted()
    site.server.then = client.leave
    client.mail()
    assert client.protocol.session.ended is not None
    assert site.clock.getDelayedCalls() == []


class Raising(SMTPServerProtocol):
    """A command of its raises."""

    def do_NOOP(self, argument: bytes) -> None:
        raise ValueError("what a command may raise")


class Later(SMTPServerProtocol):
    """A command of its answers later."""

    def do_XLATER(self, argument: bytes) -> None:
        pass

    def reply_now(self) -> None:
        self.sendCode(250, b"now")


def test_an_end_within_a_chunk_ends_the_session(site: Site) -> None:
    """The rule at EOD closes the connection once the rule at BDAT has answered."""
    site.faults.on("BDAT").reply(250, "2.0.0 chunk")
    site.faults.on("EOD").reply(250, "2.0.0 fine").cut(5)
    client = site.connect().greeted()
    client.say(MAIL, RCPT)
    client.send(b"BDAT 4 LAST\r\nHi\r\n")
    assert client.closed


def test_a_session_that_lasts_too_long_ends_within_a_fault(
    new_site: type[Site],
) -> None:
    """The client hears why, and the plan is left."""
    site = new_site(limits=Limits(session=5))
    site.faults.on("NOOP").delay(100)
    client = site.connect().greeted()
    client.say("NOOP")
    site.clock.advance(5)
    assert client.heard()[:3] == b"421"
    assert client.closed
    site.clock.advance(100)
    assert client.heard() == b""


# Rules that count together with those of other servers


def test_a_rule_waits_for_its_count(site: Site) -> None:
    """The client gets its reply after that, and so do the commands after it."""
    counted: Deferred[int] = Deferred()
    rule = site.faults.on("MAIL").reply(451)
    rule.claim = lambda: counted
    client = site.connect().greeted()
    assert client.say(MAIL, "NOOP") == b""
    counted.callback(7)
    assert client.heard() == b"451 4.3.0 on purpose\r\n250 2.0.0 OK\r\n"
    assert [fired.nth for fired in site.faults.journal] == [7]


def test_a_rule_that_must_not_fire_changes_nothing(site: Site) -> None:
    """It has fired as often as it may at other servers; the transcript says so."""
    rule = site.faults.on("MAIL").reply(451)
    rule.claim = lambda: succeed(0)
    client = site.connect().greeted()
    assert client.codes(MAIL, RCPT) == ["250", "250"]
    assert "it has fired at another server" in str(client.protocol.session.transcript)
    assert site.faults.journal == ()


def test_a_client_may_leave_meanwhile(site: Site) -> None:
    """What is counted then is of no use any more."""
    counted: Deferred[int] = Deferred()
    rule = site.faults.on("MAIL").reply(451)
    rule.claim = lambda: counted
    client = site.connect().greeted()
    client.say(MAIL)
    client.leave()
    assert counted.called
    assert site.faults.journal == ()
