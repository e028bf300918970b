"""A process of our own load generator.

It says ``ready``, waits for a line, brings its part of the load, and says ``done``.
"""

from __future__ import annotations

import argparse
import json
import select
import sys

from .connection import Connection, RefusedError, client_context
from .plan import Plan
from .script import Script

# Seconds within which some reply has to come.
_PATIENCE = 30


def main() -> None:
    """Bring what the command line says."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load.worker")
    parser.add_argument("port", type=int)
    parser.add_argument("first", type=int, help="number of the first message")
    parser.add_argument("messages", type=int)
    parser.add_argument("plan", type=json.loads)
    options = parser.parse_args()
    work = Work(options.port, Plan(**options.plan), options.first, options.messages)
    print("ready", flush=True)
    sys.stdin.readline()
    try:
        work.run()
    except (RefusedError, OSError) as error:
        sys.exit(str(error))
    print("done", flush=True)


class Work:
    """All connections of this process."""

    def __init__(self, port: int, plan: Plan, first: int, messages: int) -> None:
        """Prepare, but do not connect.

        Args:
            port: of the server, on 127.0.0.1.
            plan: the load; of its connections those of this process.
            first: the number of the first message.
            messages: how many messages.
        """
        self._port = port
        self._script = Script(plan, iter(range(first, first + messages)))
        # Conversations that have not begun.
        self._coming = -(-messages // plan.each) if plan.each else plan.connections
        self._at_once = min(plan.connections, self._coming)
        self._poll = select.epoll()
        self._context = client_context()
        self._open: dict[int, Connection] = {}

    def run(self) -> None:
        """Bring all messages.

        Raises:
            RefusedError: the server refuses one, or does not answer.
        """
        for _ in range(self._at_once):
            self._connect()
        while self._open:
            ready = self._poll.poll(_PATIENCE)
            if not ready:
                raise RefusedError(f"no reply within {_PATIENCE} s")
            for descriptor, _ in ready:
                connection = self._open[descriptor]
                if not connection.go_on():
                    self._end(connection)

    def _connect(self) -> None:
        self._coming -= 1
        connection = Connection(
            self._port, self._script.conversation(), self._poll, self._context
        )
        self._open[connection.descriptor] = connection

    def _end(self, connection: Connection) -> None:
        del self._open[connection.descriptor]
        connection.close()
        if self._coming:
            self._connect()


if __name__ == "__main__":
    main()
