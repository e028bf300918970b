"""What a message takes of Python alone: a server without a process and a socket.

``python -m benchmarks.wire`` prints the processor time and the calls of a message.
Where checkouts are named, they take turns, and each is compared with the first::

    python -m benchmarks.wire /tmp/before . --rounds 9

The calls are the same in each run.  Times are those of the least busy tenth of the
turns, for other work adds to them and never takes away.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count, islice
from pathlib import Path
from time import thread_time_ns
from typing import Any

from benchmarks.load.plan import LOGIN, Plan
from benchmarks.load.script import Script, Step

# By name: the load, and the messages of a turn.
LOADS = {
    "reused": (Plan(), 200),
    "started": (Plan(), 200),
    "pipelined": (Plan(pipelined=True), 200),
    "recipients": (Plan(recipients=100), 10),
    "new": (Plan(each=1), 50),
    "login": (Plan(each=1, login=True), 50),
    "tls": (Plan(tls=True), 100),
    "tls-new": (Plan(each=1, tls=True), 10),
}

_TURNS = 40

_ENDS_CONTENT = b"\r\n.\r\n"


def main() -> None:
    """Measure this checkout, or compare those of the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.wire")
    parser.add_argument("checkouts", nargs="*", type=Path, default=[Path()])
    parser.add_argument("--load", action="append", choices=LOADS)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    print(f"{'':12}{'checkout':24}{'us':>10}{'calls':>10}{'of the first':>14}")
    for load in options.load or LOADS:
        _compare(load, [path.resolve() for path in options.checkouts], options.rounds)


def _compare(load: str, checkouts: list[Path], rounds: int) -> None:
    taken: list[list[float]] = [[] for _ in checkouts]
    counts = [0.0 for _ in checkouts]
    for _ in range(rounds):
        for number, checkout in enumerate(checkouts):
            microseconds, counts[number] = _run(load, checkout)
            taken[number].append(microseconds)
    for number, checkout in enumerate(checkouts):
        ratios = [
            own / first for own, first in zip(taken[number], taken[0], strict=True)
        ]
        print(
            f"{load:12}{checkout.name:24}{statistics.median(taken[number]):10.1f}"
            f"{counts[number]:10.1f}{statistics.median(ratios):14.3f}",
            flush=True,
        )


def _run(load: str, checkout: Path) -> tuple[float, float]:
    """Measure a load in a process of its own, with the package of a checkout."""
    program = (
        "import runpy; "
        f"runpy.run_path({__file__!r}, run_name='wire')['measure']({load!r})"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": str(checkout)},
        stdout=subprocess.PIPE,
        check=True,
    )
    microseconds, count = json.loads(done.stdout)
    return microseconds, count


