"""The call that waits for messages, and hands out what a test needs of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from http import HTTPStatus
from itertools import chain

import attrs

from lazr_smtptest.errors import BusyError
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.session import Session
from lazr_smtptest.model.summary import Summary
from lazr_smtptest.query.parser import parse
from lazr_smtptest.query.tree import Field, Node, leaves
from lazr_smtptest.query.words import fold_line
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
# The most messages, and failed sessions, that an error lists.
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
            arguments=frozenset(("query", "count", "since", "timeout", "extract")),
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
            wanted = _Wanted(query, tree, count, since, timeout)
            raise await self._missing(wanted, found)
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

    async def _missing(self, wanted: _Wanted, found: list[Summary]) -> HTTPError:
        """Return the error that tells what happened instead."""
        page = await self._reader.page(limit=_ARRIVED)
        arrived = [each for each in page if each.number > wanted.since]
        sessions = await self._reader.sessions(limit=_ARRIVED, failed=True)
        lines = [
            wanted.told(len(found)),
            *_arrived(wanted, arrived),
            *chain.from_iterable(map(_refused, sessions)),
        ]
        return HTTPError(
            HTTPStatus.CONFLICT,
            "\n".join(lines),
            details={
                "found": [records.summary_of(each) for each in found],
                "arrived": [records.summary_of(each) for each in arrived],
                "failed_sessions": [records.session_of(each) for each in sessions],
            },
        )


@attrs.frozen
class _Wanted:
    """The conditions of a request that waits."""

    query: str
    tree: Node
    count: int
    since: int
    timeout: float

    def told(self, found: int) -> str:
        """Return the first line of the error."""
        what = "1 message" if self.count == 1 else f"{self.count} messages"
        matching = f" matching {self.query!r}" if self.query else ""
        after = f" after number {self.since}" if self.since else ""
        came = f"{found} came" if found else "none came"
        return f"waited {self.timeout:g} s for {what}{matching}{after}: {came}"


def _arrived(wanted: _Wanted, arrived: Sequence[Summary]) -> Iterator[str]:
    """Yield a line for each message that is there, newest first, and a note."""
    if not arrived:
        yield (
            "the store has no such message at all"
            if wanted.since
            else ("the store has no message at all")
        )
        return
    yield "the newest messages:"
    for summary in arrived:
        recipients = ", ".join(f"<{address}>" for address in summary.rcpt_tos)
        yield f"- {summary.subject!r} from <{summary.mail_from}> to {recipients}"
    texts = [
        node.text
        for node in leaves(wanted.tree)
        if isinstance(node, Field) and node.name == "to"
    ]
    recipients_ = {fold_line(each) for one in arrived for each in one.rcpt_tos}
    if any(text in recipient for text in texts for recipient in recipients_):
        yield (
            "note: to: is the header field To; the recipient of the envelope is rcpt:"
        )


def _refused(session: Session) -> Iterator[str]:
    """Yield a line for each recipient, sender or message that was refused."""
    for transaction in session.transactions:
        for recipient, reply in transaction.refused:
            yield f"refused: recipient <{recipient}>, {reply or 'without a reply'}"
        if transaction.outcome == "refused" and transaction.reply is not None:
            sender = transaction.mail_from
            yield f"refused: the mail of <{sender}>, {transaction.reply}"
