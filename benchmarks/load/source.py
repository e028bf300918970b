"""Postfix's load generator, by which other servers' figures are made."""

from __future__ import annotations

import shutil
from time import perf_counter

from ..places import SEARCH
from ..program import Program, run
from .plan import Plan

NAME = "smtp-source"


def path() -> str | None:
    """Give where it is; None if it is not installed."""
    return shutil.which(NAME, path=SEARCH)


def send(port: int, plan: Plan, messages: int, patience: float) -> float:
    """Bring a load that is `plain`; give the seconds that it took.

    It waits for each reply, and gives up at the first refusal.

    Args:
        port: of the server, on 127.0.0.1.
        plan: the load.
        messages: how many.
        patience: seconds.

    Raises:
        ProgramError: a refusal, or it took too long.
    """
    begun = perf_counter()
    run(NAME, _command(port, plan, messages), patience)
    return perf_counter() - begun


def start(port: int, plan: Plan, messages: int) -> Program:
    """Begin to bring a load."""
    return Program(NAME, _command(port, plan, messages))


def _command(port: int, plan: Plan, messages: int) -> list[str]:
    command = [path() or NAME, "-4"]
    if plan.each == 0:
        command.append("-d")
    command += ["-M", "client.example.com"]
    command += ["-f", "sender@example.com", "-t", "recipient@example.com"]
    command += ["-s", str(min(plan.connections, messages)), "-m", str(messages)]
    command += ["-r", str(plan.recipients), "-l", str(plan.size)]
    return [*command, f"127.0.0.1:{port}"]
