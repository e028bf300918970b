"""All that is measured."""

from __future__ import annotations

from functools import partial

from . import throughput
from .load import driver
from .load.plan import Plan
from .scenario import Ceiling, Goal, Scenario


def _load(
    name: str, title: str, plan: Plan, *goals: Goal | Ceiling, heavy: bool = False
) -> Scenario:
    return Scenario(
        name=name,
        title=f"{title}; {driver(plan)}",
        columns=throughput.COLUMNS,
        enter=partial(throughput.entries, plan),
        goals=goals,
        heavy=heavy,
    )


SCENARIOS: tuple[Scenario, ...] = (
    _load(
        "reused",
        "1 KB over 20 connections that are reused",
        Plan(),
        Goal("rate", "smtp-sink", 0.8),
        Goal("rate", "twisted", 1.8),
        Goal("rate", "aiosmtpd", 4),
        Goal("rate", "nodemailer", 1.8),
    ),
    _load(
        "new",
        "1 KB, each over a new connection, 20 at a time",
        Plan(each=1),
        Goal("rate", "smtp-sink", 0.7),
        Goal("rate", "aiosmtpd", 2.5),
    ),
    _load("recipients", "1 KB to 100 recipients", Plan(recipients=100)),
    _load("64k", "64 KB", Plan(size=65536)),
    _load(
        "1m",
        "1 MB",
        Plan(size=1_048_576),
        Goal("bytes", "smtp-sink", 1.4),
        Goal("cpu", "smtp-sink", 1),
        Goal("bytes", "aiosmtpd", 10),
    ),
    _load("25m", "25 MB over 4 connections", Plan(size=26_214_400, connections=4)),
    _load("pipelined", "1 KB, pipelined, over 20 connections", Plan(pipelined=True)),
    _load("tls", "1 KB over 20 connections with STARTTLS", Plan(tls=True)),
    _load(
        "tls-new",
        "1 KB, each over a new connection with STARTTLS, 20 at a time",
        Plan(tls=True, each=1),
    ),
    _load(
        "login",
        "1 KB, each over a new connection with AUTH PLAIN, 20 at a time",
        Plan(login=True, each=1),
    ),
    _load("idle", "1 KB over 20 connections beside 1,000 idle ones", Plan(idle=1000)),
)
