"""The points at which tests end a process, or interfere with a store."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lazr_smtptest.stores import open_store

from ..envelopes import make_envelope
from .ends import KILLED, POINTS, REPLACE_POINTS, End, interfere, points_of

KINDS = ["maildir", "mbox", "sqlite"]
IN_STORES = [
    (kind, point)
    for kind in KINDS
    for point in points_of(kind)
    if point not in REPLACE_POINTS
]


@pytest.fixture
def ends(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The exit statuses, in place of the ends."""
    statuses: list[int] = []
    monkeypatch.setattr(os, "_exit", statuses.append)
    return statuses


def test_it_ends_when_the_point_is_passed_for_the_nth_time(ends: list[int]) -> None:
    """As ``kill -9`` would end it."""
    end = End("before_reply:3")
    for number in (1, 2):
        end.passed()
        assert ends == [], number
    end.passed()
    assert ends == [KILLED]


@pytest.mark.parametrize("point", [*POINTS, *REPLACE_POINTS])
def test_an_end_knows_its_point(point: str) -> None:
    """Every point may be named."""
    assert End(f"{point}:1").point == point


@pytest.mark.parametrize(
    "where", ["", "before_reply", "before_reply:", "before_reply:0", "store:1", ":1"]
)
def test_a_wrong_point_is_named(where: str) -> None:
    """With those that there are, on one line."""
    with pytest.raises(ValueError, match=r"POINT:NUMBER, with a point of store\.after"):
        End(where)


@pytest.mark.parametrize(("kind", "point"), IN_STORES)
def test_a_message_passes_each_point_of_a_store_once(
    kind: str, point: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store that goes another way has lost the point."""
    passes: list[str] = []
    interfere(kind, point, lambda: passes.append(point), monkeypatch.setattr)
    store = open_store(f"{kind}:{tmp_path / 'box'}")
    store.add(make_envelope(1))
    store.close()
    assert passes == [point]


@pytest.mark.parametrize("point", REPLACE_POINTS)
def test_a_removal_from_an_mbox_passes_each_point_of_the_replacement_once(
    point: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is replaced when a message is deleted."""
    passes: list[str] = []
    store = open_store(f"mbox:{tmp_path / 'box'}")
    store.add(make_envelope(1))
    interfere("mbox", point, lambda: passes.append(point), monkeypatch.setattr)
    assert store.delete(next(iter(store)).id)
    store.close()
    assert passes == [point]
