"""``smtptest``, with the options that twistd does not need, as a process."""

from __future__ import annotations

import os
import signal
import smtplib
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lazr_smtptest.cli import serve
from lazr_smtptest.stores import MaildirStore

from ..commands import PATIENCE, ROOT, Process, Start, send

ANY_PORT = "--port=0"
# Without HTTP, whose usual port another test may have.
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "SMTPTEST_NO_HTTP": "1"}


def ready_port(process: Process) -> int:
    """Return the port that the last line of the start names."""
    return int(process.wait_for(r"^ready smtp=(\d+)$")[1])


def test_the_start_says_where_it_listens_and_where_mail_is_kept(start: Start) -> None:
    """The last line of it is for programs that wait."""
    process = start("smtptest", ANY_PORT, "--store=maildir:box")
    port = ready_port(process)
    assert f"  SMTP   127.0.0.1:{port}" in process.lines
    assert "  mail   maildir:box" in process.lines


def test_a_message_is_one_line(start: Start) -> None:
    """With its envelope, its subject and its size."""
    process = start("smtptest", ANY_PORT)
    send(ready_port(process))
    process.wait_for(
        r"^\S+ accepted: from=<s@example\.com> to=<r0@example\.com> "
        r"subject='hello' size=26 session=1$"
    )


def test_it_leaves_no_file_behind(start: Start, tmp_path: Path) -> None:
    """Neither a pid file nor a log file."""
    process = start("smtptest", ANY_PORT)
    ready_port(process)
    process.terminate()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_status_0(start: Start, number: int) -> None:
    """Ctrl-C is the usual end."""
    process = start("smtptest", ANY_PORT)
    ready_port(process)
    process.popen.send_signal(number)
    assert process.wait() == 0


def test_two_signals_at_once_end_it_without_a_traceback(start: Start) -> None:
    """``timeout`` sends one to the process and one to its group."""
    process = start("smtptest", ANY_PORT)
    ready_port(process)
    process.popen.send_signal(signal.SIGTERM)
    process.popen.send_signal(signal.SIGINT)
    assert process.wait() == 0
    assert "Traceback" not in "\n".join(process.lines)


def test_a_host_is_listened_on(start: Start) -> None:
    """``--host`` goes with ``--port``."""
    process = start("smtptest", ANY_PORT, "--host=::1")
    port = int(process.wait_for(r"listening on \[::1\]:(\d+)")[1])
    with smtplib.SMTP("::1", port, timeout=PATIENCE) as client:
        assert client.noop()[0] == 250


def test_a_port_is_beside_the_endpoints(start: Start) -> None:
    """Both listen."""
    process = start("smtptest", ANY_PORT, "--lmtp=tcp:0:interface=127.0.0.1")
    process.wait_for(r"^ready smtp=\d+ lmtp=\d+$")


def test_a_variable_of_the_environment_is_an_option(tmp_path: Path) -> None:
    """Where a container has no command line."""
    process = Process(
        ["-m", "lazr_smtptest"], tmp_path, environment={"SMTPTEST_PORT": "0"}
    )
    try:
        ready_port(process)
    finally:
        process.close()


def test_the_ready_file_has_the_address(start: Start, tmp_path: Path) -> None:
    """It is there when the line says so, and gone after the end."""
    process = start("smtptest", ANY_PORT, "--ready-file=ready")
    port = ready_port(process)
    assert (tmp_path / "ready").read_text() == f"smtp=127.0.0.1:{port}\n"
    process.terminate()
    assert not (tmp_path / "ready").exists()


def test_the_ready_file_of_a_killed_server_is_removed_before_it_listens(
    start: Start, tmp_path: Path
) -> None:
    """Others would believe it; here the start fails, and it is gone all the same."""
    (tmp_path / "ready").write_text("smtp=127.0.0.1:1\n")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = start("smtptest", f"--port={port}", "--ready-file=ready")
        assert process.wait() == 1
    assert not (tmp_path / "ready").exists()


def test_a_ready_file_that_cannot_be_written_ends_the_start(
    start: Start, tmp_path: Path
) -> None:
    """Who waits for it would wait for ever."""
    process = start("smtptest", ANY_PORT, "--ready-file=none/ready")
    assert process.wait() == 1
    assert process.lines[-1].endswith(
        f"--ready-file: cannot write {str(tmp_path / 'none/ready')!r}: "
        "No such file or directory"
    )


