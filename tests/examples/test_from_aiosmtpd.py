import smtplib

from twisted.mail.smtp import SMTPServerError

from lazr_smtptest import Controller, Server


class Recorder(Server):
    def __init__(self):
        super().__init__()
        self.received = []

    def handle_envelope(self, envelope):
        if b"spam" in envelope.content:
            raise SMTPServerError(554, b"5.7.1 No spam please")
        self.received.append(envelope)


def test_recorder():
    recorder = Recorder()
    with Controller(recorder) as controller:
        with smtplib.SMTP(controller.host, controller.port) as client:
            client.sendmail("me@example.com", ["you@example.com"], "Hello.\n")
    [envelope] = recorder.received
    assert envelope.rcpt_tos == ("you@example.com",)
