"""`lazr_smtptest.model.session`: what the wire says of a connection and of its mail."""

from __future__ import annotations

import base64
import sys
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from lazr_smtptest.auth.login import Auth
from lazr_smtptest.faults import Faults
from lazr_smtptest.model.reply import Reply
from lazr_smtptest.model.session import Session
from lazr_smtptest.model.transcript import Transcript
from lazr_smtptest.server.delivery import HandlerDelivery, HandlerDeliveryFactory
from lazr_smtptest.smtp.errors import ClientError, PolicyError
from lazr_smtptest.smtp.limits import Limits
from lazr_smtptest.smtp.lmtp import LMTPServerProtocol
from lazr_smtptest.smtp.settings import Settings

from ..wire import Capture, Wire

FROM, TO = "MAIL FROM:<from@example.com>", "RCPT TO:<to@example.com>"
MESSAGE = ("Hi.", ".")


class Picky(HandlerDelivery):
    """A delivery that refuses who is called nobody."""

    def validateFrom(self, helo: Any, origin: Any) -> Any:
        if origin.local == b"nobody":
            raise PolicyError(450, "not now", "4.7.1")
        return super().validateFrom(helo, origin)

    def validateTo(self, user: Any) -> Any:
        if user.dest.local == b"nobody":
            raise ClientError(550, "no such user", "5.1.1")
        return super().validateTo(user)


def picky() -> Wire:
    """A connection to a server that refuses who is called nobody."""
    handler = Capture()
    return Wire(handler, delivery=Picky(handler))


def begun(wire: Wire, *lines: str) -> Session:
    """Say EHLO and these lines, each alone; give the session."""
    for line in ("EHLO client.example.com", *lines):
        wire.say(line)
    return wire.protocol.session


def ended(wire: Wire, *lines: str) -> Session:
    """Say these lines, each alone, and leave; give the session."""
    for line in lines:
        wire.say(line)
    wire.disconnect()
    return wire.protocol.session


# Who it was


def test_a_session_knows_its_client() -> None:
    """Its address, its port, and the name that it gave itself."""
    session = begun(Wire())
    assert (session.peer, session.helo) == (
        ("127.0.0.1", 50000),
        "client.example.com",
    )


def test_a_session_has_a_beginning_and_an_end() -> None:
    """Seconds of the reactor's clock; without an end as long as it goes on."""
    wire = Wire()
    wire.clock.advance(3)
    session = wire.protocol.session
    assert (session.started, session.ended) == (0, None)
    wire.disconnect()
    assert (session.started, session.ended) == (0, 3)


def test_the_beginning_is_a_date_too() -> None:
    """In UTC."""
    session = Session(started=86400.0)
    assert session.started_at == datetime(1970, 1, 2, tzinfo=timezone.utc)


def test_every_session_has_a_name_of_its_own() -> None:
    """Two connections to one server have two."""
    assert Wire().protocol.session.id != Wire().protocol.session.id


def test_a_login_is_known_with_its_mechanism_and_the_attempts() -> None:
    """Those that failed are counted too."""
    handler, auth = Capture(), Auth.users({"anna": "secret"})
    portal = auth.portal(HandlerDeliveryFactory(handler))
    wire = Wire(handler, portal=portal, challengers=auth.challengers())
    responses = (
        base64.b64encode(f"\0anna\0{password}".encode()).decode()
        for password in ("wrong", "secret")
    )
    session = begun(wire, *(f"AUTH PLAIN {response}" for response in responses))
    assert (session.user, session.mechanism, session.login_attempts) == (
        "anna",
        "PLAIN",
        2,
    )


def test_without_tls_there_is_none() -> None:
    """Neither a version nor a cipher suite."""
    session = begun(Wire())
    assert (session.tls, session.tls_version, session.tls_cipher) == (False, None, None)


