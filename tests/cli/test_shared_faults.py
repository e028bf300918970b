"""Fault rules and settings of processes of the command, which share a database."""

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
        [*command, "--workers=2", "--http=tcp:0", "--max-recipients=7"],
        tmp_path,
        environment={"SMTPTEST_NO_HTTP": "0"},
    )
    sink = Process(command, tmp_path)
    yield with_workers, sink
    sink.close()
    with_workers.close()


def ask(port: int, method: str, body: Any = None, path: str = "faults") -> Any:
    """Make a request; return the answer."""
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    content = None if body is None else json.dumps(body)
    headers = {"Content-Type": "application/json"}
    connection.request(method, f"/api/v2/{path}", content, headers)
    answer = json.loads(connection.getresponse().read())
    connection.close()
    return answer


def ports(processes: tuple[Process, Process]) -> tuple[int, int, int]:
    """Return the ports of the workers, of their HTTP side, and of the sink."""
    with_workers, sink = processes
    ready = with_workers.wait_for(r"^ready smtp=(\d+) http=(\d+)")
    workers, http = map(int, ready.groups())
    return workers, http, sink.port()


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
    workers, http, alone = ports(processes)
    [rule] = ask(http, "POST", {"fault": [RULE]})["rules"]
    assert (rule["shared"], rule["fired"]) == (True, 0)
    limit = time.monotonic() + PATIENCE
    # It may take half a second until a process has it.
    while is_kept(alone):
        assert time.monotonic() < limit, "the rule does not hold"
    assert all(is_kept(port) for port in (workers, alone, workers, workers))
    [rule] = ask(http, "GET")["rules"]
    assert rule["fired"] == 1


def has_size(port: int, size: int) -> bool:
    """Return whether a server announces a size."""
    with smtplib.SMTP("127.0.0.1", port, timeout=PATIENCE) as client:
        client.ehlo()
        return client.esmtp_features["size"] == str(size)


def test_a_setting_is_changed_in_all_processes(
    processes: tuple[Process, Process],
) -> None:
    """The process that it is changed at takes no mail itself."""
    workers, http, alone = ports(processes)
    body = {"limits": {"message_size": 12345}}
    answer = ask(http, "PATCH", body, path="settings")
    assert (answer["limits"]["message_size"], answer["shared"]) == (12345, True)
    limit = time.monotonic() + PATIENCE
    # The workers take turns.
    while not all(has_size(port, 12345) for port in (workers, alone) * 4):
        assert time.monotonic() < limit, "the setting is not changed"


def test_what_the_command_line_has_set_is_fixed_in_the_workers_too(
    processes: tuple[Process, Process],
) -> None:
    """The process with the readers says so."""
    with_workers, _ = processes
    ready = with_workers.wait_for(r"^ready smtp=(\d+) http=(\d+)")
    body = {"limits": {"recipients": 5}}
    answer = ask(int(ready[2]), "PATCH", body, path="settings")
    assert answer["detail"] == (
        "bad recipients: the command line or environment has set it"
    )
