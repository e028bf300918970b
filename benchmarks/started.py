"""The command ``smtptest`` as a user starts it, its log in a file, under a load."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from lazr_smtptest.version import __version__

from .load.plan import Plan
from .peers import PEERS
from .peers.ours import Ours
from .peers.peer import Peer, Running
from .program import ProgramError
from .scenario import Entry, Wanted
from .throughput import entry
from .web.smtptest import smtptest

PLAN = Plan()

# Messages that the command keeps at least, if so many have come.
_NEWEST = 1000


class Started(Peer):
    """``smtptest`` with HTTP, and with a line in its log for each message."""

    name = "ours"
    remedy = Ours.remedy
    offers = frozenset({"pipelining"})

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
        """See that messages were kept: only the newest ones are, so many at least.

        Raises:
            ProgramError: some are missing.
        """
        kept = running.kept()
        if kept is None or kept < min(messages, _NEWEST):
            raise ProgramError(f"{self.name} keeps {kept} messages of {messages}")


def entries(wanted: Wanted) -> list[Entry]:
    """Compare it with the other servers that are wanted."""
    others: list[Peer] = [peer for peer in PEERS if peer.name not in ("ours", "twistd")]
    return [
        entry(Started(), PLAN),
        *(entry(peer, PLAN) for peer in others if wanted(peer.name)),
    ]
