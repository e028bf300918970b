"""The units of systemd in the manual: what systemd says of them, and a socket of it."""

from __future__ import annotations

import configparser
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lazr_smtptest.cli.environment import read_environment
from lazr_smtptest.cli.http_reader import DEFAULT_HTTP
from lazr_smtptest.cli.options import Options
from lazr_smtptest.stores import check_spec
from tests.clients.conftest import PATIENCE, SEARCH, missing

pytestmark = pytest.mark.once

UNITS = Path(__file__).parents[2] / "doc" / "systemd"
COMMAND = Path(sys.executable).with_name("smtptest")


def program(name: str) -> str:
    """Return the path of a program of systemd."""
    path = shutil.which(name, path=SEARCH)
    if path is None:
        missing(name)
    return path


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """A folder with the units, which start the command of this environment."""
    for unit in UNITS.iterdir():
        text = unit.read_text().replace("/opt/smtptest/bin/smtptest", str(COMMAND))
        (tmp_path / unit.name).write_text(text)
    return tmp_path


def analyze(*arguments: object) -> str:
    """Return what systemd-analyze says."""
    done = subprocess.run(
        [program("systemd-analyze"), "--no-pager", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.mark.parametrize("unit", ["smtptest.service", "smtptest.socket"])
def test_systemd_has_nothing_against_a_unit(units: Path, unit: str) -> None:
    """No unknown setting, no wrong value."""
    assert "smtptest" not in analyze("verify", units / unit)


def test_the_service_may_do_little(units: Path) -> None:
    """An exposure of at most 1.5 of 10."""
    text = analyze(
        "security", "--offline=true", "--threshold=15", units / "smtptest.service"
    )
    assert "Overall exposure level for smtptest.service" in text


@pytest.mark.parametrize("unit", ["smtptest.service", "smtptest.socket"])
def test_each_variable_is_an_option(unit: str) -> None:
    """As the server reads it, also in the comments."""
    words = (UNITS / unit).read_text().replace("Environment=", " ").split()
    given = dict(each.split("=", 1) for each in words if each.startswith("SMTPTEST_"))
    assert given
    variables = {name: value.rstrip(".") for name, value in given.items()}
    assert len(read_environment(variables, Options.table())) == len(given)


def test_the_log_may_go_to_a_file(units: Path) -> None:
    """As systemd reads the service with the file that is put beside it."""
    service = units / "smtptest.service"
    service.write_text(service.read_text() + (units / "log-file.conf").read_text())
    assert "smtptest" not in analyze("verify", service)


def test_a_server_of_a_database_is_started_again_until_that_is_there(
    units: Path,
) -> None:
    """As systemd reads the service with the file that is put beside it."""
    service = units / "smtptest.service"
    service.write_text(service.read_text() + (units / "database.conf").read_text())
    assert "smtptest" not in analyze("verify", service)


@pytest.mark.parametrize(
    ("file", "http"),
    [("sink.env", None), ("reader.env", "tcp:8025:interface=0.0.0.0")],
)
def test_the_server_takes_the_variables_of_a_node(
    monkeypatch: pytest.MonkeyPatch, file: str, http: str | None
) -> None:
    """A sink has a spool in its folder, and a reader answers HTTP after a login."""
    for line in (UNITS / file).read_text().splitlines():
        if not line.startswith("#"):
            monkeypatch.setenv(*line.split("=", 1))
    options = Options()
    options.http_default = DEFAULT_HTTP
    options.parseOptions([])
    assert options["http"] == http
    assert bool(options["http-auth"]) == (http is not None)
    spool = check_spec(options["store"]).settings.get("spool")
    assert spool == (None if http else "/var/lib/smtptest/spool")


# What logrotate may be told without a value, and with one (logrotate(8)).
_SWITCHES = {
    *("daily", "compress", "delaycompress", "missingok", "notifempty", "copytruncate"),
}
_NUMBERS = {"rotate"}


def test_logrotate_looks_after_the_file_of_the_service(tmp_path: Path) -> None:
    """Each line is a directive, and a machine that has logrotate takes them all.

    The server keeps the file open, so logrotate must not put another in its place.
    """
    text = (UNITS / "smtptest.logrotate").read_text()
    [path] = set(re.findall(r"=append:(\S+)", (UNITS / "log-file.conf").read_text()))
    lines = [line.strip() for line in text.splitlines()]
    first, *directives, last = [line for line in lines if line and line[0] != "#"]
    assert (first, last) == (f"{path} {{", "}")
    for name, *values in map(str.split, directives):
        numbers = [value for value in values if value.isdecimal()]
        assert values == numbers
        assert name in (_NUMBERS if numbers else _SWITCHES)
    assert "copytruncate" in directives
    logrotate = shutil.which("logrotate", path=SEARCH)
    if logrotate:
        file = tmp_path / "smtptest"
        file.write_text(text)
        file.chmod(0o644)
        subprocess.run(
            [logrotate, "-d", "-s", str(tmp_path / "state"), str(file)],
            capture_output=True,
            timeout=PATIENCE,
            check=True,
        )


def test_the_service_says_when_it_is_ready() -> None:
    """The server notifies systemd."""
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[method-assign,assignment]
    unit.read(UNITS / "smtptest.service")
    assert unit["Service"]["Type"] == "notify"


@pytest.fixture
def activated(tmp_path: Path) -> Iterator[Path]:
    """A socket of systemd, whose first client starts the server."""
    path = tmp_path / "smtp.sock"
    process = subprocess.Popen(
        [
            *(program("systemd-socket-activate"), f"--listen={path}"),
            # Twisted wants a name, which systemd itself always gives.
            *("--fdname=smtp", str(COMMAND)),
            *("--smtp=systemd:domain=UNIX:index=0", "--no-http"),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        assert str(path) in process.stderr.readline()
        yield path
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE)


def test_a_server_takes_a_socket_of_systemd(activated: Path) -> None:
    """Port 25 needs no rights so."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(PATIENCE)
        client.connect(str(activated))
        with client.makefile("rb") as replies:
            assert replies.readline().startswith(b"220 ")
            client.sendall(b"QUIT\r\n")
            assert replies.readline().startswith(b"221 ")
