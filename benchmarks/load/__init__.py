"""What sends: Postfix's ``smtp-source``, or a generator of our own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from ..program import Program
from . import own, source
from .plan import Plan

_ENDLESS = 10**9


def driver(plan: Plan) -> str:
    """Name what brings such a load on this machine."""
    return source.NAME if plan.plain and source.path() else own.NAME


def send(port: int, plan: Plan, messages: int, patience: float) -> float:
    """Bring a load; see `own.send`."""
    if driver(plan) == source.NAME:
        return source.send(port, plan, messages, patience)
    return own.send(port, plan, messages, patience)


@contextmanager
def endless(port: int, plan: Plan | None) -> Iterator[None]:
    """Have a load beside something else, if there is to be one.

    Raises:
        ProgramError: it ended of its own accord: it was refused.
    """
    if plan is None:
        yield
        return
    chosen = source if driver(plan) == source.NAME else own
    with chosen.start(port, plan, _ENDLESS) as program:
        yield
        if program.wait(0) is not None:
            raise program.failure("it ended too soon")


@contextmanager
def crowd(port: int, number: int) -> Iterator[None]:
    """Have idle connections beside something else, and see that they stay.

    Raises:
        ProgramError: one of them was refused, or lost.
    """
    if not number:
        yield
        return
    command = [sys.executable, "-m", "benchmarks.load.crowd", str(port), str(number)]
    with Program("idle connections", command) as program:
        program.hear()
        yield
        program.ask("leave")
