"""Twisted's own ``ESMTP``, with the least delivery that keeps the content."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from twisted.cred.checkers import InMemoryUsernamePasswordDatabaseDontUse
from twisted.cred.portal import IRealm, Portal
from twisted.internet import defer, reactor, ssl
from twisted.internet.endpoints import TCP4ServerEndpoint
from twisted.internet.interfaces import IAddress
from twisted.mail import smtp
from twisted.mail.imap4 import PLAINCredentials
from zope.interface import implementer

from .certificate import issue
from .desk import open_desk


@implementer(smtp.IMessage)
class Content:
    """The lines of one message."""

    def __init__(self, kept: list[bytes]) -> None:
        self._kept = kept
        self._lines: list[bytes] = []

    def lineReceived(self, line: bytes) -> None:
        """Take a line."""
        self._lines.append(line)

    def eomReceived(self) -> defer.Deferred[None]:
        """Keep the message."""
        self._lines.append(b"")
        self._kept.append(b"\r\n".join(self._lines))
        return defer.succeed(None)

    def connectionLost(self) -> None:
        """Keep nothing."""


@implementer(smtp.IMessageDelivery, IRealm)
class Delivery:
    """Takes mail from all to all."""

    def __init__(self) -> None:
        self.kept: list[bytes] = []

    def receivedHeader(self, helo: object, origin: object, recipients: object) -> bytes:
        """Add nothing."""
        return b""

    def validateFrom(self, helo: object, origin: smtp.Address) -> smtp.Address:
        """Take any sender."""
        return origin

    def validateTo(self, user: smtp.User) -> Callable[[], smtp.IMessage]:
        """Take any recipient."""
        return lambda: Content(self.kept)

    def requestAvatar(self, avatar: object, mind: object, *wanted: object) -> object:
        """Be the delivery of every user."""
        return smtp.IMessageDelivery, self, lambda: None


class Factory(smtp.SMTPFactory):
    """Makes the connections."""

    protocol = smtp.ESMTP
    noisy = False

    def __init__(self, delivery: Delivery, options: argparse.Namespace) -> None:
        user, _, password = options.login.encode().partition(b":")
        checker = InMemoryUsernamePasswordDatabaseDontUse(**{user.decode(): password})
        super().__init__(Portal(delivery, [checker]) if user else None)
        self._delivery = delivery
        self._mechanisms = {b"PLAIN": PLAINCredentials} if user else None
        self._context = _context() if options.tls else None

    def buildProtocol(self, address: IAddress | None) -> smtp.ESMTP:
        """Make one."""
        connection = super().buildProtocol(address)
        connection.delivery = self._delivery
        connection.challengers = self._mechanisms or {}
        connection.ctx = self._context
        return connection


def _context() -> ssl.CertificateOptions:
    pem = issue().private_key_and_cert_chain_pem.bytes()
    return ssl.PrivateCertificate.loadPEM(pem).options()


def main() -> None:
    """Serve until the input ends."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.servers.twisted_mail")
    parser.add_argument("--tls", action="store_true")
    parser.add_argument("--login", default="", metavar="USER:PASSWORD")
    delivery = Delivery()
    factory = Factory(delivery, parser.parse_args())
    endpoint = TCP4ServerEndpoint(reactor, 0, backlog=1024, interface="127.0.0.1")
    endpoint.listen(factory).addCallback(
        lambda port: open_desk(
            port.getHost().port,
            {"kept": lambda: {"messages": len(delivery.kept)}},
            lambda: reactor.callFromThread(reactor.stop),
        )
    )
    reactor.run()


if __name__ == "__main__":
    main()
