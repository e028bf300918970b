"""`tests.sampling`: which rows of a long table run on each Python."""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest

from .sampling import SHORT_TABLE, choose

ROOT = Path(__file__).parents[1]


def rows(count: int) -> list[str]:
    """Return the ids of the rows of a table."""
    return [f"tests/test_x.py::test_y[{number}]" for number in range(count)]


@pytest.mark.parametrize(
    ("count", "share", "chosen"),
    [
        (1, 5, 1),
        (SHORT_TABLE, 5, SHORT_TABLE),
        (6, 5, 5),
        (25, 5, 5),
        (26, 5, 6),
        (100, 5, 20),
        (100, 2, 50),
        (100, 1, 100),
        (100, 1000, 5),
    ],
)
def test_one_of_so_many_rows_is_chosen(count: int, share: int, chosen: int) -> None:
    """It is at least five, and rounded up."""
    assert len(choose(rows(count), share)) == chosen


@pytest.mark.parametrize(("count", "chosen"), [(1, 1), (5, 1), (6, 2), (100, 20)])
def test_a_short_table_may_be_left_with_one_row(count: int, chosen: int) -> None:
    """Where a run must be quick."""
    assert len(choose(rows(count), 5, 1)) == chosen


def test_the_chosen_rows_are_some_of_the_table() -> None:
    """None of another table is among them."""
    assert choose(rows(100), 5) < set(rows(100))


def test_the_order_of_the_tests_does_not_matter() -> None:
    """Every process of xdist chooses the same rows, in whatever order they are."""
    shuffled = random.Random(1).sample(rows(100), 100)
    assert choose(shuffled, 5) == choose(rows(100), 5)


def test_the_rows_are_from_the_whole_table() -> None:
    """Each quarter of a table has some; they are not its beginning."""
    numbers = {rows(100).index(each) // 25 for each in choose(rows(100), 5)}
    assert numbers == {0, 1, 2, 3}


@pytest.mark.slow
@pytest.mark.once
@pytest.mark.parametrize(("share", "long"), [("1", 9), ("5", 5)])
def test_pytest_runs_the_chosen_rows_of_each_table(share: str, long: int) -> None:
    """The first table above is long, that of this test is short."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-n0", __file__],
        cwd=ROOT,
        env={
            **os.environ,
            "LAZR_SMTPTEST_SHARE": share,
            "LAZR_SMTPTEST_LEAST": str(SHORT_TABLE),
        },
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    ids = re.findall(r"::(test_\w+)", done.stdout)
    assert ids.count("test_one_of_so_many_rows_is_chosen") == long
    assert ids.count("test_pytest_runs_the_chosen_rows_of_each_table") == 2
    assert ids.count("test_the_chosen_rows_are_some_of_the_table") == 1
