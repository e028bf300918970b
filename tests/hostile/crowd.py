"""Opens many connections at once; for ``test_crowds.py``, as a process of its own.

It prints how many were greeted, waits for a line, and ends with all of them.
"""

from __future__ import annotations

import contextlib
import resource
import selectors
import socket
import sys

# Seconds for the first greeting.
FIRST = 60


def main(port: int, count: int, patience: float) -> None:
    """Connect `count` times before any connection is read from.

    Args:
        port: the server's.
        count: of connections.
        patience: seconds without a greeting, after which no more is waited for.
    """
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with selectors.DefaultSelector() as selector, contextlib.ExitStack() as stack:
        for _ in range(count):
            client = stack.enter_context(socket.socket())
            # The ports of 127.0.0.1 are for the other tests.
            client.bind(("127.0.0.2", 0))
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", port))
            selector.register(client, selectors.EVENT_READ)
        print(greeted(selector, patience), flush=True)
        sys.stdin.readline()


def greeted(selector: selectors.BaseSelector, patience: float) -> int:
    """Wait for the greetings until none comes for `patience` seconds; count them."""
    count = 0
    while selector.get_map():
        events = selector.select(patience if count else FIRST)
        if not events:
            break
        for key, _ in events:
            assert isinstance(key.fileobj, socket.socket)
            selector.unregister(key.fileobj)
            with contextlib.suppress(ConnectionError):
                count += key.fileobj.recv(512).startswith(b"220 ")
    return count


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
