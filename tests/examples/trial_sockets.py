from twisted.mail.smtp import sendmail
from twisted.trial.unittest import TestCase

from lazr_smtptest.testing.trial import listen


def send_welcome(host, port, address):
    """What is tested: a function that sends a mail and returns a Deferred."""
    mail = f"To: {address}\nSubject: Welcome\n\nNice to see you.\n"
    return sendmail(host, "shop@example.com", [address], mail.encode(), port=port)


class WelcomeTests(TestCase):
    async def test_it_goes_to_the_new_customer(self):
        server = await listen(self)
        await send_welcome(server.host, server.port, "anna@example.com")
        [envelope] = server.store
        self.assertEqual(envelope.rcpt_tos, ("anna@example.com",))

    def test_with_callbacks(self):
        def send(server):
            sent = send_welcome(server.host, server.port, "anna@example.com")
            return sent.addCallback(lambda result: server)

        def check(server):
            [envelope] = server.store
            self.assertIn(b"Subject: Welcome\r\n", envelope.content)

        return listen(self).addCallback(send).addCallback(check)
