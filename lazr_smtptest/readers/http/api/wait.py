"""The call that waits for messages, and hands out what a test needs of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timezone
from http import HTTPStatus

from lazr_smtptest.errors import BusyError
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.summary import Summary
from lazr_smtptest.query.parser import parse
from lazr_smtptest.readers.http.answer import Answer, HTTPError, json_answer
from lazr_smtptest.readers.http.api import details, records
from lazr_smtptest.readers.http.call import Call
from lazr_smtptest.readers.http.routes import Route
from lazr_smtptest.readers.http.waiting import Waiters
from lazr_smtptest.stores.deferred_reader import DeferredReader

__all__ = ["Wait"]

# Seconds to wait: the default, and the most.
_DEFAULT, _LONGEST = 30.0, 3600.0
# The most messages to wait for.
_MOST = 1000
# The messages that an answer lists which did arrive.
_ARRIVED = 10

_EXTRACTS: Mapping[str, Callable[[Envelope], str | None]] = {
    "code": lambda envelope: envelope.code(),
    "link": lambda envelope: next(iter(envelope.links), None),
    "text": lambda envelope: envelope.text,
    "html": lambda envelope: envelope.html,
    "subject": lambda envelope: envelope.subject,
}


class Wait:
    """The part of the API that waits.

    Args:
        reader: the store.
        waiters: the requests that wait.
    """

    def __init__(self, reader: DeferredReader, waiters: Waiters) -> None:
        self._reader = reader
        self._waiters = waiters

    def routes(self, prefix: str) -> Iterator[Route]:
        """Return the route of the call."""
        yield Route(
            method="GET",
            template=f"{prefix}/wait",
            handler=self.wait,
            summary="Wait for messages",
        )

    async def wait(self, call: Call) -> Answer:
        """Answer as soon as ``count`` messages match ``query``.

        Messages that came before the request count too, unless ``since`` is their
        number or a greater one.

        Raises:
            HTTPError: 409, they did not come within ``timeout`` seconds: a status that
                no client repeats by itself. 429, too many requests wait.
        """
        query = call.argument("query")
        tree = parse(query, now=datetime.now(timezone.utc), zone=None)
        count = int(call.number("count", 1, least=1, most=_MOST))
        since = int(call.number("since", 0, least=0, most=2**63 - 1))
        timeout = call.number("timeout", _DEFAULT, least=0, most=_LONGEST, kind=float)
        extract = call.argument("extract")
        if extract and extract not in _EXTRACTS:
            raise HTTPError(
                HTTPStatus.BAD_REQUEST,
                f"bad extract {extract!r}: it must be one of {', '.join(_EXTRACTS)}",
            )
        try:
            waited = self._waiters.wait(
                query, tree, count=count, since=since, timeout=timeout
            )
        except BusyError as error:
            raise HTTPError(HTTPStatus.TOO_MANY_REQUESTS, str(error)) from error
        found = await waited
        if len(found) < count:
            raise await self._missing(query, count, since, timeout, found)
        messages = [await self._whole(summary) for summary in found]
        answer: dict[str, object] = {}
        if extract:
            answer["extract"] = [
                await self._extract(extract, envelope) for _, envelope in messages
            ]
        answer["messages"] = [message for message, _ in messages]
        return json_answer(answer)

    async def _whole(self, summary: Summary) -> tuple[records.Message, Envelope]:
        envelope = await self._reader.envelope(summary.number)
        if envelope is None:
            raise HTTPError(
                HTTPStatus.GONE,
                f"message {summary.id!r} arrived, and was removed before it was read",
            )
        made = await self._reader.call(details.message_of, envelope, summary)
        return made, envelope

    async def _extract(self, name: str, envelope: Envelope) -> str | None:
        found: str | None = await self._reader.call(_EXTRACTS[name], envelope)
        return found

    async def _missing(
        self,
        query: str,
        count: int,
        since: int,
        timeout: float,
        found: list[Summary],
    ) -> HTTPError:
        """Return the error that tells what did arrive instead."""
        arrived = await self._reader.page(limit=_ARRIVED)
        latest = [each for each in arrived if each.number > since]
        what = f"{count} message{'s' if count > 1 else ''}"
        wanted = f"{what} that match {query!r}" if query else what
        lines = [
            f"waited {timeout:g} s for {wanted}, and {len(found) or 'none'} arrived",
            *(_line(each) for each in latest),
        ]
        if not latest:
            lines.append("no message has arrived at all")
        return HTTPError(
            HTTPStatus.CONFLICT,
            "\n".join(lines),
            details={
                "found": [records.summary_of(each) for each in found],
                "arrived": [records.summary_of(each) for each in latest],
            },
        )


def _line(summary: Summary) -> str:
    return (
        f"- {summary.subject!r} from <{summary.mail_from}> "
        f"to {', '.join(f'<{address}>' for address in summary.rcpt_tos)}"
    )