def measure(load: str) -> None:
    """Print the microseconds and the calls of a message, as JSON."""
    plan, number = LOADS[load]
    client = Client(plan, started=load == "started")
    for _ in range(3):
        client.send(number)
    turns = []
    for _ in range(_TURNS):
        client.taken = 0
        client.send(number)
        turns.append(client.taken / number / 1000)
    turns.sort()
    print(json.dumps([turns[_TURNS // 10], calls(client, number)]))
    client.close()


def calls(client: Client, number: int) -> float:
    """Return the calls of a message, those of functions in C included."""
    seen = 0

    def look(frame: object, event: str, argument: object) -> None:
        nonlocal seen
        seen += event in ("call", "c_call")

    client.around = lambda function, data: _watched(function, data, look)
    client.send(number)
    return seen / number


def _watched(function: Callable[[bytes], object], data: bytes, look: Any) -> None:
    sys.setprofile(look)
    try:
        function(data)
    finally:
        sys.setprofile(None)


class Client:
    """Sends messages to a server of its own, and measures what the server does.

    Args:
        plan: what it sends.
        started: whether the server counts messages, and writes a line for each, as the
            command ``smtptest`` does.
    """

    def __init__(self, plan: Plan, *, started: bool = False) -> None:
        import attrs

        from lazr_smtptest.net.reactor import PrivateReactor
        from lazr_smtptest.server.storing import StoreServer
        from lazr_smtptest.stores.memory import MemoryStore

        self.taken = 0
        # Passes bytes to the server.
        self.around: Callable[[Callable[[bytes], object], bytes], object] = self._time
        self._plan = plan
        bounds = {} if started else {"max_count": None, "max_bytes": None}
        self._server = StoreServer(MemoryStore(**bounds))
        if plan.tls:
            from lazr_smtptest.tls.context import TLS

            self._server.settings = attrs.evolve(self._server.settings, tls=TLS.auto())
        if plan.login:
            from lazr_smtptest.auth.login import Auth

            self._server.auth = Auth.users(dict([LOGIN]))
        self._reactor = PrivateReactor()
        self._log = _count_and_log(self._server, self._reactor) if started else None
        self._factory = self._server.factory(self._reactor)
        self._transport = _transport_class(self._reactor)
        self._script = Script(plan, count())
        # Another client is there, so that none is the only one.
        self._other = self._transport()
        self._other.connect(self._factory, b"")
        # The conversation of a connection that stays.
        self._open: Iterator[None] | None = None

    def send(self, number: int) -> None:
        """Send so many messages, and wait for their replies."""
        if self._plan.each:
            for _ in range(number):
                for _ in self._converse():
                    pass
        else:
            self._open = self._open or self._converse()
            for _ in islice(self._open, number):
                pass
        self._reactor.runUntilCurrent()

    @property
    def kept(self) -> int:
        """The number of messages that the server keeps."""
        return len(self._server.store)

    def close(self) -> None:
        """End the connection that stays, and close the reactor."""
        if self._open is not None:
            self._open.close()
        self._other.lose()
        self._reactor.close()
        if self._log is not None:
            os.close(self._log)

    def _converse(self) -> Iterator[None]:
        """Play a conversation, and yield after each content."""
        transport = self._transport()
        tls: _Tunnel | None = None
        try:
            for step in self._script.conversation():
                if not step.octets:
                    self.around(partial(transport.connect, self._factory), b"")
                else:
                    data = step.octets if tls is None else tls.encrypt(step.octets)
                    self.around(transport.receive, data)
                said = transport.take()
                _check(said if tls is None else tls.decrypt(said), step)
                if step.then_tls:
                    tls = _Tunnel()
                    while (hello := tls.shake(transport.take())) is not None:
                        self.around(transport.receive, hello)
                if _ENDS_CONTENT in step.octets:
                    yield
        finally:
            transport.lose()

    def _time(self, function: Callable[[bytes], object], data: bytes) -> None:
        begun = thread_time_ns()
        function(data)
        self.taken += thread_time_ns() - begun


def _check(text: bytes, step: Step) -> None:
    """Check the replies to a step; raise `AssertionError` if one is missing."""
    lines = [line for line in text.splitlines() if line[3:4] == b" "]
    digits = b"".join([line[:1] for line in lines])
    assert digits == step.replies, (step, text)


def _count_and_log(server: Any, reactor: Any) -> int:
    """Have a server count messages and write lines; return the lines' descriptor."""
    from lazr_smtptest.cli.line_writer import LineWriter, end_of_turn
    from lazr_smtptest.cli.mail_log import MailLog
    from lazr_smtptest.readers.context import ReaderContext
    from lazr_smtptest.readers.http.api.nodes import Nodes
    from lazr_smtptest.readers.http.metrics import Metrics

    descriptor = os.memfd_create("log")
    events = server.delivery_events
    events.log = None
    events.subscribe(MailLog(LineWriter(descriptor, end_of_turn(reactor))).show)
    context = ReaderContext(store=server.store, reactor=reactor, delivery_events=events)
    Nodes(context)
    Metrics(context, lambda: 0)
    return descriptor


def _transport_class(reactor: Any) -> Any:
    """Return the class of a transport of TCP that has no socket."""
    from twisted.internet.address import IPv4Address
    from twisted.internet.protocol import connectionDone
    from twisted.internet.tcp import Connection

    class Transport(Connection):
        """Its other end is `receive` and `take`."""

        connected = 1
        producer = None

        def __init__(self) -> None:
            self.reactor = reactor
            self.socket = self
            self.dataBuffer = b""
            self._tempDataLen = 0
            self._said: list[bytes] = []
            self._peer = IPv4Address("TCP", "127.0.0.1", 50_000)

        def getPeer(self) -> IPv4Address:
            return self._peer

        getHost = getPeer

        def setTcpNoDelay(self, enabled: bool) -> None:
            pass

        def send(self, data: bytes) -> int:
            self._said.append(data)
            return len(data)

        def write(self, data: bytes) -> None:
            self._said.append(data)

        def registerProducer(self, producer: object, streaming: bool) -> None:
            pass

        def unregisterProducer(self) -> None:
            pass

        def loseConnection(self) -> None:
            self.lose()

        def connectionLost(self, reason: object) -> None:
            self.lose()

        def connect(self, factory: Any, nothing: bytes) -> None:
            self.protocol = factory.buildProtocol(self._peer)
            self.protocol.makeConnection(self)

        def receive(self, data: bytes) -> None:
            self.protocol.dataReceived(data)
            calls = reactor._call_at_batch_end
            while calls:
                calls.popleft()()

        def lose(self) -> None:
            protocol, self.protocol = self.protocol, None
            if protocol is not None:
                protocol.connectionLost(connectionDone)

        def take(self) -> bytes:
            said = b"".join(self._said)
            self._said.clear()
            return said

    return Transport


class _Tunnel:
    """The client's end of TLS."""

    def __init__(self) -> None:
        import ssl

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._in, self._out)
        self._wants = ssl.SSLWantReadError
        self._is_done = False

    def shake(self, data: bytes) -> bytes | None:
        """Return what the server has to get next; ``None`` after the handshake."""
        self._in.write(data)
        if self._is_done:
            return None
        try:
            self._tls.do_handshake()
            self._is_done = True
        except self._wants:
            pass
        return self._out.read()

    def encrypt(self, data: bytes) -> bytes:
        """Return the bytes to send."""
        self._tls.write(data)
        return self._out.read()

    def decrypt(self, data: bytes) -> bytes:
        """Return what the server said."""
        self._in.write(data)
        said = b""
        while True:
            try:
                piece = self._tls.read(65536)
            except self._wants:
                return said
            if not piece:
                return said
            said += piece


if __name__ == "__main__":
    main()
