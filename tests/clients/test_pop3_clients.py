"""Programs that fetch mail by POP3."""

from __future__ import annotations

import smtplib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lazr_smtptest import CaptureController

if TYPE_CHECKING:
    from tests.clients.conftest import Program

PATIENCE = 60
SENT = (
    "Subject: one\n\nHello.\n.\n..x\n",
    "Subject: two\n\n" + "line\n" * 5000,
)


@pytest.fixture
def controller() -> Iterator[CaptureController]:
    """A server with two messages."""
    with CaptureController(pop3=True) as controller:
        with smtplib.SMTP(controller.host, controller.port, timeout=PATIENCE) as client:
            for text in SENT:
                client.sendmail("ann@example.com", ["bob@example.com"], text)
        yield controller


def test_curl_lists_and_reads(
    controller: CaptureController, program: Callable[[str], Program]
) -> None:
    """By their numbers."""
    curl = program("curl")
    url = f"pop3://localhost:{controller.pop3_port}/"
    login = ("-q", "-s", "--max-time", "60", "--user", "bob:secret")
    assert [line.split()[0] for line in curl.run(*login, url).splitlines()] == [
        "1",
        "2",
    ]
    assert curl.run(*login, f"{url}1").replace("\r\n", "\n") == SENT[0]


def test_fetchmail_takes_all_messages_away(
    controller: CaptureController, program: Callable[[str], Program], tmp_path: Path
) -> None:
    """And the server has none left."""
    fetchmail = program("fetchmail")
    rc = tmp_path / "rc"
    rc.write_text(
        f"poll localhost protocol POP3 port {controller.pop3_port} no dns "
        "user bob password secret no rewrite sslproto '' "
        f"mda 'cat >> {tmp_path}/mail'\n"
    )
    rc.chmod(0o600)
    fetchmail.run(
        "--nosyslog", "--fetchmailrc", str(rc), "--pidfile", f"{tmp_path}/pid"
    )
    fetched = (tmp_path / "mail").read_text()
    assert [f"Subject: {name}" in fetched for name in ("one", "two")] == [True, True]
    assert "\n.\n..x\n" in fetched
    assert len(controller) == 0


def test_getmail_fetches_each_message_once(
    controller: CaptureController, program: Callable[[str], Program], tmp_path: Path
) -> None:
    """It knows them again by their unique ids."""
    getmail = program("getmail")
    (tmp_path / "rc").write_text(
        "[retriever]\ntype = SimplePOP3Retriever\nserver = localhost\n"
        f"port = {controller.pop3_port}\nusername = bob\npassword = secret\n"
        "[destination]\ntype = MDA_external\npath = /usr/bin/tee\n"
        # As root getmail writes no file itself.
        f"arguments = ('-a', '{tmp_path}/mbox')\nallow_root_commands = true\n"
        "[options]\nread_all = false\ndelivered_to = false\nreceived = false\n"
    )
    for _ in range(2):
        getmail.run("--getmaildir", str(tmp_path), "--rcfile", "rc")
    fetched = (tmp_path / "mbox").read_text()
    assert [fetched.count(f"Subject: {name}") for name in ("one", "two")] == [1, 1]
    assert len(controller) == 2
