"""Mail from swaks, the command-line test client, arrives.

It is a program, not a Python package: without it these tests are skipped, except
under CI, where they fail.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator

import pytest

from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.server.controller import Controller
from lazr_smtptest.server.storing import StoreServer
from lazr_smtptest.stores.memory import MemoryStore

SENDER = "aperson@example.com"
RECIPIENTS = ("bperson@example.com", "cperson@example.net", "dperson@example.org")
# swaks ends the last line itself.
MESSAGE = "Subject: A test\n\nHi Bart.\n.\n..\n.hidden\n\n.\nend."


@pytest.fixture(scope="module")
def swaks() -> str:
    """The path of the program."""
    path = shutil.which("swaks")
    if path is None:
        message = "swaks is not here; on Debian: apt-get install swaks"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return path


class Sender:
    """Runs swaks against a server of ours."""

    def __init__(self, program: str) -> None:
        self._program = program
        self._store = MemoryStore()
        self.controller = Controller(StoreServer(self._store))

    def send(self, *options: str) -> str:
        """Send the message with these options; return the conversation printed."""
        address = ["--server", self.controller.host]
        address += ["--port", str(self.controller.port)]
        message = ["--helo", "client.example.com", "--from", SENDER, "--data", "-"]
        done = subprocess.run(
            [self._program, *address, *message, *options],
            input=MESSAGE,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def only_envelope(self) -> Envelope:
        (envelope,) = self._store
        return envelope


@pytest.fixture
def sender(swaks: str) -> Iterator[Sender]:
    sender = Sender(swaks)
    with sender.controller:
        yield sender


def test_envelope_names_the_sender_and_the_client(sender: Sender) -> None:
    """What swaks said in EHLO and MAIL is in the envelope."""
    sender.send("--to", RECIPIENTS[0])
    envelope = sender.only_envelope()
    assert (envelope.helo, envelope.mail_from) == ("client.example.com", SENDER)


def test_several_recipients_make_one_message(sender: Sender) -> None:
    """Three RCPT commands and one DATA are captured once."""
    sender.send("--to", ",".join(RECIPIENTS))
    assert sender.only_envelope().rcpt_tos == RECIPIENTS


def test_lines_that_begin_with_dots_arrive_as_they_were(sender: Sender) -> None:
    """The doubled dots of the wire are single again."""
    sender.send("--to", RECIPIENTS[0])
    expected = "".join(line + "\r\n" for line in MESSAGE.split("\n"))
    assert sender.only_envelope().content == expected.encode("ascii")


def test_smtp_without_extensions_is_served(sender: Sender) -> None:
    """A client that says HELO delivers as well."""
    conversation = sender.send("--protocol", "SMTP", "--to", RECIPIENTS[0])
    assert "-> HELO client.example.com" in conversation
    assert sender.only_envelope().rcpt_tos == RECIPIENTS[:1]
