"""``twistd smtptest`` and ``python -m twisted smtptest`` as real processes."""

from __future__ import annotations

import os
import re
import select
import shutil
import signal
import smtplib
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from lazr_smtptest.stores import MaildirStore

from ..commands import (
    COMMANDS,
    LOOPBACK,
    MAIL,
    PATIENCE,
    ROOT,
    TWISTD,
    Process,
    Start,
    send,
)


@pytest.fixture
def taken() -> Iterator[int]:
    """Give a port of the loopback interface that somebody else listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@attrs.frozen
class Run:
    """What a process left that took two messages and was ended by SIGTERM.

    Attributes:
        level: what its log calls a line about a message.
        lines: those it wrote.
        status: its exit status.
        port: where it listened.
        box: the Maildir that it was given.
        farewell: what a client that was greeted and stayed read until the end.
    """

    level: str
    lines: list[str]
    status: int
    port: int
    box: Path
    farewell: bytes


FORGING = "Subject: a\r\n\t\x1b[2J\x08accepted: x\r\n\r\nz\r\n"


@pytest.fixture(scope="module", params=COMMANDS)
def run(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Run:
    """Run each command once, for all tests of what is the same in all of them."""
    folder = tmp_path_factory.mktemp(request.param)
    command = [*COMMANDS[request.param], *LOOPBACK, "--store=maildir:box"]
    process = Process(command, folder)
    try:
        port = process.port()
        send(port, recipients=2)
        process.popen.send_signal(signal.SIGUSR2)
        process.wait_for(r"counted: connections=1 open=\d messages=1 refusals=0$")
        send(port, FORGING)
        with socket.create_connection(("127.0.0.1", port), PATIENCE) as client:
            replies = client.makefile("rb")
            assert replies.readline().startswith(b"220 ")
            status = process.terminate()
            farewell = replies.read()
    finally:
        process.close()
    level = "" if request.param == "smtptest" else "#info"
    return Run(level, process.lines, status, port, folder / "box", farewell)


def test_a_message_is_kept(run: Run) -> None:
    """Mail that is sent to the process is in the store it was given."""
    [envelope] = (each for each in MaildirStore(run.box) if len(each.rcpt_tos) == 2)
    assert envelope.mail_from == "s@example.com"
    assert envelope.rcpt_tos == ("r0@example.com", "r1@example.com")
    assert envelope.content == MAIL.encode()


def test_sigterm_ends_it_with_status_0(run: Run) -> None:
    """A process that is told to end does so, and calls it no failure."""
    assert run.status == 0
    assert "Traceback" not in "\n".join(run.lines)


def test_sigterm_gives_an_open_session_421(run: Run) -> None:
    """A client that is connected is told that the server goes away."""
    assert run.farewell.startswith(b"421 ")
    assert run.farewell.count(b"\n") == 1


def test_sigterm_frees_the_port(run: Run) -> None:
    """Nobody answers on the port of a process that has ended."""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", run.port), PATIENCE)


def test_an_accepted_message_is_one_line(run: Run) -> None:
    """The line has the sender, the recipients, the subject and the size."""
    [line] = (line for line in run.lines if "r1@example.com" in line)
    for part in ("accepted", run.level, "s@example.com", "r0@example.com", "hello"):
        assert part in line
    assert f"size={len(MAIL)}" in line


def test_a_subject_cannot_forge_a_line(run: Run) -> None:
    """What a client writes stays on the line of its message."""
    assert "\x1b" not in "\n".join(run.lines)
    assert not any(line.lstrip().startswith("accepted") for line in run.lines)


def test_sigusr2_logs_what_there_was(run: Run) -> None:
    """And so does the end."""
    counted = [line.partition("counted: ")[2] for line in run.lines]
    first, last = filter(None, counted)
    assert first.endswith(" messages=1 refusals=0")
    # The client that stayed was told so by a 421.
    assert last.startswith("connections=3 ")
    assert last.endswith(" messages=2 refusals=1")


def test_ctrl_c_ends_it_as_an_interruption(start: Start) -> None:
    """A shell script around it must see that it was interrupted."""
    process = start("twistd", *LOOPBACK)
    process.port()
    process.popen.send_signal(signal.SIGINT)
    assert process.wait() == -signal.SIGINT
    assert "Traceback" not in "\n".join(process.lines)


@pytest.mark.parametrize("name", COMMANDS)
def test_in_the_background_sigint_is_ignored(start: Start, name: str) -> None:
    """POSIX lets a shell start background jobs so; SIGTERM ends them."""
    process = start(name, *LOOPBACK, sigint=signal.SIG_IGN)
    port = process.port()
    process.popen.send_signal(signal.SIGINT)
    send(port)
    assert process.terminate() == 0


def test_a_refused_message_is_one_line(start: Start, tmp_path: Path) -> None:
    """The line has what is known of it, and the reply."""
    process = start("twistd", *LOOPBACK, "--store=maildir:box")
    port = process.port()
    shutil.rmtree(tmp_path / "box")
    (tmp_path / "box").write_text("no Maildir can be here")
    with pytest.raises(smtplib.SMTPDataError):
        send(port)
    process.terminate()
    lines = [line for line in process.lines if "s@example.com" in line]
    assert len(lines) == 1
    for part in ("refused", "#info", "r0@example.com", "hello", "451"):
        assert part in lines[0]


@pytest.mark.parametrize(("flags", "left"), [([], 1), (["--rset-clears"], 0)])
def test_rset_clears_only_when_told_to(
    start: Start, flags: list[str], left: int, tmp_path: Path
) -> None:
    """A client's RSET forgets the messages with ``--rset-clears``, and not else."""
    process = start("twistd", *LOOPBACK, "--store=maildir:box", *flags)
    port = process.port()
    send(port)
    with smtplib.SMTP("127.0.0.1", port, timeout=PATIENCE) as client:
        assert client.rset()[0] == 250
    assert len(MaildirStore(tmp_path / "box")) == left


