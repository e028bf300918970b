"""What the processes of pytest-xdist send."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from .commands import PATIENCE, ROOT, environment_of_pytest
from .reporting import is_read

TESTS = """
import pytest

@pytest.fixture
def broken():
    yield
    assert not "at the end"

@pytest.fixture
def missing():
    pytest.skip("it is not there")

@pytest.mark.parametrize("n", range(3))
def test_good(n): pass
def test_bad(): assert not "in the middle"
def test_bad_at_its_end(broken): pass
def test_skipped(missing): pass
"""

# With the hook of these tests.
CONFTEST = """
from tests.reporting import report_briefly as pytest_configure

reports = []

def pytest_runtest_logreport(report):
    reports.append(report)

def pytest_sessionfinish(session):
    if not hasattr(session.config, "workerinput"):
        (session.config.rootpath / "count").write_text(str(len(reports)))
"""

# No other plugin: to import them takes longer than these tests.
XDIST = ("-p", "xdist", "-n", "2")
ALONE = {"PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}


def report(**fields: Any) -> dict[str, Any]:
    """Return a report as it is sent: of a step that passed."""
    usual = {"when": "setup", "outcome": "passed", "sections": []}
    return {"data": {**usual, "user_properties": [], **fields}}


@pytest.mark.parametrize("name", ["logstart", "logfinish"])
def test_nobody_reads_that_a_test_begins_or_ends(name: str) -> None:
    """The parent knows it by another message."""
    assert not is_read(name, {})


@pytest.mark.parametrize("when", ["setup", "teardown"])
def test_nobody_reads_that_a_fixture_passed(when: str) -> None:
    """The test itself is counted."""
    assert not is_read("testreport", report(when=when))


@pytest.mark.parametrize(
    "fields",
    [
        {"when": "call"},
        {"outcome": "failed"},
        {"outcome": "skipped"},
        {"sections": [("Captured log setup", "x")]},
        {"user_properties": [("a", 1)]},
    ],
    ids=lambda fields: "".join(fields),
)
def test_a_report_of_anything_else_is_read(fields: dict[str, Any]) -> None:
    """It is counted, or printed."""
    assert is_read("testreport", report(**fields))


def test_any_other_message_is_read() -> None:
    """It is about the run."""
    assert is_read("runtest_protocol_complete", {})


@pytest.mark.slow
@pytest.mark.parametrize(("option", "reports"), [("-q", 7), ("-v", 17)])
def test_the_summary_is_whole(option: str, reports: int, tmp_path: Path) -> None:
    """Whatever is sent, the same tests are counted, and each failure is shown."""
    (tmp_path / "test_some.py").write_text(TESTS)
    (tmp_path / "conftest.py").write_text(CONFTEST)
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", *XDIST, option, str(tmp_path)],
        cwd=tmp_path,
        env={**environment_of_pytest(), **ALONE},
        capture_output=True,
        text=True,
        timeout=2 * PATIENCE,
        check=False,
    )
    assert ran.returncode == 1, ran.stdout + ran.stderr
    last = ran.stdout.splitlines()[-1]
    assert "1 failed, 4 passed, 1 skipped, 1 error in" in last
    assert "in the middle" in ran.stdout
    assert "at the end" in ran.stdout
    assert int((tmp_path / "count").read_text()) == reports
