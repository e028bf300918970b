"""A thousand requests wait while the server is killed and started again."""

from __future__ import annotations

import asyncio
import json
import re
import resource

import pytest

from ...commands import PATIENCE, Process, Start, send

CLIENTS = 1000
# Requests that connect at the same time: no more than the queue of a listening port.
CONNECTING = 40
# The number of the last message.
LAST = 2


class Clients:
    """Clients that wait for each message, and ask again whatever happens.

    Attributes:
        numbers: the numbers of the messages that each client got.
        port: the port of the running server.
        killed: how many servers were killed.
    """

    def __init__(self, clients: int) -> None:
        self.numbers: list[list[int]] = [[] for _ in range(clients)]
        self.port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.killed = 0
        self.all_wait = asyncio.Event()
        self.one_was_answered = asyncio.Event()
        self._waiting = 0
        self._connecting = asyncio.Semaphore(CONNECTING)

    async def follow(self, found: list[int]) -> None:
        """Get the messages one by one."""
        while not found or found[-1] < LAST:
            port = await self.port
            killed = self.killed
            try:
                number = await self._ask(port, found[-1] if found else 0)
            except (OSError, EOFError):
                # The server was killed in the meantime: nothing else ends a wait.
                assert self.killed > killed
                continue
            found.append(number)
            self.one_was_answered.set()

    async def _ask(self, port: int, since: int) -> int:
        """Wait for a message; return its number."""
        async with self._connecting:
            # The ports of 127.0.0.1 are for the other tests.
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", port, local_addr=("127.0.0.2", 0)
            )
        try:
            path = f"/api/v2/wait?query=subject:hello&since={since}&timeout=600"
            request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"
            writer.write(request.encode())
            await writer.drain()
            self._waiting += 1
            if self._waiting == len(self.numbers):
                self.all_wait.set()
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 "), head
            length = re.search(rb"(?i)content-length: (\d+)", head)
            assert length is not None
            body = json.loads(await reader.readexactly(int(length[1])))
        finally:
            writer.close()
        [message] = body["messages"]
        return int(message["summary"]["number"])


async def follow_all(start: Start) -> list[list[int]]:
    """Return the numbers that each client got; the server is killed in between."""
    clients = Clients(CLIENTS)
    first = serve(start)
    smtp, port = await asyncio.to_thread(ports, first)
    clients.port.set_result(port)
    tasks = [asyncio.create_task(clients.follow(each)) for each in clients.numbers]
    await clients.all_wait.wait()
    await asyncio.to_thread(send, smtp)
    await clients.one_was_answered.wait()
    clients.port = asyncio.get_running_loop().create_future()
    clients.killed += 1
    first.popen.kill()
    smtp, port = await asyncio.to_thread(ports, serve(start))
    clients.port.set_result(port)
    await asyncio.to_thread(send, smtp)
    await asyncio.gather(*tasks)
    return clients.numbers


def serve(start: Start) -> Process:
    """Start a server."""
    http = "--http=tcp:0:interface=127.0.0.1"
    return start("smtptest", "--port=0", "--store=sqlite:mail.db", http)


def ports(process: Process) -> tuple[int, int]:
    """Return the ports of a server for SMTP and HTTP when it is ready."""
    smtp, http = process.wait_for(r"^ready smtp=(\d+) http=(\d+)$").groups()
    return int(smtp), int(http)


@pytest.mark.once
@pytest.mark.slow
def test_a_client_that_asks_again_gets_each_message_once(start: Start) -> None:
    """None is lost, and none hangs."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < 4 * CLIENTS:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(4 * CLIENTS, hard), hard))
    try:
        found = asyncio.run(asyncio.wait_for(follow_all(start), 5 * PATIENCE))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert found == [[1, 2]] * CLIENTS
