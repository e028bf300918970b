"""MailHog's API on a port of its own."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred

from lazr_smtptest.readers.context import ReaderContext
from lazr_smtptest.readers.http.answer import Answer, text_answer
from lazr_smtptest.readers.http.call import Call
from lazr_smtptest.readers.http.mailhog.api import MailHog, describe
from lazr_smtptest.readers.http.reader import HTTPSettings
from lazr_smtptest.readers.http.routes import Route, Routes
from lazr_smtptest.readers.http.service import HTTPService
from lazr_smtptest.readers.http.site import HTTPSite

__all__ = ["MailHogReader", "MailHogService"]


_INDEX = (
    "lazr.smtptest for clients of MailHog: captured mail is at {base}/api/v2/messages\n"
)


class MailHogReader:
    """Serves the messages of a store to clients of MailHog.

    Args:
        context: see `HTTPReader`.
        settings: see `HTTPReader`.

    Attributes:
        site: what answers.
        factory: the factory for a listening port.
    """

    def __init__(
        self, context: ReaderContext, settings: HTTPSettings | None = None
    ) -> None:
        settings = settings or HTTPSettings()
        self._reader = context.reader
        self._base = settings.base
        self._api = MailHog(context, settings.outgoing)
        routes = Routes()
        for route in self._api.routes():
            routes.add(route)
        routes.add(Route(method="GET", template="/", handler=self._index))
        self.site = HTTPSite(
            routes,
            settings.gate,
            describe={"": describe},
            base=settings.base,
            ok_options=("/",),
            max_body=settings.max_body,
            in_thread=self._reader.call,
            reactor=context.reactor,
        )
        tls = settings.tls
        self.factory: Any = tls.wrap(self.site, context.reactor) if tls else self.site

    async def _index(self, call: Call) -> Answer:
        """Answer with a path that has mail, for people who try it."""
        return text_answer(_INDEX.format(base=self._base))

    def close(self) -> Deferred[None]:
        """Disconnect the clients that listen; the store stays open.

        Returns:
            a Deferred that fires when nothing reads the store any more.
        """
        self._api.close()
        return self._reader.close()


class MailHogService(HTTPService):
    """Serves the messages of a store to clients of MailHog; see `HTTPService`."""

    make_reader = MailHogReader
