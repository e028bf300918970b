"""``smtptest ready``: the exit status, and the line."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from lazr_smtptest import CaptureController
from lazr_smtptest.cli.main import main
from lazr_smtptest.cli.options import Options
from lazr_smtptest.cli.ready import _PLACES
from tests.commands import LOOPBACK, Start

HTTP = "--http=tcp:0:interface=127.0.0.1"


@pytest.fixture
def server() -> Iterator[CaptureController]:
    """A server of SMTP."""
    with CaptureController() as server:
        yield server


@pytest.fixture
def closed() -> Iterator[int]:
    """A port that nobody listens on, and nobody gets."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def test_a_server_that_is_ready_has_one_line(
    server: CaptureController, capsys: pytest.CaptureFixture[str]
) -> None:
    """The last line of the start, with status 0."""
    assert main(["ready", "--no-http", f"--port={server.port}"]) == 0
    assert capsys.readouterr().out == f"ready smtp={server.port}\n"


def test_asking_is_no_failed_session() -> None:
    """A container asks every few seconds."""
    with CaptureController() as server:
        assert main(["ready", "--no-http", f"--port={server.port}"]) == 0
    # They end with the server at the latest.
    assert [each.failed for each in server.sessions] == [False]


def test_another_name_of_it(server: CaptureController) -> None:
    """As another server calls it."""
    assert main(["readyz", "--no-http", f"--port={server.port}"]) == 0


def test_the_environment_says_where_it_is(
    server: CaptureController, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a container."""
    monkeypatch.setenv("SMTPTEST_PORT", str(server.port))
    monkeypatch.setenv("SMTPTEST_NO_HTTP", "1")
    assert main(["ready"]) == 0


def test_each_listener_is_asked(
    server: CaptureController, closed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """One that is dead is named, with status 1."""
    assert main(["ready", f"--port={server.port}", f"--http=tcp:{closed}"]) == 1
    error = f"smtptest ready: http at 127.0.0.1:{closed}: Connection refused\n"
    assert capsys.readouterr() == ("", error)


def test_waiting_ends_at_its_timeout(
    closed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the last reason."""
    arguments = ["--no-http", f"--port={closed}", "--wait", "--timeout=0"]
    assert main(["ready", *arguments]) == 1
    assert "Connection refused" in capsys.readouterr().err


def test_waiting_ends_when_the_server_is_ready(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its port is in the ready file."""
    file = tmp_path / "ready.env"
    with CaptureController() as server:
        write = threading.Timer(
            0.05, file.write_text, [f"smtp=127.0.0.1:{server.port}\n"]
        )
        write.start()
        try:
            assert main(["ready", f"--ready-file={file}", "--wait"]) == 0
        finally:
            write.join()
        assert capsys.readouterr().out == f"ready smtp={server.port}\n"


def test_a_missing_ready_file_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No server has written it yet."""
    assert main(["ready", f"--ready-file={tmp_path / 'none'}"]) == 1
    assert "No such file or directory: no server is ready" in capsys.readouterr().err


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"\xff", b"smtp=here", b"name=127.0.0.1:1025"]
)
def test_a_file_that_no_server_wrote_is_not_ready(
    content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It names no listener that could be asked."""
    file = tmp_path / "ready.env"
    file.write_bytes(content)
    assert main(["ready", f"--ready-file={file}"]) == 1
    assert capsys.readouterr().err == (
        f"smtptest ready: --ready-file {file}: "
        "a server has lines such as smtp=127.0.0.1:1025\n"
    )


@pytest.mark.parametrize(
    ("argument", "problem"),
    [
        ("--port=0", "'tcp:0:interface=127.0.0.1' is any free one; give the server"),
        ("--smtp=systemd:domain=INET:index=0", "does not say its address; give the"),
        ("--timeout=soon", "--timeout is 0 to 86400 seconds, not 'soon'"),
        ("--timeout=nan", "--timeout is 0 to 86400 seconds, not 'nan'"),
        ("--prot=25", "--prot"),
    ],
)
def test_wrong_options_have_status_2(
    capsys: pytest.CaptureFixture[str], argument: str, problem: str
) -> None:
    """With one line."""
    assert main(["ready", argument]) == 2
    error = capsys.readouterr().err
    assert problem in error
    assert error.count("\n") == 1


def test_all_endpoints_of_a_server_are_known() -> None:
    """A new one is asked, too."""
    table = Options.table().values()
    assert set(_PLACES) == {each.name for each in table if each.value == "ENDPOINT"}


@pytest.mark.once
def test_a_process_is_ready_below_a_path(start: Start, tmp_path: Path) -> None:
    """With HTTPS, POP3, IMAP and a file that has its ports."""
    file = tmp_path / "ready.env"
    options = [
        *(*LOOPBACK, HTTP, "--tls=auto"),
        *(f"--{name}=tcp:0:interface=127.0.0.1" for name in ("pop3", "imap", "imaps")),
        *("--http-base=/mail", "--http-tls=auto", f"--ready-file={file}"),
    ]
    process = start("smtptest", *options)
    process.wait_for("^ready smtp=")
    assert main(["ready", *options, "--wait"]) == 0
