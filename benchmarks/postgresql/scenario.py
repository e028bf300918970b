"""Servers that share a PostgreSQL database, and a database with many messages."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from time import perf_counter

from lazr_smtptest.version import __version__

from ..load import driver
from ..program import Program
from ..scenario import Budget, Ceiling, Column, Entry, Sample, Scenario, Wanted
from ..web.smtptest import smtptest
from . import keeping, questions
from .cluster import REMEDY, cluster, programs
from .filling import fill, is_filled
from .schemas import of_its_own, url_of

__all__ = ["POSTGRESQL"]

# The URL of a database that is used, and keeps what it is filled with.
_URL = "LAZR_SMTPTEST_POSTGRESQL"

_MESSAGES = 1_000_000

# How often somebody waits at another node, and once more before: with the first message
# a server imports what reads messages.
_WAITS = 40

# Seconds.
_PATIENCE = 300


def _entries(wanted: Wanted) -> list[Entry]:
    """Let ours take part, if there is a database."""
    if os.environ.get(_URL) or programs():
        return [Entry("ours", __version__, _play)]
    return [Entry("ours", __version__, None, missing=REMEDY)]


def _play(budget: Budget) -> Sample:
    number = budget.messages or _MESSAGES
    with _database() as url:
        schema = f"benchmark_{number}"
        begun = perf_counter()
        if not is_filled(url, schema, number):
            fill(url, schema, number)
        return {
            "messages": number,
            "filled": perf_counter() - begun,
            **questions.ask(url, schema, number),
            **keeping.keep(url, budget),
            **_wait(url, 1 + min(number, _WAITS)),
        }


@contextmanager
def _database() -> Iterator[str]:
    url = os.environ.get(_URL)
    if url:
        yield url
        return
    with cluster() as url:
        yield url


def _wait(url: str, number: int) -> dict[str, float]:
    """Measure from the reply at one node to the answer at another."""
    with of_its_own(url) as schema:
        arguments = ("--quiet", "--store", url_of(url, schema))
        with smtptest(*arguments) as taking, smtptest(*arguments) as reading:
            command = [sys.executable, "-m", "benchmarks.web.waits"]
            command += [str(taking.port), str(reading.http), str(number)]
            with Program("waits", command) as program:
                first, *waits = json.loads(program.hear(_PATIENCE))["wait"]
    return {"wait": median(waits), "longest-wait": max(waits), "first-wait": first}


_WAITED = (
    Column("wait", "ms to the answer at another node", 1e-3, 1),
    Column("longest-wait", f"ms, the longest of {_WAITS}", 1e-3, 1),
)
_FIRST = Column("first-wait", "ms, the first", 1e-3, 1)

POSTGRESQL = Scenario(
    name="postgresql",
    title="servers of one PostgreSQL database, 1 KB over 20 connections each, and "
    f"many messages of 256 bytes; {driver(keeping.PLAN)}",
    columns=(
        Column("messages", "messages"),
        Column("filled", "s to fill it"),
        *questions.COLUMNS,
        *keeping.COLUMNS,
        *_WAITED,
        _FIRST,
    ),
    enter=_entries,
    goals=(
        *questions.GOALS,
        *keeping.GOALS,
        *(Ceiling(column.key, 300) for column in _WAITED),
    ),
    once=True,
    heavy=True,
    upright=True,
)
