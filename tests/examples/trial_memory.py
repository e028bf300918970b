from io import BytesIO

from twisted.internet.defer import Deferred
from twisted.mail.smtp import SMTPSenderFactory
from twisted.trial.unittest import SynchronousTestCase

from lazr_smtptest import NotReceived
from lazr_smtptest.testing.trial import MemoryServer


class SenderTests(SynchronousTestCase):
    def setUp(self):
        self.server = MemoryServer(self)

    def send(self):
        sent = Deferred()
        mail = BytesIO(b"Subject: Welcome\n\nNice to see you.\n")
        sender = SMTPSenderFactory("shop@example.com", "anna@example.com", mail, sent)
        self.server.connect(sender.buildProtocol(None)).flush()

        return self.successResultOf(sent)

    def test_the_mail_arrives(self):
        accepted, _ = self.send()
        self.assertEqual(accepted, 1)
        [mail] = self.server.mailbox
        self.assertEqual(mail.mail_from, "shop@example.com")
        self.assertEqual(mail.rcpt_tos, ("anna@example.com",))

    def test_somebody_waits_for_it(self):
        waiting = self.server.when(subject="Welcome", timeout=3600)
        self.assertNoResult(waiting)
        self.send()
        self.assertEqual(self.successResultOf(waiting).text, "Nice to see you.\n")

    def test_somebody_waits_in_vain(self):
        waiting = self.server.when(subject="Goodbye", timeout=3600)
        self.send()
        self.server.clock.advance(3600)
        self.failureResultOf(waiting, NotReceived)
