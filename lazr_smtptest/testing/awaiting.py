"""The call of a test that is a coroutine function.

unittest shows the frame of this module, after those of asyncio: at a frame that it
hides it would cut the traceback, before the lines of the test.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

__all__ = ["noted_coroutine"]


def noted_coroutine(
    method: Callable[..., Any], add_note: Callable[[BaseException], object]
) -> Callable[..., Any]:
    """Return a coroutine function that calls another one, and notes its exceptions."""

    @functools.wraps(method)
    async def awaited(*arguments: Any) -> Any:
        try:
            return await method(*arguments)
        except Exception as error:
            add_note(error)
            raise

    return awaited
