from django.core.mail import send_mail
from django.test import SimpleTestCase

from lazr_smtptest.testing.settings import django_settings
from lazr_smtptest.testing.unittest import SMTPTestMixin


class WelcomeTests(SMTPTestMixin, SimpleTestCase):
    def setUp(self):
        super().setUp()
        to_the_server = self.settings(**django_settings(self.smtptest))
        to_the_server.enable()
        self.addCleanup(to_the_server.disable)

    def test_it_goes_to_the_new_customer(self):
        send_mail("Welcome", "Nice to see you.", None, ["anna@example.com"])
        self.smtptest.assert_received(recipient="anna@example.com", subject="Welcome")

    def test_it_goes_to_nobody_else(self):
        send_mail("Welcome", "Nice to see you.", None, ["anna@example.com"])
        [mail] = self.smtptest
        self.assertEqual(mail.rcpt_tos, ("anna@example.com",))
        self.assertEqual(mail.bcc, ())
