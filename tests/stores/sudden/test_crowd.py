"""Three nodes, two readers and many who wait, while a node is killed all the time.

``LAZR_SMTPTEST_CROWD=1000000`` goes on until so many messages were acknowledged, and
for ten minutes at most.
"""

from __future__ import annotations

import asyncio
import os
import random
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import attrs

from ...commands import COMMANDS, Process
from .test_postgresql import check, clients, wait_for_more
from .victim import PATIENCE, Client, Fate, Victim, recipient_of

MESSAGES = int(os.environ.get("LAZR_SMTPTEST_CROWD", "0"))
LONGEST = 600.0
KILLS = 3
WAITERS = 200

# The numbers of the messages of each node; the first one is killed.
KILLED, SECOND, THIRD = 0, 3 * 10**8, 6 * 10**8


@attrs.define
class Waiters:
    """Requests that wait for one message each, half of them at each reader.

    Attributes:
        ports: the ports of the readers.
        numbers: the messages.
        statuses: the status of each answer, by the number of the message.
        begun: how many have asked.
    """

    ports: Sequence[int]
    numbers: Sequence[int]
    statuses: dict[int, int] = attrs.field(factory=dict)
    begun: int = 0

    def run(self) -> None:
        """Wait for all messages; call it in a thread."""
        asyncio.run(self._wait_for_all())

    async def _wait_for_all(self) -> None:
        await asyncio.gather(*map(self._wait_for, range(len(self.numbers))))

    async def _wait_for(self, index: int) -> None:
        number = self.numbers[index]
        port = self.ports[index % len(self.ports)]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        query = f"rcpt:{recipient_of(number)}&timeout={LONGEST:.0f}"
        request = f"GET /api/v2/wait?query={query} HTTP/1.1\r\nHost: localhost\r\n\r\n"
        writer.write(request.encode())
        await writer.drain()
        self.begun += 1
        line = await reader.readline()
        self.statuses[number] = int(line.split()[1]) if line else 0
        writer.close()


def wait_until_answered(waiters: Waiters, kept: set[int]) -> None:
    """Wait until the requests for messages that are there are answered."""
    limit = time.monotonic() + PATIENCE
    while not kept.intersection(waiters.numbers) <= waiters.statuses.keys():
        assert time.monotonic() < limit, "somebody waits for a message that is there"
        time.sleep(0.01)


def kill_again_and_again(
    spec: str, fate: Fate, chance: random.Random, is_enough: threading.Event
) -> list[Client]:
    """Run a node that is killed, and started again, until it is enough."""
    sending: list[Client] = []
    count = 0
    while count < KILLS or not is_enough.is_set():
        with Victim(spec) as victim:
            sending += clients(victim, fate, KILLED + 10**5 * count)
            wait_for_more(fate, chance.randint(5, 40))
        count += 1
    return sending


def test_every_acknowledged_message_is_there_once_and_every_waiter_is_told(
    postgresql: str, tmp_path: Path, chance: random.Random
) -> None:
    """Whichever node it came to, and whichever reader was asked."""
    command = [*COMMANDS["smtptest"], "--store", postgresql, "--http=tcp:0"]
    command += ["--smtp=tcp:0:interface=127.0.0.1", "--quiet"]
    environment = {"SMTPTEST_NO_HTTP": "0"}
    readers = [Process(command, tmp_path, environment=environment) for _ in range(2)]
    try:
        ports = [int(each.wait_for(r"ready .*http=(\d+)")[1]) for each in readers]
        numbers = [
            *(KILLED + 10**5 * (n // 20) + n % 20 for n in range(60)),
            *(SECOND + n for n in range(70)),
            *(THIRD + n for n in range(70)),
        ]
        assert len(numbers) == WAITERS
        waiters = Waiters(ports, numbers)
        waiting = threading.Thread(target=waiters.run)
        waiting.start()
        fate = send_and_kill(postgresql, waiters, chance)
        wait_until_answered(waiters, fate.kept)
        for each in readers:
            each.terminate()
        waiting.join(PATIENCE)
    finally:
        for each in readers:
            each.close()
    check(fate, postgresql)
    answered = {n for n, status in waiters.statuses.items() if status == 200}
    assert fate.kept.intersection(numbers) <= answered
    assert answered <= fate.kept | fate.unsure
    # The others know that their message has not come.
    assert set(waiters.statuses) == set(numbers)
    assert 0 not in waiters.statuses.values()


def send_and_kill(spec: str, waiters: Waiters, chance: random.Random) -> Fate:
    """Send by three nodes, of which one is killed, until it is enough."""
    fate, killed = Fate(), Fate()
    is_enough = threading.Event()
    with Victim(spec) as second, Victim(spec) as third:
        limit = time.monotonic() + PATIENCE
        while waiters.begun < WAITERS:
            assert time.monotonic() < limit, "a reader does not answer"
            time.sleep(0.01)
        sending = [*clients(second, fate, SECOND), *clients(third, fate, THIRD)]
        killing = threading.Thread(
            target=lambda: sending.extend(
                kill_again_and_again(spec, killed, chance, is_enough)
            )
        )
        killing.start()
        end = time.monotonic() + LONGEST
        wanted = set(waiters.numbers[60:])
        while not wanted <= fate.kept or len(fate.kept) + len(killed.kept) < MESSAGES:
            if time.monotonic() > end:
                break
            time.sleep(0.01)
        is_enough.set()
        killing.join(2 * PATIENCE)
    for client in sending:
        client.join(PATIENCE)
    fate.kept |= killed.kept
    fate.unsure |= killed.unsure
    return fate
