"""How many messages a second are kept in a store, each durable before its reply."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from lazr_smtptest.version import __version__

from .load.plan import Plan
from .peers.ours import Ours
from .scenario import Budget, Column, Entry, Sample, Wanted
from .throughput import play

PLAN = Plan(varied=True)

COLUMNS = (
    Column("rate", "msg/s", better="more"),
    Column("cpu", "CPU us", 1e-6, 1),
    Column("busy", "busy %", 0.01),
    Column("grown", "MB more in memory", 1e6, 1),
)

# Microseconds that a slow disk takes longer for a sync, as an SSD without a capacitor.
_DELAY = 5000
_SYNCS = "fsync,fdatasync"

# What is given to the server; {} is a folder of its own, and {name} its name.
_STORES: dict[str, Mapping[str, str]] = {
    "memory": {"store": "memory?max-count=0&max-bytes=0"},
    "sqlite": {"store": "sqlite:{}/box"},
    "sqlite, one commit each": {"store": "sqlite:{}/box", "batch": "1"},
    "sqlite NORMAL": {"store": "sqlite:{}/box?synchronous=NORMAL"},
    "maildir": {"store": "maildir:{}/box"},
    "mbox": {"store": "mbox:{}/box"},
}
# The URL of a database for schemas, whose server makes everything durable.
_POSTGRESQL = "LAZR_SMTPTEST_POSTGRESQL"

_ON_A_SLOW_DISK = ("sqlite", "sqlite, one commit each")


def entries(wanted: Wanted) -> list[Entry]:
    """Let each store take part, and two of them on a slow disk too."""
    return [
        *(_entry(f"ours, {name}", options) for name, options in _STORES.items()),
        *(_slow(f"ours, slow disk, {name}", _STORES[name]) for name in _ON_A_SLOW_DISK),
        _postgresql(),
    ]


def _postgresql() -> Entry:
    """Let a store in PostgreSQL take part, if there is a database for it."""
    name, url = "ours, postgresql", os.environ.get(_POSTGRESQL)
    if not url:
        missing = f"{_POSTGRESQL}=postgresql://..."
        return Entry(name, __version__, None, missing=missing)
    url = url.replace("{", "{{").replace("}", "}}")
    # Each turn begins with an empty store.
    return _entry(name, {"store": f"{url}{'&' if '?' in url else '?'}schema={{name}}"})


def _entry(name: str, options: Mapping[str, str], under: Sequence[str] = ()) -> Entry:
    return Entry(name, __version__, partial(_play, options, under))


def _slow(name: str, options: Mapping[str, str]) -> Entry:
    """Have the kernel come back late: SQLite calls it without Python."""
    strace = shutil.which("strace")
    if strace is None:
        return Entry(name, __version__, None, missing="apt-get install strace")
    under = [strace, "-f", "-qq", "--seccomp-bpf", "-o", os.devnull]
    under += ["-e", f"trace={_SYNCS}", "-e", f"inject={_SYNCS}:delay_exit={_DELAY}"]
    return _entry(name, options, under)


def _play(options: Mapping[str, str], under: Sequence[str], budget: Budget) -> Sample:
    with TemporaryDirectory() as folder:
        name = Path(folder).name
        here = {key: value.format(folder, name=name) for key, value in options.items()}
        return play(Ours(here, under=under), PLAN, budget)