def test_several_endpoints_share_the_store(start: Start, tmp_path: Path) -> None:
    """Mail to any endpoint of a process is kept in one place."""
    process = start("twistd", *LOOPBACK, *LOOPBACK, "--store=maildir:box")
    for _ in range(2):
        send(int(process.wait_for(r"listening on 127\.0\.0\.1:(\d+)")[1]))
    assert len(MaildirStore(tmp_path / "box")) == 2


def test_smtp_smtps_and_lmtp_at_once(start: Start, tmp_path: Path) -> None:
    """In clear, by STARTTLS, by TLS from the beginning, and for a mail server."""
    process = start(
        "twistd",
        *("--tls=auto", "--ca-file=ca.pem", "--store=maildir:box"),
        *(f"--{name}=tcp:0:interface=127.0.0.1" for name in ("smtp", "smtps", "lmtp")),
    )
    smtp, smtps, lmtp = (
        int(process.wait_for(r"listening on 127\.0\.0\.1:(\d+)")[1]) for _ in range(3)
    )
    process.wait_for("ready, ")
    trust = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
    send(smtp)
    with smtplib.SMTP("localhost", smtp, timeout=PATIENCE) as client:
        client.starttls(context=trust)
        client.sendmail("s@example.com", ["r@example.com"], MAIL)
    with smtplib.SMTP_SSL(
        "localhost", smtps, timeout=PATIENCE, context=trust
    ) as client:
        client.sendmail("s@example.com", ["r@example.com"], MAIL)
    with smtplib.LMTP("localhost", lmtp) as client:
        client.sendmail("s@example.com", ["r@example.com"], MAIL)
    assert len(MaildirStore(tmp_path / "box")) == 4
    assert process.terminate() == 0


def test_who_must_log_in_does(start: Start, tmp_path: Path) -> None:
    """Nobody else sends mail, and a wrong password is none."""
    process = start(
        "twistd",
        *(*LOOPBACK, "--store=maildir:box"),
        *("--auth=memory:anna:secret", "--require-auth"),
    )
    port = process.port()
    with pytest.raises(smtplib.SMTPSenderRefused, match="530"):
        send(port)
    with smtplib.SMTP("127.0.0.1", port, timeout=PATIENCE) as client:
        with pytest.raises(smtplib.SMTPAuthenticationError):
            client.login("anna", "guess")
        client.login("anna", "secret")
        client.sendmail("s@example.com", ["r@example.com"], MAIL)
    assert len(MaildirStore(tmp_path / "box")) == 1
    process.terminate()
    assert "secret" not in "\n".join(process.lines)


def test_each_session_is_written_down(start: Start, tmp_path: Path) -> None:
    """When it has ended, or at the stop; with secrets masked."""
    process = start("twistd", *LOOPBACK, "--transcripts=said", "--auth=any")
    port = process.port()
    with smtplib.SMTP("127.0.0.1", port, timeout=PATIENCE) as client:
        client.login("anna", "secret")
        client.sendmail("s@example.com", ["r@example.com"], MAIL)
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as client:
        assert client.recv(100).startswith(b"220 ")
        assert process.terminate() == 0
    ended, stopped = (file.read_text() for file in sorted(tmp_path.glob("said/*")))
    assert "\nUser: anna, by " in ended
    assert "\nMail 1: delivered, from <s@example.com> to <r@example.com>, " in ended
    assert "********" in ended
    assert " <** 421 4.3.2 the server is shutting down\n" in stopped


def test_a_session_that_cannot_be_written_down_is_one_line(
    start: Start, tmp_path: Path
) -> None:
    """And the server goes on."""
    process = start("twistd", *LOOPBACK, "--transcripts=said")
    port = process.port()
    (tmp_path / "said").rmdir()
    for _ in range(2):
        send(port)
    assert process.terminate() == 0
    log = "\n".join(process.lines)
    assert log.count("accepted: ") == 2
    assert log.count("cannot write transcripts to ") == 1


def test_a_quiet_server_only_counts(start: Start) -> None:
    """Nothing is said of a single message, nor shown on a terminal."""
    process = start("twistd", *LOOPBACK, "--quiet", columns=80)
    send(process.port())
    process.terminate()
    log = "\n".join(process.lines)
    assert "accepted" not in log
    assert "counted: connections=1 open=0 messages=1 refusals=0" in log