def test_xclient_says_who_it_is() -> None:
    """The client that the proxy speaks for."""
    wire = Wire(settings=Settings(xclient=True))
    session = begun(wire, "XCLIENT ADDR=192.0.2.1 PORT=99 HELO=far.example LOGIN=bob")
    assert (session.peer, session.helo, session.user) == (
        ("192.0.2.1", 99),
        "far.example",
        "bob",
    )


# What became of its mail


def test_a_message_that_is_accepted_is_delivered() -> None:
    """The transaction has its reply, the session counts it."""
    session = begun(Wire(), FROM, TO, "DATA", *MESSAGE)
    [transaction] = session.transactions
    assert (
        transaction.number,
        transaction.mail_from,
        transaction.rcpt_tos,
        transaction.outcome,
        str(transaction.reply),
        session.delivered,
    ) == (
        1,
        "from@example.com",
        ("to@example.com",),
        "delivered",
        "250 2.0.0 message accepted",
        1,
    )


def test_a_message_in_chunks_is_delivered() -> None:
    """BDAT (RFC 3030) ends a transaction as DATA does."""
    wire = Wire()
    session = begun(wire, FROM, TO)
    wire.send(b"BDAT 4\r\nHi\r\nBDAT 0 LAST\r\n")
    assert [each.outcome for each in session.transactions] == ["delivered"]


def test_a_refused_recipient_is_kept_with_its_reply() -> None:
    """Beside those that were accepted."""
    session = begun(picky(), FROM, "RCPT TO:<nobody@example.com>", TO)
    [transaction] = session.transactions
    assert (transaction.rcpt_tos, transaction.refused) == (
        ("to@example.com",),
        (("nobody@example.com", Reply(550, "no such user", "5.1.1")),),
    )


def test_a_refused_sender_is_a_refused_transaction() -> None:
    """It has no recipients, and it is over."""
    session = begun(picky(), "MAIL FROM:<nobody@example.com>", TO)
    [transaction] = session.transactions
    assert (transaction.outcome, transaction.rcpt_tos, transaction.reply) == (
        "refused",
        (),
        Reply(450, "not now", "4.7.1"),
    )


def test_a_refused_message_is_a_refused_transaction() -> None:
    """Whatever refused it; here the handler."""
    wire = Wire()
    wire.handler.then = lambda: ClientError(554, "spam", "5.7.1")
    session = begun(wire, FROM, TO, "DATA", *MESSAGE)
    [transaction] = session.transactions
    assert (transaction.outcome, transaction.reply, session.delivered) == (
        "refused",
        Reply(554, "spam", "5.7.1"),
        0,
    )


@pytest.mark.parametrize("end", ["RSET", "EHLO client.example.com"])
def test_a_transaction_that_is_given_up_is_aborted(end: str) -> None:
    """By RSET, or by a new greeting (RFC 5321 section 4.1.4)."""
    session = begun(Wire(), FROM, TO, end)
    [transaction] = session.transactions
    assert (transaction.outcome, transaction.reply) == ("aborted", None)


def test_a_message_that_breaks_off_is_aborted() -> None:
    """When the connection ends before the dot."""
    wire = Wire()
    session = begun(wire, FROM, TO, "DATA", "Hi.")
    wire.disconnect()
    assert [each.outcome for each in session.transactions] == ["aborted"]


def test_a_message_that_takes_too_long_is_aborted() -> None:
    """The server's 421 ends it as the client's leaving does."""
    wire = Wire(limits=Limits(idle=10))
    session = begun(wire, FROM, TO, "DATA", "Hi.")
    wire.clock.advance(10)
    wire.disconnect()
    assert [each.outcome for each in session.transactions] == ["aborted"]


def test_a_transaction_that_goes_on_is_open() -> None:
    """From MAIL on."""
    session = begun(Wire(), FROM)
    assert [each.outcome for each in session.transactions] == ["open"]


def test_transactions_are_numbered() -> None:
    """From 1 on, refused ones too."""
    session = begun(
        picky(), "MAIL FROM:<nobody@example.com>", FROM, TO, "DATA", *MESSAGE
    )
    assert [each.number for each in session.transactions] == [1, 2]


