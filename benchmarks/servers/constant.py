"""A protocol with constant replies, on the reactor of ours: no server there is faster.

It takes each piece that arrives for one command or for content, as `smtp-source` sends
them, and keeps the contents, without an envelope, a session or a transcript.
"""

from __future__ import annotations

from typing import Any

from lazr_smtptest.net import batching

from .desk import open_desk

_END = b"\r\n.\r\n"
_GREETING, _OK = b"220 localhost ESMTP\r\n", b"250 2.0.0 OK\r\n"
_GO_AHEAD, _BYE = b"354 go ahead\r\n", b"221 2.0.0 bye\r\n"


def main() -> None:
    """Install the reactor, and serve until the input ends."""
    batching.install()
    from twisted.internet import reactor
    from twisted.internet.endpoints import TCP4ServerEndpoint
    from twisted.internet.protocol import Factory, Protocol

    call_at_batch_end = reactor.call_at_batch_end
    kept: list[bytes] = []

    class Constant(Protocol):
        """Replies to each command without parsing it."""

        transport: Any
        _is_content = False
        _reply = _GREETING

        def connectionMade(self) -> None:
            """Greet the client."""
            self._write()

        def dataReceived(self, data: bytes) -> None:
            """Keep a piece of a content, or reply to a command."""
            self._reply = _OK
            if self._is_content:
                kept.append(data)
                if not data.endswith(_END):
                    return
                self._is_content = False
            elif data == b"DATA\r\n":
                self._is_content, self._reply = True, _GO_AHEAD
            elif data == b"QUIT\r\n":
                self._reply = _BYE
                call_at_batch_end(self._write)
                call_at_batch_end(self.transport.loseConnection)
                return
            call_at_batch_end(self._write)

        def _write(self) -> None:
            self.transport.socket.send(self._reply)

    factory = Factory.forProtocol(Constant)
    factory.noisy = False
    endpoint = TCP4ServerEndpoint(reactor, 0, backlog=1024, interface="127.0.0.1")
    endpoint.listen(factory).addCallback(
        lambda port: open_desk(
            port.getHost().port,
            {"kept": lambda: {"messages": sum(each.endswith(_END) for each in kept)}},
            lambda: reactor.callFromThread(reactor.stop),
        )
    )
    reactor.run()


if __name__ == "__main__":
    main()
