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
        sent = send_welcome(server.host, server.port, "anna@example.com")
        mail = await server.when(recipient="anna@example.com", timeout=5)
        self.assertEqual(mail.subject, "Welcome")
        await sent

    def test_with_callbacks(self):
        def send(server):
            sent = send_welcome(server.host, server.port, "anna@example.com")
            return sent.addCallback(lambda result: server)

        def check(server):
            mail = server.mailbox.assert_received(recipient="anna@example.com")
            self.assertEqual(mail.text, "Nice to see you.\n")

        return listen(self).addCallback(send).addCallback(check)
