"""The kinds of stores, as parameters of fixtures."""

from __future__ import annotations

from typing import Any

import pytest

__all__ = ["slow_kind"]


def slow_kind(kind: str) -> Any:
    """Return a kind of store, marked as slow if it needs another program."""
    return pytest.param(kind, marks=pytest.mark.slow) if kind == "postgresql" else kind
