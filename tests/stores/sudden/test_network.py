"""Nodes whose network is cut, and whose database moves to another machine.

``LAZR_SMTPTEST_KILLS=100`` has each happen ten times, not once.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ...network import Network, network
from ...postgresql import USER, Server, server_of_test
from .test_postgresql import (
    ROUNDS,
    check_after_replay,
    clients,
    wait_for_more,
)
from .victim import PATIENCE, Fate, Victim

# Seconds without a network: more than it takes until a node gives a connection up.
CUT = 20.0


@pytest.fixture
def cable() -> Iterator[Network]:
    """A network of its own for the database."""
    with network() as made:
        yield made


@pytest.fixture
def distant(cable: Network) -> Iterator[Server]:
    """A database at the other end of the cable."""
    before = (*cable.before, "setpriv", "--reuid=postgres", "--regid=postgres")
    settings = f"listen_addresses={cable.there}", "port=5432"
    with server_of_test(
        settings=settings, before=(*before, "--clear-groups")
    ) as server:
        yield server


def test_nothing_is_lost_while_the_network_is_cut(
    cable: Network, distant: Server, tmp_path: Path, chance: random.Random
) -> None:
    """A node with a spool goes on; one without it refuses, and goes on after that."""
    url = f"postgresql://{USER}@{cable.there}/postgres"
    folder = tmp_path / "spool"
    plain, spooling = Fate(), Fate()
    with Victim(f"{url}?node=a") as one, Victim(f"{url}?spool={folder}") as other:
        sending = [
            *clients(one, plain, 0),
            *clients(other, spooling, 10**8 * 5),
        ]
        for _ in range(max(1, ROUNDS // 10)):
            for fate in (plain, spooling):
                wait_for_more(fate, chance.randint(5, 20))
            mend_at = time.monotonic() + CUT
            cable.cut()
            try:
                wait_for_more(spooling, 20)
                time.sleep(max(0.0, mend_at - time.monotonic()))
            finally:
                cable.mend()
            for fate in (plain, spooling):
                wait_for_more(fate, 10)
        one.kill()
        other.kill()
        for client in sending:
            client.join(PATIENCE)
    fate = Fate()
    fate.kept = plain.kept | spooling.kept
    fate.unsure = plain.unsure | spooling.unsure
    check_after_replay(fate, distant.url(), folder)
