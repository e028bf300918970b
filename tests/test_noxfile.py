"""The sessions of ``noxfile.py``, with a stand-in for nox."""

from __future__ import annotations

import json
import runpy
import sys
from collections.abc import Callable, Mapping
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

    def run(
        self, *words: str, env: dict[str, str] | None = None, external: bool = False
    ) -> None:
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


Sessions = Mapping[str, Callable[[Any], None]]


@pytest.fixture
def sessions(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Sessions:
    """All sessions, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    nox: Any = ModuleType("nox")
    nox.options, nox.session, nox.Session = SimpleNamespace(), session, Session
    command: Any = ModuleType("nox.command")
    command.CommandFailed = CommandFailed
    monkeypatch.setitem(sys.modules, "nox", nox)
    monkeypatch.setitem(sys.modules, "nox.command", command)
    return runpy.run_path(str(NOXFILE))


@pytest.fixture
def coverage(sessions: Sessions) -> Callable[[Session], None]:
    """The session that checks the coverage."""
    return sessions["coverage"]


def test_a_fifth_of_the_rows_suffices_if_it_reaches_every_branch(
    coverage: Callable[[Session], None],
) -> None:
    """The tests run once, and then all those of IMAP and POP3."""
    whole = Session(failing=0)
    coverage(whole)
    assert (whole.shares, whole.reports) == ([FIFTH, None], 2)


def test_all_rows_run_if_a_fifth_does_not_reach_every_branch(
    coverage: Callable[[Session], None],
) -> None:
    """And the coverage is looked at again."""
    partial = Session(failing=1)
    coverage(partial)
    assert (partial.shares, partial.reports) == ([FIFTH, None, None], 3)


def test_a_branch_that_no_row_reaches_fails_the_session(
    coverage: Callable[[Session], None],
) -> None:
    """There is nothing left to run."""
    with pytest.raises(CommandFailed):
        coverage(Session(failing=2))


def test_tests_that_the_coverage_leaves_out_are_there(sessions: Sessions) -> None:
    """A test that was renamed would run without anybody noticing it."""
    left_out: Any = sessions["_READ_AGAIN"]
    for test in left_out:
        file, _, name = test.partition("::")
        assert f"def {name}(" in (NOXFILE.parent / "tests" / file).read_text()


class Runs:
    """A session whose runs of pytest fail or pass.

    Args:
        failed: the tests that fail in the first run, which is not the session's.
        results: whether each run of the session passes.
    """

    posargs: tuple[str, ...] = ()

    def __init__(self, failed: list[str], *results: bool) -> None:
        self._results = list(results)
        self.warnings: list[str] = []
        self._cache = Path(".pytest_cache/v/cache/lastfailed")
        self._cache.parent.mkdir(parents=True, exist_ok=True)
        self._failed = json.dumps(dict.fromkeys(failed, True))
        self._cache.write_text(self._failed)

    def install(self, *requirements: str) -> None:
        """Accept requirements, and install none."""

    def run(self, *words: str, **options: Any) -> None:
        """Fail or pass; what passes is not what failed last any more."""
        passes = self._results.pop(0)
        self._cache.write_text("{}" if passes else self._failed)
        if not passes:
            raise CommandFailed

    def error(self, text: str) -> None:
        """End the session."""
        raise CommandFailed(text)

    def warn(self, text: str) -> None:
        """Write a warning down."""
        self.warnings.append(text)

    @property
    def left(self) -> int:
        """How many of the runs did not take place."""
        return len(self._results)


def test_a_test_that_passes_five_times_alone_is_named(sessions: Sessions) -> None:
    """The session does not fail."""
    runs = Runs(["tests/a.py::test_a"], *[True] * 5)
    sessions["again"](runs)
    noted = Path(".pytest_cache/unsteady").read_text()
    assert (noted, len(runs.warnings)) == ("tests/a.py::test_a\n", 1)


def test_a_test_that_fails_again_alone_fails_the_session(sessions: Sessions) -> None:
    """At whatever run."""
    runs = Runs(["tests/a.py::test_a"], True, True, True, True, False)
    with pytest.raises(CommandFailed):
        sessions["again"](runs)


def test_more_than_a_few_tests_that_fail_are_not_tried_again(
    sessions: Sessions,
) -> None:
    """They are no accident."""
    runs = Runs([f"tests/a.py::test_{name}" for name in "abcd"], True)
    with pytest.raises(CommandFailed, match="4 tests failed"):
        sessions["again"](runs)
    assert runs.left == 1


def test_an_end_before_any_test_fails_the_session(sessions: Sessions) -> None:
    """There is nothing to try again."""
    runs = Runs([])
    Path(".pytest_cache/v/cache/lastfailed").unlink()
    with pytest.raises(CommandFailed, match="before a test had failed"):
        sessions["again"](runs)


def test_what_fails_in_a_session_is_tried_again_there(sessions: Sessions) -> None:
    """As in the README's test command."""
    runs = Runs(["tests/a.py::test_a"], False, *[True] * 5)
    sessions["quick"](runs)
    assert (runs.left, len(runs.warnings)) == (0, 1)
