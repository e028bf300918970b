"""A store in memory and clients of what reads it, in one thread; tables of lines."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, BinaryIO, ClassVar

from lazr_smtptest import CaptureController, Envelope
from lazr_smtptest.readers.context import ReaderContext
from lazr_smtptest.readers.sessions import SessionReader
from lazr_smtptest.stores import MemoryStore
from tests.harness import Peer

from .http.conftest import Reactor

# Seconds for a server in a thread, on a machine that has more to do.
PATIENCE = 60

SIMPLE = b"Subject: hi\r\n\r\nHello.\r\n"


class Side:
    """A store, and a side of it in whose sessions clients log in.

    Attributes:
        make_reader: the class of the side.
        received_at: when each message was received.
        store: the store.
        reactor: its clock.
        reader: the side.
    """

    make_reader: ClassVar[type[SessionReader]]
    received_at: datetime | None = None

    def __init__(
        self,
        *contents: bytes,
        server: Mapping[str, Any] | None = None,
        store: Any = None,
        **settings: Any,
    ) -> None:
        """Make them.

        Args:
            contents: messages to keep.
            server: parts of the server in this process, as attributes of the context.
            store: the store; a new one in memory by default.
            settings: the settings of the side.
        """
        self.store = MemoryStore() if store is None else store
        self.reactor = Reactor()
        # Calls of threads that are held, if they are.
        self.held: list[Callable[[], None]] | None = None
        for content in contents:
            self.add(content)
        self.context = ReaderContext(
            store=self.store, reactor=self.reactor, pool=self, **(server or {})
        )
        self.reader = self.make_reader(
            self.context, self.make_reader.make_settings(**settings)
        )

    def callInThread(self, function: Callable[[], None]) -> None:
        """Call a function at once, as a pool of threads; or hold it."""
        if self.held is None:
            function()
        else:
            self.held.append(function)

    def release(self) -> None:
        """Call what was held, and hold no more."""
        held, self.held = self.held or [], None
        for function in held:
            function()

    def add(self, content: bytes = SIMPLE, *recipients: str) -> None:
        """Keep a message."""
        self.store.add(
            Envelope(
                mail_from="ann@example.com",
                rcpt_tos=recipients or ("bob@example.com",),
                content=content,
                received_at=self.received_at,
            )
        )

    def join(self) -> Peer:
        """Make a connection."""
        return Peer(self.reader.factory)

    def connect(self) -> Peer:
        """Make a connection; the greeting was read."""
        peer = self.join()
        peer.heard()
        return peer


def as_bytes(line: str | bytes) -> bytes:
    """Return what a client sends: a str is a line, and bytes are themselves."""
    return line if isinstance(line, bytes) else f"{line}\r\n".encode()


def matches(reply: str, wanted: str) -> bool:
    """Return whether a line is the wanted one, or begins with what is before "*"."""
    return reply.startswith(wanted[:-1]) if wanted.endswith("*") else reply == wanted


def lines_of(data: bytes) -> list[str]:
    """Split replies, each of which ends with CRLF."""
    assert data == b"" or data.endswith(b"\r\n")
    return data.decode().split("\r\n")[:-1]


@contextmanager
def over_tcp(
    protocol: str, contents: Sequence[bytes], received_at: datetime | None = None
) -> Iterator[tuple[socket.socket, BinaryIO]]:
    """Connect to a server in a thread; yield the socket, and the replies in it.

    Args:
        protocol: ``"imap"`` or ``"pop3"``.
        contents: the messages that it keeps.
        received_at: when each was received.
    """
    with CaptureController("127.0.0.1", **{protocol: True}) as controller:
        for content in contents:
            controller.mailbox.add(
                Envelope(
                    mail_from="ann@example.com",
                    rcpt_tos=("bob@example.com",),
                    content=content,
                    received_at=received_at,
                )
            )
        address = controller.host, getattr(controller, f"{protocol}_port")
        with (
            socket.create_connection(address, timeout=PATIENCE) as client,
            client.makefile("rb") as replies,
        ):
            yield client, replies
