"""A program that makes the same request again and again, over several connections.

For each number that it reads, it makes so many requests, and writes a line of JSON:
the seconds that they took, and the median of what one took.
"""

from __future__ import annotations

import json
import select
import socket
import sys
from itertools import count
from statistics import median
from time import perf_counter
from urllib.request import urlopen

from ..program import PATIENCE, Program

# In a path: a number that is another one in each request.
EACH = "{each}"

# Bytes that are read at once.
_RECEIVED = 262_144


def getting(port: int, path: str, connections: int) -> Program:
    """Start the program."""
    command = [sys.executable, "-m", "benchmarks.web.get", str(port), path]
    return Program("GET", [*command, str(connections)])


def get(program: Program, number: int) -> dict[str, float]:
    """Make a number of requests with the program."""
    answer: dict[str, float] = json.loads(
        program.ask(str(number), PATIENCE + number / 10)
    )
    return answer


def request_of(path: str, *header: str) -> bytes:
    """Return a request, with further lines of the header."""
    lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1", *header, "", ""]
    return "\r\n".join(lines).encode()


def answer_of(port: int, path: str) -> tuple[bytes, str]:
    """Return the body of an answer, and its Content-Type."""
    path = path.replace(EACH, "0")
    with urlopen(f"http://127.0.0.1:{port}{path}", timeout=PATIENCE) as answer:
        return answer.read(), answer.headers["Content-Type"]


class Client:
    """A connection that stays.

    Args:
        port: the port of HTTP.
        path: what is asked for; ``{each}`` is another number in each request.
    """

    _numbers = count(1)

    def __init__(self, port: int, path: str) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._request = request_of(path)
        self._left = -1
        self._head = b""
        self.sent = 0.0

    def send(self) -> None:
        """Make a request."""
        self._left, self._head = -1, b""
        self.sent = perf_counter()
        number = b"%d" % next(self._numbers)
        self.socket.sendall(self._request.replace(EACH.encode(), number))

    def receive(self) -> bool:
        """Read what is there; return whether the answer is complete."""
        data = self.socket.recv(_RECEIVED)
        if not data:
            sys.exit("the server hung up")
        if self._left >= 0:
            self._left -= len(data)
            return self._left == 0
        self._head += data
        head, end, body = self._head.partition(b"\r\n\r\n")
        if end:
            if not head.startswith((b"HTTP/1.1 200", b"HTTP/1.1 206")):
                sys.exit(f"the server answered {head!r}")
            length = head.lower().partition(b"\r\ncontent-length: ")[2]
            self._left = int(length.partition(b"\r\n")[0]) - len(body)
        return self._left == 0


def main() -> None:
    """Make requests until the input ends."""
    port, path, connections = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    clients = {}
    poll = select.epoll()
    for _ in range(connections):
        client = Client(port, path)
        clients[client.socket.fileno()] = client
        poll.register(client.socket.fileno(), select.EPOLLIN)
    for line in sys.stdin:
        begun = perf_counter()
        times = _make(clients, poll, int(line))
        took = perf_counter() - begun
        print(json.dumps({"seconds": took, "median": median(times)}), flush=True)


def _make(clients: dict[int, Client], poll: select.epoll, number: int) -> list[float]:
    times: list[float] = []
    begun = 0
    for client in clients.values():
        if begun < number:
            begun += 1
            client.send()
    while len(times) < number:
        ready = poll.poll(PATIENCE)
        if not ready:
            sys.exit(f"no answer within {PATIENCE:g} s")
        for descriptor, _ in ready:
            client = clients[descriptor]
            if client.receive():
                times.append(perf_counter() - client.sent)
                if begun < number:
                    begun += 1
                    client.send()
    return times


if __name__ == "__main__":
    main()
