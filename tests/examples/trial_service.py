from twisted.application.service import MultiService
from twisted.internet import reactor
from twisted.mail.smtp import sendmail
from twisted.trial.unittest import TestCase

from lazr_smtptest import SMTPService, StoreServer
from lazr_smtptest.stores import MemoryStore


def make_staging(mail_endpoint):
    """Make the application as it runs in staging: its mail goes nowhere."""
    application = MultiService()
    mail = SMTPService(StoreServer(MemoryStore()), [mail_endpoint], reactor)
    mail.setName("mail")
    mail.setServiceParent(application)
    # ... and here the other services of the application.
    return application


class StagingTests(TestCase):
    async def test_mail_is_kept_in_the_application(self):
        application = make_staging("tcp:0:interface=127.0.0.1")
        application.startService()
        self.addCleanup(application.stopService)
        mail = application.getServiceNamed("mail")
        await mail.listening

        await sendmail(
            "127.0.0.1",
            "shop@example.com",
            ["anna@example.com"],
            b"Subject: Welcome\n\nNice to see you.\n",
            port=mail.ports[0].getHost().port,
        )
        self.assertEqual(len(mail.server.store), 1)
