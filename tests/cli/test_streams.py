"""Standard streams that are closed, full or unread, for each command."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import pytest

from lazr_smtptest.cli.main import main
from lazr_smtptest.cli.streams import run_with_streams
from lazr_smtptest.cli.sysexits import Status

from ..commands import PATIENCE

FULL = Path("/dev/full")
full = pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")


def interrupt(*arguments: object) -> NoReturn:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("arguments", "place", "status"),
    [
        (["list", "sqlite:x.db"], "commands.messages._list", 1),
        (["ready"], "ready._ask", 1),
        (["sendmail", "x@example.com"], "sendmail._read_message", Status.TEMPORARY),
        (["send", "-"], "send.ServerAddress.connect", 1),
    ],
)
def test_an_interruption_is_one_line(
    arguments: list[str],
    place: str,
    status: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Whatever the command does."""
    monkeypatch.setattr(f"lazr_smtptest.cli.{place}", interrupt)
    assert main(arguments) == status
    assert capsys.readouterr().err == f"smtptest {arguments[0]}: interrupted\n"


@full
@pytest.mark.parametrize(
    ("arguments", "name", "status"),
    [
        (["--help"], "smtptest", 1),
        (["list", "--help"], "smtptest list", 1),
        (["completion", "bash"], "smtptest completion", 1),
        (["sendmail", "-bp"], "smtptest sendmail", Status.TEMPORARY),
    ],
)
def test_an_output_that_is_full_is_one_line(
    arguments: list[str],
    name: str,
    status: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Also after --help, which ends the process."""
    with FULL.open("w") as output:
        monkeypatch.setattr(sys, "stdout", output)
        assert main(arguments) == status
    problem = "standard output: No space left on device"
    assert capsys.readouterr().err == f"{name}: {problem}\n"


def test_an_output_that_nobody_reads_is_no_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As of ``| head``."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as output:
        monkeypatch.setattr(sys, "stdout", output)
        assert main(["--help"]) == 0
    assert capsys.readouterr().err == ""


def test_another_error_of_the_system_names_its_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not standard output."""

    def read() -> int:
        return len((tmp_path / "none").read_bytes())

    assert run_with_streams("smtptest x", 3, read) == 3
    problem = f"{tmp_path / 'none'}: No such file or directory"
    assert capsys.readouterr().err == f"smtptest x: {problem}\n"


@full
def test_an_error_that_cannot_be_written_has_its_status(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nobody can be told more."""
    with FULL.open("w", buffering=1) as errors:
        monkeypatch.setattr(sys, "stderr", errors)
        assert run_with_streams("smtptest x", 3, interrupt) == 3
        os.dup2(os.open(os.devnull, os.O_WRONLY), errors.fileno())


@pytest.mark.skipif(os.name == "nt", reason="a shell of Unix closes streams")
@pytest.mark.parametrize(
    ("command", "status", "line"),
    [
        (
            "sendmail -i b@example.com <&-",
            Status.NO_INPUT,
            "smtptest sendmail: cannot read standard input: Bad file descriptor",
        ),
        ("--help >&-", 1, "smtptest: standard output: Bad file descriptor"),
        ("nonsense 2>&-", 2, None),
    ],
)
def test_a_closed_stream_is_one_line(
    command: str, status: int, line: str | None
) -> None:
    """No traceback."""
    ended = subprocess.run(
        ["/bin/sh", "-c", f'"$0" -m lazr_smtptest {command}', sys.executable],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert ended.stderr.splitlines() == ([] if line is None else [line])
    assert (ended.returncode, ended.stdout) == (status, "")
