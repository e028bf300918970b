from io import BytesIO

from twisted.internet.defer import Deferred
from twisted.mail.smtp import SMTPSenderFactory
from twisted.trial.unittest import SynchronousTestCase

from lazr_smtptest.testing.trial import MemoryServer


class SenderTests(SynchronousTestCase):
    def setUp(self):
        self.server = MemoryServer(self)

    def test_the_mail_arrives(self):
        sent = Deferred()
        mail = BytesIO(b"Subject: Welcome\n\nNice to see you.\n")
        sender = SMTPSenderFactory("shop@example.com", "anna@example.com", mail, sent)
        self.server.connect(sender.buildProtocol(None)).flush()

        accepted, _ = self.successResultOf(sent)
        self.assertEqual(accepted, 1)
        [envelope] = self.server.store
        self.assertEqual(envelope.mail_from, "shop@example.com")
        self.assertEqual(envelope.rcpt_tos, ("anna@example.com",))
