"""IMAP and POP3 of a server in memory, for tests of trial."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import pytest
from twisted.internet.protocol import Protocol
from twisted.trial.unittest import SynchronousTestCase

from lazr_smtptest import Envelope, QueueServer
from lazr_smtptest.testing.trial import MemoryServer

CONTENT = b"Subject: hi\r\n\r\nHello.\r\n"
MESSAGE = Envelope(mail_from="a@x.com", rcpt_tos=("b@x.com",), content=CONTENT)


class Client(Protocol):
    """A client; `said` is what the server has sent."""

    def __init__(self) -> None:
        self.said = b""

    def dataReceived(self, data: bytes) -> None:
        """Keep it."""
        self.said += data


@pytest.fixture
def case() -> Iterator[SynchronousTestCase]:
    """A test case, whose cleanups run."""
    case = SynchronousTestCase()
    yield case
    case.doCleanups()


@pytest.fixture
def server(case: SynchronousTestCase) -> MemoryServer:
    """A server with a message."""
    server = MemoryServer(case)
    server.mailbox.add(
        Envelope(
            mail_from="a@example.com", rcpt_tos=("b@example.com",), content=CONTENT
        )
    )
    return server


@pytest.mark.parametrize(
    ("protocol", "lines"),
    [
        ("imap", b"a LOGIN b x\r\nb SELECT INBOX\r\nc FETCH 1 RFC822\r\n"),
        ("pop3", b"USER b\r\nPASS x\r\nRETR 1\r\n"),
    ],
)
def test_what_was_captured_is_read_without_a_socket(
    server: MemoryServer, protocol: Literal["imap", "pop3"], lines: bytes
) -> None:
    """And without a thread."""
    client = Client()
    pump = server.connect(client, protocol)
    assert client.transport is not None
    client.transport.write(lines)
    pump.flush()
    assert CONTENT in client.said


def test_time_is_that_of_the_clock(server: MemoryServer) -> None:
    """A client that does nothing is disconnected."""
    client = Client()
    pump = server.connect(client, "imap")
    server.clock.advance(1800)
    pump.flush()
    assert b"* BYE nothing came for too long" in client.said


def test_a_new_message_reaches_a_client_that_idles(server: MemoryServer) -> None:
    """At once."""
    client = Client()
    pump = server.connect(client, "imap")
    assert client.transport is not None
    client.transport.write(b"a LOGIN b x\r\nb SELECT INBOX\r\nc IDLE\r\n")
    pump.flush()
    assert b"* 2 EXISTS" not in client.said
    server.mailbox.add(
        Envelope(
            mail_from="a@example.com", rcpt_tos=("b@example.com",), content=CONTENT
        )
    )
    pump.flush()
    assert b"* 2 EXISTS" in client.said


def test_a_server_that_keeps_no_mail_is_refused(case: SynchronousTestCase) -> None:
    """As in other readers."""
    server = MemoryServer(case, QueueServer())
    with pytest.raises(TypeError, match="keeps no messages that can be read"):
        server.connect(Client(), "imap")
