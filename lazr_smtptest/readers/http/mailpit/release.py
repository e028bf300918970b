"""Mailpit's ``release``: a captured message is sent to a real server, once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lazr_smtptest.errors import ReleaseError
from lazr_smtptest.mime.addresses import read_mailboxes
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.outbound.client import Mail
from lazr_smtptest.outbound.releases.attempt import attempt, content_for
from lazr_smtptest.outbound.settings import Relay
from lazr_smtptest.readers.context import ReaderContext
from lazr_smtptest.readers.http.answer import Answer
from lazr_smtptest.readers.http.call import Call
from lazr_smtptest.readers.http.mailpit.reading import OK, bad, body_of, find
from lazr_smtptest.readers.http.mailpit.sending import is_address
from lazr_smtptest.readers.http.routes import Route

__all__ = ["Release"]

# The most recipients of a message.
_MOST = 1000


class Release:
    """The part of the API that sends messages on.

    Args:
        context: the store.
        relay: the server to send to; ``None`` for none.
    """

    def __init__(self, context: ReaderContext, relay: Relay | None) -> None:
        self._context = context
        self._reader = context.reader
        self._relay = relay

    def routes(self, prefix: str) -> Iterator[Route]:
        """Return the route."""
        template = f"{prefix}/message/{{id}}/release"
        yield Route(method="POST", template=template, handler=self.release)

    async def release(self, call: Call) -> Answer:
        """Send a message to the recipients in the body."""
        envelope, _ = await find(self._reader, call)
        recipients = _recipients(await call.read(body_of))
        relay = self._relay
        if relay is None:
            raise bad("no relay is configured: see --relay-host")
        _check(relay, recipients)
        context = self._context
        try:
            mail = await self._reader.call(
                _mail, envelope, recipients, relay, context.marker
            )
        except ReleaseError as error:
            raise bad(f"Failed: {error}") from error
        result = await attempt(context.reactor, relay.server, mail)
        await context.record_release(envelope.id, mail, result)
        if result.error is not None:
            raise bad(f"SMTP error: {result.error}") from result.error
        return OK


def _recipients(body: dict[str, Any]) -> list[str]:
    """Return the addresses of a request.

    Raises:
        HTTPError: 400, one is not valid.
    """
    given = body.get("to") or []
    if not isinstance(given, list) or len(given) > _MOST:
        raise bad(f"To must be a list of at most {_MOST} addresses")
    recipients = []
    for text in given:
        found = read_mailboxes(str(text).encode("utf-8", "replace"))
        # A line end is no part of an address, whatever else can be read there.
        is_one = str(text).isprintable() and len(found) == 1
        if not is_one or not is_address(found[0][1]):
            raise bad(f"Invalid email address: {text}")
        recipients.append(found[0][1])
    return recipients


def _check(relay: Relay, recipients: list[str]) -> None:
    """Check that recipients are allowed.

    Raises:
        HTTPError: 400, one is not, or there is none.
    """
    for wrong, reason in (
        (relay.not_allowed(recipients), "do not match the allowlist"),
        (relay.blocked_among(recipients), "found on blocklist"),
    ):
        if wrong:
            noun = "Address" if len(wrong) == 1 else "Addresses"
            raise bad(f"Failed: {noun} {reason}: {', '.join(wrong)}")
    if not recipients:
        raise bad("No valid addresses found")


def _mail(envelope: Envelope, recipients: list[str], relay: Relay, marker: str) -> Mail:
    """Return what is sent; in a thread."""
    header = envelope.header("from")
    if header is None:
        raise bad("No From header found")
    senders = [*envelope.addresses("sender")[:1], *envelope.addresses("from")[:1]]
    if not senders or not is_address(senders[0]):
        raise bad(f"Failed: unable to parse From header: {header}")
    content = content_for(relay, envelope, marker, by_rule=False)
    sender = relay.return_path or senders[0]
    return Mail(sender=sender, recipients=recipients, content=content)
