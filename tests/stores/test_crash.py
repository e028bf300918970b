"""The points at which a process comes to a sudden end, for tests."""

from __future__ import annotations

import os

import pytest

from lazr_smtptest.stores import _crash
from lazr_smtptest.stores._crash import POINTS, REPLACE_POINTS, _Crash


@pytest.fixture
def ends(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The exit statuses, in place of the ends."""
    statuses: list[int] = []
    monkeypatch.setattr(os, "_exit", statuses.append)
    return statuses


@pytest.mark.parametrize("point", [*POINTS, *REPLACE_POINTS])
def test_it_ends_when_the_point_is_passed_for_the_nth_time(
    point: str, ends: list[int]
) -> None:
    """As ``kill -9`` would end it."""
    crash = _Crash(f"{point}:3")
    for number in (1, 2):
        crash.passed(point)
        assert ends == [], number
    crash.passed(point)
    assert ends == [137]


def test_other_points_do_not_count(ends: list[int]) -> None:
    """Each is passed by itself."""
    crash = _Crash("before_reply:1")
    crash.passed("after_reply")
    assert ends == []


@pytest.mark.parametrize(
    "where", ["", "before_reply", "before_reply:", "before_reply:0", "store:1", ":1"]
)
def test_a_wrong_point_is_named(where: str) -> None:
    """With those that there are, on one line."""
    with pytest.raises(ValueError, match=r"POINT:NUMBER, with a point of store\.after"):
        _Crash(where)


def test_without_the_variable_nothing_is_counted() -> None:
    """Nobody pays for it."""
    assert not _crash.ARMED
    assert _crash.passed("before_reply") is None
