"""All that is measured."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial

from . import durable, greeting, indexing, memory, million, started, throughput, waiting
from .load import driver
from .load.plan import Plan
from .page.scenario import PAGE
from .peers.ours import Ours, Twistd
from .peers.peer import Peer
from .postgresql.scenario import POSTGRESQL
from .scenario import Ceiling, Entry, Floor, Goal, Scenario, Wanted
from .startstop import entries as startstop
from .web.imap import IMAP, IMAP_MILLION
from .web.scenarios import HTTP

_PIPELINED = Plan(pipelined=True)
_ONE_BY_ONE = Plan(own=True)


def _load(name: str, title: str, plan: Plan, *goals: Goal) -> Scenario:
    """Compare all servers under a load."""
    return Scenario(
        name=name,
        title=f"{title}; {driver(plan)}",
        columns=throughput.COLUMNS,
        enter=partial(throughput.entries, plan),
        goals=goals,
    )


def _variants(
    name: str, title: str, plan: Plan, peers: Mapping[str, Peer], *goals: Goal
) -> Scenario:
    """Compare our server with itself, set up in another way."""
    return Scenario(
        name=name,
        title=f"{title}; {driver(plan)}",
        columns=throughput.COLUMNS,
        enter=partial(throughput.variants, plan, peers),
        goals=goals,
    )


def _growth(name: str, title: str, plans: Mapping[str, Plan]) -> Scenario:
    """Compare our server with itself, under loads that grow."""
    (what,) = {driver(plan) for plan in plans.values()}
    return Scenario(
        name=name,
        title=f"{title}; {what}",
        columns=throughput.COLUMNS,
        enter=partial(throughput.growth, plans),
        heavy=True,
    )


def _pipelined(wanted: Wanted) -> list[Entry]:
    entries = throughput.entries(_PIPELINED, wanted)
    one_by_one = throughput.entry(Ours(), _ONE_BY_ONE, "ours, one by one")
    return [entries[0], one_by_one, *entries[1:]]


def _come_and_go(name: str, title: str) -> Scenario:
    return Scenario(
        name=name,
        title=title,
        columns=startstop.COLUMNS,
        enter=partial(startstop.entries, name),
        goals=tuple(
            Goal("median", peer, 2)
            for peer in ("aiosmtpd", "smtpdfix", "pytest-localserver")
        ),
    )


SCENARIOS: tuple[Scenario, ...] = (
    Scenario(
        name="started",
        title="1 KB over 20 connections that are reused, to smtptest as a user starts "
        f"it, its log in a file; {driver(started.PLAN)}",
        columns=throughput.COLUMNS,
        enter=started.entries,
        goals=(Goal("cpu", "smtp-sink", 0.65),),
    ),
    _load(
        "reused",
        "1 KB over 20 connections that are reused",
        Plan(),
        Goal("cpu", "smtp-sink", 0.75),
        Goal("rate", "twisted", 4),
        Goal("rate", "nodemailer", 4),
        Goal("rate", "aiosmtpd", 8),
    ),
    _load(
        "new",
        "1 KB, each over a new connection, 20 at a time",
        Plan(each=1),
        Goal("rate", "smtp-sink", 0.6),
        Goal("rate", "aiosmtpd", 2.5),
    ),
    _load(
        "recipients",
        "1 KB to 100 recipients",
        Plan(recipients=100),
        Goal("rate", "smtp-sink", 0.8),
    ),
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
    Scenario(
        name="pipelined",
        title=f"1 KB, pipelined, over 20 connections; {driver(_PIPELINED)}",
        columns=throughput.COLUMNS,
        enter=_pipelined,
        goals=(
            Goal("rate", "smtp-sink", 0.8),
            Goal("rate", "ours, one by one", 2),
        ),
    ),
    _load(
        "tls",
        "1 KB over 20 connections with STARTTLS",
        Plan(tls=True),
        Goal("rate", "twisted", 2),
    ),
    _load(
        "tls-new",
        "1 KB, each over a new connection with STARTTLS, 20 at a time",
        Plan(tls=True, each=1),
    ),
    _load(
        "login",
        "1 KB, each over a new connection with AUTH PLAIN, 20 at a time",
        Plan(login=True, each=1),
        Goal("rate", "twisted", 1.5),
    ),
    _load("idle", "1 KB over 20 connections beside 1,000 idle ones", Plan(idle=1000)),
    _variants(
        "reactor",
        "1 KB over 20 connections, on our reactor and on Twisted's own",
        Plan(),
        {"ours": Ours(), "ours, default": Ours(reactor="default")},
    ),
    _variants(
        "transcript",
        "1 KB over 20 connections, with and without transcripts",
        Plan(),
        {"ours": Ours(), "ours, none": Ours({"limit": "transcript=0"})},
        Goal("rate", "ours, none", 0.85),
    ),
    _variants(
        "faults",
        "1 KB over 20 connections, with no rule and with one that never matches",
        Plan(),
        {"ours": Ours(), "ours, a rule": Ours({"rule": "nobody@example.com"})},
        Goal("rate", "ours", 0.9, "ours, a rule"),
    ),
    _variants(
        "workers",
        "1 KB, pipelined, over 20 connections, twistd with one process and with two",
        _PIPELINED,
        {"ours": Twistd("--quiet"), "ours, 2": Twistd("--quiet", "--workers", "2")},
        Goal("cpu", "ours", 0.9, "ours, 2"),
    ),
    _variants(
        "log",
        "1 KB over 20 connections, with and without a log, DEBUG and above",
        Plan(),
        {"ours": Ours(), "ours, logged": Ours({"log": os.devnull})},
    ),
    Scenario(
        name="durable",
        title=f"1 KB over 20 connections, into each store; {driver(durable.PLAN)}",
        columns=durable.COLUMNS,
        enter=durable.entries,
        goals=(
            Floor("rate", 7000, "ours, sqlite"),
            Goal("rate", "ours, sqlite, one commit each", 10, "ours, sqlite"),
            Goal(
                "rate",
                "ours, slow disk, sqlite, one commit each",
                10,
                "ours, slow disk, sqlite",
            ),
        ),
    ),
    _come_and_go("start-stop", "a server comes and goes"),
    _come_and_go("start-mail-stop", "a server comes, takes one message, and goes"),
    Scenario(
        name="latency",
        title="from the client's last reply to the test that waits",
        columns=waiting.LATENCY,
        enter=waiting.latency_entries,
    ),
    Scenario(
        name="waiters",
        title="many wait, each for its own message",
        columns=waiting.WAITERS,
        enter=waiting.waiter_entries,
    ),
    Scenario(
        name="search",
        title="one of many messages in a Mailbox is found, and one is not there",
        columns=waiting.SEARCH,
        enter=waiting.search_entries,
        goals=(
            Ceiling("recipient", 1),
            Ceiling("subject", 5),
            Ceiling("subject, first", 500),
            Ceiling("failure", 200),
        ),
    ),
    Scenario(
        name="greeting",
        title="very many connections at once are greeted",
        columns=greeting.COLUMNS,
        enter=greeting.entries,
        goals=(Ceiling("memory", 4000),),
        heavy=True,
    ),
    _growth(
        "messages",
        "1 KB over 20 connections, to a server that has so many messages already",
        {
            f"ours, {number:,}": Plan(before=number)
            for number in (100, 1000, 10_000, 100_000, 1_000_000)
        },
    ),
    _growth(
        "sizes",
        "messages of so many bytes over 20 connections",
        {
            f"ours, {size:,}": Plan(size=size)
            for size in (100, 1000, 10_000, 100_000, 1_000_000, 10_000_000)
        },
    ),
    _growth(
        "connections",
        "1 KB over so many connections that are reused",
        {
            f"ours, {number:,}": Plan(connections=number, before=10 * number, own=True)
            for number in (1, 10, 100, 1000, 5000)
        },
    ),
    Scenario(
        name="memory",
        title=f"what a message of 1 KB takes; {driver(Plan(distinct=True))}",
        columns=memory.BEYOND,
        enter=memory.beyond_entries,
        goals=(
            Ceiling("beyond", 2000, "ours, more"),
            Ceiling("beyond", 2000, "ours, sessions"),
        ),
        once=True,
        heavy=True,
    ),
    Scenario(
        name="peak",
        title=f"1,000 messages of 1 MB are kept; {driver(Plan())}",
        columns=memory.PEAK,
        enter=memory.peak_entries,
        goals=(Ceiling("times", 1.15),),
        once=True,
        heavy=True,
    ),
    Scenario(
        name="indexing",
        title="4 KB of random base64 in a burst are made searchable, "
        f"while others come; {driver(indexing.PLAN)}",
        columns=indexing.COLUMNS,
        enter=indexing.entries,
        goals=(Ceiling("times", 2),),
        heavy=True,
    ),
    Scenario(
        name="million",
        title=f"1 KB, into one database, which is asked then; {driver(million.PLAN)}",
        columns=million.COLUMNS,
        enter=million.entries,
        goals=million.GOALS,
        once=True,
        heavy=True,
        upright=True,
    ),
    *HTTP,
    IMAP,
    IMAP_MILLION,
    PAGE,
    POSTGRESQL,
)