def test_an_envelope_knows_its_session_and_its_transaction() -> None:
    """The very session, the number, and what the client was told."""
    wire = Wire()
    session = begun(wire, FROM, "RSET", FROM, TO, "DATA", *MESSAGE)
    [envelope] = wire.envelopes
    assert (envelope.session, envelope.transaction, str(envelope.reply)) == (
        session,
        2,
        "250 2.0.0 message accepted",
    )


def test_who_reads_the_recipients_shares_them() -> None:
    """A client may send very many commands after very many recipients."""
    wire = Wire()
    wire.begin()
    transaction = wire.protocol.session.latest
    first = transaction.rcpt_tos
    assert first == ("to@example.com",)
    assert transaction.rcpt_tos is first
    assert transaction.accepted == 1


def test_lmtp_delivers_for_some() -> None:
    """A recipient that is refused after the message is a refused one."""
    wire = Wire(protocol=LMTPServerProtocol)
    wire.handler.then = lambda: {"to@example.com": Reply(550, "full", "5.2.2")}
    for line in ("LHLO c", FROM, TO, "RCPT TO:<b@example.com>", "DATA", *MESSAGE):
        wire.say(line)
    session = wire.protocol.session
    [transaction] = session.transactions
    assert (transaction.outcome, transaction.rcpt_tos, transaction.refused) == (
        "delivered",
        ("b@example.com",),
        (("to@example.com", Reply(550, "full", "5.2.2")),),
    )


def test_lmtp_delivers_for_nobody() -> None:
    """Where all are refused the message is."""
    wire = Wire(protocol=LMTPServerProtocol)
    wire.handler.then = lambda: Reply(550, "full", "5.2.2")
    for line in ("LHLO c", FROM, TO, "DATA", *MESSAGE):
        wire.say(line)
    session = wire.protocol.session
    assert [each.outcome for each in session.transactions] == ["refused"]
    assert session.delivered == 0


def test_of_very_many_transactions_the_latest_are_kept() -> None:
    """A client that goes on for ever does not fill the memory."""
    session = Session()
    for _ in range(5000):
        session.begin("from@example.com")
    kept = session.transactions
    assert (len(kept), kept[-1].number) == (1000, 5000)
    assert len(session._transactions) <= 2000


def memory(session: Session) -> int:
    """Return the bytes of the addresses in a session."""
    return sum(
        len(transaction.mail_from)
        + sum(map(sys.getsizeof, transaction.rcpt_tos))
        + sum(sys.getsizeof(address) for address, _ in transaction.refused)
        for transaction in session.transactions
    )


def with_accepted(session: Session, number: int) -> None:
    """Add a transaction of a thousand long recipients."""
    session.begin("a@example.com").rcpt_tos = tuple(
        f"{number}-{each}-{'x' * 1000}@example.com" for each in range(1000)
    )


def with_refused(session: Session, number: int) -> None:
    """Add a transaction of a thousand refused long recipients."""
    transaction = session.begin("a@example.com")
    for each in range(1000):
        transaction.refuse(f"{number}-{each}-{'x' * 1000}@example.com", None)


def with_long_senders(session: Session, number: int) -> None:
    """Add transactions of long senders."""
    for each in range(500):
        session.begin(f"{number}-{each}-{'x' * 60_000}@example.com")


@pytest.mark.parametrize("add", [with_accepted, with_refused, with_long_senders])
def test_transactions_of_many_addresses_are_kept_up_to_a_bound(
    add: Callable[[Session, int], None],
) -> None:
    """A client that sends RCPT and RSET for ever does not fill the memory."""
    session = Session()
    for number in range(30):
        add(session, number)
    assert session.transactions[-1].number == session.begun
    assert 5_000_000 < memory(session) < 15_000_000


