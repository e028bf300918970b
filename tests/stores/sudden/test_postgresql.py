"""Sudden ends of a node, and of the server of its database.

``LAZR_SMTPTEST_KILLS=100`` has each killed a hundred times, not ten.
"""

from __future__ import annotations

import math
import os
import random
import threading
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from lazr_smtptest.errors import SearchTimeoutError
from lazr_smtptest.stores import open_store

from ...postgresql import Server
from .victim import CONNECTIONS, PATIENCE, Client, Fate, Victim

ROUNDS = int(os.environ.get("LAZR_SMTPTEST_KILLS", "10"))
SIZES = [300, 3000, 60_000, 300]


def clients(victim: Victim, fate: Fate, first: int) -> list[Client]:
    """Let clients send; every message has a number of its own."""
    started = [
        Client(victim.port, fate, range(first + name, 10**9, CONNECTIONS), SIZES)
        for name in range(CONNECTIONS)
    ]
    for client in started:
        client.start()
    return started


def wait_for_more(fate: Fate, count: int) -> None:
    """Wait until so many more messages have been acknowledged."""
    wanted = len(fate.kept) + count
    limit = time.monotonic() + PATIENCE
    while len(fate.kept) < wanted:
        assert time.monotonic() < limit, "no message is acknowledged any more"
        time.sleep(0.01)


def check(fate: Fate, spec: str) -> None:
    with closing(open_store(spec)) as store:  # type: ignore[type-var]
        fate.check(store)
        reader: Any = store
        # Counters, lists and the index say the same.
        assert reader.counts().messages == len(reader.numbers()) == len(store)
        wait_until_indexed(reader)


def wait_until_indexed(reader: Any) -> None:
    """Wait until all can be searched, for as long as the index gets further.

    How many messages there are depends on the machine.
    """
    left = math.inf
    while missing := reader.index_progress().missing:
        assert missing < left, "the index does not get further"
        left = missing
        with suppress(SearchTimeoutError):
            reader.counts("subject:x", timeout=PATIENCE)


def test_what_a_node_acknowledged_survives_its_kill(
    postgresql: str, chance: random.Random
) -> None:
    """Whole and once, and nothing else does, however often it is killed."""
    fate = Fate()
    for number in range(ROUNDS):
        with Victim(postgresql) as victim:
            sending = clients(victim, fate, 10**6 * number)
            killing = threading.Timer(chance.uniform(0.05, 0.6), victim.process.kill)
            killing.start()
            assert victim.process.wait(PATIENCE) == -9
            for client in sending:
                client.join(PATIENCE)
            killing.join()
        check(fate, postgresql)
    assert len(fate.kept) > ROUNDS


def test_what_was_acknowledged_survives_the_kill_of_the_database(
    postgresql_server: Server, chance: random.Random
) -> None:
    """The node goes on by itself, with no message lost, and none there twice."""
    fate = Fate()
    with Victim(postgresql_server.url()) as victim:
        sending = clients(victim, fate, 0)
        for _ in range(ROUNDS):
            wait_for_more(fate, chance.randint(1, 30))
            postgresql_server.stop("immediate")
            postgresql_server.start()
        wait_for_more(fate, 1)
        victim.kill()
        for client in sending:
            client.join(PATIENCE)
    check(fate, postgresql_server.url())


def emptied(folder: Path) -> None:
    """Wait until nothing waits in a spool any more."""
    limit = time.monotonic() + PATIENCE
    while any(folder.glob("*.spool")):
        assert time.monotonic() < limit, "messages wait for a database that is there"
        time.sleep(0.01)


def check_after_replay(fate: Fate, spec: str, folder: Path) -> None:
    """Let a node bring what the killed ones have left, and check what is there."""
    with closing(open_store(f"{spec}&spool={folder}")) as store:  # type: ignore[type-var]
        node: Any = store
        node.join()
        emptied(folder)
    check(fate, spec)


def test_what_a_node_spooled_survives_its_kills(
    postgresql_server: Server, tmp_path: Path, chance: random.Random
) -> None:
    """Whole and once: it is killed while it spools, and while it replays."""
    fate = Fate()
    folder = tmp_path / "spool"
    spec = postgresql_server.url()
    for number in range(ROUNDS):
        with Victim(f"{spec}&spool={folder}") as victim:
            sending = clients(victim, fate, 10**6 * number)
            wait_for_more(fate, chance.randint(1, 30))
            postgresql_server.stop("immediate")
            wait_for_more(fate, chance.randint(10, 60))
            if number % 2:
                victim.kill()
                postgresql_server.start()
            else:
                postgresql_server.start()
                time.sleep(chance.uniform(0.0, 0.5))
                victim.kill()
            for client in sending:
                client.join(PATIENCE)
        check_after_replay(fate, spec, folder)
    assert len(fate.kept) > ROUNDS


def test_capture_goes_on_while_the_database_is_killed_again_and_again(
    postgresql_server: Server, tmp_path: Path, chance: random.Random
) -> None:
    """Every message that was acknowledged is there once."""
    fate = Fate()
    folder = tmp_path / "spool"
    spec = postgresql_server.url()
    with Victim(f"{spec}&spool={folder}") as victim:
        sending = clients(victim, fate, 0)
        for _ in range(ROUNDS):
            wait_for_more(fate, chance.randint(1, 30))
            postgresql_server.stop("immediate")
            wait_for_more(fate, chance.randint(1, 30))
            postgresql_server.start()
        victim.kill()
        for client in sending:
            client.join(PATIENCE)
    check_after_replay(fate, spec, folder)
