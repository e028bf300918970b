"""The steps of a fault plan, run where there is no session of SMTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import CancelledError

from lazr_smtptest.model.fault_context import NotDueError

__all__ = ["run_step"]


async def run_step(
    step: Any, target: Any, failed: Callable[[BaseException], object]
) -> bool:
    """Run a step, and wait for it; return false if it failed.

    Args:
        step: an `IFaultStep`.
        target: what it acts on.
        failed: called with the error of a step that failed.

    Raises:
        NotDueError: the step raised it.
    """
    try:
        waiting = step.run(target)
        if waiting is not None:
            await waiting
    except (CancelledError, GeneratorExit, NotDueError):
        raise
    except Exception as error:
        failed(error)
        return False
    return True