def test_the_latest_transaction_is_kept_whatever_its_size() -> None:
    """It is the one that the client is in."""
    session = Session()
    for _ in range(2):
        session.begin("x" * 20_000_000)
    session.begin("last@example.com")
    assert [each.number for each in session.transactions] == [3]


def test_of_very_many_refused_recipients_the_latest_are_kept() -> None:
    """A client may go on after 452."""
    transaction = Session().begin("a@example.com")
    for number in range(5000):
        transaction.refuse(str(number), None)
    refused = [recipient for recipient, _ in transaction.refused]
    assert refused == [str(number) for number in range(4000, 5000)]


def test_addresses_weigh_as_much_as_their_memory() -> None:
    """A transaction of a thousand recipients is not as one of one."""
    session = Session()
    with_accepted(session, 1)
    assert 4000 < session.weight < 5000


# After its end


def test_at_its_end_it_keeps_what_became_of_its_mail() -> None:
    """In less room."""
    wire = Wire()
    session = begun(wire, FROM, "RSET", FROM, TO, "DATA", *MESSAGE)
    before = session.transactions
    wire.disconnect()
    assert session.transactions == before
    assert isinstance(session._transactions, tuple)


def test_a_sender_may_be_judged_after_the_end() -> None:
    """A delivery may be slower than its client."""
    wire = picky()
    answer: Deferred[Any] = Deferred()
    wire.protocol.delivery.validateFrom = lambda helo, origin: answer
    session = begun(wire, FROM)
    wire.disconnect()
    assert session.transactions == ()
    answer.callback("from@example.com")
    assert [each.mail_from for each in session.transactions] == ["from@example.com"]


def test_clients_of_one_host_share_its_name() -> None:
    """And what they call themselves: ten thousand sessions are kept."""
    one, other = begun(Wire()), begun(Wire())
    assert one.peer[0] is other.peer[0]
    assert one.helo is other.helo


# Whether it failed


def test_refusals_are_counted() -> None:
    """Replies of 4xx and 5xx."""
    session = begun(picky(), "NOOB", FROM, "RCPT TO:<nobody@example.com>")
    assert session.refusals == 2


@pytest.mark.parametrize(
    ("lines", "failed"),
    [
        ((), True),
        ((FROM, TO, "DATA", *MESSAGE), False),
        ((FROM, TO, "DATA", *MESSAGE, "NOOB"), True),
        ((FROM, TO, "DATA", *MESSAGE, FROM, "RSET"), True),
        ((FROM, TO, "DATA", *MESSAGE, FROM, TO, "DATA", *MESSAGE), False),
    ],
)
def test_a_session_that_was_refused_or_broke_off_failed(
    lines: tuple[str, ...], failed: bool
) -> None:
    """And one that delivered nothing."""
    assert begun(Wire(), *lines).failed is failed


@pytest.mark.parametrize("lines", [(), ("QUIT",), ("quit",)])
def test_a_client_that_only_looks_in_has_not_failed(lines: tuple[str, ...]) -> None:
    """As a load balancer does, or ``smtptest ready``."""
    session = ended(Wire(), *lines)
    assert (session.is_probe, session.failed) == (True, False)


@pytest.mark.parametrize(
    "lines",
    [
        ("EHLO client.example.com", "QUIT"),
        ("NOOP", "QUIT"),
        ("GET / HTTP/1.1",),
        ("HELP",),
        ("", "QUIT"),
    ],
)
def test_a_client_that_says_more_than_quit_has_failed(lines: tuple[str, ...]) -> None:
    """It came for something."""
    session = ended(Wire(), *lines)
    assert (session.is_probe, session.failed) == (False, True)


def test_a_client_that_may_say_something_yet_is_no_probe() -> None:
    """It is connected, and has sent nothing."""
    session = Wire().protocol.session
    assert (session.is_probe, session.failed) == (False, True)


def test_a_client_that_a_fault_turned_away_has_failed() -> None:
    """It had no chance to say anything."""
    faults = Faults()
    faults.on("CONNECT").drop()
    session = ended(Wire(faults=faults))
    assert (session.is_probe, session.failed) == (False, True)


