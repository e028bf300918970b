"""What is wrong with the layout of a page, as somebody would see it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

__all__ = ["faults_of"]

_FAULTS = Path(__file__).with_suffix(".js").read_text("utf-8")


def faults_of(page: Any) -> list[str]:
    """Return what is wrong with the layout, a line for each fault; usually none.

    Texts must not be cut, unless an ellipsis tells so or they can be scrolled to, and
    not lie on one another. What can be clicked is not under something else. Nothing is
    wider than the window.

    Args:
        page: the page, in which all is drawn.
    """
    faults: list[str] = page.evaluate(_FAULTS)
    return faults
