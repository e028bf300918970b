import smtplib
import unittest

from lazr_smtptest import CaptureController

smtptest = CaptureController()


def setUpModule():
    smtptest.start()
    unittest.addModuleCleanup(smtptest.stop)


class WelcomeTests(unittest.TestCase):
    def setUp(self):
        smtptest.clear()
        self.addCleanup(smtptest.check)

    def test_it_goes_to_the_new_customer(self):
        with smtplib.SMTP(smtptest.host, smtptest.port) as client:
            client.sendmail("shop@example.com", ["anna@example.com"], "Hello.\n")
        smtptest.assert_received(recipient="anna@example.com")
