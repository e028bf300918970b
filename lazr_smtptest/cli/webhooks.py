"""The options of webhooks, and the service that they ask for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from twisted.application.service import Service
from twisted.python import usage

from lazr_smtptest.cli.extras import check_tls_client
from lazr_smtptest.cli.option import Groups, Option
from lazr_smtptest.cli.shared_store import check_shared_store

if TYPE_CHECKING:
    from lazr_smtptest.model.summary import Summary
    from lazr_smtptest.outbound.webhooks.webhook import Webhook
    from lazr_smtptest.readers.context import ReaderContext

__all__ = ["Webhooks", "encode_message", "webhooks_of"]


class Webhooks:
    """Makes requests for messages; see `lazr_smtptest.outbound.webhooks`."""

    groups: Groups = {
        "Webhooks": (
            Option(
                "webhook",
                "URL",
                "Make a request to this URL for each message that is kept. May be "
                "given several times; a file can have tables [[webhook]].",
                kind="list",
                tables=True,
            ),
            Option(
                "webhook-query",
                "QUERY",
                "Tell the webhooks only of messages that match, such as "
                "to:anna@example.com.",
            ),
            Option(
                "webhook-secret",
                "SECRET",
                "Sign the requests of webhooks with this key, by HMAC-SHA256.",
            ),
            Option(
                "webhook-format",
                "FORMAT",
                "The body of the requests: ours, or that of Mailpit's webhook.",
                "smtptest",
                kind="choice",
                choices=("smtptest", "mailpit"),
            ),
        ),
    }

    def check(self, options: Mapping[str, Any]) -> None:
        """Check the values of its options."""
        for name in ("webhook-query", "webhook-secret"):
            if options[name] and not options["webhook"]:
                raise usage.UsageError(f"--{name} needs --webhook")
        if not options["webhook"]:
            return
        check_shared_store(options, "webhook")
        for webhook in webhooks_of(options):
            if webhook.url.lower().startswith("https:"):
                check_tls_client("webhook", f"https of {webhook.host}")

    def is_on(self, options: Mapping[str, Any]) -> bool:
        """Return whether its options ask for it."""
        return bool(options["webhook"])

    def service(self, options: Mapping[str, Any], context: ReaderContext) -> Service:
        """Return the service for its options, which ask for it."""
        # Imported here: who has no webhooks needs none of it.
        from lazr_smtptest.outbound.webhooks.service import WebhookService

        webhooks = webhooks_of(options)
        service = WebhookService(
            webhooks, context.store, context.reactor, encode_message, pool=context.pool
        )
        context.webhooks.append(service)
        return service


def webhooks_of(options: Mapping[str, Any]) -> list[Webhook]:
    """Return the webhooks of the options.

    Raises:
        UsageError: one is wrong, or two have the same URL and query.
    """
    webhooks = list(_read(options))
    names = [webhook.name for webhook in webhooks]
    for webhook in webhooks:
        if names.count(webhook.name) > 1:
            raise usage.UsageError(
                f"--webhook: {webhook.host} is there twice with the same URL and query"
            )
    return webhooks


def _read(options: Mapping[str, Any]) -> Iterator[Webhook]:
    from lazr_smtptest.outbound.webhooks.webhook import read_webhook

    defaults = {
        "query": options["webhook-query"] or "",
        "secret": options["webhook-secret"] or "",
        "format": options["webhook-format"],
    }
    for number, value in enumerate(options["webhook"], 1):
        is_table = isinstance(value, Mapping)
        table = value if is_table else {"url": value}
        try:
            yield read_webhook(table, defaults)
        except ValueError as error:
            place = f"table {number}: " if is_table else ""
            raise usage.UsageError(f"--webhook: {place}{error}") from error


def encode_message(format: str, summary: Summary) -> bytes:
    """Return the body of a request for a message.

    Args:
        format: see `Webhook`.
        summary: the message.
    """
    from lazr_smtptest._json import encode_json
    from lazr_smtptest.readers.http.api import records
    from lazr_smtptest.readers.http.mailpit import shapes

    if format == "mailpit":
        return encode_json(shapes.summary_of(summary))
    return encode_json(
        {
            "type": "message.kept",
            "timestamp": summary.received_at,
            "data": records.summary_of(summary),
        }
    )
