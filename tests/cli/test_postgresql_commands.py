"""The commands on a store in PostgreSQL, and a server that uses one."""

from __future__ import annotations

import json
import smtplib
import time
from contextlib import closing
from http.client import HTTPConnection

import pytest

from lazr_smtptest import Controller, Envelope, StoreServer, open_store
from lazr_smtptest.cli.main import main

from ..commands import PATIENCE, Start, send


def mail(number: int) -> Envelope:
    """Return a message with a number in its subject."""
    content = b"Subject: Order %d\r\n\r\nTea.\r\n" % number
    return Envelope(mail_from="a@b.example", rcpt_tos=("c@d.example",), content=content)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Run a command; return its status, its output and its errors."""
    status = main(arguments)
    out, err = capsys.readouterr()
    return status, out, err


def test_messages_of_a_server_are_listed_searched_and_deleted(
    postgresql: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """As those of every store."""
    with (
        closing(open_store(postgresql)) as store,  # type: ignore[type-var]
        Controller(StoreServer(store)) as server,
        smtplib.SMTP(server.host, server.port) as client,
    ):
        client.sendmail("a@b.example", ["c@d.example"], mail(1).content)
        client.sendmail("a@b.example", ["c@d.example"], mail(2).content)
    status, out, _ = run(capsys, "list", postgresql)
    assert status == 0
    assert "Order 1" in out
    assert "Order 2" in out
    status, out, _ = run(capsys, "search", postgresql, "subject:2", "--json")
    assert (status, out.count('"Order 2"'), out.count("Order 1")) == (0, 1, 0)
    assert run(capsys, "delete", postgresql, "subject:1")[0] == 0
    assert "Order 1" not in run(capsys, "list", postgresql)[1]


def test_a_database_without_a_store_is_an_error(
    postgresql: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A command that reads makes no tables."""
    status, _, err = run(capsys, "list", f"{postgresql}&schema=nothing")
    assert status == 1
    assert "there is no store in the schema 'nothing' of postgresql://" in err
    assert len(err.strip().splitlines()) == 1


def test_messages_are_copied_into_a_database(
    postgresql: str, capsys: pytest.CaptureFixture[str], tmp_path: object
) -> None:
    """And out of it."""
    with closing(open_store(f"sqlite:{tmp_path}/mail.db")) as store:  # type: ignore[type-var]
        store.add(mail(1))
    status, out, _ = run(capsys, "copy", f"sqlite:{tmp_path}/mail.db", postgresql)
    assert status == 0
    assert out.startswith("1 message copied to postgresql://smtptest@/test_")
    status, out, _ = run(capsys, "copy", postgresql, f"mbox:{tmp_path}/box")
    assert (status, out) == (0, f"1 message copied to mbox:{tmp_path}/box\n")


def nodes_of(capsys: pytest.CaptureFixture[str], store: str) -> dict[str, bool]:
    """Return whether each node is alive, by its name."""
    status, out, err = run(capsys, "nodes", store, "--json")
    assert (status, err) == (0, "")
    nodes = map(json.loads, out.splitlines())
    return {node["name"]: node["is_alive"] for node in nodes}


def test_a_node_that_is_killed_is_dead_and_one_that_is_stopped_is_gone(
    postgresql: str, start: Start, capsys: pytest.CaptureFixture[str]
) -> None:
    """The others see both, and each server lists all."""
    http = "--http=tcp:0:interface=127.0.0.1"
    nodes = {
        name: start("smtptest", "--port=0", http, f"--store={postgresql}&node={name}")
        for name in ("asked", "killed", "stopped")
    }
    ports = {
        name: node.wait_for(r"^ready smtp=\d+ http=(\d+)$")[1]
        for name, node in nodes.items()
    }
    url = f"http://127.0.0.1:{ports['asked']}"
    all_alive = dict.fromkeys(nodes, True)
    limit = time.monotonic() + PATIENCE
    while nodes_of(capsys, url) != all_alive:
        assert time.monotonic() < limit
    assert nodes_of(capsys, postgresql) == all_alive
    nodes["killed"].popen.kill()
    nodes["stopped"].popen.terminate()
    nodes["stopped"].popen.wait(PATIENCE)
    while nodes_of(capsys, url) != {"asked": True, "killed": False}:
        assert time.monotonic() < limit + PATIENCE


@pytest.mark.slow
def test_a_wait_at_one_node_is_answered_for_mail_at_another(
    postgresql: str, start: Start
) -> None:
    """They share nothing but the database."""
    http = "--http=tcp:0:interface=127.0.0.1"
    nodes = [
        start("smtptest", "--port=0", http, f"--store={postgresql}") for _ in range(2)
    ]
    (smtp, _), (_, port) = (
        node.wait_for(r"^ready smtp=(\d+) http=(\d+)$").groups() for node in nodes
    )
    connection = HTTPConnection("127.0.0.1", int(port), timeout=PATIENCE)
    with closing(connection):
        connection.request("GET", "/api/v2/wait?query=subject:hello&timeout=60")
        send(int(smtp))
        answer = connection.getresponse()
        (message,) = json.loads(answer.read())["messages"]
    assert message["envelope"]["mail_from"] == "s@example.com"
