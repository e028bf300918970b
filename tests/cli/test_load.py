"""``smtptest load``: the load that a server gets, and the exit status."""

from __future__ import annotations

import json
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lazr_smtptest import TLS, Auth, CaptureController, CaptureServer, Settings
from lazr_smtptest.cli.main import main
from tests.commands import Process

QUIET = "--quiet"


@pytest.fixture
def server() -> Iterator[CaptureController]:
    """A server that keeps what it gets."""
    with CaptureController() as server:
        yield server


def load(server: CaptureController, *arguments: object) -> int:
    return main(["load", f"--port={server.port}", QUIET, *map(str, arguments)])


def as_json(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_the_number_of_messages_is_sent(server: CaptureController) -> None:
    """None is lost or doubled."""
    assert load(server, "--messages=25", "--connections=3") == 0
    assert len({mail.header("Message-ID") for mail in server}) == 25


def test_the_connections_are_reused(server: CaptureController) -> None:
    load(server, "--messages=12", "--connections=3")
    assert len(server.sessions) == 3


def test_a_connection_is_replaced_after_its_messages(
    server: CaptureController,
) -> None:
    load(server, "--messages=4", "--connections=1", "--per-connection=2")
    assert [len(list(each)) for each in _by_session(server)] == [2, 2]


def _by_session(server: CaptureController) -> list[list[int]]:
    sessions: dict[int, list[int]] = {}
    for number, mail in enumerate(server):
        sessions.setdefault(mail.session.number, []).append(number)
    return list(sessions.values())


@pytest.mark.parametrize("more", [[], ["--pipelining"]])
def test_each_message_has_its_recipients_and_its_sender(
    server: CaptureController, more: list[str]
) -> None:
    envelope = ("--from=me@example.com", "--to=u{n}@example.com", "--recipients=2")
    assert load(server, "--messages=2", "--connections=1", *envelope, *more) == 0
    for mail in server:
        assert mail.mail_from == "me@example.com"
        assert mail.rcpt_tos == ("u1@example.com", "u2@example.com")


def test_the_files_of_a_folder_are_sent(
    server: CaptureController, tmp_path: Path
) -> None:
    """With eight bits, which are declared."""
    (tmp_path / "a.eml").write_text("Subject: één\n\nHello.\n")
    (tmp_path / "b.eml").write_text("Subject: two\n\n.\n")
    (tmp_path / "notes.txt").write_text("Not this.\n")
    load(server, "--messages=2", "--connections=1", "--corpus", tmp_path)
    one, two = server
    assert one.content == "Subject: één\r\n\r\nHello.\r\n".encode()
    assert one.mail_options["BODY"] == "8BITMIME"
    assert two.content == b"Subject: two\r\n\r\n.\r\n"


@pytest.mark.parametrize("option", ["--starttls", "--tls"])
def test_the_load_comes_by_tls_with_a_login(option: str, tmp_path: Path) -> None:
    """And the certificate is checked."""
    tls = TLS.auto()
    capture = CaptureServer()
    capture.auth = Auth.users({"anna": "secret"}, tls_only=["PLAIN"])
    capture.settings = Settings(tls=tls, implicit_tls=option == "--tls")
    authority = tmp_path / "ca.pem"
    authority.write_bytes(tls.ca_pem)
    with CaptureController(server=capture) as server:
        words = (f"--ca-file={authority}", "--user=anna", "--password=secret")
        assert load(server, "--messages=2", "--connections=1", option, *words) == 0
        assert {mail.user for mail in server} == {"anna"}
        assert all(mail.session.tls for mail in server)


def test_a_refusal_is_an_error_with_its_reason(
    server: CaptureController, capsys: pytest.CaptureFixture[str]
) -> None:
    """The status is 1, and the other messages are sent."""
    server.faults.on("EOD", times=1).reply(554, "5.7.1 spam")
    assert load(server, "--messages=5", "--connections=1", "--json") == 1
    found = as_json(capsys)
    assert found["reasons"] == {"the message: 554 5.7.1 spam": 1}
    assert (found["messages"], found["errors"]) == (4, 1)
    assert found["failures"] == ["1 errors, 1 or more are a failure"]


@pytest.mark.slow
def test_a_number_of_errors_can_be_allowed(server: CaptureController) -> None:
    server.faults.on("EOD", times=2).reply(451, "4.3.0 later")
    assert load(server, "--messages=5", "--fail-errors=3") == 0


def test_errors_can_be_no_failure_at_all(server: CaptureController) -> None:
    server.faults.on("MAIL").reply(451, "4.3.0 later")
    assert load(server, "--messages=5", "--fail-errors=0") == 0


def test_a_lost_connection_is_opened_again(
    server: CaptureController, capsys: pytest.CaptureFixture[str]
) -> None:
    """One message is an error, and the rest is sent."""
    server.faults.on("DATA", times=1).drop()
    assert load(server, "--messages=4", "--connections=1", "--json") == 1
    assert as_json(capsys)["messages"] == 3
    assert len(server.sessions) == 2


def test_a_latency_above_the_bound_is_status_1(
    server: CaptureController, capsys: pytest.CaptureFixture[str]
) -> None:
    """With a line that has both."""
    assert load(server, "--messages=2", "--fail-above=p50=1us") == 1
    assert ", above 1 us\n" in capsys.readouterr().out.splitlines(True)[-1]


def test_a_latency_below_the_bound_is_status_0(server: CaptureController) -> None:
    assert load(server, "--messages=2", "--fail-above=p99=1000s") == 0


def test_the_results_are_json(
    server: CaptureController, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the times in milliseconds, and the sizes."""
    load(server, "--messages=2", "--size=1000", "--rate=1000", "--json")
    found = as_json(capsys)
    assert (found["messages"], found["recipients"], found["unsent"]) == (2, 2, 0)
    assert found["bytes"] == sum(len(mail.content) for mail in server)
    assert 0 < found["latency_ms"]["p50"] <= found["latency_ms"]["max"]
    assert found["connecting_ms"]["max"] > 0


@pytest.mark.slow
def test_the_duration_ends_it(server: CaptureController) -> None:
    """Without a number of messages."""
    assert load(server, "--duration=1", "--rate=20") == 0
    assert 1 <= len(server) <= 20


def test_another_machine_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """The address is one of RFC 5737; nothing is sent."""
    assert main(["load", "--host=192.0.2.1", "--messages=1"]) == 2
    assert capsys.readouterr().err == (
        "smtptest load: 192.0.2.1 is another machine: if you may load it, add "
        "--allow 192.0.2.1\n"
    )


def test_no_server_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Not an error for each message."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        assert main(["load", f"--port={port}", QUIET]) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"smtptest load: 127.0.0.1:{port}: cannot connect: ")


def test_pipelining_that_is_not_offered_is_an_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """RFC 2920: a client must not."""
    capture = CaptureServer()
    capture.settings = Settings(hidden=["PIPELINING"])
    with CaptureController(server=capture) as server:
        assert load(server, "--pipelining", "--messages=1") == 1
    assert "it does not offer PIPELINING" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "error"),
    [
        (
            "--size=5G",
            "--size is a size such as 10K, the ends of a range such as 1K-100K, or "
            "sizes with weights such as 4K:90,1M:10; each from 1 to 1G, not '5G'",
        ),
        ("--fail-above=p99", "--fail-above is a percentile, mean or max and a time"),
        ("--to=a@example.com --recipients=2", "2 recipients need {n}"),
        ("--corpus=missing.eml", "--corpus: missing.eml: No such file or directory"),
        ("--corpus=.", "--corpus: there is no file *.eml in ."),
        ("--ca-file=ca.pem", "--ca-file needs --tls or --starttls"),
    ],
)
def test_a_wrong_option_is_one_line(
    option: str,
    error: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """With status 2."""
    monkeypatch.chdir(tmp_path)
    assert main(["load", *option.split()]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"smtptest load: {error}")


@pytest.mark.parametrize("option", ["--rate=0", "--connections=0", "--messages=x"])
def test_a_number_that_is_none_is_a_usage_error(option: str) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["load", option])
    assert caught.value.code == 2


@pytest.mark.slow
def test_an_interrupt_ends_the_load_with_its_results(
    server: CaptureController, tmp_path: Path
) -> None:
    """What was sent until then is counted."""
    command = ["-m", "lazr_smtptest", "load", f"--port={server.port}", "--duration=1h"]
    process = Process(command, tmp_path)
    try:
        process.wait_for(" messages  ")
        process.popen.send_signal(signal.SIGINT)
        assert process.wait() == 0
    finally:
        process.close()
    assert any(" messages/s, " in line for line in process.lines)
