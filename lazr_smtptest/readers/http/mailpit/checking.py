"""The checks of messages in Mailpit's API."""

from __future__ import annotations

from collections.abc import Iterator

from lazr_smtptest.checks.mailpit import (
    html_check_shape,
    link_check_shape,
    spam_check_shape,
)
from lazr_smtptest.errors import CheckError
from lazr_smtptest.query.selection import Selection
from lazr_smtptest.readers.context import ReaderContext
from lazr_smtptest.readers.http.answer import Answer, json_answer
from lazr_smtptest.readers.http.call import Call
from lazr_smtptest.readers.http.mailpit.reading import bad, find
from lazr_smtptest.readers.http.routes import Route

__all__ = ["Checking"]


class Checking:
    """The part of the API that checks messages.

    Args:
        context: the store, and what checks may connect to.
    """

    def __init__(self, context: ReaderContext) -> None:
        self._reader = context.reader
        self._checks = context.checks

    def routes(self, prefix: str) -> Iterator[Route]:
        """Return the routes; that of the spam check needs a ``spamd``."""
        handlers = {"html-check": self.html, "link-check": self.links}
        if self._checks.settings.spamd:
            handlers["sa-check"] = self.spam
        for name, handler in handlers.items():
            template = f"{prefix}/message/{{id}}/{name}"
            yield Route(method="GET", template=template, handler=handler)

    async def html(self, call: Call) -> Answer:
        """Answer with the features of the HTML that programs do not support."""
        envelope, _ = await find(self._reader, call)
        try:
            check = await self._checks.html(envelope)
        except CheckError as error:
            raise bad(str(error)) from error
        if check is None:
            raise bad("message does not contain HTML")
        # It is large: thousands of results.
        answer: Answer = await self._reader.call(
            lambda: json_answer(html_check_shape(check))
        )
        return answer

    async def links(self, call: Call) -> Answer:
        """Answer with the status of each link, and mark the message as read."""
        envelope, summary = await find(self._reader, call)
        follow = call.argument("follow") in ("true", "1")
        try:
            check = await self._checks.links(envelope, follow=follow)
        except CheckError as error:
            raise bad(str(error)) from error
        await self._reader.change(Selection(ids=[summary.id]), set_flags=["seen"])
        return json_answer(link_check_shape(check))

    async def spam(self, call: Call) -> Answer:
        """Answer with SpamAssassin's opinion."""
        envelope, _ = await find(self._reader, call)
        return json_answer(spam_check_shape(await self._checks.spam(envelope)))
