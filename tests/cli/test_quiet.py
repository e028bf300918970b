"""Connections that do not log what becomes of mail."""

from __future__ import annotations

import logging

import pytest
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from lazr_smtptest.cli.server import CommandServer
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.stores import MemoryStore


class Failing(CommandServer):
    """Has an error in its handler."""

    def handle_envelope(self, envelope: Envelope) -> None:
        raise ValueError("oops")


def log_of(
    server: CommandServer, caplog: pytest.LogCaptureFixture, *, lmtp: bool = False
) -> list[str]:
    """Give what is logged while a client sends a message, and has one refused."""
    protocol = server.lmtp if lmtp else server.protocol
    connection = server.factory(Clock(), protocol=protocol).buildProtocol(None)
    connection.makeConnection(StringTransport())
    hello = b"LHLO" if lmtp else b"EHLO"
    with caplog.at_level(logging.INFO, "lazr.smtptest"):
        connection.dataReceived(
            hello + b" a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n.\r\n"
            b"MAIL FROM:<a@b> SIZE=999999999999\r\n"
        )
    # Other libraries may log at any time, of what other tests have left.
    ours = (record for record in caplog.records if record.name == "lazr.smtptest")
    return [record.getMessage() for record in ours]


@pytest.mark.parametrize("lmtp", [False, True])
def test_a_quiet_server_logs_no_mail(
    lmtp: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither what is accepted nor what is refused; it is counted all the same."""
    server = CommandServer(MemoryStore(), logs_mail=False)
    assert log_of(server, caplog, lmtp=lmtp) == []
    assert server.sessions.counters.messages == 1
    assert server.sessions.counters.refusals == 1


def test_another_logs_both(caplog: pytest.LogCaptureFixture) -> None:
    """Each in one line."""
    lines = log_of(CommandServer(MemoryStore()), caplog)
    assert [line.partition(":")[0] for line in lines] == ["accepted", "refused"]


def test_a_quiet_server_logs_its_own_errors(caplog: pytest.LogCaptureFixture) -> None:
    """They are no mail."""
    (line,) = log_of(Failing(MemoryStore(), logs_mail=False), caplog)
    assert "oops" in line
