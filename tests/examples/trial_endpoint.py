from twisted.internet import reactor
from twisted.internet.endpoints import serverFromString
from twisted.mail.smtp import sendmail
from twisted.trial.unittest import TestCase

from lazr_smtptest import StoreServer
from lazr_smtptest.stores import MemoryStore


class EndpointTests(TestCase):
    async def test_any_endpoint_will_do(self):
        store = MemoryStore()
        factory = StoreServer(store).factory(reactor)
        endpoint = serverFromString(reactor, "tcp:0:interface=127.0.0.1")
        port = await endpoint.listen(factory)
        self.addCleanup(factory.end_sessions)
        self.addCleanup(port.stopListening)

        mail = b"Subject: Welcome\n\nNice to see you.\n"
        await sendmail(
            "127.0.0.1",
            "shop@example.com",
            ["anna@example.com"],
            mail,
            port=port.getHost().port,
        )
        [envelope] = store
        self.assertEqual(envelope.rcpt_tos, ("anna@example.com",))
