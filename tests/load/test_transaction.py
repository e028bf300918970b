"""The commands of one message, and what becomes of refusals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from lazr_smtptest.load.transaction import transmit
from lazr_smtptest.outbound.connection import Connection

MAIL = b"MAIL FROM:<a@example.com>"
TO = (b"RCPT TO:<b@example.com>", b"RCPT TO:<c@example.com>")
DATA = b"Subject: hi\r\n\r\nHello.\r\n.\r\n"


class Sending:
    """A message on its way; the test is the server."""

    def __init__(self, *, pipelined: bool) -> None:
        self.connection = Connection()
        self.transport = StringTransport()
        self.transport.abortConnection = self.transport.loseConnection  # type: ignore
        self.connection.makeConnection(self.transport)
        self.results: list[Any] = []
        work = transmit(self.connection, MAIL, TO, DATA, pipelined=pipelined)
        sending: Deferred[Any] = Deferred.fromCoroutine(work)
        sending.addBoth(self.results.append)

    def say(self, *replies: str) -> bytes:
        """Send replies one by one; return what the client said to the last."""
        for reply in replies:
            self.transport.clear()
            self.connection.dataReceived(f"{reply}\r\n".encode())
        said: bytes = self.transport.value()
        return said

    @property
    def error(self) -> str:
        """The error with which it ended."""
        [failure] = self.results
        assert isinstance(failure, Failure), failure
        return str(failure.value)


@pytest.fixture
def sending() -> Iterator[Sending]:
    """A message whose commands are sent one by one."""
    sending = Sending(pipelined=False)
    yield sending
    sending.connection.connectionLost(Failure(ConnectionError("gone")))


@pytest.fixture
def together() -> Iterator[Sending]:
    """A message whose commands are sent together."""
    sending = Sending(pipelined=True)
    yield sending
    sending.connection.connectionLost(Failure(ConnectionError("gone")))


def test_the_commands_are_sent_in_turn(sending: Sending) -> None:
    assert sending.transport.value() == MAIL + b"\r\n"
    assert sending.say("250 ok") == TO[0] + b"\r\n"
    assert sending.say("250 ok") == TO[1] + b"\r\n"
    assert sending.say("251 ok") == b"DATA\r\n"
    assert sending.say("354 go") == DATA
    assert sending.results == []
    sending.say("250 ok")
    assert sending.results == [[]]


def test_pipelined_commands_are_sent_together(together: Sending) -> None:
    assert together.transport.value() == b"\r\n".join([MAIL, *TO, b"DATA", b""])
    assert together.say("250 ok", "250 ok", "250 ok", "354 go") == DATA
    together.say("250 ok")
    assert together.results == [[]]


@pytest.mark.parametrize("name", ["sending", "together"])
def test_one_refused_recipient_is_told_and_the_others_get_it(
    name: str, request: pytest.FixtureRequest
) -> None:
    """In both ways."""
    sending: Sending = request.getfixturevalue(name)
    assert sending.say("250 ok", "550 nobody", "250 ok", "354 go") == DATA
    sending.say("250 ok")
    assert sending.results == [["RCPT: 550 nobody"]]


def test_a_refused_sender_ends_it(sending: Sending) -> None:
    """The connection can be used again."""
    assert sending.say("451 later") == b"RSET\r\n"
    sending.say("250 ok")
    assert sending.error == "MAIL: 451 later"


def test_nothing_is_sent_if_everyone_is_refused(sending: Sending) -> None:
    assert sending.say("250 ok", "550 one", "550 two") == b"RSET\r\n"
    sending.say("250 ok")
    assert sending.error == "RCPT: 550 one"


def test_pipelined_an_empty_message_ends_a_transaction_without_recipients(
    together: Sending,
) -> None:
    """RFC 2920 section 3.1: the server may want one."""
    assert together.say("250 ok", "550 one", "550 two", "354 go") == b".\r\n"
    assert together.say("554 no recipients") == b"RSET\r\n"
    together.say("250 ok")
    assert together.error == "RCPT: 550 one"


def test_pipelined_all_replies_are_read(together: Sending) -> None:
    """So the replies to the next message are its own."""
    assert together.say("550 no", "503 mail first", "503", "503") == b"RSET\r\n"
    together.say("250 ok")
    assert together.error == "MAIL: 550 no"


def test_a_refused_message_is_an_error(sending: Sending) -> None:
    sending.say("250 ok", "250 ok", "250 ok", "354 go", "554 spam")
    assert sending.error == "the message: 554 spam"


def test_a_server_that_leaves_is_told_nothing_more(sending: Sending) -> None:
    """It will not answer RSET."""
    assert sending.say("421 closing") == b""
    assert sending.error == "MAIL: 421 closing"
