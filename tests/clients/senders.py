"""Clients behind one interface: smtplib, aiosmtplib and nodemailer."""

from __future__ import annotations

import asyncio
import contextlib
import json
import smtplib
import subprocess
import threading
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Mapping, Sequence
from queue import Queue
from typing import TYPE_CHECKING, Any

import aiosmtplib
import attrs

if TYPE_CHECKING:
    from lazr_smtptest.tls.context import TLS
    from tests.clients.conftest import Receiver

__all__ = [
    "Aiosmtplib",
    "Node",
    "Nodemailer",
    "Order",
    "Outcome",
    "Sender",
    "Smtplib",
    "server_lines",
]

HELO = "client.example.com"
MESSAGE = "Subject: Hi\r\n\r\nHello.\r\n"
PATIENCE = 60


@attrs.frozen
class Outcome:
    """The result of sending a message, as the client reports it.

    Attributes:
        accepted: whether the server has accepted it, for one recipient at least.
        code: of the reply that refused it; ``None`` if it was accepted, or if there was
            no such reply.
        refused: the recipients that were refused, and the codes.
        error: the client's error; ``""`` if there was none.
    """

    accepted: bool = False
    code: int | None = None
    refused: Mapping[str, int] = attrs.Factory(dict)
    error: str = ""

    @property
    def lost(self) -> bool:
        """True if it was not accepted, and no reply says why."""
        return not self.accepted and self.code is None


@attrs.frozen
class Order:
    """A message to send, and how to send it.

    Attributes:
        recipients: to whom.
        content: the message.
        sender: from whom.
        keep: whether the connection is used for the next message too.
        timeout: seconds that the client waits for a reply.
        tls: of the server, for STARTTLS; ``None``: the client does not use it.
        login: user, password and mechanism; ``None``: the client does not log in.
    """

    recipients: Sequence[str] = ("anna@example.com",)
    content: str = MESSAGE
    sender: str = "shop@example.com"
    keep: bool = False
    timeout: float = PATIENCE
    tls: TLS | None = None
    login: tuple[str, str, str] | None = None


class Sender(ABC):
    """A client, with at most one connection to one server.

    Args:
        receiver: the server.
    """

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver

    def send(self, *recipients: str, **options: Any) -> Outcome:
        """Send a message; see `Order`."""
        if recipients:
            options["recipients"] = recipients
        outcome = self._send(Order(**options))
        # Shown where the test fails.
        print(outcome)
        return outcome

    @abstractmethod
    def _send(self, order: Order) -> Outcome:
        """Send a message, on the connection that is open, if any."""

    @abstractmethod
    def close(self) -> None:
        """Close the connection, if any."""


class Smtplib(Sender):
    """The client of the standard library."""

    _client: smtplib.SMTP | None = None

    def _send(self, order: Order) -> Outcome:
        try:
            client = self._client = self._client or self._connect(order)
            refused = client.sendmail(order.sender, order.recipients, order.content)
        except smtplib.SMTPRecipientsRefused as error:
            self.close()
            codes = {each: reply[0] for each, reply in error.recipients.items()}
            return Outcome(False, _last(codes), codes, f"{error!r}")
        except smtplib.SMTPResponseException as error:
            self.close()
            return Outcome(False, error.smtp_code, error=f"{error!r}")
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            return Outcome(False, error=f"{error!r}")
        if not order.keep:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                client.quit()
            self.close()
        return Outcome(
            True, refused={each: code for each, (code, _) in refused.items()}
        )

    def _connect(self, order: Order) -> smtplib.SMTP:
        client = smtplib.SMTP(
            self._receiver.host, self._receiver.port, HELO, order.timeout
        )
        try:
            if order.tls:
                client.ehlo()
                client.starttls(context=order.tls.client_context())
            if order.login:
                client.login(*order.login[:2])
        except BaseException:
            client.close()
            raise
        return client

    def close(self) -> None:
        """Close the connection, if any."""
        if self._client is not None:
            self._client.close()
            self._client = None


