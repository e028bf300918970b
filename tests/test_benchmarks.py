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


def test_one_round_prints_a_row_for_ours_in_each_scenario() -> None:
    """Ours is timed with a mail and without."""
    done = run_benchmarks("--rounds", "1")
    assert done.returncode == 0, done.stderr
    rows = [line for line in done.stdout.splitlines() if "QueueController" in line]
    assert len(rows) == 2


def test_json_holds_every_measurement(tmp_path: Path) -> None:
    """Two rounds leave two numbers for ours in each scenario."""
    file = tmp_path / "results.json"
    done = run_benchmarks("--rounds", "2", "--json", str(file))
    assert done.returncode == 0, done.stderr
    results = json.loads(file.read_text(encoding="utf-8"))["results"]
    ours = [one for one in results if "QueueController" in one["server"]]
    assert [len(one["seconds"]) for one in ours] == [2, 2]


def test_no_rounds_is_refused_in_one_line() -> None:
    """A number of rounds below one is a usage error, not a traceback."""
    done = run_benchmarks("--rounds", "0")
    assert done.returncode == 2
    assert "at least one round" in done.stderr.splitlines()[-1]
