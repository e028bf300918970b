"""All of Mailpit's API."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping

from lazr_smtptest.outbound.settings import Outgoing
from lazr_smtptest.readers.context import ReaderContext
from lazr_smtptest.readers.http.logins import Logins
from lazr_smtptest.readers.http.mailpit.application import VERSION, Application
from lazr_smtptest.readers.http.mailpit.chaos import Chaos
from lazr_smtptest.readers.http.mailpit.checking import Checking
from lazr_smtptest.readers.http.mailpit.events import Events
from lazr_smtptest.readers.http.mailpit.message import Message
from lazr_smtptest.readers.http.mailpit.messages import Messages
from lazr_smtptest.readers.http.mailpit.reading import describe
from lazr_smtptest.readers.http.mailpit.release import Release
from lazr_smtptest.readers.http.mailpit.sending import Sending, describe_as_json
from lazr_smtptest.readers.http.routes import Route
from lazr_smtptest.readers.http.site import Describe
from lazr_smtptest.readers.http.tokens import Tokens
from lazr_smtptest.smtp.limits import Limits

__all__ = ["Mailpit"]

_PREFIX = "/api/v1"


class Mailpit:
    """The API that clients of Mailpit speak.

    Args:
        context: the server, and its store.
        outgoing: where mail may be sent to.
        base: the path before all paths of the site, such as ``/``, in links.
        tokens: makes the tokens in the URLs of parts; by default its own.
        send_logins: finds out who sends a message; ``None`` for the logins of the site.
    """

    def __init__(
        self,
        context: ReaderContext,
        outgoing: Outgoing,
        base: str = "/",
        tokens: Tokens | None = None,
        send_logins: Logins | None = None,
    ) -> None:
        limits = Limits() if context.settings is None else context.settings.limits
        size = limits.message_size
        # As much as a message that comes by SMTP.
        self.largest = sys.maxsize if size is None else size
        relay = outgoing.relay
        self._events = Events(context, VERSION)
        self._parts = (
            Application(
                context,
                base,
                relay=relay,
                has_chaos=context.faults is not None,
                has_spam_check=bool(context.check_settings.spamd),
            ),
            Messages(context.reader),
            Message(
                context.reader, context.parse, base, tokens or Tokens(context.reactor)
            ),
            Checking(context),
            Sending(context, send_logins),
            Release(context, relay),
            Chaos(context),
        )

    def routes(self) -> Iterator[Route]:
        """Return the routes."""
        for part in self._parts:
            yield from part.routes(_PREFIX)
        yield from self._events.routes("/api/events")

    @property
    def larger_bodies(self) -> Mapping[str, int]:
        """The most bytes of bodies, for the paths that take messages."""
        return {f"{_PREFIX}/send": self.largest}

    def describe(self) -> Mapping[str, Describe]:
        """Return how errors are described, by the beginnings of the paths."""
        return {
            _PREFIX: describe,
            "/api/events": describe,
            "/view/": describe,
            f"{_PREFIX}/send": describe_as_json,
        }

    def close(self) -> None:
        """Disconnect the clients that listen."""
        self._events.close()
