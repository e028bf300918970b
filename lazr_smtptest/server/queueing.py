"""The server that puts messages in a queue, for users to subclass."""

from __future__ import annotations

from email.message import Message
from queue import Empty, Queue
from typing import Any

from lazr_smtptest.server.servers import Server

__all__ = ["QueueServer"]


class QueueServer(Server):
    """A server that puts its messages in a queue.

    Attributes:
        queue: the queue.
    """

    def __init__(
        self, host: str = "localhost", port: int = 0, queue: Queue[Any] | None = None
    ) -> None:
        """Set the address and the queue.

        Args:
            host: see `Server`.
            port: see `Server`.
            queue: an object with the methods of `queue.Queue`; a new queue by default.
        """
        super().__init__(host, port)
        self.queue: Queue[Any] = Queue() if queue is None else queue

    def handle_message(self, message: Message) -> None:
        """Put the message in the queue."""
        self.queue.put(message)

    def reset(self) -> None:
        """Empty the queue."""
        while True:
            try:
                self.queue.get_nowait()
            except Empty:
                break
