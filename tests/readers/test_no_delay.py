"""Short answers are sent at once, whatever is answered before."""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import ITCPTransport
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory
from twisted.python.failure import Failure
from zope.interface import implementer

from lazr_smtptest import CaptureServer
from lazr_smtptest.net.no_delay import send_at_once
from lazr_smtptest.readers.context import ReaderContext
from lazr_smtptest.readers.http.reader import HTTPReader
from lazr_smtptest.readers.imap.factory import IMAPReader
from lazr_smtptest.readers.imap.settings import IMAPSettings
from lazr_smtptest.readers.pop3.factory import POP3Reader
from lazr_smtptest.readers.pop3.settings import POP3Settings
from lazr_smtptest.stores import MemoryStore

from ..harness import Transport
from .http.conftest import Reactor


@implementer(ITCPTransport)
class TCPTransport(StringTransport):
    """A transport of TCP."""

    def __init__(self) -> None:
        super().__init__()
        self.options: list[bool] = []

    def setTcpNoDelay(self, enabled: bool) -> None:
        """Keep the value of the option."""
        self.options.append(enabled)


def context() -> ReaderContext:
    return ReaderContext(store=MemoryStore(), reactor=Reactor())


FACTORIES: dict[str, Callable[[], Any]] = {
    "http": lambda: HTTPReader(context()).site,
    "imap": lambda: IMAPReader(context(), IMAPSettings()).factory,
    "pop3": lambda: POP3Reader(context(), POP3Settings()).factory,
    "smtp": lambda: CaptureServer().factory(Clock()),
}


@pytest.mark.parametrize("protocol", FACTORIES)
def test_no_answer_waits_for_an_acknowledgement(protocol: str) -> None:
    """Nagle's algorithm would hold back what follows another answer."""
    transport = TCPTransport()
    connection = FACTORIES[protocol]().buildProtocol(transport.getPeer())
    connection.makeConnection(transport)
    assert True in transport.options
    assert False not in transport.options
    connection.connectionLost(Failure(ConnectionDone()))


def test_another_transport_has_no_such_delay() -> None:
    """A wrapper passes on what it does not know, such as TLS."""
    wrapper = ProtocolWrapper(WrappingFactory(Factory()), Protocol())
    wrapper.makeConnection(Transport())
    send_at_once(wrapper)


def test_a_socket_without_the_option_is_left_as_it_is() -> None:
    """A UNIX socket has no delay."""

    class Unix(TCPTransport):
        def setTcpNoDelay(self, enabled: bool) -> None:
            raise OSError(errno.EOPNOTSUPP, "Operation not supported")

    send_at_once(Unix())
