from smtplib import LMTP, SMTP_SSL

from twisted.internet import reactor
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from lazr_smtptest import (
    TLS,
    Listener,
    LMTPServerProtocol,
    Settings,
    SMTPService,
    StoreServer,
)
from lazr_smtptest.stores import MemoryStore

ENDPOINT = "tcp:0:interface=127.0.0.1"
MAIL = "Subject: Welcome\n\nNice to see you.\n"


def send(client):
    with client:
        client.sendmail("shop@example.com", ["anna@example.com"], MAIL)


class ListenerTests(TestCase):
    async def test_smtps_and_lmtp_at_once(self):
        tls = TLS.auto()
        service = SMTPService(
            StoreServer(MemoryStore()),
            [
                Listener(ENDPOINT, settings=Settings(tls=tls, implicit_tls=True)),
                Listener(ENDPOINT, protocol=LMTPServerProtocol),
            ],
            reactor,
        )
        service.startService()
        self.addCleanup(service.stopService)
        await service.listening
        smtps, lmtp = [port.getHost().port for port in service.ports]

        def send_to_both():
            send(SMTP_SSL("localhost", smtps, context=tls.client_context()))
            send(LMTP("localhost", lmtp))

        await deferToThread(send_to_both)
        self.assertEqual([mail.tls for mail in service.server.store], [True, False])
