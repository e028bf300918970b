"""A server that is killed has every message that it has acknowledged.

``LAZR_SMTPTEST_KILLS=100`` has each store killed a hundred times, not ten.
"""

from __future__ import annotations

import os
import random
import threading
from pathlib import Path

import pytest

from lazr_smtptest.stores import open_store

from .ends import KILLED, POINTS, REPLACE_POINTS
from .victim import CONNECTIONS, Client, Fate, Victim, number_of

ROUNDS = int(os.environ.get("LAZR_SMTPTEST_KILLS", "10"))

# Octets: within a page of memory, within the kernel's buffers, and beyond them.
SIZES = [300, 3000, 60_000, 300]


def clients(victim: Victim, fate: Fate, first: int) -> list[Client]:
    """Let clients send; every message has a number of its own."""
    started = [
        Client(victim.port, fate, range(first + name, first + 10_000, 10), SIZES)
        for name in range(CONNECTIONS)
    ]
    for client in started:
        client.start()
    return started


@pytest.mark.parametrize("kind", ["maildir", "mbox", "sqlite"])
def test_what_was_acknowledged_survives_a_kill(
    kind: str, tmp_path: Path, chance: random.Random
) -> None:
    """Whole, once, and nothing else does, however often the server is killed.

    Every other round it ends by itself at one of the named points; in the others it
    is killed at some moment.
    """
    spec = f"{kind}:{tmp_path / 'box'}"
    fate = Fate()
    for number in range(ROUNDS):
        point = POINTS[number // 2 % len(POINTS)] if number % 2 else ""
        end = [f"--end={point}:{chance.randint(5, 40)}"] if point else []
        with Victim(spec, *end) as victim:
            sending = clients(victim, fate, 10_000 * number)
            killing = threading.Timer(chance.uniform(0.05, 0.6), victim.process.kill)
            if not end:
                killing.start()
            status = victim.process.wait(60)
            for client in sending:
                client.join(60)
            killing.cancel()
        assert status == (KILLED if end else -9)
        store = open_store(spec)
        fate.check(store)
        store.close()
    assert len(fate.kept) > ROUNDS


@pytest.mark.parametrize("kind", ["maildir", "mbox", "sqlite"])
@pytest.mark.parametrize(
    ("point", "counts"),
    [
        ("store.after_write", {0}),
        ("store.after_fsync", {0, 1}),
        ("store.after_rename", {1}),
        ("before_reply", {1}),
        ("after_reply", {1}),
    ],
)
def test_each_point_leaves_what_it_should(
    kind: str, point: str, counts: set[int], tmp_path: Path
) -> None:
    """One message comes as far as the point, and no further.

    The second point is behind the commit of a database, and before the move of a file.
    """
    spec = f"{kind}:{tmp_path / 'box'}"
    fate = Fate()
    with Victim(spec, f"--end={point}:1") as victim:
        client = Client(victim.port, fate, [0], [300])
        client.start()
        assert victim.process.wait(60) == KILLED
        client.join(60)
    store = open_store(spec)
    fate.check(store)
    assert len(store) in counts
    assert (fate.kept == {0}) is (point == "after_reply")
    store.close()


@pytest.mark.parametrize("how_often", [1, 2, 5])
@pytest.mark.parametrize("point", REPLACE_POINTS)
def test_an_mbox_that_is_written_anew_has_the_newest(
    point: str, how_often: int, tmp_path: Path
) -> None:
    """Whichever of the two files the sudden end has left, and nothing beside it."""
    spec = f"mbox:{tmp_path / 'box'}?max-count=4"
    fate = Fate()
    with Victim(spec, f"--end={point}:{how_often}") as victim:
        client = Client(victim.port, fate, range(1000), SIZES)
        client.start()
        assert victim.process.wait(60) == KILLED
        client.join(60)
    store = open_store(spec)
    found = [number_of(envelope.content) for envelope in store]
    store.close()
    # That which made the file grow too much is on the disk, and was not answered.
    (last,) = fate.unsure
    assert fate.kept == set(range(last))
    assert found == list(range(last + 1))[-4:]
    assert [file.name for file in tmp_path.iterdir()] == ["box"]