def test_a_client_whose_handshake_failed_is_no_probe() -> None:
    """One that waits for a greeting where TLS comes first sends nothing, too."""
    session = Session(ended=1.0)
    session.transcript.note("the TLS handshake failed: the client sent nothing")
    session.transcript.note("the client closed the connection")
    session.close()
    assert (session.is_probe, session.failed) == (False, True)


def test_whether_it_was_a_probe_stays_known_without_its_transcript() -> None:
    """Transcripts have a bound together."""
    session = ended(Wire(), "QUIT")
    session.transcript.forget()
    assert not session.failed


def test_without_a_transcript_nothing_is_taken_for_a_probe() -> None:
    """Nobody knows what the client said."""
    session = ended(Wire(limits=Limits(transcript=0)), "QUIT")
    assert session.failed


def test_it_weighs_what_is_kept_of_it() -> None:
    """Its transactions, and what was said, with the times."""
    session = Session()
    session.begin("a@example.com")
    session.transcript.at(0.5)
    session.transcript.client(b"NOOP")
    assert session.weight == 3


@pytest.mark.parametrize(("lines", "weight"), [(10, 20), (400, 800), (5000, 1001)])
def test_it_weighs_the_same_behind_its_end(lines: int, weight: int) -> None:
    """Whether it is made small, is long, or went beyond its bound."""
    session = Session(transcript=Transcript(1000))
    for number in range(lines):
        session.transcript.at(number)
        session.transcript.client(b"NOOP")
    before = session.weight
    session.close()
    assert (before, session.weight) == (weight, weight)


# Since a moment


def test_since_a_moment_it_has_what_came_then() -> None:
    """Its mail, its refusals and its transcript; it is the same client."""
    wire = Wire()
    session = begun(wire, FROM, TO, "DATA", *MESSAGE, "NOOB")
    mark = session.mark()
    for line in (FROM, TO, "DATA", *MESSAGE, "NOOP"):
        wire.say(line)
    rest = session.since(mark)
    assert (rest.delivered, rest.refusals) == (1, 0)
    assert [each.number for each in rest.transactions] == [2]
    assert (rest.id, rest.helo, rest.begun) == (session.id, session.helo, 2)
    said = [line.text for line in rest.transcript if line.who == "client"]
    assert said == [FROM, TO, "DATA", *MESSAGE, "NOOP"]


def test_since_a_moment_within_a_transaction_it_has_all_of_that() -> None:
    """What becomes of it is news."""
    wire = Wire()
    session = begun(wire, FROM, "RSET", FROM, TO)
    mark = session.mark()
    wire.say("RSET")
    outcomes = [each.outcome for each in session.since(mark).transactions]
    assert outcomes == ["aborted"]


@pytest.mark.parametrize(
    ("lines", "failed"),
    [
        ((), False),
        (("NOOP",), False),
        (("NOOB",), True),
        ((FROM, TO), False),
        ((FROM, TO, "RSET"), True),
        ((FROM, TO, "DATA", *MESSAGE), False),
    ],
)
def test_since_a_moment_it_failed_by_what_came_then(
    lines: tuple[str, ...], failed: bool
) -> None:
    """That it brought nothing more is no failure."""
    wire = Wire()
    session = begun(wire, "NOOB")
    mark = session.mark()
    for line in lines:
        wire.say(line)
    assert session.since(mark).failed is failed


def test_since_the_later_of_two_moments() -> None:
    """The rest of a rest is a rest."""
    wire = Wire()
    session = begun(wire)
    early = session.mark()
    wire.say("NOOB")
    late = session.mark()
    wire.say("NOOB")
    wire.say("NOOB")
    assert session.since(early).refusals == 3
    assert session.since(late).since(early).refusals == 2
    assert session.since(early).since(late).refusals == 2
    assert session.since(early).mark() == session.mark()
