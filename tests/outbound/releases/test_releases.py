"""Messages that are sent on, in memory and with a clock."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from lazr_smtptest.errors import ReleaseError, StoreError
from lazr_smtptest.outbound.releases.file_queue import FileQueue
from lazr_smtptest.outbound.releases.route import Route
from lazr_smtptest.outbound.releases.service import path_beside
from lazr_smtptest.outbound.settings import Login, Relay, Server
from lazr_smtptest.query.selection import Selection
from lazr_smtptest.stores.memory import MemoryStore
from tests.outbound.http.servers import result_of

from .routes import REJECTED, SERVER, Routes, relay


@pytest.fixture
def routes() -> Iterator[Routes]:
    """A relay that sends on what it is asked for."""
    routes = Routes()
    yield routes
    routes.stop()


# By hand


def test_a_message_is_sent_to_the_recipients_that_are_named(routes: Routes) -> None:
    routes.release(routes.keep("b@x"), ["c@y"])
    peer = routes.take()
    peer.accept()
    assert "MAIL FROM:<a@x>" in peer.said
    assert "RCPT TO:<c@y>" in peer.said
    assert "Subject: hi" in peer.said


def test_without_names_it_is_sent_to_those_of_the_message(routes: Routes) -> None:
    assert routes.release(routes.keep("b@x", "c@x")).recipients == ["b@x", "c@x"]


def test_the_result_is_kept_with_the_reply_and_the_transcript(routes: Routes) -> None:
    id = routes.keep()
    routes.release(id)
    routes.take().accept()
    [release] = routes.releases(message=id)
    assert (release.state, release.attempts) == ("sent", 1)
    assert (release.code, release.reply) == (250, "250 2.0.0 kept")
    assert release.transcript.splitlines()[:4] == [
        "S: 220 mx",
        "C: EHLO [10.0.0.1]",
        "S: 250 mx",
        "C: MAIL FROM:<a@x>",
    ]


def test_a_transcript_has_no_password_and_no_message() -> None:
    login = Login(user="anna", password="secret")
    server = Server(host="127.0.0.1", port=2525, login=login)
    routes = Routes(relay(server=server))
    routes.release(routes.keep(subject="private"))
    peer = routes.take()
    peer.reply("220 mx", "250-mx\r\n250 AUTH PLAIN", "235 hello")
    peer.reply("250 ok", "250 ok", "354 go", "250 kept")
    transcript = routes.releases()[0].transcript
    routes.stop()
    assert any(line.startswith("AUTH PLAIN AGFu") for line in peer.said)
    lines = transcript.splitlines()
    assert [line for line in lines if "AUTH" in line] == [
        "S: 250 AUTH PLAIN",
        "C: AUTH",
    ]
    assert any(re.fullmatch(r"C: \(\d+ bytes\)", line) for line in lines)
    assert "private" not in transcript


def test_a_refusal_is_kept_with_its_reply_and_not_repeated(routes: Routes) -> None:
    routes.release(routes.keep())
    routes.take().refuse()
    routes.advance(86_400)
    [release] = routes.releases()
    assert (release.state, release.code) == ("refused", 550)
    assert release.reply.endswith(f"reply to MAIL FROM:<a@x>: {REJECTED}")
    assert routes.is_idle


def test_what_was_refused_is_tried_when_someone_asks(routes: Routes) -> None:
    number = routes.release(routes.keep()).number
    routes.take().refuse()
    result_of(Deferred.fromCoroutine(routes.service.retry(number)))
    routes.take().accept()
    [release] = routes.releases()
    assert (release.state, release.attempts) == ("sent", 2)


def test_a_temporary_refusal_is_tried_again_later_and_later(routes: Routes) -> None:
    routes.release(routes.keep())
    for delay in (5, 10, 20, 40):
        routes.take().refuse("451 later")
        routes.advance(delay - 1)
        assert routes.is_idle
        routes.advance(1)
    routes.take().accept()
    assert routes.releases()[0].attempts == 5


def test_a_server_that_is_not_there_is_tried_again(routes: Routes) -> None:
    routes.release(routes.keep())
    factory = routes.reactor.tcpClients[0][2]
    factory.clientConnectionFailed(None, Failure(ConnectionRefusedError("refused")))
    routes.taken += 1
    [release] = routes.releases()
    assert (release.state, release.code) == ("queued", 0)
    assert "cannot connect" in release.reply
    routes.advance(5)
    routes.take().accept()


def test_it_gives_up_after_a_day(routes: Routes) -> None:
    routes.release(routes.keep())
    while routes.releases()[0].state == "queued":
        routes.take().refuse("451 later")
        routes.advance(900)
    [release] = routes.releases()
    assert release.state == "expired"
    assert 86_400 <= release.changed - release.created < 86_400 + 900


def test_what_is_canceled_is_not_tried_again(routes: Routes) -> None:
    number = routes.release(routes.keep()).number
    routes.take().refuse("451 later")
    assert result_of(routes.service.cancel(number)).state == "canceled"
    routes.advance(86_400)
    assert routes.is_idle


def test_what_was_canceled_during_its_attempt_stays_so(routes: Routes) -> None:
    number = routes.release(routes.keep()).number
    peer = routes.take()
    result_of(routes.service.cancel(number))
    peer.refuse("451 later")
    assert routes.releases()[0].state == "canceled"


def test_what_was_sent_cannot_be_canceled(routes: Routes) -> None:
    number = routes.release(routes.keep()).number
    routes.take().accept()
    assert result_of(routes.service.cancel(number)) is None


def test_a_message_that_was_deleted_is_refused(routes: Routes) -> None:
    routes.release(routes.keep())
    routes.take().refuse("451 later")
    routes.store.remove(Selection(query=""))
    routes.advance(5)
    [release] = routes.releases()
    assert release.state == "refused"
    assert release.reply == "store: the message has been deleted"


def test_no_such_message_is_none(routes: Routes) -> None:
    assert routes.release("none", ["c@y"]) is None


def test_an_address_that_is_none_is_refused(routes: Routes) -> None:
    with pytest.raises(ValueError, match="cannot send to or from"):
        routes.release(routes.keep(), ["c@y>\r\nRCPT TO:<d@y"])
    assert routes.releases() == []


def test_several_addresses_in_one_are_refused(routes: Routes) -> None:
    with pytest.raises(ValueError, match="'c@y,d@y': give several addresses one by o"):
        routes.release(routes.keep(), ["c@y,d@y"])
    assert routes.releases() == []


def test_a_comma_in_quotes_belongs_to_the_address(routes: Routes) -> None:
    assert routes.release(routes.keep(), ['"c@y,d"@y']).recipients == ['"c@y,d"@y']


@pytest.mark.parametrize("name", ["relay", "forward"])
def test_a_certificate_that_is_not_trusted_names_the_option(name: str) -> None:
    """That of its route."""
    routes = Routes(Route(name=name, relay=Relay(server=SERVER)))
    routes.release(routes.keep(), route=name)
    factory = routes.reactor.tcpClients[0][2]
    protocol = factory.buildProtocol(None)
    transport: Any = StringTransport()
    transport.abortConnection = transport.loseConnection
    protocol.makeConnection(transport)
    why = "[('SSL routines', '', 'certificate verify failed')]"
    protocol.connectionLost(Failure(ConnectionError(why)))
    routes.taken += 1
    [release] = routes.releases()
    assert "its certificate is not trusted" in release.reply
    assert f"--{name}-ca FILE" in release.reply
    routes.stop()


def test_who_waits_gets_the_next_attempt(routes: Routes) -> None:
    number = routes.release(routes.keep()).number
    waiting = routes.service.attempted(number)
    routes.take().accept()
    assert result_of(waiting).state == "sent"


# Rules


@pytest.mark.parametrize(
    ("rules", "rule"),
    [
        ({"allowed": "@example$"}, "relay-allowed"),
        ({"blocked": "^C@"}, "relay-blocked"),
    ],
)
def test_a_recipient_that_is_forbidden_is_refused_with_the_rule(
    rules: dict[str, str], rule: str
) -> None:
    routes = Routes(relay(**rules))
    with pytest.raises(ReleaseError, match="nothing is sent to c@y") as caught:
        routes.release(routes.keep(), ["c@y"])
    assert caught.value.rule == rule
    assert routes.releases() == []
    routes.stop()


def test_a_message_that_was_sent_from_here_is_refused(routes: Routes) -> None:
    id = routes.keep(more=f"x-smtptest-released: {routes.service.marker}\r\n")
    with pytest.raises(ReleaseError, match="sent on from here before") as caught:
        routes.release(id)
    assert caught.value.rule == "loop"


def test_a_message_that_another_server_has_sent_on_is_taken(routes: Routes) -> None:
    routes.release(routes.keep(more="X-Smtptest-Released: another\r\n"))
    peer = routes.take()
    peer.accept()
    assert f"X-Smtptest-Released: {routes.service.marker}" in peer.said
    assert "X-Smtptest-Released: another" in peer.said


@pytest.mark.parametrize(("hops", "is_refused"), [(30, False), (31, True)])
def test_a_message_that_passed_many_servers_is_refused(
    routes: Routes, hops: int, is_refused: bool
) -> None:
    id = routes.keep(more="Received: from a by b\r\n" * hops)
    if is_refused:
        with pytest.raises(ReleaseError, match="it came over 31 servers"):
            routes.release(id)
    else:
        assert routes.release(id).state == "queued"


def test_what_waits_is_refused_if_the_rules_do_not_allow_it_any_more(
    tmp_path: Path,
) -> None:
    routes = Routes(path=tmp_path / "mail.db")
    routes.release(routes.keep(), ["c@y"])
    routes.take().refuse("451 later")
    routes.stop()
    routes.routes = (relay(blocked="@y$"),)
    routes.start()
    routes.advance(5)
    [release] = routes.releases()
    assert (release.state, release.reply[:13]) == ("refused", "relay-blocked")
    assert routes.is_idle
    routes.stop()


def test_a_result_that_cannot_be_written_is_written_later_and_nothing_is_sent_twice(
    routes: Routes, monkeypatch: pytest.MonkeyPatch
) -> None:
    routes.release(routes.keep())
    with monkeypatch.context() as context:

        def fail(*_: object) -> bool:
            raise StoreError("away")

        context.setattr(FileQueue, "end_attempt", fail)
        routes.take().accept()
        routes.advance(1)
        assert [each.state for each in routes.releases()] == ["queued"]
    routes.advance(15)
    assert [each.state for each in routes.releases()] == ["sent"]
    assert routes.is_idle


# By rule


def test_a_message_that_matches_is_sent_on_as_it_is() -> None:
    routes = Routes(relay(is_automatic=True, query="subject:bill"))
    routes.keep(subject="other")
    routes.keep("b@x", subject="bill", more="Date: today\r\nMessage-ID: <1@x>\r\n")
    peer = routes.take()
    peer.accept()
    routes.stop()
    assert {"RCPT TO:<b@x>", "Date: today", "Message-ID: <1@x>"} <= {*peer.said}
    assert routes.is_idle


def test_only_the_recipients_that_match_get_it() -> None:
    rules = {"matching": "@X$", "blocked": "^c", "allowed": "^[bc]"}
    routes = Routes(relay(is_automatic=True, **rules))
    routes.keep("b@x", "c@x", "d@x", "b@y")
    routes.keep("c@x")
    assert [each.recipients for each in routes.releases()] == [("b@x",)]
    routes.stop()


def test_other_recipients_and_another_sender_get_everything() -> None:
    change = {"return_path": "team@z", "override_from": "team@z"}
    routes = Routes(relay(is_automatic=True, to=["me@z"], **change))
    routes.keep("b@x", "c@x")
    peer = routes.take()
    peer.accept()
    routes.stop()
    assert {"MAIL FROM:<team@z>", "RCPT TO:<me@z>", "From: team@z"} <= {*peer.said}
    assert "X-Original-From: a@x" in peer.said


def test_a_loop_is_kept_as_refused() -> None:
    routes = Routes(relay(is_automatic=True))
    routes.keep(more=f"X-Smtptest-Released: {routes.service.marker}\r\n")
    [release] = routes.releases()
    assert (release.state, release.reply[:5]) == ("refused", "loop:")
    assert routes.is_idle
    routes.stop()


def test_one_that_waits_does_not_hold_up_the_next() -> None:
    routes = Routes(relay(is_automatic=True))
    routes.keep()
    routes.take().refuse("451 later")
    routes.keep()
    routes.take().accept()
    assert [each.state for each in routes.releases()] == ["sent", "queued"]
    routes.stop()


def test_a_rate_spreads_attempts() -> None:
    routes = Routes(relay(is_automatic=True, rate=6))
    for _ in range(3):
        routes.keep()
    for _ in range(3):
        routes.take().accept()
        routes.advance(9.9)
        assert routes.is_idle
        routes.advance(0.1)
    assert {each.state for each in routes.releases()} == {"sent"}
    routes.stop()


def test_two_routes_do_not_wait_for_each_other() -> None:
    forward = Route(
        name="forward", relay=Relay(server=SERVER), is_automatic=True, to=["me@z"]
    )
    routes = Routes(relay(is_automatic=True), forward)
    routes.keep()
    waiting, other = routes.take(), routes.take()
    other.accept()
    assert "RCPT TO:<me@z>" in other.said
    waiting.accept()
    assert {each.state for each in routes.releases()} == {"sent"}
    routes.stop()


def test_mail_from_before_the_rule_is_not_sent() -> None:
    store = MemoryStore()
    before = Routes(store=store)
    before.keep()
    before.stop()
    routes = Routes(relay(is_automatic=True), store=store)
    assert routes.is_idle
    routes.stop()


# A restart


def test_what_waits_is_sent_after_a_restart(tmp_path: Path) -> None:
    routes = Routes(path=tmp_path / "mail.db")
    routes.release(routes.keep())
    routes.take().refuse("451 later")
    routes.stop()
    routes.start()
    assert routes.is_idle
    routes.advance(5)
    routes.take().accept()
    [release] = routes.releases()
    assert (release.state, release.attempts) == ("sent", 2)
    routes.stop()


def test_an_attempt_that_a_stop_interrupts_is_made_again(tmp_path: Path) -> None:
    routes = Routes(path=tmp_path / "mail.db")
    routes.release(routes.keep())
    interrupted = routes.take()
    interrupted.reply("220 mx")
    routes.stop()
    routes.start()
    routes.take().accept()
    assert routes.releases()[0].state == "sent"
    routes.stop()


def test_mail_that_came_while_it_was_stopped_is_sent_once(tmp_path: Path) -> None:
    routes = Routes(relay(is_automatic=True), path=tmp_path / "mail.db")
    routes.keep()
    routes.take().accept()
    routes.stop()
    routes.keep()
    routes.start()
    routes.take().accept()
    assert len(routes.releases()) == 2
    assert routes.is_idle
    routes.stop()


def test_a_rule_that_comes_back_begins_with_new_messages(tmp_path: Path) -> None:
    automatic = relay(is_automatic=True)
    routes = Routes(automatic, path=tmp_path / "mail.db")
    routes.stop()
    for rules in ((relay(),), (automatic,)):
        routes.routes = rules
        routes.start()
        assert routes.is_idle
        routes.keep()
        routes.stop()
    assert routes.taken == 0
    assert len(routes.reactor.tcpClients) == 1


def test_the_marker_outlives_a_restart(tmp_path: Path) -> None:
    routes = Routes(path=tmp_path / "mail.db")
    marker = routes.service.marker
    routes.stop()
    routes.start()
    assert routes.service.marker == marker
    routes.stop()


def test_a_store_in_memory_has_no_file() -> None:
    assert path_beside(MemoryStore()) is None


def test_the_file_belongs_to_one_process(tmp_path: Path) -> None:
    path = tmp_path / "mail.db.releases"
    queue = FileQueue(path, 1)
    other = sqlite3.connect(path, timeout=0)
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        other.execute("SELECT * FROM release")
    other.close()
    queue.close()


def test_a_file_that_is_no_queue_is_an_error_of_one_line(tmp_path: Path) -> None:
    path = tmp_path / "mail.db.releases"
    path.write_bytes(b"no database" * 100)
    with pytest.raises(StoreError, match="cannot use the queue"):
        FileQueue(path, 1)


def test_the_oldest_that_have_ended_are_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("lazr_smtptest.outbound.releases.queue._MOST_ENDED", 2)
    routes = Routes()
    id = routes.keep()
    for _ in range(4):
        routes.release(id)
        routes.take().accept()
    assert [each.number for each in routes.releases()] == [4, 3]
    routes.stop()


def test_a_query_that_is_wrong_is_an_error() -> None:
    with pytest.raises(Exception, match="subject"):
        relay(query="subject:")


def test_an_expression_that_is_wrong_is_an_error() -> None:
    with pytest.raises(ValueError, match="relay-matching must be a regular expr"):
        relay(matching="(")
