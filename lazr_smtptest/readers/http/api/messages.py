"""Lists of messages, single messages, their parts, and changes to them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from http import HTTPStatus
from typing import Any

from lazr_smtptest.model.findings import read_findings
from lazr_smtptest.query.selection import Selection
from lazr_smtptest.readers.http.answer import (
    Answer,
    HTTPError,
    json_answer,
)
from lazr_smtptest.readers.http.api import details, records, requests
from lazr_smtptest.readers.http.api.details import Find
from lazr_smtptest.readers.http.api.naming import missing, missing_in, name_in, name_of
from lazr_smtptest.readers.http.api.operations import operation
from lazr_smtptest.readers.http.call import Call
from lazr_smtptest.readers.http.latest import with_latest
from lazr_smtptest.readers.http.routes import Route
from lazr_smtptest.readers.http.store_answers import Made, StoreAnswers, is_timeless
from lazr_smtptest.stores.deferred_reader import DeferredReader

__all__ = ["Messages"]

# The most messages of one page.
_MOST = 1000
# The most seconds that a request waits for the index.
_PATIENCE = 30.0

_ORDERS = {"newest": False, "oldest": True}


class Messages:
    """The part of the API that is about messages.

    A message is named by its id, by its number, or by ``latest``: the newest one, or
    the newest that matches ``query``.

    Args:
        reader: the store.
        find: searches the texts of a message, in a thread.
    """

    def __init__(self, reader: DeferredReader, find: Find = read_findings) -> None:
        self._reader = reader
        self._find = find
        self._answers = StoreAnswers(reader)

    def routes(self, prefix: str) -> Iterator[Route]:
        """Return the routes.

        Args:
            prefix: the path of the API, without a slash at its end.
        """
        path, one = f"{prefix}/messages", f"{prefix}/messages/{{id}}"
        yield operation(
            "GET",
            path,
            self.page,
            "List messages",
            query=("query", "limit", "after", "order", "timeout"),
            answer=records.MessagePage,
            tagged=True,
        )
        yield operation(
            "PATCH",
            path,
            self.change,
            "Change flags and tags of messages",
            body=requests.ChangeRequest,
            example={"query": "code", "set_flags": ["seen"], "add_tags": ["read"]},
            answer=records.Changed,
        )
        yield operation(
            "DELETE",
            path,
            self.remove,
            "Delete messages",
            body=requests.SelectionRequest,
            example={"query": "older"},
            answer=records.Changed,
        )
        yield operation(
            "GET",
            one,
            self.message,
            "Get a message",
            query=("query",),
            answer=records.Message,
            tagged=True,
        )
        yield operation(
            "DELETE",
            one,
            self.remove_one,
            "Delete a message",
            query=("query",),
            status=HTTPStatus.NO_CONTENT,
        )
        yield operation(
            "GET",
            f"{prefix}/counts",
            self.counts,
            "Count messages",
            query=("query", "timeout"),
            answer=records.Counts,
        )
        yield operation(
            "GET",
            f"{prefix}/tags",
            self.tags,
            "List the tags in use",
            answer=dict[str, int],
        )

    # Lists

    async def page(self, call: Call) -> Answer:
        """Answer with a page of the messages that match ``query``."""
        query = call.argument("query")
        make = partial(
            _page,
            query=query,
            limit=int(call.number("limit", 50, least=1, most=_MOST)),
            after=_after(call),
            oldest_first=call.choice("order", "newest", _ORDERS),
            timeout=_timeout(call),
        )
        return await self._answers.get_tagged(call, make, lasts=is_timeless(query))

    async def counts(self, call: Call) -> Answer:
        """Answer with the numbers of messages."""
        query, timeout = call.argument("query"), _timeout(call)
        make = partial(_counts, query=query, timeout=timeout)
        return await self._answers.get(call, make, lasts=is_timeless(query))

    async def tags(self, call: Call) -> Answer:
        """Answer with each tag and the number of its messages."""
        return await self._answers.get(
            call, lambda store: Made(json_answer(dict(store.tags())))
        )

    # Changes

    async def change(self, call: Call) -> Answer:
        """Change the flags and tags of messages."""
        wanted = await call.json(requests.ChangeRequest)
        selection = await self._selection(wanted)
        try:
            changed = await self._reader.change(
                selection,
                set_flags=wanted.set_flags,
                clear_flags=wanted.clear_flags,
                add_tags=wanted.add_tags,
                remove_tags=wanted.remove_tags,
                tags=wanted.tags,
            )
        except ValueError as error:
            raise HTTPError(HTTPStatus.BAD_REQUEST, str(error)) from error
        return json_answer(records.Changed(changed))

    async def remove(self, call: Call) -> Answer:
        """Remove messages."""
        wanted = await call.json(requests.SelectionRequest)
        selection = await self._selection(wanted)
        return json_answer(records.Changed(await self._reader.remove(selection)))

    async def _selection(
        self, wanted: requests.ChangeRequest | requests.SelectionRequest
    ) -> Selection:
        """Return the messages of a request; ``latest`` among the ids is the newest.

        Raises:
            HTTPError: 400, they are not named in exactly one way.
        """
        selection = _selection(wanted.ids, wanted.numbers, wanted.query)
        return await with_latest(self._reader, selection)

    async def remove_one(self, call: Call) -> Answer:
        """Remove one message."""
        name = await name_of(self._reader, call)
        is_id = isinstance(name, str)
        selection = Selection(ids=[name]) if is_id else Selection(numbers=[name])
        if not await self._reader.remove(selection):
            raise await missing(self._reader, call)
        return Answer(status=HTTPStatus.NO_CONTENT)

    # One message

    async def message(self, call: Call) -> Answer:
        """Answer with all of a message but its raw content."""
        lasts = is_timeless(call.argument("query"))
        return await self._answers.get_tagged(
            call, lambda store: _message(store, call, self._find), lasts=lasts
        )


# In a thread


def _page(store: Any, *, query: str, limit: int, **options: Any) -> Made:
    found = store.page(query, limit=limit, **options)
    answer = json_answer(
        records.MessagePage(
            messages=[records.summary_of(each) for each in found],
            next=found[-1].number if len(found) == limit else None,
            missing=found.missing,
        )
    )
    # What is not searched yet comes without a change of the store.
    return Made(answer, lasts=not found.missing)


def _counts(store: Any, *, query: str, timeout: float | None) -> Made:
    counts = store.counts(query, timeout=timeout)
    answer = json_answer(
        records.Counts(
            messages=counts.messages,
            unread=counts.unread,
            matching=counts.matching,
            missing=counts.missing,
        )
    )
    return Made(answer, lasts=not counts.missing)


def _message(store: Any, call: Call, find: Find) -> Made:
    """Make the answer with a message.

    Raises:
        HTTPError: 404, it is not there.
    """
    name = name_in(store, call)
    summary, envelope = store.summary(name), store.envelope(name)
    if summary is None or envelope is None:
        raise missing_in(store, call)
    return Made(json_answer(details.message_of(envelope, summary, find)))


# Arguments


def _after(call: Call) -> int | None:
    after = int(call.number("after", 0, least=0, most=2**63 - 1))
    return after or None


def _timeout(call: Call) -> float | None:
    """Return the seconds to wait for the index; ``None`` to search what is there."""
    return call.number("timeout", 0, least=0, most=_PATIENCE, kind=float) or None


def _selection(
    ids: list[str] | None, numbers: list[int] | None, query: str | None
) -> Selection:
    values = {"ids": ids, "numbers": numbers, "query": query}
    given = [name for name, value in values.items() if value is not None]
    if len(given) != 1:
        raise HTTPError(
            HTTPStatus.BAD_REQUEST,
            "bad body: exactly one of ids, numbers and query selects messages, not "
            + (" and ".join(given) or "none of them"),
        )
    return Selection(ids=ids, numbers=numbers, query=query)
