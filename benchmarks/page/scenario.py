"""The scenario of the page."""

from __future__ import annotations

from ..scenario import Ceiling, Scenario
from . import people

_GOALS = {
    "first": 500,
    "rows": 500,
    "text": 100,
    "html": 100,
    **dict.fromkeys(people.SEARCHES, 150),
    "longest": 200,
    "grown": 1,
    "bundle": 60,
}

PAGE = Scenario(
    name="page",
    title="somebody uses the page in Chromium, and 500 messages a second arrive",
    columns=people.COLUMNS,
    enter=people.entries,
    goals=tuple(
        Ceiling(column, most, f"ours, {store}")
        for store in people.STORES
        for column, most in _GOALS.items()
    ),
    heavy=True,
    upright=True,
)
