"""``smtptest --http``: mail is read while it is taken."""

from __future__ import annotations

import http.client
import json
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.testing import MemoryReactorClock

from lazr_smtptest.cli.application import Process
from lazr_smtptest.cli.options import OptionError, Options
from lazr_smtptest.cli.tap import makeService
from lazr_smtptest.readers.context import AbsentError, ReaderContext

from ..commands import PATIENCE, Start, send

HTTP = "--http=tcp:0:interface=127.0.0.1"


def get(port: str, path: str) -> tuple[int, Any]:
    """Make a GET request; return the status and the JSON."""
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=PATIENCE)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def test_what_is_sent_is_read(start: Start) -> None:
    """By another program, in the same moment."""
    process = start("smtptest", "--port=0", HTTP)
    smtp, port = process.wait_for(r"^ready smtp=(\d+) http=(\d+)$").groups()
    send(int(smtp))
    status, found = get(port, "/api/v2/wait?query=subject:hello&timeout=60")
    assert status == 200
    assert found["messages"][0]["envelope"]["mail_from"] == "s@example.com"


def test_the_start_says_where_http_is(start: Start) -> None:
    """Beside SMTP."""
    process = start("smtptest", "--port=0", HTTP)
    _, port = process.wait_for(r"^ready smtp=(\d+) http=(\d+)$").groups()
    assert f"  HTTP   127.0.0.1:{port}" in process.lines


def test_twistd_takes_the_same_option(start: Start) -> None:
    """There is one table of options."""
    process = start("twistd", "--smtp=tcp:0:interface=127.0.0.1", HTTP)
    port = process.wait_for(r"listening on 127\.0\.0\.1:(\d+) \(http")[1]
    assert get(port, "/api/v2/messages")[0] == 200


def test_a_port_that_is_taken_is_one_line_and_status_1(start: Start) -> None:
    """Before any mail is taken."""
    first = start("smtptest", "--port=0", HTTP)
    _, port = first.wait_for(r"^ready smtp=(\d+) http=(\d+)$").groups()
    second = start("smtptest", "--port=0", f"--http=tcp:{port}:interface=127.0.0.1")
    assert second.wait() == 1
    assert second.lines[-1].startswith(
        f"smtptest: cannot listen on tcp:{port}:interface=127.0.0.1: "
    )


@pytest.mark.slow
def test_the_mail_of_all_workers_is_read_in_one_place(start: Start) -> None:
    """The process that starts them reads their store."""
    process = start(
        "smtptest", "--port=0", "--workers=2", "--store=sqlite:mail.db", HTTP
    )
    smtp, port = process.wait_for(r"^ready smtp=(\d+) http=(\d+)$").groups()
    for _ in range(4):
        send(int(smtp))
    status, found = get(port, "/api/v2/wait?count=4&timeout=60")
    assert (status, len(found["messages"])) == (200, 4)


def context_of(*arguments: str) -> ReaderContext:
    """Return what the HTTP side of a command gets of its process."""
    options = Options()
    options.parseOptions([*arguments, HTTP])
    process = makeService(options, MemoryReactorClock())
    assert isinstance(process, Process)
    [service] = process.readers
    context = service._context
    assert isinstance(context, ReaderContext)
    return context


def test_a_reader_gets_the_server() -> None:
    """Its rules, sessions, certificates and logins."""
    context = context_of("--tls=auto", "--auth=any")
    assert context.needed_faults().rules == ()
    assert list(context.needed_sessions()) == []
    assert None not in (context.tls, context.auth, context.handler, context.settings)


def test_a_reader_beside_workers_is_told_what_is_not_there(tmp_path: Path) -> None:
    """The rules and the open sessions are in the workers."""
    context = context_of(
        "--workers=3", f"--store=sqlite:{tmp_path}/mail.db", "--tls=auto", "--auth=any"
    )
    for needed in (context.needed_faults, context.needed_sessions):
        with pytest.raises(AbsentError, match="in the 3 processes of --workers"):
            needed()
    assert None not in (context.tls, context.auth, context.handler, context.settings)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["--http-auth=a:b"], "--http-auth needs --http"),
        (["--http-host=a"], "--http-host needs --http"),
        (["--cors=*"], "--cors needs --http"),
        ([HTTP, "--http-auth=ann"], "--http-auth is USER:PASSWORD"),
        ([HTTP, "--http-auth=:x"], "--http-auth is USER:PASSWORD"),
        ([HTTP, "--workers=2"], "--http with --workers needs a store on a disk"),
    ],
)
def test_options_that_cannot_be_are_one_line(arguments: list[str], error: str) -> None:
    """And the password is not in it."""
    with pytest.raises(OptionError) as caught:
        Options().parseOptions(arguments)
    assert str(caught.value).startswith(error)
