"""How much memory a function takes."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

__all__ = ["peak_of"]

# Threads of other tests may end later than these, and take memory meanwhile: of some
# measurements the least one is that of the function.
_TIMES = 5


def peak_of(function: Callable[[], object], enough: int) -> int:
    """Return the most bytes that Python has allocated during a call.

    Args:
        function: is called once, and again while others may have disturbed it.
        enough: the bytes below which it is not called again.
    """
    peaks: list[int] = []
    while len(peaks) < _TIMES and min(peaks, default=enough) >= enough:
        tracemalloc.start()
        try:
            function()
            peaks.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
    return min(peaks)
