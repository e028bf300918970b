"""The webhooks of the server, what they delivered, and delivering once more."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from http import HTTPStatus

import msgspec

from lazr_smtptest.outbound.webhooks.sender import Delivery, Sender
from lazr_smtptest.readers.context import ReaderContext
from lazr_smtptest.readers.http.answer import Answer, HTTPError, json_answer
from lazr_smtptest.readers.http.api.operations import operation
from lazr_smtptest.readers.http.call import Call
from lazr_smtptest.readers.http.routes import Route

__all__ = ["Webhooks"]

# The most deliveries in one answer.
_MOST = 1000


class WebhookRecord(msgspec.Struct, frozen=True):
    """A webhook; its URL, which may have secrets in it, is left out.

    ``done`` is the number of the last message that is delivered. ``message`` is the one
    that is tried again, after ``attempt`` attempts, at ``next_try``.
    """

    id: str
    host: str
    query: str
    format: str
    signed: bool
    done: int
    message: str | None
    attempt: int
    next_try: datetime | None
    error: str


class WebhookList(msgspec.Struct, frozen=True):
    """The webhooks, in the order of the options."""

    webhooks: list[WebhookRecord]


class DeliveryRecord(msgspec.Struct, frozen=True):
    """One attempt to deliver a message; ``status`` is 0 without an answer."""

    webhook: str
    host: str
    message: str
    time: datetime
    attempt: int
    status: int
    error: str
    next_try: datetime | None


class DeliveryList(msgspec.Struct, frozen=True):
    """The latest attempts, oldest first."""

    deliveries: list[DeliveryRecord]


class RepeatRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The id of a message, or ``latest``."""

    message: str


class Webhooks:
    """The part of the API that is about webhooks.

    Args:
        context: the server.
    """

    def __init__(self, context: ReaderContext) -> None:
        self._context = context

    def routes(self, prefix: str) -> Iterator[Route]:
        """Return the routes."""
        path = f"{prefix}/webhooks"
        yield operation(
            "GET", path, self.webhooks, "List the webhooks", answer=WebhookList
        )
        yield operation(
            "GET",
            f"{path}/deliveries",
            self.deliveries,
            "Get the latest deliveries of webhooks",
            query=("limit",),
            answer=DeliveryList,
        )
        yield operation(
            "POST",
            f"{path}/{{webhook}}/deliveries",
            self.repeat,
            "Deliver a message to a webhook once more",
            body=RepeatRequest,
            example={"message": "latest"},
            answer=WebhookRecord,
            status=HTTPStatus.ACCEPTED,
            others={429: "Too many messages wait."},
        )

    def _senders(self) -> dict[str, Sender]:
        """Return the webhooks by their ids."""
        services = self._context.webhooks
        senders = (sender for service in services for sender in service.senders)
        return {_id_of(sender.webhook.name): sender for sender in senders}

    async def webhooks(self, call: Call) -> Answer:
        """Answer with the webhooks."""
        found = [_record_of(id, sender) for id, sender in self._senders().items()]
        return json_answer(WebhookList(found))

    async def deliveries(self, call: Call) -> Answer:
        """Answer with the latest attempts; the server keeps a thousand."""
        limit = int(call.number("limit", 50, least=1, most=_MOST))
        found = [
            _delivery_of(delivery)
            for service in self._context.webhooks
            for delivery in list(service.deliveries)[-limit:]
        ]
        return json_answer(DeliveryList(found[-limit:]))

    async def repeat(self, call: Call) -> Answer:
        """Deliver a message once more, whether it matches the query or not.

        It comes after the present one and before all others. A message that is tried
        again anyway is tried at once.

        Raises:
            HTTPError: 404, there is no such webhook or message; 429, too many wait.
        """
        asked = await call.json(RepeatRequest)
        id = call.parameters["webhook"]
        sender = self._senders().get(id)
        if sender is None:
            raise HTTPError(HTTPStatus.NOT_FOUND, f"there is no webhook {id!r}")
        reader = self._context.reader
        if asked.message == "latest":
            page = await reader.page(limit=1)
            summary = page[0] if page else None
        else:
            summary = await reader.summary(asked.message)
        if summary is None:
            raise HTTPError(
                HTTPStatus.NOT_FOUND, f"there is no message {asked.message!r}"
            )
        if not sender.repeat(summary.id):
            raise HTTPError(
                HTTPStatus.TOO_MANY_REQUESTS,
                "too many messages wait to be delivered once more: try again later",
            )
        return json_answer(_record_of(id, sender), HTTPStatus.ACCEPTED)


def _id_of(name: str) -> str:
    """Return the id of a webhook: its name without the host."""
    return name.rpartition(" ")[2]


def _record_of(id: str, sender: Sender) -> WebhookRecord:
    webhook, failed = sender.webhook, sender.failed
    return WebhookRecord(
        id=id,
        host=webhook.host,
        query=webhook.query,
        format=webhook.format,
        signed=bool(webhook.secret),
        done=sender.position,
        message=None if failed is None else failed.id,
        attempt=0 if failed is None else failed.attempt,
        next_try=None if failed is None else _time(failed.next_try),
        error="" if failed is None else failed.error,
    )


def _delivery_of(delivery: Delivery) -> DeliveryRecord:
    host, _, id = delivery.name.rpartition(" ")
    return DeliveryRecord(
        webhook=id,
        host=host,
        message=delivery.id,
        time=datetime.fromtimestamp(delivery.time, timezone.utc),
        attempt=delivery.attempt,
        status=delivery.status,
        error=delivery.error,
        next_try=_time(delivery.next_try),
    )


def _time(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, timezone.utc)
