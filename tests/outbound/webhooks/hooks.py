"""A store with webhooks and their network, in memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.outbound.http.allowed import Allowed
from lazr_smtptest.outbound.http.client import HTTPClient
from lazr_smtptest.outbound.webhooks.service import WebhookService
from lazr_smtptest.outbound.webhooks.webhook import Webhook
from lazr_smtptest.stores.memory import MemoryStore
from tests.outbound.http.servers import Network, Peer, result_of

__all__ = ["URL", "Hooks", "Now", "fields_of", "subject_of"]

URL = "http://hooks.example/mail"


class Now:
    """Calls functions at once, in the calling thread: a pool of threads."""

    def callInThread(self, function: Any) -> None:
        function()


class Hooks:
    """A store with webhooks, and their network.

    Attributes:
        store: the store.
        network: the network.
        service: the service of the webhooks.
    """

    def __init__(
        self, *webhooks: Webhook, store: Any = None, path: Path | None = None
    ) -> None:
        self.network = Network()
        self.store = MemoryStore() if store is None else store
        if path is not None:
            self.store.path = path
        self.webhooks = webhooks or (Webhook(url=URL),)
        # The reactor of the tests has no threads.
        self.network.reactor.callFromThread = (  # type: ignore[method-assign]
            self.call_from_thread
        )
        self.service = WebhookService(
            self.webhooks,
            self.store,
            self.network.reactor,
            lambda format, summary: f"{format} {summary.subject}".encode(),
            pool=Now(),
            client=self.client,
        )
        self.service.startService()

    def call_from_thread(self, function: Any, *arguments: Any) -> None:
        # Stores in memory have no threads.
        function(*arguments)

    def client(self, webhook: Webhook, reactor: Any) -> HTTPClient:
        return HTTPClient(
            reactor, Allowed([webhook.host]), resolve=self.network.resolve
        )

    def keep(self, subject: str, recipient: str = "b@x") -> None:
        content = f"Subject: {subject}\r\nTo: {recipient}\r\n\r\n".encode()
        envelope = Envelope(mail_from="a@x", rcpt_tos=(recipient,), content=content)
        self.store.add(envelope)

    def take(self) -> Peer:
        return self.network.take()

    @property
    def is_idle(self) -> bool:
        """True if no request was made that was not taken."""
        return not self.network.connections

    def advance(self, seconds: float) -> None:
        self.network.reactor.advance(seconds)

    def stop(self) -> None:
        result_of(self.service.stopService())


def subject_of(peer: Peer) -> str:
    """Return the subject in the body of a request."""
    return peer.request.decode().rpartition(" ")[2]


def fields_of(peer: Peer) -> dict[str, str]:
    """Return the header fields of a request."""
    head = peer.request.decode().partition("\r\n\r\n")[0]
    pairs = (line.partition(": ") for line in head.split("\r\n")[1:])
    return {name.lower(): value for name, _, value in pairs}