class Aiosmtplib(Sender):
    """The client for asyncio."""

    _client: aiosmtplib.SMTP | None = None
    _transport: Any = None

    def __init__(self, receiver: Receiver) -> None:
        super().__init__(receiver)
        self._loop = asyncio.new_event_loop()

    def _send(self, order: Order) -> Outcome:
        return self._loop.run_until_complete(self._sending(order))

    async def _sending(self, order: Order) -> Outcome:
        try:
            client = self._client = self._client or await self._connect(order)
            refused, _ = await client.sendmail(
                order.sender, order.recipients, order.content
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            await self._leave()
            codes = {each.recipient: each.code for each in error.recipients}
            return Outcome(False, _last(codes), codes, f"{error!r}")
        except aiosmtplib.SMTPResponseException as error:
            await self._leave()
            return Outcome(False, error.code, error=f"{error!r}")
        except (aiosmtplib.SMTPException, OSError) as error:
            await self._leave()
            return Outcome(False, error=f"{error!r}")
        if not order.keep:
            await self._quietly(client.quit())
            await self._leave()
        return Outcome(
            True, refused={each: reply[0] for each, reply in refused.items()}
        )

    async def _connect(self, order: Order) -> aiosmtplib.SMTP:
        user, password, _ = order.login or (None, None, None)
        client = aiosmtplib.SMTP(
            hostname=self._receiver.host,
            port=self._receiver.port,
            username=user,
            password=password,
            local_hostname=HELO,
            timeout=order.timeout,
            start_tls=order.tls is not None,
            tls_context=order.tls.client_context() if order.tls else None,
        )
        await client.connect()
        self._transport = client.transport
        return client

    async def _quietly(self, sending: Awaitable[object]) -> None:
        with contextlib.suppress(aiosmtplib.SMTPException, OSError):
            await sending

    async def _leave(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close()
        if self._transport is not None:
            # Else it waits for a server that does not read.
            self._transport.abort()
            self._transport = None
        # A transport closes its socket in one of the next rounds.
        for _ in range(5):
            await asyncio.sleep(0)

    def close(self) -> None:
        """Close the connection, if any."""
        self._loop.run_until_complete(self._leave())
        self._loop.close()


class Nodemailer(Sender):
    """The client of Node.js, in a process that serves many tests.

    Args:
        receiver: the server.
        node: the process, which runs ``send.cjs``.
    """

    def __init__(self, receiver: Receiver, node: Node) -> None:
        super().__init__(receiver)
        self._node = node
        self._kept = False

    def _send(self, order: Order) -> Outcome:
        message = {
            "envelope": {"from": order.sender, "to": order.recipients},
            "raw": order.content,
        }
        orders: dict[str, Any] = {"mails": [message]}
        if not self._kept:
            orders["transport"] = self._transport(order)
        self._kept = order.keep
        said = self._node.ask(orders)
        return Outcome(
            "accepted" in said,
            said.get("responseCode"),
            dict(said["refusals"]),
            said.get("message", ""),
        )

    def _transport(self, order: Order) -> dict[str, Any]:
        transport = {
            "host": self._receiver.host,
            "port": self._receiver.port,
            "name": HELO,
            "pool": order.keep,
            "maxConnections": 1,
            "ignoreTLS": order.tls is None,
            "requireTLS": order.tls is not None,
        }
        for name in ("connectionTimeout", "greetingTimeout", "socketTimeout"):
            transport[name] = order.timeout * 1000
        if order.tls:
            transport["tls"] = {"ca": order.tls.ca_pem.decode()}
        if order.login:
            user, password, mechanism = order.login
            transport["auth"] = {"user": user, "pass": password}
            transport["authMethod"] = mechanism
        return transport

    def verify(self) -> None:
        """Connect and say QUIT, and send nothing."""
        self._node.ask({"transport": self._transport(Order()), "verify": True})

    def close(self) -> None:
        """Close the connection, if any."""
        if self._kept:
            self._node.ask({"transport": {}})
            self._kept = False


class Node:
    """A process of Node.js that answers each line with another one.

    Args:
        process: the process, with pipes for its standard input and output.
    """

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._lines: Queue[str] = Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)

    def ask(self, order: dict[str, Any]) -> Any:
        """Send an order; return the outcome of its mail, or ``None`` if it has none."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        outcomes = json.loads(self._lines.get(timeout=2 * PATIENCE))
        return outcomes[0] if outcomes else None

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()


def _last(codes: Mapping[str, int]) -> int | None:
    return [*codes.values()][-1] if codes else None


def server_lines(receiver: Receiver) -> list[str]:
    """Return the lines that the server has sent in its last session."""
    transcript = receiver.server.sessions[-1].transcript
    return [line.text for line in transcript if line.who == "server"]
