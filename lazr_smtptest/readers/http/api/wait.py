"""The calls that wait for messages or assert them, and hand out what a test needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from http import HTTPStatus
from typing import Any

import attrs
import msgspec
from twisted.internet.defer import Deferred

from lazr_smtptest._json import encode_json
from lazr_smtptest.errors import BusyError
from lazr_smtptest.faults.base import Scripted
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.findings import prepare, read_findings
from lazr_smtptest.model.summary import Summary
from lazr_smtptest.query.parser import parse
from lazr_smtptest.readers.http.answer import (
    Answer,
    HTTPError,
    json_answer,
    text_answer,
)
from lazr_smtptest.readers.http.api import details, records, requests
from lazr_smtptest.readers.http.api.criteria import criteria_from_json
from lazr_smtptest.readers.http.api.details import Find
from lazr_smtptest.readers.http.api.explanation import Explanation, Explanations, Wanted
from lazr_smtptest.readers.http.api.operations import operation, wait_argument
from lazr_smtptest.readers.http.call import Call
from lazr_smtptest.readers.http.condition import Condition
from lazr_smtptest.readers.http.routes import Route
from lazr_smtptest.readers.http.waiting import MailboxEndedError, Waiters
from lazr_smtptest.stores.deferred_reader import DeferredReader

__all__ = ["Wait"]

# Seconds to wait by default.
_DEFAULT = 30.0
# The most messages to wait for.
_MOST = 1000

# The bytes of messages that the reactor's thread puts together: it takes no time.
_SHORT = 65_536

# A message in JSON, and what is extracted of it.
_Message = tuple[msgspec.Raw, str | None]

# What is extracted of a message, by its name.
_EXTRACTS: Mapping[str, Callable[[records.Message, Envelope], str | None]] = {
    "code": lambda message, _: message.code,
    "link": lambda message, _: next(iter(message.links), None),
    "text": lambda message, _: message.text,
    "html": lambda message, _: message.html,
    "subject": lambda _, envelope: envelope.subject,
}


class Wait:
    """The part of the API that waits for messages, and asserts them.

    Args:
        reader: the store.
        waiters: the requests that wait.
        faults: the fault rules of the server, for explanations; ``None`` if they are
            not known.
        find: searches the texts of a message, in a thread.
        parsing: checks criteria for large messages, see `ParsingPool.call`; ``None``:
            they are checked in a thread.
    """

    def __init__(
        self,
        reader: DeferredReader,
        waiters: Waiters,
        faults: Scripted | None = None,
        find: Find = read_findings,
        parsing: Callable[..., Any] | None = None,
    ) -> None:
        self._store = waiters.store
        self._parsing = parsing
        self._find = find
        self._reader = reader
        self._waiters = waiters
        self._asked = requests.assert_within(waiters.longest)
        # The default is not beyond what is allowed.
        self._default = min(_DEFAULT, waiters.longest)
        self._explanations = Explanations(waiters.store, reader, faults)
        self._is_prepared = False
        # Those who wait for a message that is being read: by its number, and by what is
        # extracted of it.
        self._readings: dict[tuple[int, str], list[Deferred[_Message]]] = {}

    def routes(self, prefix: str) -> Iterator[Route]:
        """Return the routes of the calls."""
        failed = {
            409: "They did not come; `detail` tells what is there instead.",
            410: "A message came, and was removed before it was read; or the "
            "disposable mailbox was removed meanwhile.",
            429: "Too many requests wait.",
        }
        yield operation(
            "GET",
            f"{prefix}/wait",
            self.wait,
            "Wait for messages",
            query={
                **{name: name for name in ("query", "count", "since", "extract")},
                "timeout": wait_argument(self._waiters.longest, self._default),
            },
            answer=records.Found,
            others=failed,
        )
        yield operation(
            "POST",
            f"{prefix}/assert",
            self.assert_received,
            "Assert that messages are there, or that none is",
            body=self._asked,
            example={"criteria": {"text": "code"}, "timeout": 5, "extract": "code"},
            answer=records.Found,
            others=failed,
        )

    async def wait(self, call: Call) -> Answer:
        """Answer as soon as ``count`` messages match ``query``.

        Messages that came before the request count too, unless ``since`` is their
        number or a greater one.

        Raises:
            HTTPError: 409, they did not come within ``timeout`` seconds: a status that
                no client repeats by itself. 429, too many requests wait.
        """
        wanted = Wanted(
            condition=_condition(call.argument("query"), {}),
            count=int(call.number("count", 1, least=1, most=_MOST)),
            since=int(call.number("since", 0, least=0, most=2**63 - 1)),
            timeout=call.number(
                "timeout",
                self._default,
                least=0,
                most=self._waiters.longest,
                kind=float,
            ),
        )
        extract = _extract_of(call.argument("extract"))
        found = await self._waited(wanted)
        if len(found) < (wanted.count or 1):
            return await self._explained(call, wanted, found)
        return await self._answer(found, extract)

    async def assert_received(self, call: Call) -> Answer:
        """Answer with the messages that meet the criteria.

        There have to be exactly ``count`` of them, or one or more without it. With a
        ``timeout`` they may come within so many seconds; with ``count`` 0 none may.

        Raises:
            HTTPError: 409, they are not there, see `wait`.
        """
        asked: requests.AssertRequest = await call.json(self._asked)
        wanted = Wanted(
            condition=await self._condition(call, asked),
            count=asked.count,
            since=asked.since,
            timeout=asked.timeout,
        )
        extract = _extract_of(asked.extract)
        if wanted.timeout:
            await self._waited(wanted)
        most = _MOST if wanted.count is not None else 1
        found: list[Summary] = await self._reader.call(self._search, wanted, most)
        least = 1 if wanted.count is None else wanted.count
        if len(found) < least or (wanted.count is not None and len(found) > least):
            return await self._explained(call, wanted, found)
        return await self._answer(found, extract)

    async def _condition(self, call: Call, asked: requests.AssertRequest) -> Condition:
        # To compile regular expressions takes some milliseconds.
        if b"regex" in call.body and call.in_thread is not None:
            condition: Condition = await call.in_thread(self._made, asked)
            return condition
        return await call.read(lambda _: self._made(asked))

    def _made(self, asked: requests.AssertRequest) -> Condition:
        return _condition(asked.query, asked.criteria, self._parsing)

    def _search(self, wanted: Wanted, most: int) -> list[Summary]:
        """Return the messages that are there; in a thread."""
        return wanted.condition.search(
            self._store, since=wanted.since, count=most, timeout=_DEFAULT
        )

    async def _waited(self, wanted: Wanted) -> list[Summary]:
        """Return the messages as soon as they are there, or fewer at the end."""
        try:
            waited = self._waiters.wait(
                wanted.condition,
                count=wanted.count or 1,
                since=wanted.since,
                timeout=wanted.timeout,
            )
            self._prepare()
            return await waited
        except BusyError as error:
            raise HTTPError(HTTPStatus.TOO_MANY_REQUESTS, str(error)) from error
        except MailboxEndedError as error:
            raise await self._ended(wanted, error) from error

    def _prepare(self) -> None:
        """Import what reads messages while the first request waits for one."""
        if not self._is_prepared:
            self._is_prepared = True
            # If it fails, then so will the reading, which has somebody to tell.
            self._reader.call(prepare).addErrback(lambda _: None)

    async def _ended(self, wanted: Wanted, error: MailboxEndedError) -> HTTPError:
        """Return the error of a wait that outlives its mailbox: what had arrived."""
        # The messages are removed after it.
        most = wanted.count or 1
        found: list[Summary] = await self._reader.call(self._search, wanted, most)
        so_far = attrs.evolve(wanted, timeout=0.0)
        explanation = await self._explanations.explain(so_far, found)
        details = await self._reader.call(_encoded_details, found, explanation)
        text = f"{error}\n{explanation.text}"
        ended = msgspec.Raw(encode_json(str(error)))
        return HTTPError(HTTPStatus.GONE, text, details={"ended": ended, **details})

    # The answers

    async def _answer(self, found: Sequence[Summary], extract: str) -> Answer:
        messages = [await self._read(summary, extract) for summary in found]
        answer: dict[str, object] = {}
        if extract:
            answer["extract"] = [extracted for _, extracted in messages]
        answer["messages"] = [message for message, _ in messages]
        # What is extracted of a message is no longer than the message.
        if sum(len(memoryview(message)) for message, _ in messages) <= _SHORT:
            return json_answer(answer)
        long_answer: Answer = await self._reader.call(json_answer, answer)
        return long_answer

    def _read(self, summary: Summary, extract: str) -> Deferred[_Message]:
        """Return a message in JSON, and what is extracted of it.

        Requests that want the same at the same time take one call of a thread: when a
        message comes, a thousand of them may have waited for it.
        """
        key = (summary.number, extract)
        answer: Deferred[_Message] = Deferred(lambda _: None)
        self._readings.setdefault(key, []).append(answer)
        if len(self._readings[key]) == 1:
            reading = self._reader.call(
                _message_of, self._store, summary, extract, self._find
            )
            reading.addBoth(self._was_read, key)
        return answer

    def _was_read(self, result: Any, key: tuple[int, str]) -> None:
        for answer in self._readings.pop(key):
            if not answer.called:
                answer.callback(result)

    async def _explained(
        self, call: Call, wanted: Wanted, found: list[Summary]
    ) -> Answer:
        """Return the answer that tells what happened instead.

        Raises:
            HTTPError: 409, unless the client prefers plain text.
        """
        explanation = await self._explanations.explain(wanted, found)
        if call.prefers_text:
            return text_answer(f"{explanation.text}\n", HTTPStatus.CONFLICT)
        details = await self._reader.call(_encoded_details, found, explanation)
        raise HTTPError(HTTPStatus.CONFLICT, explanation.text, details=details)


def _encoded_details(
    found: Sequence[Summary], explanation: Explanation
) -> dict[str, msgspec.Raw]:
    """Return the members of an error, each in JSON; in a thread."""
    listed = [records.summary_of(each) for each in found]
    members = {"found": listed, **explanation.details()}
    return {name: msgspec.Raw(encode_json(member)) for name, member in members.items()}


def _message_of(store: Any, summary: Summary, extract: str, find: Find) -> _Message:
    """Return a message in JSON, and what is extracted of it; in a thread.

    Raises:
        HTTPError: 410, it was removed.
    """
    envelope = store.envelope(summary.number)
    if envelope is None:
        raise HTTPError(
            HTTPStatus.GONE,
            f"message {summary.id!r} arrived, and was removed before it was read",
        )
    message = details.message_of(envelope, summary, find)
    extracted = _EXTRACTS[extract](message, envelope) if extract else None
    return msgspec.Raw(encode_json(message)), extracted


def _condition(
    query: str,
    given: Mapping[str, Any],
    parsing: Callable[..., Any] | None = None,
) -> Condition:
    tree = parse(query, now=datetime.now(timezone.utc), zone=None)
    return Condition(query, tree, criteria_from_json(given, parsing) if given else None)


def _extract_of(name: str) -> str:
    if name and name not in _EXTRACTS:
        raise HTTPError(
            HTTPStatus.BAD_REQUEST,
            f"bad extract {name!r}: it must be one of {', '.join(_EXTRACTS)}",
        )
    return name
