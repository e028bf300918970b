"""The sessions of clients, and what was said in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from http import HTTPStatus

from lazr_smtptest.model.session import Session
from lazr_smtptest.readers.http.answer import (
    Answer,
    HTTPError,
    json_answer,
    text_answer,
)
from lazr_smtptest.readers.http.api import transcripts
from lazr_smtptest.readers.http.api.operations import TEXT, operation
from lazr_smtptest.readers.http.api.session_kinds import KINDS, kinds_of
from lazr_smtptest.readers.http.call import Call
from lazr_smtptest.readers.http.routes import Route
from lazr_smtptest.stores.deferred_reader import DeferredReader
from lazr_smtptest.stores.session_log import SessionLog
from lazr_smtptest.stores.sessions import of_number, page_of

__all__ = ["Sessions"]

# The most sessions of one page, and how many pages are searched for one of a kind.
_MOST, _PAGES = 1000, 10

_PROTOCOLS = ("", "imap", "pop3")
_FAILED = {"": None, "true": True, "false": False}


class Sessions:
    """The part of the API that is about sessions, those without a message too.

    Args:
        reader: the store.
        log: returns the log with the open sessions; ``None`` if they are not shown.
        readers: the sessions in which mail is read; likewise.
    """

    def __init__(
        self,
        reader: DeferredReader,
        log: Callable[[], SessionLog] | None = None,
        readers: SessionLog | None = None,
    ) -> None:
        self._reader = reader
        self._log = log
        self._readers = readers

    def routes(self, prefix: str) -> Iterator[Route]:
        """Return the routes."""
        one = f"{prefix}/sessions/{{id}}"
        yield operation(
            "GET",
            f"{prefix}/sessions",
            self.page,
            "List sessions",
            query={
                "limit": "limit",
                "after": "after_id",
                "failed": "failed",
                "kind": "kind",
                **({} if self._readers is None else {"protocol": "protocol"}),
            },
            answer=transcripts.SessionPage,
        )
        if self._log is not None:
            yield operation(
                "GET",
                f"{prefix}/sessions/open",
                self.open,
                "List the open sessions",
                query={"protocol": "protocol"},
                answer=list[transcripts.WholeSession],
                others={409: "They are in another process."},
            )
        yield operation(
            "GET",
            one,
            self.session,
            "Get a session",
            path={"id": "session"},
            answer=transcripts.WholeSession,
            others={409: "It is a number that several sessions have."},
        )
        yield operation(
            "GET",
            f"{one}/transcript",
            self.transcript,
            "Get what was said",
            path={"id": "session"},
            answer=TEXT,
            others={409: "It is a number that several sessions have."},
        )

    async def page(self, call: Call) -> Answer:
        """Answer with a page of the sessions that have ended, newest first.

        Of one kind, a page may be shorter than asked for although others follow.
        """
        limit = int(call.number("limit", 50, least=1, most=_MOST))
        failed = call.choice("failed", "", _FAILED)
        kind = call.choice("kind", "", {each: each for each in ("", *KINDS)})
        after = call.argument("after") or None
        protocol = self._protocol(call)
        try:
            if protocol:
                matching = self._reading(protocol, kind, after, limit, failed)
                return json_answer(await self._reader.call(matching))
            if kind:
                return json_answer(await self._of_kind(kind, after, limit))
            found = await self._reader.sessions(after=after, limit=limit, failed=failed)
        except KeyError as error:
            raise HTTPError(
                HTTPStatus.BAD_REQUEST,
                f"bad after {call.argument('after')!r}: there is no such session",
            ) from error
        next_ = found[-1].id if len(found) == limit else None
        return await self._in_thread(
            lambda: transcripts.SessionPage(
                sessions=[transcripts.session_of(each) for each in found], next=next_
            )
        )

    def _protocol(self, call: Call) -> str:
        """Return the protocol whose sessions are asked for; ``""`` for SMTP."""
        if self._readers is None:
            return ""
        return call.choice("protocol", "", {each: each for each in _PROTOCOLS})

    def _reading(
        self,
        protocol: str,
        kind: str,
        after: str | None,
        limit: int,
        failed: bool | None,
    ) -> Callable[[], transcripts.SessionPage]:
        """Return what makes a page of the sessions in which mail was read."""
        assert self._readers is not None
        ended = [each for each in self._readers if each.ended is not None]

        def make() -> transcripts.SessionPage:
            of_kind = [
                each
                for each in reversed(ended)
                if each.protocol == protocol and (not kind or kind in kinds_of(each))
            ]
            page = page_of(of_kind, after, limit, failed)
            return transcripts.SessionPage(
                sessions=[transcripts.session_of(each) for each in page],
                next=page[-1].id if len(page) == limit else None,
            )

        return make

    async def _of_kind(
        self, kind: str, after: str | None, limit: int
    ) -> transcripts.SessionPage:
        """Return a page of the sessions of a kind.

        Raises:
            KeyError: there is no session `after`.
        """
        matching: list[transcripts.Session] = []
        for _ in range(_PAGES):
            found = await self._reader.sessions(after=after, limit=_MOST, failed=True)
            matching += await self._reader.call(_matching, found, kind)
            if len(matching) > limit:
                page = matching[:limit]
                return transcripts.SessionPage(sessions=page, next=page[-1].id)
            after = found[-1].id if len(found) == _MOST else None
            if after is None:
                break
        return transcripts.SessionPage(sessions=matching, next=after)

    async def open(self, call: Call) -> Answer:
        """Answer with the sessions that have not ended, oldest first.

        Raises:
            AbsentError: they are in another process.
        """
        assert self._log is not None
        protocol = self._protocol(call)
        log = self._readers if protocol else self._log()
        found = [
            each
            for each in log or ()
            if each.ended is None and protocol in ("", each.protocol)
        ]
        return await self._in_thread(
            lambda: [transcripts.whole_session_of(each) for each in found]
        )

    async def session(self, call: Call) -> Answer:
        """Answer with a session and the lines of its transcript."""
        session = await self._find(call)
        return await self._in_thread(lambda: transcripts.whole_session_of(session))

    async def transcript(self, call: Call) -> Answer:
        """Answer with the transcript as text; secrets are masked."""
        session = await self._find(call)
        return text_answer(await self._reader.call(session.transcript.text))

    async def _in_thread(self, make: Callable[[], object]) -> Answer:
        """Return an answer in JSON, made and encoded in a thread."""
        answer: Answer = await self._reader.call(lambda: json_answer(make()))
        return answer

    async def _find(self, call: Call) -> Session:
        id = call.parameters["id"]
        session = await self._reader.session(id)
        if session is None and self._readers is not None:
            session = next((each for each in self._readers if each.id == id), None)
        if session is None:
            session = await self._of_number(id)
        if session is None:
            raise HTTPError(HTTPStatus.NOT_FOUND, f"there is no session {id!r}")
        return session

    async def _of_number(self, text: str) -> Session | None:
        """Return the session of a number, among the newest."""
        if not text.isdecimal():
            return None
        try:
            return of_number(await self._reader.sessions(limit=_MOST), text)
        except ValueError as error:
            raise HTTPError(HTTPStatus.CONFLICT, str(error)) from error


def _matching(sessions: list[Session], kind: str) -> list[transcripts.Session]:
    """Return the objects of the sessions of a kind; in a thread."""
    found = map(transcripts.session_of, sessions)
    return [each for each in found if kind in each.kinds]
