"""The command ``smtptest`` as a user starts it, its log in a file, under a load."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

from lazr_smtptest.version import __version__

from .load.plan import Plan
from .peers import PEERS
from .peers.ours import Ours
from .peers.peer import Peer, Running
from .scenario import Entry, Wanted
from .throughput import entry
from .web.smtptest import smtptest

PLAN = Plan()


class Started(Peer):
    """``smtptest`` with HTTP, and with a line in its log for each message."""

    name = "ours"
    remedy = Ours.remedy
    offers = frozenset({"pipelining"})
    # It keeps the newest messages only, so that they cannot be counted.
    keeps: ClassVar[bool] = False

    def version(self) -> str:
        return __version__

    @contextmanager
    def run(self, needs: frozenset[str]) -> Iterator[Running]:
        with (
            TemporaryDirectory() as folder,
            smtptest(log=Path(folder, "log")) as server,
        ):
            yield server

    def check(self, running: Running, messages: int, recipients: int = 1) -> None:
        """Do nothing: see `keeps`."""


def entries(wanted: Wanted) -> list[Entry]:
    """Compare it with the other servers that are wanted."""
    others: list[Peer] = [peer for peer in PEERS if peer.name not in ("ours", "twistd")]
    return [
        entry(Started(), PLAN),
        *(entry(peer, PLAN) for peer in others if wanted(peer.name)),
    ]
