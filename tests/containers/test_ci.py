"""The files for CI services in the manual: what they start, and where they find it."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from lazr_smtptest.cli.environment import PREFIX, read_environment
from lazr_smtptest.cli.options import Options
from tests.commands import PATIENCE

from .recipe import ROOT, last_stage

FILES = ROOT / "doc" / "ci"
IMAGE = "registry.example.com/lazr-smtptest:3"
SMTP, HTTP = "1025", 8025


def read(name: str) -> Any:
    return yaml.safe_load((FILES / name).read_text())


GITHUB = read("github.yml")["jobs"]["mail"]
GITLAB = read("gitlab.yml")["mail"]
CIRCLECI = read("circleci.yml")["jobs"]["mail"]


@pytest.mark.parametrize(
    ("settings", "host"),
    [
        (GITHUB["env"], "localhost"),
        (GITLAB["variables"], GITLAB["services"][0]["alias"]),
        (CIRCLECI["environment"], "localhost"),
    ],
    ids=["github", "gitlab", "circleci"],
)
def test_the_tests_find_the_ports_of_the_image(
    settings: dict[str, Any], host: str
) -> None:
    """By the name that the service has there."""
    assert (settings["SMTP_HOST"], str(settings["SMTP_PORT"])) == (host, SMTP)
    url = urlsplit(settings["SMTPTEST_URL"])
    assert (url.hostname, url.port) == (host, HTTP)
    assert {SMTP, str(HTTP)} <= set(last_stage()["EXPOSE"][0].split())


@pytest.mark.parametrize(
    "image",
    [
        GITHUB["services"]["smtptest"]["image"],
        GITLAB["services"][0]["name"],
        CIRCLECI["docker"][1]["image"],
    ],
    ids=["github", "gitlab", "circleci"],
)
def test_the_service_is_the_image(image: str) -> None:
    assert image == IMAGE


def test_github_publishes_the_ports_and_waits_for_the_health_check() -> None:
    """Which is the command itself: the image has no curl."""
    service = GITHUB["services"]["smtptest"]
    assert service["ports"] == [f"{SMTP}:{SMTP}", f"{HTTP}:{HTTP}"]
    options = shlex.split(service["options"])
    assert options[:2] == ["--health-cmd", "smtptest ready"]


def test_gitlab_lets_the_name_of_the_service_reach_the_page() -> None:
    """It is not one that the server knows by itself."""
    [service] = GITLAB["services"]
    variables = service["variables"]
    assert read_environment(variables, list(Options.table())) == {
        "http-host": service["alias"]
    }


def test_circleci_waits_for_the_server() -> None:
    """Nothing else waits for a second image there."""
    commands = [step["run"] for step in CIRCLECI["steps"] if isinstance(step, dict)]
    assert commands.index("smtptest ready --wait --timeout 30") < commands.index(
        "make test"
    )


@pytest.mark.slow
def test_the_action_of_github_starts_the_server(tmp_path: Path) -> None:
    """And has its addresses as outputs."""
    action = read("action.yml")
    [start] = [step for step in action["runs"]["steps"] if step.get("id") == "start"]
    assert set(action["outputs"]) == {"smtp", "http"}
    assert set(start["env"]) <= {
        PREFIX + each for each in ("PORT", "HTTP", "READY_FILE")
    }
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(PREFIX)
    }
    run = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", start["run"]],
        cwd=tmp_path,
        env={
            **clean,
            "PATH": path,
            "PYTHONPATH": str(ROOT),
            "RUNNER_TEMP": str(tmp_path),
            "GITHUB_ENV": str(tmp_path / "env"),
            "GITHUB_OUTPUT": str(tmp_path / "output"),
            "SMTPTEST_PORT": "0",
            "SMTPTEST_HTTP": "tcp:0:interface=127.0.0.1",
            "SMTPTEST_READY_FILE": str(tmp_path / "smtptest.env"),
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=5 * PATIENCE,
        check=False,
    )
    [pid] = re.findall(r"SMTPTEST_PID=(\d+)", (tmp_path / "env").read_text())
    os.kill(int(pid), signal.SIGTERM)
    assert run.returncode == 0, run.stdout + run.stderr
    lines = (tmp_path / "output").read_text().splitlines()
    outputs = dict(line.split("=", 1) for line in lines)
    assert set(outputs) == set(action["outputs"])


@pytest.mark.slow
def test_the_script_of_jenkins_runs(tmp_path: Path) -> None:
    """A test finds the server by its variables, and the server ends with the script."""
    text = (FILES / "Jenkinsfile").read_text()
    [script] = re.findall(r"sh '''\n(.*?)'''", text, re.DOTALL)
    variables = dict(re.findall(r"(SMTPTEST_\w+) = ['\"](.*)['\"]", text))
    assert all(name.startswith(PREFIX) for name in variables)
    variables["SMTPTEST_READY_FILE"] = str(tmp_path / "ready.env")
    (tmp_path / "mail.eml").write_text(
        "From: a@example.com\nTo: b@example.com\n\nHi.\n"
    )
    (tmp_path / "Makefile").write_text(
        "test:\n"
        '\tsmtptest send --host "$$SMTP_HOST" --port "$$SMTP_PORT" mail.eml\n'
        '\tsmtptest wait "$$SMTPTEST_URL" --timeout 30\n'
    )
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(PREFIX)
    }
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    run = subprocess.run(
        ["sh", "-eu", "-c", dedent(script)],
        cwd=tmp_path,
        env={**environment, **variables, "PATH": path, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=5 * PATIENCE,
        check=False,
    )
    assert run.returncode == 0, run.stdout
    assert "mail.eml: sent to b@example.com" in run.stdout
