"""The sessions of ``noxfile.py``, with a stand-in for nox."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

NOXFILE = Path(__file__).parents[1] / "noxfile.py"
FIFTH = "5"

pytestmark = pytest.mark.skipif(
    not NOXFILE.exists(), reason="noxfile.py is in the checkout only"
)


class CommandFailed(Exception):  # noqa: N818
    """A command of a session that ended with another status than 0."""


class Session:
    """A session whose commands are written down, and of which some fail.

    Args:
        failing: how many of the first reports of coverage fail.
    """

    posargs: tuple[str, ...] = ()

    def __init__(self, failing: int) -> None:
        self._failing = failing
        self.shares: list[str | None] = []
        self.reports = 0

    def install(self, *requirements: str) -> None:
        """Accept requirements, and install none."""

    def run(self, *words: str, env: dict[str, str] | None = None) -> None:
        """Write down which rows the tests run, or fail a report."""
        if "pytest" in words:
            self.shares.append((env or {}).get("LAZR_SMTPTEST_SHARE"))
        else:
            self.reports += 1
            if self.reports <= self._failing:
                raise CommandFailed


def session(function: Any = None, **options: Any) -> Any:
    """Return the function, as a decorator with or without options does."""
    return function or session


@pytest.fixture
def coverage(monkeypatch: pytest.MonkeyPatch) -> Callable[[Session], None]:
    """The session that checks the coverage."""
    nox: Any = ModuleType("nox")
    nox.options, nox.session, nox.Session = SimpleNamespace(), session, Session
    command: Any = ModuleType("nox.command")
    command.CommandFailed = CommandFailed
    monkeypatch.setitem(sys.modules, "nox", nox)
    monkeypatch.setitem(sys.modules, "nox.command", command)
    found: Callable[[Session], None] = runpy.run_path(str(NOXFILE))["coverage"]
    return found


def test_a_fifth_of_the_rows_suffices_if_it_reaches_every_branch(
    coverage: Callable[[Session], None],
) -> None:
    """The tests run once."""
    whole = Session(failing=0)
    coverage(whole)
    assert whole.shares == [FIFTH]


def test_all_rows_run_if_a_fifth_does_not_reach_every_branch(
    coverage: Callable[[Session], None],
) -> None:
    """And the coverage is looked at again."""
    partial = Session(failing=1)
    coverage(partial)
    assert (partial.shares, partial.reports) == ([FIFTH, None], 2)


def test_a_branch_that_no_row_reaches_fails_the_session(
    coverage: Callable[[Session], None],
) -> None:
    """There is nothing left to run."""
    with pytest.raises(CommandFailed):
        coverage(Session(failing=2))
