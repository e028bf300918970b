"""All of MailHog's API, as routes, and as a site of its own."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus

from lazr_smtptest.outbound.settings import Outgoing
from lazr_smtptest.readers.context import ReaderContext
from lazr_smtptest.readers.http.answer import Answer, HTTPError
from lazr_smtptest.readers.http.mailhog.events import Events
from lazr_smtptest.readers.http.mailhog.jim import Jim
from lazr_smtptest.readers.http.mailhog.messages import Messages
from lazr_smtptest.readers.http.mailhog.release import Release
from lazr_smtptest.readers.http.routes import NoPathError, Route

__all__ = ["MailHog", "describe"]


def describe(error: HTTPError) -> Answer:
    """Return the answer that describes an error: its text, if it has one.

    A wrong method is answered as a path that does not exist. The challenge of a missing
    login has no realm, which clients of MailHog do not know.
    """
    is_method = error.status == HTTPStatus.METHOD_NOT_ALLOWED
    if is_method or isinstance(error, NoPathError):
        return Answer(status=HTTPStatus.NOT_FOUND)
    if error.status == HTTPStatus.UNAUTHORIZED:
        # None for a script, which shows a form of its own.
        headers = dict.fromkeys(error.headers, "Basic")
        return Answer(status=HTTPStatus.UNAUTHORIZED, headers=headers)
    return Answer(
        status=error.status,
        body=error.message.encode("utf-8", "replace"),
        content_type="text/plain; charset=utf-8",
        headers=error.headers,
    )


class MailHog:
    """The API that clients of MailHog speak.

    Args:
        context: the server, and its store.
        outgoing: where mail may be sent to.
        base: the path before all paths, such as ``/`` or ``/mailhog/``.
    """

    def __init__(
        self, context: ReaderContext, outgoing: Outgoing, base: str = "/"
    ) -> None:
        self._base = base
        self._events = Events(context)
        self._parts = (
            Messages(context),
            Release(context, outgoing),
            Jim(context),
            self._events,
        )

    def routes(self) -> Iterator[Route]:
        """Return the routes."""
        for part in self._parts:
            yield from part.routes(self._base)

    def close(self) -> None:
        """Disconnect the clients that listen."""
        self._events.close()
