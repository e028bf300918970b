import smtplib

from lazr_smtptest import Controller, Reply, Server


class Recorder(Server):
    def __init__(self):
        super().__init__()
        self.received = []

    def handle_envelope(self, envelope):
        if b"spam" in envelope.content:
            return Reply(554, "No spam please", "5.7.1")
        self.received.append(envelope)
        return Reply(250, "OK", "2.0.0")


def test_recorder():
    recorder = Recorder()
    with Controller(recorder) as controller:
        with smtplib.SMTP(controller.host, controller.port) as client:
            client.sendmail("me@example.com", ["you@example.com"], "Hello.\n")
    [envelope] = recorder.received
    assert envelope.rcpt_tos == ("you@example.com",)