@pytest.mark.parametrize(
    ("name", "argument", "named", "status"),
    [
        ("smtptest", "--hide=NOPE", "--hide knows no extension 'NOPE'", 2),
        ("smtptest", "--smtp=nope:1", "bad endpoint 'nope:1'", 2),
        ("smtptest", "--store=mbox:/nowhere/box", "cannot use '/nowhere/box' as", 1),
        ("twistd", "--max-recipients=few", "--max-recipients is a number from 1", 1),
        ("twistd", "--tls=none,none", "--tls: certificate file 'none'", 1),
    ],
)
def test_a_bad_option_is_one_line(
    start: Start, name: str, argument: str, named: str, status: int
) -> None:
    """Twistd's status is always 1; that of ``smtptest`` is 2 for a wrong usage.

    The lines of the other options are those of `test_tap`.
    """
    process = start(name, argument)
    assert process.wait() == status
    assert len(process.lines) == 1
    assert process.lines[0].startswith(f"smtptest: {named}")


@pytest.mark.parametrize(
    ("name", "before"),
    [*((name, []) for name in COMMANDS), ("twistd", LOOPBACK)],
    ids=[*COMMANDS, "second"],
)
def test_a_taken_port_is_one_line(
    start: Start, name: str, before: list[str], taken: int
) -> None:
    """A port that cannot be had is named once, and ends it with status 1."""
    endpoint = f"tcp:{taken}:interface=127.0.0.1"
    process = start(name, *before, "--smtp", endpoint)
    assert process.wait() == 1
    lines = [line for line in process.lines if "cannot listen" in line]
    assert len(lines) == 1
    assert lines[0].endswith(
        f"smtptest: cannot listen on {endpoint}: Address already in use"
    )
    assert "Traceback" not in "\n".join(process.lines)


def test_a_port_that_is_no_port_is_one_line(start: Start) -> None:
    """Twisted takes any number for a port until it listens."""
    process = start("twistd", "--smtp=tcp:99999:interface=127.0.0.1")
    assert process.wait() == 1
    assert "cannot listen on tcp:99999:interface=127.0.0.1" in process.lines[-1]
    assert "Traceback" not in "\n".join(process.lines)


def test_a_start_that_fails_leaves_no_pid_file(taken: int, tmp_path: Path) -> None:
    """The next start must not take a process for alive that never was."""
    command = [*TWISTD, "-n", "--pidfile=pid", "smtptest"]
    process = Process([*command, f"--smtp=tcp:{taken}:interface=127.0.0.1"], tmp_path)
    assert process.wait() == 1
    process.close()
    assert not (tmp_path / "pid").exists()


class TestInTheBackground:
    """Without ``-n``."""

    def run(self, tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the command that puts the server in the background.

        The daemon inherits `self.alive`, and its end can be waited for by that.
        """
        self.ended, self.alive = os.pipe()
        files = ["--pidfile=pid", "--logfile=log"]
        done = subprocess.run(
            [sys.executable, *TWISTD, *files, "smtptest", *arguments],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
            pass_fds=[self.alive],
        )
        os.close(self.alive)
        return done

    def wait_for_the_end(self) -> None:
        """Wait until the daemon is gone."""
        readable, _, _ = select.select([self.ended], [], [], PATIENCE)
        os.close(self.ended)
        assert readable

    @pytest.mark.parametrize("workers", ["--workers=1", "--workers=2"])
    def test_it_listens_when_the_command_returns(
        self, tmp_path: Path, workers: str
    ) -> None:
        """A script may send mail right after the command that starts the server."""
        done = self.run(tmp_path, *LOOPBACK, workers, "--store=maildir:box")
        pid = int((tmp_path / "pid").read_text())
        try:
            assert done.returncode == 0
            log = (tmp_path / "log").read_text()
            match = re.search(r"listening on 127\.0\.0\.1:(\d+)", log)
            assert match
            send(int(match[1]))
            assert len(MaildirStore(tmp_path / "box")) == 1
        finally:
            os.kill(pid, signal.SIGTERM)
            self.wait_for_the_end()
        assert not (tmp_path / "pid").exists()
        assert "Traceback" not in (tmp_path / "log").read_text()

    @pytest.mark.parametrize("workers", ["--workers=1", "--workers=2"])
    def test_a_taken_port_fails_the_command(
        self, tmp_path: Path, taken: int, workers: str
    ) -> None:
        """The command itself gives the reason, in a whole sentence."""
        endpoint = f"tcp:{taken}:interface=127.0.0.1"
        done = self.run(tmp_path, "--smtp", endpoint, workers)
        self.wait_for_the_end()
        assert done.returncode == 1
        reason = f"cannot listen on {endpoint}: Address already in use"
        assert f"smtptest: {reason}" in done.stderr.splitlines()
        assert "Traceback" not in done.stderr + (tmp_path / "log").read_text()
        assert not (tmp_path / "pid").exists()
