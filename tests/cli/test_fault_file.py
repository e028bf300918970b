"""``--faults``: a file of rules, read at the start and whenever SIGHUP comes."""

from __future__ import annotations

import logging
import os
import signal
import smtplib
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from twisted.internet.testing import MemoryReactorClock

from lazr_smtptest.cli.application import ServerProcess
from lazr_smtptest.cli.fault_file import FaultFiles
from lazr_smtptest.cli.tap import Options, StartError, makeService
from lazr_smtptest.faults import FaultFileError, Faults

from ..commands import LOOPBACK, PATIENCE, Start, send

MAIL = '[[fault]]\non = "MAIL"\nreply = 451\n'
RCPT = '[[fault]]\non = "RCPT"\nreply = 451\n'


class Reactor(MemoryReactorClock):
    """Calls at once what a signal handler puts off."""

    def callFromThread(self, function: object, *args: object) -> None:
        assert callable(function)
        function(*args)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with one rule."""
    path = tmp_path / "faults.toml"
    path.write_text(MAIL)
    return path


@pytest.fixture
def faults() -> Faults:
    """Those of a server."""
    return Faults()


@pytest.fixture
def running(faults: Faults, file: Path) -> Iterator[FaultFiles]:
    """The file of a server that runs."""
    service = fault_files(faults, file)
    service.startService()
    yield service
    service.stopService()


def fault_files(faults: Faults, file: Path) -> FaultFiles:
    """Return the service of one file."""
    return FaultFiles(faults, {"faults": file}, ["port"], Reactor())


def phases(faults: Faults) -> list[str]:
    return [rule.phases[0].name for rule in faults.rules]


@pytest.mark.usefixtures("running")
def test_the_rules_are_in_force_from_the_start(faults: Faults) -> None:
    """Before anybody can connect."""
    assert phases(faults) == ["MAIL"]


@pytest.mark.usefixtures("running")
def test_sighup_reads_the_file_anew(
    faults: Faults, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The old rules go, and the log says it."""
    caplog.set_level(logging.INFO, "lazr.smtptest")
    file.write_text(RCPT + RCPT)
    os.kill(os.getpid(), signal.SIGHUP)
    assert phases(faults) == ["RCPT", "RCPT"]
    assert caplog.messages == [f"2 rules of faults from {file}"]


@pytest.mark.usefixtures("running")
def test_a_wrong_file_leaves_the_rules_as_they_are(
    faults: Faults, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The log says what is wrong, and where."""
    file.write_text(MAIL + '[[fault]]\non = "RCPT"\nreply = 99\n')
    os.kill(os.getpid(), signal.SIGHUP)
    assert phases(faults) == ["MAIL"]
    [message] = caplog.messages
    assert message.startswith(f"the faults stay as they are: {file}:6: reply: code")


def test_sighup_is_what_it_was_after_the_end(faults: Faults, file: Path) -> None:
    """The process may have other plans for it."""
    before = signal.getsignal(signal.SIGHUP)
    service = fault_files(faults, file)
    service.startService()
    assert signal.getsignal(signal.SIGHUP) != before
    service.stopService()
    assert signal.getsignal(signal.SIGHUP) == before


def test_a_wrong_file_is_an_error_at_the_start(faults: Faults, file: Path) -> None:
    """Nothing is served with half of the rules."""
    file.write_text("[[fault]]")
    with pytest.raises(FaultFileError, match="on is missing"):
        fault_files(faults, file)


def test_twistd_takes_the_file(file: Path) -> None:
    """The rules are those of the server that it runs."""
    options = Options()
    options.parseOptions(["--faults", str(file)])
    service = makeService(options, Reactor())
    assert isinstance(service, ServerProcess)
    assert phases(service.server.faults) == ["MAIL"]


def test_twistd_does_not_start_with_a_wrong_file(file: Path) -> None:
    """One line, with file, line and key."""
    file.write_text('[[fault]]\non = "NOP"\ndrop = true\n')
    options = Options()
    options.parseOptions(["--faults", str(file)])
    with pytest.raises(StartError) as raised:
        makeService(options, Reactor())
    assert raised.value.code.startswith(  # type: ignore[union-attr]
        f'smtptest: --faults: {file}:2: on: there is no phase "NOP"'
    )


def test_rules_do_not_count_in_several_processes(file: Path) -> None:
    """A fault that fires in each of them is not exact."""
    with pytest.raises(StartError, match="--faults needs one worker: the rules in"):
        Options().parseOptions(["--faults", str(file), "--workers", "2"])


def test_the_file_is_found_wherever_the_process_goes(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A daemon goes to the directory of its ``--rundir``."""
    monkeypatch.chdir(file.parent)
    options = Options()
    options.parseOptions(["--faults", file.name])
    monkeypatch.chdir("/")
    service = makeService(options, Reactor())
    assert isinstance(service, ServerProcess)
    assert phases(service.server.faults) == ["MAIL"]


def test_two_files_are_reloaded(faults: Faults, file: Path, tmp_path: Path) -> None:
    """In the order of the start."""
    other = tmp_path / "config.toml"
    other.write_text("port = 0\n" + RCPT)
    files = {"config": other, "faults": file}
    service = FaultFiles(faults, files, ["port"], Reactor())
    service.startService()
    other.write_text("port = 0\n")
    file.write_text(MAIL + RCPT)
    os.kill(os.getpid(), signal.SIGHUP)
    service.stopService()
    assert phases(faults) == ["MAIL", "RCPT"]


@pytest.mark.slow
def test_the_port_of_a_process_refuses_and_listens_again(
    start: Start, file: Path
) -> None:
    """As when a server restarts: the session ends, and the next one waits."""
    file.write_text(
        '[[fault]]\non = "QUIT"\ntimes = 1\nrefuse_connections = 0.5\nreply = 221\n'
    )
    port = start("twistd", *LOOPBACK, f"--faults={file}").port()
    with smtplib.SMTP("127.0.0.1", port, timeout=PATIENCE) as client:
        client.ehlo()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), PATIENCE)
    end = time.monotonic() + PATIENCE
    while True:
        try:
            send(port)
            break
        except ConnectionRefusedError:
            assert time.monotonic() < end
            threading.Event().wait(0.05)
