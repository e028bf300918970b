"""A store from which messages are sent on, and the servers that get them, in memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.python.failure import Failure

from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.outbound.releases.release import Release
from lazr_smtptest.outbound.releases.route import Route
from lazr_smtptest.outbound.releases.service import ReleaseService
from lazr_smtptest.outbound.settings import Relay, Server
from lazr_smtptest.stores.memory import MemoryStore
from tests.outbound.http.servers import result_of

__all__ = ["REJECTED", "SERVER", "Now", "Peer", "Routes", "relay"]

SERVER = Server(host="127.0.0.1", port=2525)
REJECTED = "550 5.7.1 not here"


class Now:
    """Calls functions at once, in the calling thread: a pool of threads."""

    def callInThread(self, function: Any) -> None:
        function()


class Peer:
    """The server's side of one connection.

    Attributes:
        said: the lines of the client.
    """

    def __init__(self, factory: Any) -> None:
        self.transport = StringTransport()
        self.transport.abortConnection = self.transport.loseConnection
        self.protocol = factory.buildProtocol(None)
        self.protocol.makeConnection(self.transport)
        self.said: list[str] = []

    def reply(self, *replies: str) -> None:
        """Send replies, each after the client has said something."""
        for reply in replies:
            self.protocol.dataReceived(f"{reply}\r\n".encode())
            self.said += self.transport.value().decode().splitlines()
            self.transport.clear()

    def accept(self) -> None:
        """Take the message, which is to one recipient."""
        self.reply("220 mx", "250 mx", "250 ok", "250 ok", "354 go", "250 2.0.0 kept")
        self.protocol.connectionLost(Failure(ConnectionError("gone")))

    def refuse(self, reply: str = REJECTED) -> None:
        """Refuse the sender."""
        self.reply("220 mx", "250 mx", reply)
        self.protocol.connectionLost(Failure(ConnectionError("gone")))


class Routes:
    """A store from which messages are sent on, and the servers that get them.

    Attributes:
        store: the store.
        reactor: the network and the clock.
        service: the service of the routes.
    """

    def __init__(
        self, *routes: Route, store: Any = None, path: Path | None = None
    ) -> None:
        self.reactor: Any = MemoryReactorClock()
        self.reactor.callFromThread = self.call_from_thread
        self.store = MemoryStore() if store is None else store
        if path is not None:
            self.store.path = path
        self.taken = 0
        self.routes = routes or (Route(name="relay", relay=Relay(server=SERVER)),)
        self.start()

    def call_from_thread(self, function: Any, *words: Any) -> None:
        # Stores in memory have no threads.
        function(*words)

    def start(self) -> None:
        self.service = ReleaseService(self.routes, self.store, self.reactor, pool=Now())
        self.service.startService()

    def stop(self) -> None:
        result_of(self.service.stopService())

    def keep(self, *recipients: str, subject: str = "hi", more: str = "") -> str:
        """Keep a message; return its id."""
        content = f"{more}Subject: {subject}\r\nFrom: a@x\r\n\r\n.\r\n".encode()
        envelope = Envelope(
            mail_from="a@x", rcpt_tos=recipients or ("b@x",), content=content
        )
        self.store.add(envelope)
        return str(self.store.page("", limit=1)[0].id)

    def release(self, *words: Any, **named: Any) -> Any:
        return result_of(Deferred.fromCoroutine(self.service.release(*words, **named)))

    def releases(self, **selection: Any) -> list[Release]:
        """Return what the queue has, the newest first."""
        found: list[Release] = result_of(self.service.find(**selection))
        return found

    def take(self) -> Peer:
        """Return the next connection."""
        self.advance(0)
        assert len(self.reactor.tcpClients) > self.taken, "nobody connects"
        factory = self.reactor.tcpClients[self.taken][2]
        self.taken += 1
        return Peer(factory)

    @property
    def is_idle(self) -> bool:
        """True if nobody connects."""
        return len(self.reactor.tcpClients) == self.taken

    def advance(self, seconds: float) -> None:
        self.reactor.advance(seconds)


def relay(**settings: Any) -> Route:
    """Return a route with rules of a relay and of its own."""
    names = ("allowed", "blocked", "return_path", "override_from")
    rules = {name: settings.pop(name) for name in names if name in settings}
    server = settings.pop("server", SERVER)
    return Route(name="relay", relay=Relay(server=server, **rules), **settings)
