import smtplib
import unittest

from lazr_smtptest.testing.unittest import SMTPTestMixin


def welcome(address, host, port):
    """What is tested: a function that sends a mail."""
    with smtplib.SMTP(host, port) as client:
        mail = "Subject: Welcome\n\nNice to see you.\n"
        client.sendmail("shop@example.com", [address], mail)


class WelcomeTests(SMTPTestMixin, unittest.TestCase):
    def test_it_goes_to_the_new_customer(self):
        welcome("anna@example.com", self.smtptest.host, self.smtptest.port)
        mail = self.smtptest.wait_for(recipient="anna@example.com", timeout=5)
        self.assertEqual(mail.subject, "Welcome")

    def test_each_test_begins_with_an_empty_mailbox(self):
        self.smtptest.assert_none(within=0)


class WelcomeOverTLSTests(SMTPTestMixin, unittest.TestCase):
    smtptest_options = {
        "require_tls": True,
        "auth": {"shop": "secret"},
        "limits": {"recipients": 1},
    }

    def test_it_is_encrypted(self):
        with smtplib.SMTP("localhost", self.smtptest.port) as client:
            client.starttls(context=self.smtptest.client_context())
            client.login("shop", "secret")
            client.sendmail("shop@example.com", ["anna@example.com"], "Hello.\n")
        self.assertTrue(self.smtptest.latest.tls)
        self.assertEqual(self.smtptest.latest.user, "shop")
