from twisted.cred.checkers import AllowAnonymousAccess
from twisted.cred.portal import IRealm, Portal
from twisted.internet import reactor
from twisted.internet.defer import succeed
from twisted.internet.endpoints import TCP4ServerEndpoint
from twisted.mail.interfaces import (
    IMessageDelivery,
    IMessageDeliveryFactory,
    IMessageSMTP,
)
from twisted.mail.smtp import SMTPBadRcpt, SMTPDeliveryError, sendmail
from twisted.trial.unittest import TestCase
from zope.interface import implementer

from lazr_smtptest.smtp.factory import SMTPServerFactory


@implementer(IMessageSMTP)
class Letter:
    """A message on its way into somebody's box, line by line."""

    def __init__(self, box):
        self.box = box
        self.lines = []

    def lineReceived(self, line):
        self.lines.append(line)

    def eomReceived(self):
        self.box.append(self.lines)
        return succeed(None)

    def connectionLost(self):
        """The message did not end: forget it."""


@implementer(IMessageDelivery)
class HouseDelivery:
    """Delivers to the people who live here, and refuses all others."""

    def __init__(self, boxes):
        self.boxes = boxes

    def receivedHeader(self, helo, origin, recipients):
        return b""

    def validateFrom(self, helo, origin):
        return origin

    def validateTo(self, user):
        if str(user) not in self.boxes:
            raise SMTPBadRcpt(user)
        return lambda: Letter(self.boxes[str(user)])


@implementer(IMessageDeliveryFactory)
class HouseDeliveries:
    """Makes a delivery of its own for each transaction."""

    def __init__(self, boxes):
        self.boxes = boxes

    def getMessageDelivery(self):
        return HouseDelivery(self.boxes)


@implementer(IRealm)
class House:
    """Gives a delivery to whoever has been let in."""

    def __init__(self, boxes):
        self.boxes = boxes

    def requestAvatar(self, avatarId, mind, *interfaces):
        return IMessageDelivery, HouseDelivery(self.boxes), lambda: None


class DeliveryTests(TestCase):
    def setUp(self):
        self.boxes = {"anna@example.com": [], "bert@example.com": []}

    async def listen(self, factory):
        endpoint = TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1")
        port = await endpoint.listen(factory)
        self.addCleanup(factory.end_sessions)
        self.addCleanup(port.stopListening)
        return port.getHost().port

    async def send(self, port, recipient):
        mail = b"Subject: Hi\n\nHello.\n"
        await sendmail("127.0.0.1", "me@example.com", [recipient], mail, port=port)

    async def test_a_delivery(self):
        delivery = HouseDelivery(self.boxes)
        port = await self.listen(SMTPServerFactory(reactor, delivery=delivery))
        await self.send(port, "anna@example.com")
        self.assertEqual(self.boxes["anna@example.com"][0][0], b"Subject: Hi")

    async def test_a_delivery_refuses(self):
        delivery = HouseDelivery(self.boxes)
        port = await self.listen(SMTPServerFactory(reactor, delivery=delivery))
        with self.assertRaises(SMTPDeliveryError) as caught:
            await self.send(port, "nobody@example.com")
        self.assertEqual(caught.exception.code, 550)

    async def test_a_delivery_factory(self):
        deliveries = HouseDeliveries(self.boxes)
        port = await self.listen(
            SMTPServerFactory(reactor, delivery_factory=deliveries)
        )
        await self.send(port, "bert@example.com")
        self.assertEqual(len(self.boxes["bert@example.com"]), 1)

    async def test_a_portal(self):
        portal = Portal(House(self.boxes), [AllowAnonymousAccess()])
        port = await self.listen(SMTPServerFactory(reactor, portal=portal))
        await self.send(port, "bert@example.com")
        self.assertEqual(len(self.boxes["bert@example.com"]), 1)
