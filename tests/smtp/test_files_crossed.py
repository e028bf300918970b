"""How many modules of ``smtp/`` a reader opens to follow one command."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.task import Clock

import lazr_smtptest.smtp
from lazr_smtptest.server.servers import Server
from lazr_smtptest.server.storing import CaptureServer

from ..harness import Peer

ROOM = Path(lazr_smtptest.smtp.__file__).parent


class Keeping(Server):
    """A server with a hook, as a test has it."""

    def handle_envelope(self, envelope: Any) -> None:
        pass


def crossed(client: Peer, *lines: str) -> set[str]:
    """Send lines in one piece; return the modules that handle them, up to the reply."""
    files = set()

    def look(frame: Any, event: str, argument: Any) -> None:
        file = Path(frame.f_code.co_filename)
        if event == "call" and file.parent == ROOM:
            files.add(file.stem)

    before = sys.getprofile()
    sys.setprofile(look)
    try:
        client.say(*lines)
    finally:
        sys.setprofile(before)
    return files


@pytest.fixture
def client() -> Peer:
    """A client of a server with a hook."""
    return greeted(Keeping())


def greeted(server: Server) -> Peer:
    """Return a client that has said EHLO, and sent a message: all caches are filled."""
    server.delivery_events.log = None  # whatever its level is in this run
    client = Peer(server.factory(Clock()))
    client.say("EHLO client.example.com")
    client.say("MAIL FROM:<a@b>", "RCPT TO:<c@d>", "DATA")
    assert client.codes("Subject: Hi", "", "Hi.", ".") == ["250"]
    return client


def test_a_known_mail_command_crosses_seven_modules(client: Peer) -> None:
    """From its bytes to its reply."""
    assert crossed(client, "MAIL FROM:<a@b>") == {
        *("engine", "short_path", "delivering", "mail", "path"),
        *("transaction", "reply_queue"),
    }


def test_one_that_a_server_without_hooks_accepts_crosses_five() -> None:
    """Its delivery need not be asked."""
    client = greeted(CaptureServer())
    assert crossed(client, "MAIL FROM:<a@b>") == {
        *("engine", "short_path", "delivering", "transaction", "reply_queue")
    }


def test_the_end_of_a_message_in_one_piece_crosses_ten_modules(client: Peer) -> None:
    """What finds its end, delivers it, ends its transaction and announces it."""
    client.say("MAIL FROM:<a@b>", "RCPT TO:<c@d>", "DATA")
    assert crossed(client, "Subject: Hi", "", "Hi.", ".") == {
        *("engine", "framing", "content_reader", "short_path", "reply_queue"),
        *("data", "delivering", "transactions", "transaction", "delivery_events"),
    }


def test_what_a_subclass_has_to_define_is_abstract() -> None:
    """A reader, and mypy, see it where the method is, not where it is called."""
    raising = [
        path.name
        for path in sorted(ROOM.glob("*.py"))
        if "raise NotImplementedError" in path.read_text("utf-8")
    ]
    assert raising == []
