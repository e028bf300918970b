from twisted.internet.defer import Deferred
from twisted.mail.smtp import sendmail
from twisted.trial.unittest import TestCase

from lazr_smtptest import Server
from lazr_smtptest.testing.trial import listen


class SlowServer(Server):
    """Says nothing to a message until it is told to."""

    def __init__(self):
        super().__init__()
        self.arrived = Deferred()
        self.go_on = Deferred()

    def handle_message(self, message):
        self.arrived.callback(message["Subject"])
        return self.go_on


class SlowServerTests(TestCase):
    async def test_the_sender_waits(self):
        server = SlowServer()
        listener = await listen(self, server)
        mail = b"Subject: Welcome\n\nNice to see you.\n"
        sent = sendmail(
            listener.host,
            "me@example.com",
            ["anna@example.com"],
            mail,
            port=listener.port,
        )
        self.assertEqual(await server.arrived, "Welcome")
        self.assertNoResult(sent)

        server.go_on.callback(None)
        accepted, _ = await sent
        self.assertEqual(accepted, 1)
