import smtplib

from lazr_smtptest import Controller, Server


class Recorder(Server):
    def __init__(self):
        super().__init__()
        self.received = []

    def handle_envelope(self, envelope):
        self.received.append(envelope)


def test_recorder():
    recorder = Recorder()
    with Controller(recorder) as controller:
        with smtplib.SMTP(controller.host, controller.port) as client:
            client.sendmail("me@example.com", ["you@example.com"], "Hello.\n")
    [envelope] = recorder.received
    assert envelope.mail_from == "me@example.com"
    assert envelope.rcpt_tos == ("you@example.com",)
    assert envelope.content == b"Hello.\r\n"
