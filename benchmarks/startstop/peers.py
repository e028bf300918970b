"""The servers that are compared, each behind the same four steps.

Making a peer is preparation and is not timed: it imports, and finds a free port for
a server that cannot find one itself.  ``start`` constructs the server as a test
would and starts it.  One object serves one round.

All listen on ``127.0.0.1``: nobody has a name to look up there, and what is left is
the work of the servers.
"""

from __future__ import annotations

import socket
import threading
from abc import ABC, abstractmethod
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any, ClassVar

from ..places import free_port

HOST = "127.0.0.1"


class Peer(ABC):
    """A server that can be started, sent to and stopped, once."""

    name: ClassVar[str]
    #: The distribution to install, as pip knows it.
    distribution: ClassVar[str]

    @abstractmethod
    def __init__(self) -> None:
        """Prepare."""

    @classmethod
    def version(cls) -> str | None:
        """The installed version, or None when it is not installed."""
        try:
            return version(cls.distribution)
        except PackageNotFoundError:
            return None

    @abstractmethod
    def start(self) -> tuple[str, int]:
        """Construct and start the server; return the host and port it listens on."""

    @abstractmethod
    def stop(self) -> None:
        """Stop the server; when this returns its thread has ended."""

    @abstractmethod
    def received(self) -> int:
        """Say how many messages the server took; asked after ``stop``."""


class Ours(Peer):
    """``QueueController`` of this package."""

    name = "ours"
    distribution = "lazr.smtptest"

    @classmethod
    def version(cls) -> str:
        """Ours is measured from a checkout too, where nothing is installed."""
        return str(import_module("lazr_smtptest").__version__)

    def __init__(self) -> None:
        self._class: Any = import_module(
            "lazr_smtptest.server.controller"
        ).QueueController

    def start(self) -> tuple[str, int]:
        self._controller = self._class(host=HOST)
        self._controller.start()
        return HOST, self._controller.port

    def stop(self) -> None:
        self._controller.stop()

    def received(self) -> int:
        return len(list(self._controller))


class Aiosmtpd(Peer):
    """aiosmtpd's ``Controller``, with a handler that parses and keeps the message.

    It cannot listen on port 0, so a free port is found before the clock starts.
    """

    name = "aiosmtpd"
    distribution = "aiosmtpd"

    def __init__(self) -> None:
        module: Any = import_module("aiosmtpd.controller")
        self._class = module.Controller
        self._messages: list[Any] = []
        self._handler = _keeping_handler(self._messages)
        self._port = free_port()

    def start(self) -> tuple[str, int]:
        self._controller = self._class(self._handler, hostname=HOST, port=self._port)
        self._controller.start()
        return HOST, self._port

    def stop(self) -> None:
        self._controller.stop()

    def received(self) -> int:
        return len(self._messages)


class Smtpdfix(Peer):
    """smtpdfix's context manager, which is what its fixture uses."""

    name = "smtpdfix"
    distribution = "smtpdfix"

    def __init__(self) -> None:
        self._class: Any = import_module("smtpdfix").SMTPDFix

    def start(self) -> tuple[str, int]:
        self._manager = self._class(hostname=HOST)
        self._controller = self._manager.__enter__()
        return HOST, self._controller.port

    def stop(self) -> None:
        self._manager.__exit__(None, None, None)

    def received(self) -> int:
        return len(self._controller.messages)


class PytestLocalserver(Peer):
    """pytest-localserver's SMTP ``Server``, which is what its fixture uses."""

    name = "pytest-localserver"
    distribution = "pytest-localserver"

    def __init__(self) -> None:
        self._class: Any = import_module("pytest_localserver.smtp").Server

    def start(self) -> tuple[str, int]:
        self._server = self._class(host=HOST)
        self._server.start()
        host, port = self._server.addr
        return host, port

    def stop(self) -> None:
        self._server.stop()

    def received(self) -> int:
        return len(self._server.outbox)


class Floor(Peer):
    """A socket in a thread that says what the client wants to hear, and no more.

    No server in a thread of its own can be much faster: the thread has to come and
    go, and to be woken for each command.
    """

    name = "bare-socket"
    distribution = "pip"

    @classmethod
    def version(cls) -> str:
        """It is no server, and is there always."""
        return ""

    def __init__(self) -> None:
        self._count = 0

    def start(self) -> tuple[str, int]:
        self._listener = socket.create_server((HOST, 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return HOST, self._listener.getsockname()[1]

    def _serve(self) -> None:
        while True:
            client, _ = self._listener.accept()
            with client:
                if not self._converse(client):
                    return

    def _converse(self, client: socket.socket) -> bool:
        """Answer one client; False for the one that only wakes the thread up."""
        client.sendall(b"220 hello\r\n")
        spoken = False
        while octets := client.recv(65536):
            spoken = True
            self._count += octets.endswith(b"\r\n.\r\n")
            client.sendall(b"354 go\r\n" if octets == b"DATA\r\n" else b"250 ok\r\n")
        return spoken

    def stop(self) -> None:
        with socket.create_connection(self._listener.getsockname()) as waking:
            waking.recv(100)
        self._thread.join()
        self._listener.close()

    def received(self) -> int:
        return self._count


#: By name; ours first: the ratios are against the first row.
PEERS: dict[str, type[Peer]] = {
    peer.name: peer for peer in (Ours, Aiosmtpd, Smtpdfix, PytestLocalserver, Floor)
}


def _keeping_handler(messages: list[Any]) -> Any:
    """Return an aiosmtpd handler that appends each parsed message to the list."""
    base: Any = import_module("aiosmtpd.handlers").Message

    class Keeping(base):  # type: ignore[misc]
        def handle_message(self, message: Any) -> None:
            messages.append(message)

    return Keeping()