def test_a_service_manager_hears_of_start_and_end(tmp_path: Path) -> None:
    """By sd_notify(3)."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.settimeout(PATIENCE)
        manager.bind(str(tmp_path / "notify"))
        process = Process(
            ["-m", "lazr_smtptest", ANY_PORT],
            tmp_path,
            environment={"NOTIFY_SOCKET": manager.getsockname()},
        )
        try:
            assert manager.recv(100) == b"READY=1"
            process.terminate()
            assert manager.recv(100) == b"STOPPING=1"
        finally:
            process.close()


def test_it_ends_after_a_number_of_messages(start: Start, tmp_path: Path) -> None:
    """The client of the last one has had its 250, and the status is 0."""
    process = start("smtptest", ANY_PORT, "--stop-after=2", "--store=maildir:box")
    port = ready_port(process)
    send(port)
    send(port)
    assert process.wait() == 0
    assert len(MaildirStore(tmp_path / "box")) == 2


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "lazr_smtptest", *arguments],
        env={**ENVIRONMENT, **environment},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def test_a_taken_port_is_one_line_and_status_1() -> None:
    """It names the endpoint and the reason."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run(f"--port={port}")
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert line.startswith(f"smtptest: cannot listen on tcp:{port}:")
    assert "Address already in use; --port PORT names another port" in line


def test_a_wrong_option_is_one_line_and_status_2() -> None:
    """It names the value and what is allowed."""
    done = run("--port=smtp")
    assert done.returncode == 2
    assert done.stderr == ("smtptest: --port is a number from 0 to 65535, not 'smtp'\n")


def test_a_wrong_rule_is_one_line_and_status_2(tmp_path: Path) -> None:
    """It names the file and the line."""
    file = tmp_path / "smtptest.toml"
    file.write_text('[[fault]]\non = "MIAL"\ndrop = true\n')
    done = run(f"--config={file}")
    assert done.returncode == 2
    assert done.stderr.startswith(f"smtptest: --config: {file}:2: on: ")
    assert done.stderr.count("\n") == 1


def test_an_unknown_variable_is_one_line_and_status_2() -> None:
    """It names the nearest."""
    done = run(SMTPTEST_PROT="1")
    assert done.returncode == 2
    assert done.stderr == (
        "smtptest: unknown environment variable SMTPTEST_PROT; "
        "did you mean SMTPTEST_PORT?\n"
    )


def test_a_standard_output_that_is_closed_does_not_stop_mail(tmp_path: Path) -> None:
    """The ready file tells the port, since no line can."""
    reading, writing = os.pipe()
    os.close(reading)
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "lazr_smtptest", ANY_PORT),
            *("--ready-file=ready", "--stop-after=3", "--store=maildir:box"),
        ],
        cwd=tmp_path,
        env={**ENVIRONMENT, "NOTIFY_SOCKET": ""},
        stdout=writing,
        stderr=subprocess.PIPE,
    )
    os.close(writing)
    try:
        address = wait_for_line(tmp_path / "ready", process)
        for _ in range(3):
            send(int(address.rpartition(":")[2]))
        assert process.wait(PATIENCE) == 0
    finally:
        process.kill()
        _, errors = process.communicate()
    assert len(MaildirStore(tmp_path / "box")) == 3
    assert errors.count(b"cannot write the log") == 1


def wait_for_line(file: Path, process: subprocess.Popen[bytes]) -> str:
    """Wait until a process has written a file, and return its first line."""
    for _ in range(PATIENCE * 10):
        if file.exists():
            return file.read_text().splitlines()[0]
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.1)
    raise AssertionError(f"{file} was not written")


@pytest.mark.parametrize(
    "store",
    ["postgresql://anna:swordfish@h/mail", "postgresql://h/mail?password=swordfish"],
)
def test_the_start_shows_no_password_of_a_database(
    store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log of a service is read by many."""
    said: list[object] = []
    process: Any = SimpleNamespace(readers=[], ca_file=None)
    writer: Any = SimpleNamespace(write=said.append)
    monkeypatch.setattr(serve, "log_fields", lambda *_, **fields: said.append(fields))
    serve._greet(writer, store, process, {})
    serve._log_ready(store, process, {})
    assert "swordfish" not in str(said)
    assert str(said).count("********") == 2
