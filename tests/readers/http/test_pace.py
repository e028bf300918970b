"""What happens very often is told together."""

from __future__ import annotations

from twisted.internet.task import Clock

from lazr_smtptest.readers.http.pace import Pace

from .conftest import Mail

# So many times a second are at once.
OFTEN = 40


def test_what_happens_now_and_then_is_told_at_once() -> None:
    clock = Clock()
    pace = Pace(clock)
    pauses = []
    for _ in range(3 * OFTEN):
        pauses.append(pace.pause())
        clock.advance(1 / (OFTEN - 1))
    assert set(pauses) == {0.0}


def test_what_happens_more_often_waits_until_it_is_rare_again() -> None:
    clock = Clock()
    pace = Pace(clock)
    assert {pace.pause() for _ in range(OFTEN)} == {0.0}
    assert pace.pause() == 0.02
    clock.advance(1)
    assert pace.pause() == 0.0


class TestEvents:
    """Clients that listen while very much mail comes."""

    def test_they_are_told_of_many_messages_together(self, mail: Mail) -> None:
        client = mail.connect()
        client.send(b"GET /api/v2/events HTTP/1.1\r\nHost: a\r\n\r\n")
        for _ in range(OFTEN):
            mail.add()
        before = client.transport.value()
        assert before.count(b"event: kept") == OFTEN
        for _ in range(10):
            mail.add()
        assert client.transport.value() == before
        mail.reactor.advance(0.02)
        assert client.transport.value().count(b"event: kept") == OFTEN + 10

    def test_they_are_told_of_all_before_the_server_stops(self, mail: Mail) -> None:
        client = mail.connect()
        client.send(b"GET /api/v2/events HTTP/1.1\r\nHost: a\r\n\r\n")
        for _ in range(OFTEN + 1):
            mail.add()
        mail.reader.close()
        assert client.transport.value().count(b"event: kept") == OFTEN + 1


def test_a_request_that_waits_is_answered_while_much_mail_comes(mail: Mail) -> None:
    client = mail.connect()
    client.send(
        b"GET /api/v2/wait?query=rcpt:late@b.example HTTP/1.1\r\nHost: a\r\n\r\n"
    )
    for _ in range(3 * OFTEN):
        mail.add()
    mail.add(rcpt_tos=["late@b.example"])
    mail.reactor.pump([0.02] * 3)
    assert client.response().status == 200
