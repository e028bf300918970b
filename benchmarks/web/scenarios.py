"""The scenarios of the HTTP side."""

from __future__ import annotations

from ..load import driver
from ..scenario import Ceiling, Goal, Scenario
from . import parts, readers, requests, waits

HTTP: tuple[Scenario, ...] = (
    Scenario(
        name="http",
        title="GET over 16 connections, and a bare twisted.web resource",
        columns=requests.COLUMNS,
        enter=requests.entries,
        goals=(
            Goal("cpu", "bare, livez", 0.77, "ours, livez"),
            Goal("cpu", "bare, a message", 0.77, "ours, a message"),
        ),
        heavy=True,
    ),
    Scenario(
        name="http-pages",
        title="GET of 50 messages out of a million over one connection",
        columns=requests.COLUMNS,
        enter=requests.page_entries,
        goals=(Ceiling("cpu", 2500, "ours, a page"),),
        heavy=True,
    ),
    Scenario(
        name="http-parts",
        title="GET of a part of 25 MB over 8 connections",
        columns=parts.COLUMNS,
        enter=parts.entries,
        goals=tuple(
            Ceiling("grown", 50, f"ours, {store}, a part")
            for store in ("memory", "sqlite")
        ),
        heavy=True,
    ),
    Scenario(
        name="http-load",
        title="1 KB, without and with 20 websockets and 100 requests that wait; "
        f"500 a second, and {driver(readers.PLAN)}",
        columns=readers.LOAD,
        enter=readers.load_entries,
        goals=(
            Goal("rate", "ours, at 500/s", 0.8, "ours, at 500/s, readers"),
            Goal("rate", "ours, at full speed", 0.8, "ours, at full speed, readers"),
        ),
        heavy=True,
    ),
    Scenario(
        name="http-wait",
        title="from the reply to a message to the answer that waits for it",
        columns=waits.COLUMNS,
        enter=waits.entries,
        goals=(Ceiling("above", 2),),
        heavy=True,
    ),
    Scenario(
        name="http-idle",
        title="1,000 clients that listen or wait, and nothing happens",
        columns=readers.IDLE,
        enter=readers.idle_entries,
        goals=(Ceiling("grown", 50, "ours, events"),),
        heavy=True,
    ),
)
