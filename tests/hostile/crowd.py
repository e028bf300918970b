"""Opens many connections at once; for ``test_crowds.py``, as a process of its own.

It prints how many were greeted, waits for a line, and ends with all of them.
"""

from __future__ import annotations

import contextlib
import resource
import selectors
import socket
import sys
import time


def main(port: int, count: int, patience: float) -> None:
    """Connect `count` times before any connection is read from."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with selectors.DefaultSelector() as selector, contextlib.ExitStack() as stack:
        for _ in range(count):
            client = stack.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", port))
            selector.register(client, selectors.EVENT_READ)
        print(greeted(selector, time.monotonic() + patience), flush=True)
        sys.stdin.readline()


def greeted(selector: selectors.BaseSelector, until: float) -> int:
    """Wait for the greetings; count them."""
    count = 0
    while selector.get_map() and time.monotonic() < until:
        for key, _ in selector.select(1):
            assert isinstance(key.fileobj, socket.socket)
            selector.unregister(key.fileobj)
            with contextlib.suppress(ConnectionError):
                count += key.fileobj.recv(512).startswith(b"220 ")
    return count


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
