"""The benchmarks run; how fast anything is, is not for a test to say."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parent.parent

pytestmark = pytest.mark.skipif(
    not (CHECKOUT / "benchmarks").is_dir(),
    reason="the benchmarks are in the checkout only, they are not installed",
)


def run_benchmarks(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", *arguments],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


TINY = ("--rounds", "1", "--messages", "3")


def test_one_round_prints_a_row_for_ours() -> None:
    """A table has the name of the scenario and a row for each server."""
    done = run_benchmarks("--scenario", "reused", "--peer", "ours", *TINY)
    assert done.returncode == 0, done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines() if line][::2] == [
        "reused:",
        "ours",
    ]


def test_json_holds_every_measurement(tmp_path: Path) -> None:
    """Two rounds leave two samples."""
    file = tmp_path / "results.json"
    done = run_benchmarks(
        *("--scenario", "reused", "--peer", "ours"),
        *("--rounds", "2", "--messages", "3", "--json", str(file)),
    )
    assert done.returncode == 0, done.stderr
    (scenario,) = json.loads(file.read_text(encoding="utf-8"))["scenarios"]
    (ours,) = scenario["results"]
    assert [sample["messages"] for sample in ours["samples"]] == [3, 3]


def test_no_rounds_is_refused_in_one_line() -> None:
    """A number of rounds below one is a usage error, not a traceback."""
    done = run_benchmarks("--rounds", "0")
    assert done.returncode == 2
    assert "1 or more, not 0" in done.stderr.splitlines()[-1]
