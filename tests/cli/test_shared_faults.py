"""Fault rules of processes of the command, which share a database."""

from __future__ import annotations

import json
import smtplib
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from ..commands import COMMANDS, LOOPBACK, MAIL, PATIENCE, Process

pytestmark = [pytest.mark.once, pytest.mark.slow]

RULE = {"on": "EOD", "times": 1, "reply": [451, "4.2.0 Later"]}


@pytest.fixture
def processes(postgresql: str, tmp_path: Path) -> Iterator[tuple[Process, Process]]:
    """A process with workers and HTTP, and one that only takes mail."""
    command = [*COMMANDS["smtptest"], "--store", postgresql, "--quiet", *LOOPBACK]
    with_workers = Process(
        [*command, "--workers=2", "--http=tcp:0"],
        tmp_path,
        environment={"SMTPTEST_NO_HTTP": "0"},
    )
    sink = Process(command, tmp_path)
    yield with_workers, sink
    sink.close()
    with_workers.close()


def ask(port: int, method: str, body: Any = None) -> Any:
    """Make a request for the fault rules; return the answer."""
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    content = None if body is None else json.dumps(body)
    headers = {"Content-Type": "application/json"}
    connection.request(method, "/api/v2/faults", content, headers)
    answer = json.loads(connection.getresponse().read())
    connection.close()
    return answer["rules"]


def is_kept(port: int) -> bool:
    """Send a message; return whether it is kept."""
    with smtplib.SMTP("127.0.0.1", port, timeout=PATIENCE) as client:
        client.ehlo()
        client.mail("a@example.com")
        client.rcpt("b@example.com")
        code, _ = client.data(MAIL.encode())
    assert code in (250, 451)
    return code == 250


def test_a_rule_holds_in_all_processes_and_fires_once(
    processes: tuple[Process, Process],
) -> None:
    """The process that it is added at takes no mail itself."""
    with_workers, sink = processes
    ready = with_workers.wait_for(r"^ready smtp=(\d+) http=(\d+)")
    workers, http = map(int, ready.groups())
    alone = sink.port()
    [rule] = ask(http, "POST", {"fault": [RULE]})
    assert (rule["shared"], rule["fired"]) == (True, 0)
    limit = time.monotonic() + PATIENCE
    # It may take half a second until a process has it.
    while is_kept(alone):
        assert time.monotonic() < limit, "the rule does not hold"
    assert all(is_kept(port) for port in (workers, alone, workers, workers))
    [rule] = ask(http, "GET")
    assert rule["fired"] == 1
