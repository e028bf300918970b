"""How many messages a second get into a database: by one node, by three, directly."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from statistics import median
from time import perf_counter

import attrs

from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.ids import with_id
from lazr_smtptest.stores.postgresql import PostgreSQLStore

from ..load import send
from ..load.letters import letter
from ..load.plan import Plan
from ..peers.ours import Ours
from ..scenario import Budget, Column, Floor
from ..throughput import play
from ..web.smtptest import Smtptest, smtptest
from .limits import limited
from .schemas import of_its_own, url_of

__all__ = ["COLUMNS", "GOALS", "PLAN", "keep"]

PLAN = Plan(varied=True)

_SIZE = 1024

# The messages of a batch that is written directly, the rows of each, and how many
# batches there are.
_BATCH, _ROWS, _BATCHES = 256, 3, 40

# A node's part of a processor, where nodes are compared.
_PART = 0.2
_NODES = 3

# What is sent to a node first: it imports things, and fills caches.
_WARMING = 200

# Most figures are the median of so many turns.
_TURNS = 3

# Seconds.
_PATIENCE = 120

# A turn has the messages of the command line if they are fewer; else as many as fit
# into its seconds. Few are sent in one turn only.
_FEW = 1000

COLUMNS = (
    Column("rate", "msg/s kept by a node"),
    Column("cpu", "CPU us of the node", 1e-6),
    Column("written", "msg/s written directly"),
    Column("rows", "rows/s written directly"),
    Column("single", "msg/s kept by a node of a fifth of a processor"),
    Column("three", "msg/s kept by three of these"),
    Column("times", "x one node", 1, 2),
    Column("by-cpu", "x one node, by CPU a message", 1, 2),
    Column("limited", "1: nodes are limited, 0: they cannot be"),
)

GOALS = (Floor("rate", 3000), Floor("rows", 30_000), Floor("times", 2.7))


def keep(url: str, budget: Budget) -> dict[str, float]:
    """Measure it.

    Args:
        url: the database.
        budget: what a turn may take.
    """
    few = budget.messages if budget.messages < _FEW else 0
    turn = attrs.evolve(budget, messages=few)
    turns = range(1 if few else _TURNS)
    kept = [_durable(url, turn) for _ in turns]
    written = median(_directly(url, few) for _ in turns)
    return {
        "rate": median(each["rate"] for each in kept),
        "cpu": median(each["cpu"] for each in kept),
        "written": written,
        "rows": written * _ROWS,
        **_nodes(url, turn, len(turns)),
    }


def _durable(url: str, budget: Budget) -> dict[str, float]:
    with of_its_own(url) as schema:
        return dict(play(Ours({"store": url_of(url, schema)}), PLAN, budget))


def _directly(url: str, few: int) -> float:
    """Return how many messages a second a store writes in large batches."""
    size = few or _BATCH
    batches = [
        [_envelope(start + each) for each in range(size)]
        for start in range(0, _BATCHES * size, size)
    ]
    with of_its_own(url) as schema:
        store = PostgreSQLStore(url, schema=schema)
        try:
            _write(store, batches[0])
            begun = perf_counter()
            for batch in batches[1:]:
                _write(store, batch)
            return (len(batches) - 1) * size / (perf_counter() - begun)
        finally:
            store.close()


def _write(store: PostgreSQLStore, batch: list[Envelope]) -> None:
    """Write a batch, and leave it to nobody to be indexed."""
    rows = store._rows(batch)
    store._writing.change(lambda connection: store._insert(connection, rows))


def _envelope(number: int) -> Envelope:
    return with_id(
        Envelope(
            mail_from="sender@example.com",
            rcpt_tos=(f"recipient-{number}-0@example.com",),
            content=letter(number, _SIZE),
        )
    )


@attrs.frozen
class _Turn:
    """What some nodes have kept: messages a second, and CPU seconds for each."""

    rate: float
    cpu: float


def _nodes(url: str, budget: Budget, number: int) -> dict[str, float]:
    """Compare one node with three, each of them with a part of a processor."""
    with ExitStack() as stack:
        groups = [stack.enter_context(limited(_PART)) for _ in range(_NODES)]
        schema = stack.enter_context(of_its_own(url))
        arguments = ("--quiet", "--store", url_of(url, schema))
        nodes = [stack.enter_context(smtptest(*arguments)) for _ in range(_NODES)]
        for node, add in zip(nodes, groups, strict=True):
            if add is not None:
                add(node.pid)
        turns = [
            (_turn(nodes[:1], budget), _turn(nodes, budget)) for _ in range(number)
        ]
    is_limited = None not in groups
    by_cpu = median(_NODES * one.cpu / three.cpu for one, three in turns)
    by_rate = median(three.rate / one.rate for one, three in turns)
    return {
        "single": median(one.rate for one, _ in turns),
        "three": median(three.rate for _, three in turns),
        "times": by_rate if is_limited else by_cpu,
        "by-cpu": by_cpu,
        "limited": int(is_limited),
    }


def _turn(nodes: Sequence[Smtptest], budget: Budget) -> _Turn:
    """Send to all of them at the same time."""
    with ThreadPoolExecutor(len(nodes)) as pool:

        def each(act: Callable[[Smtptest], float]) -> list[float]:
            return list(pool.map(act, nodes))

        warming = budget.messages or _WARMING
        slowest = max(each(lambda node: _send(node, warming)))
        number = budget.messages or max(1, round(warming * budget.seconds / slowest))
        before = each(_used)
        seconds = max(each(lambda node: _send(node, number)))
        used = sum(each(_used)) - sum(before)
    sent = number * len(nodes)
    return _Turn(rate=sent / seconds, cpu=max(used, 0.001) / sent)


def _send(node: Smtptest, number: int) -> float:
    return send(node.port, Plan(), number, _PATIENCE)


def _used(node: Smtptest) -> float:
    usage = node.usage()
    return usage.user + usage.system
