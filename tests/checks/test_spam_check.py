"""The spam check, against a spamd in memory."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.error import ConnectionDone, ConnectionRefusedError
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.python.failure import Failure

from lazr_smtptest.checks import spam_check
from lazr_smtptest.checks.mailpit import spam_check_shape
from lazr_smtptest.checks.spam_check import (
    SpamAssassin,
    SpamCheck,
    SpamRule,
    parse_report,
    parse_server,
)
from tests.outbound.http.servers import result_of

MESSAGE = b"Subject: a\r\n\r\nBuy now.\r\n"
REPORT = """\
Spam detection software, running on the system "host", has NOT identified
this incoming email as possible spam.

Content analysis details:   (5.3 points, 5.0 required)

 pts rule name              description
---- ---------------------- --------------------------------------------------
 1.4 MISSING_DATE           Missing Date: header
-0.0 NO_RELAYS              Informational: message was not relayed via SMTP
 3.9 LONG_ONE               A description that goes on
                            in a second line
 0.0 BARE

The end 1.0 NOT_A_RULE
"""


class Spamd:
    """A spamd, and a client that checks a message.

    Attributes:
        checking: the Deferred with the result.
    """

    def __init__(self, content: bytes = MESSAGE) -> None:
        self.reactor = MemoryReactorClock()
        client = SpamAssassin("127.0.0.1:783", self.reactor)
        self.checking: Any = client.check(content)

    def accept(self) -> bytes:
        """Accept the connection; return the request."""
        host, port, factory = self.reactor.tcpClients[0][:3]
        assert (host, port) == ("127.0.0.1", 783)
        self.protocol = factory.buildProtocol(None)
        self.transport = StringTransport()
        self.protocol.makeConnection(self.transport)
        return self.transport.value()

    def answer(self, head: str, report: str = "") -> None:
        """Send an answer, and close the connection."""
        lines = head.replace("\n", "\r\n") + "\r\n\r\n"
        self.protocol.dataReceived(lines.encode() + report.encode())
        self.protocol.connectionLost(Failure(ConnectionDone()))


def test_a_message_is_sent_as_spamc_sends_it():
    """A command, the length, and the bytes."""
    assert Spamd().accept() == (
        b"REPORT SPAMC/1.5\r\nContent-length: 24\r\n\r\n" + MESSAGE
    )


def test_the_result_has_points_and_rules():
    """The table of the report is read."""
    spamd = Spamd()
    spamd.accept()
    spamd.answer("SPAMD/1.1 0 EX_OK\nContent-length: 9\nSpam: True ; 5.3 / 5.0", REPORT)
    check = result_of(spamd.checking)
    assert (check.is_spam, check.score, check.threshold) == (True, 5.3, 5.0)
    assert check.error == ""
    assert check.rules == (
        SpamRule(1.4, "MISSING_DATE", "Missing Date: header"),
        SpamRule(-0.0, "NO_RELAYS", "Informational: message was not relayed via SMTP"),
        SpamRule(3.9, "LONG_ONE", "A description that goes on in a second line"),
        SpamRule(0.0, "BARE", ""),
    )


def test_a_report_without_a_table_has_no_rules():
    """The administrator can change it."""
    assert parse_report("Hello\n 1.0 NOT_A_RULE no\n") == ()


@pytest.mark.parametrize(
    ("head", "error"),
    [
        ("SPAMD/1.0 76 Bad header line", "it answers 76 Bad header line"),
        ("220 mail.example ESMTP", "it is no spamd"),
        ("SPAMD/1.1 0 EX_OK\nX: y", "no field Spam"),
        ("", "it is no spamd"),
    ],
)
def test_another_answer_is_an_error_of_the_check(head, error):
    """It names the server."""
    spamd = Spamd()
    spamd.accept()
    spamd.answer(head)
    check = result_of(spamd.checking)
    assert error in check.error
    assert check.error.startswith("127.0.0.1:783: ")


def test_a_server_that_does_not_listen_is_an_error_of_the_check():
    """The reason of the system is in it."""
    spamd = Spamd()
    factory = spamd.reactor.tcpClients[0][2]
    factory.clientConnectionFailed(None, Failure(ConnectionRefusedError()))
    assert "refused" in result_of(spamd.checking).error


def test_a_silent_server_is_left():
    """After 30 seconds."""
    spamd = Spamd()
    spamd.accept()
    spamd.reactor.advance(30)
    assert result_of(spamd.checking).error == "127.0.0.1:783 gave no answer in 30 s"


def test_an_endless_answer_is_not_kept(monkeypatch):
    """The connection is closed at the bound."""
    monkeypatch.setattr(spam_check, "MOST_ANSWER", 100)
    spamd = Spamd()
    spamd.accept()
    spamd.protocol.dataReceived(b"x" * 101)
    assert "over 100 bytes" in result_of(spamd.checking).error


def test_a_large_message_is_not_sent(monkeypatch):
    """It would take too long."""
    monkeypatch.setattr(spam_check, "MOST_BYTES", 10)
    assert result_of(Spamd().checking).error == "the message has over 10 bytes"


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("localhost:783", ("localhost", 783)),
        ("spam.example", ("spam.example", 783)),
        ("[::1]:7830", ("::1", 7830)),
        ("unix:/run/spamd.sock", ("/run/spamd.sock", 0)),
    ],
)
def test_a_server_has_a_host_and_a_port(text, server):
    """Or it is a socket."""
    assert parse_server(text) == server


@pytest.mark.parametrize("text", ["", ":783", "x:0", "x:99999", "x y:783", "unix:run"])
def test_a_wrong_server_is_refused(text):
    """The error says what it is."""
    with pytest.raises(ValueError, match="a spamd is HOST:PORT"):
        parse_server(text)


def test_the_shape_is_that_of_mailpit():
    """The score has one decimal; a failure has no rules."""
    check = SpamCheck(True, 5.39, 5.0, (SpamRule(5.39, "A", "b"),))
    assert spam_check_shape(check) == {
        "IsSpam": True,
        "Error": "",
        "Score": 5.3,
        "Rules": [{"Score": 5.39, "Name": "A", "Description": "b"}],
    }
    assert spam_check_shape(SpamCheck(error="why")) == {
        "IsSpam": False,
        "Error": "why",
        "Score": 0,
        "Rules": None,
    }
