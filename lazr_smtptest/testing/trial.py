"""A server in a trial test, on trial's reactor or without sockets.

Everything runs in the thread of the test.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any, Literal

import attrs
from twisted.internet import defer
from twisted.internet.address import IPv4Address
from twisted.internet.endpoints import TCP4ServerEndpoint
from twisted.internet.interfaces import IProtocol, IReactorTime
from twisted.internet.task import Clock
from twisted.test.iosim import FakeTransport, IOPump, connect
from twisted.trial.unittest import SynchronousTestCase

from lazr_smtptest._failures import check_for_twisted
from lazr_smtptest._guesses import Guessable
from lazr_smtptest.interfaces import IMessageStore
from lazr_smtptest.mailbox import Mailbox
from lazr_smtptest.query.criteria import Predicate
from lazr_smtptest.server.servers import Server
from lazr_smtptest.server.service import SMTPService
from lazr_smtptest.server.storing import CaptureServer, StoreServer
from lazr_smtptest.stores.session_log import SessionLog
from lazr_smtptest.testing.notes import NotesMixin
from lazr_smtptest.testing.one_thread import OneThread

if TYPE_CHECKING:
    from lazr_smtptest.readers.sessions import SessionReader
    from lazr_smtptest.testing.memory_agent import MemoryAgent

__all__ = ["ListeningServer", "MemoryServer", "NotesMixin", "listen"]

# The ports of the protocols, in addresses.
_PORTS = {"smtp": 25, "imap": 143, "pop3": 110}

_GUESSES = {
    **dict.fromkeys(
        ("wait_for", "wait_for_async", "wait"),
        "await .when(...), which does not block the reactor",
    ),
    **{
        name: f".mailbox.{name}"
        for name in (
            *("assert_received", "assert_sent", "assert_none", "find", "find_all"),
            *("latest", "clear", "for_recipient", "for_user"),
        )
    },
    "faults": ".server.faults",
}


class _Tested(Guessable):
    """A server of a test, with its mailbox, sessions and store."""

    guesses = _GUESSES
    server: Server
    clock: IReactorTime

    @property
    def mailbox(self) -> Mailbox:
        """The mailbox of a `CaptureServer`.

        Raises:
            TypeError: the server is not a `CaptureServer`.
        """
        if not isinstance(self.server, CaptureServer):
            raise TypeError(f"a {type(self.server).__name__} has no mailbox")
        return self.server.mailbox

    @property
    def sessions(self) -> SessionLog:
        """The sessions of the clients, and counters of them."""
        return self.server.sessions

    @property
    def reader_sessions(self) -> SessionLog:
        """The sessions of the clients that read the mail, by IMAP or POP3."""
        return self.server.reader_sessions

    def when(
        self,
        *predicates: Predicate,
        count: int = 1,
        timeout: float = 5.0,
        **criteria: Any,
    ) -> defer.Deferred[Any]:
        """Wait for messages; see `Mailbox.when`. Time comes from `clock`."""
        return self.mailbox.when(
            *predicates, count=count, timeout=timeout, reactor=self.clock, **criteria
        )

    @property
    def store(self) -> IMessageStore:
        """The store of a `StoreServer`, with the envelopes oldest first.

        Raises:
            TypeError: the server is not a `StoreServer`.
        """
        if not isinstance(self.server, StoreServer):
            raise TypeError(f"a {type(self.server).__name__} has no store")
        return self.server.store


@attrs.frozen
class ListeningServer(_Tested):
    """A server that listens until the test ends.

    Attributes:
        server: the server.
        host: the address that it listens on.
        port: the port that it listens on.
        clock: the source of its time: the reactor.
        url: the URL of its HTTP side; ``""`` without one.
        pop3_port: the port of its POP3 side; 0 without one.
        imap_port: the port of its IMAP side; 0 without one.
    """

    server: Server
    host: str
    port: int
    clock: IReactorTime = attrs.field(repr=False)
    url: str = ""
    pop3_port: int = 0
    imap_port: int = 0


def listen(
    testcase: SynchronousTestCase,
    server: Server | None = None,
    reactor: IReactorTime | None = None,
    *,
    http: bool = False,
    pop3: bool = False,
    imap: bool = False,
) -> defer.Deferred[ListeningServer]:
    """Listen on a free port of 127.0.0.1 until the test ends.

    When the test ends the port and the connections are closed, and an exception of the
    server's hooks fails the test.

    Args:
        testcase: the test, for its ``addCleanup``.
        server: the server, a `CaptureServer` by default. Its own host and port are
            not used.
        reactor: the reactor; trial's by default.
        http: whether others can read the mail over HTTP, too.
        pop3: whether they can read it over POP3, too.
        imap: whether they can read it over IMAP, too.

    Returns:
        a Deferred that fires with the `ListeningServer` once it listens.
    """
    listening = _listen(testcase, server, reactor, http, pop3, imap)
    return defer.Deferred.fromCoroutine(listening)


async def _listen(
    testcase: SynchronousTestCase,
    server: Server | None,
    reactor: IReactorTime | None,
    http: bool,
    pop3: bool,
    imap: bool,
) -> ListeningServer:
    if reactor is None:
        from twisted.internet import reactor as trials

        reactor = trials
    server = server or CaptureServer()
    endpoint = TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1")
    service = SMTPService(server, [endpoint], reactor)
    # Cleanups run last come, first served.
    testcase.addCleanup(check_for_twisted, server.check)
    testcase.addCleanup(service.stopService)
    service.startService()
    await service.listening
    address: Any = service.ports[0].getHost()
    if isinstance(server, CaptureServer):
        server.mailbox.address = f"{address.host} port {address.port}"
        server.mailbox.activity.address = address.host
        server.mailbox.activity.start(address.host, address.port)
    url, pop3_port, imap_port = "", 0, 0
    if http:
        from lazr_smtptest.readers.http.service import HTTPService

        url = _read_by(HTTPService, testcase, server, reactor).url
    if pop3:
        from lazr_smtptest.readers.pop3.service import POP3Service

        reading = _read_by(POP3Service, testcase, server, reactor)
        pop3_port = reading.port.getHost().port
    if imap:
        from lazr_smtptest.readers.imap.service import IMAPService

        reading = _read_by(IMAPService, testcase, server, reactor)
        imap_port = reading.port.getHost().port
    return ListeningServer(
        server, address.host, address.port, reactor, url, pop3_port, imap_port
    )


def _read_by(
    service: Any, testcase: SynchronousTestCase, server: Server, reactor: IReactorTime
) -> Any:
    """Serve the mail of a server to others, by a service that is returned."""
    reading = service(server, "tcp:0:interface=127.0.0.1", reactor)
    testcase.addCleanup(reading.stopService)
    reading.startService()
    return reading


class MemoryServer(_Tested):
    """A server without a port: each connection is a pair of transports in memory.

    No reactor runs, and time passes only when its `Clock` is advanced. An exception
    of the server's hooks fails the test when it ends.

    Attributes:
        server: the server.
        clock: the source of its time; advance it to see timeouts.
    """

    clock: Clock

    def __init__(
        self, testcase: SynchronousTestCase, server: Server | None = None
    ) -> None:
        """Create the server.

        Args:
            testcase: the test, for its ``addCleanup``.
            server: see `listen`.

        `agent` makes requests to its HTTP side, without a socket either.
        """
        self.server = server or CaptureServer()
        if isinstance(self.server, CaptureServer):
            self.server.mailbox.reopen()
            self.server.mailbox.in_memory = True
        self.clock = Clock()
        self._factory = self.server.factory(self.clock)
        self._ports = count(49152)
        testcase.addCleanup(check_for_twisted, self.server.check)
        self._testcase = testcase
        self._agent: MemoryAgent | None = None
        # By protocol.
        self._factories: dict[str, Any] = {"smtp": self._factory}

    @property
    def agent(self) -> MemoryAgent:
        """A client of the HTTP side: an `IAgent` of `twisted.web`.

        Raises:
            TypeError: the server keeps no mail that can be read.
        """
        if self._agent is None:
            from lazr_smtptest.testing.memory_agent import MemoryAgent

            self._agent = MemoryAgent(self.server, self.clock)
            self._testcase.addCleanup(self._agent.close)
        return self._agent

    def connect(
        self,
        client: IProtocol,
        protocol: Literal["smtp", "imap", "pop3"] = "smtp",
    ) -> IOPump:
        """Connect a client, and pump bytes until both sides are idle.

        Args:
            client: the client's protocol.
            protocol: what it speaks: SMTP, or IMAP or POP3, by which it reads what was
                captured.

        Returns:
            the pump; call its ``flush`` after a side has written more.

        Raises:
            TypeError: the server keeps no mail that can be read.
        """
        here = IPv4Address("TCP", "127.0.0.1", _PORTS[protocol])
        there = IPv4Address("TCP", "127.0.0.1", next(self._ports))
        server = self._factory_of(protocol).buildProtocol(there)
        pump: IOPump = connect(
            server,
            FakeTransport(server, True, here, there),
            client,
            FakeTransport(client, False, there, here),
        )
        return pump

    def _factory_of(self, protocol: str) -> Any:
        factory = self._factories.get(protocol)
        if factory is None:
            factory = self._factories[protocol] = self._read_by(protocol).factory
        return factory

    def _read_by(self, protocol: str) -> SessionReader:
        from lazr_smtptest.readers.context import ReaderContext
        from lazr_smtptest.readers.imap.factory import IMAPReader
        from lazr_smtptest.readers.pop3.factory import POP3Reader

        reactor = OneThread(self.clock)
        # The only thread is this one.
        context = attrs.evolve(ReaderContext.of(self.server, reactor), pool=reactor)
        reader = IMAPReader(context) if protocol == "imap" else POP3Reader(context)
        self._testcase.addCleanup(reader.close)
        return reader
