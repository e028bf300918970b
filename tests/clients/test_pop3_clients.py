"""Programs that fetch mail by POP3."""

from __future__ import annotations

import poplib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lazr_smtptest import CaptureController

from .fetchers import fill, run_fetchmail, run_getmail

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
        fill(controller, SENT)
        yield controller


def test_poplib_lists_reads_and_deletes(controller: CaptureController) -> None:
    """Python's own; what it deletes goes when it quits."""
    settings = controller.pop3_settings()
    client = poplib.POP3(settings.host, settings.port, timeout=PATIENCE)
    assert {"TOP", "UIDL", "PIPELINING"} <= set(client.capa())
    client.user(settings.user)
    client.pass_(settings.password)
    assert client.stat()[0] == 2
    assert [line.split()[0] for line in client.list()[1]] == [b"1", b"2"]
    uid = client.uidl()[1][0].split()[1]
    assert client.uidl(1).split()[1:] == [b"1", uid]
    assert client.retr(1)[1] == SENT[0].encode().splitlines()
    assert client.top(2, 1)[1] == [b"Subject: two", b"", b"line"]
    client.dele(1)
    assert len(controller) == 2
    client.quit()
    assert [each.content[9:12] for each in controller] == [b"two"]


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
    fetched = run_fetchmail(program, tmp_path, "POP3", controller.pop3_port)
    assert [f"Subject: {name}" in fetched for name in ("one", "two")] == [True, True]
    assert "\n.\n..x\n" in fetched
    assert len(controller) == 0


def test_getmail_fetches_each_message_once(
    controller: CaptureController, program: Callable[[str], Program], tmp_path: Path
) -> None:
    """It knows them again by their unique ids."""
    fetched = run_getmail(program, tmp_path, "POP3", controller.pop3_port)
    assert [fetched.count(f"Subject: {name}") for name in ("one", "two")] == [1, 1]
    assert len(controller) == 2
