"""Lists of messages, single messages, their parts, and changes to them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from http import HTTPStatus

from lazr_smtptest.query.parser import parse
from lazr_smtptest.query.selection import Selection
from lazr_smtptest.query.tree import After, Before, leaves
from lazr_smtptest.readers.http.answer import (
    Answer,
    HTTPError,
    json_answer,
)
from lazr_smtptest.readers.http.api import details, records, requests
from lazr_smtptest.readers.http.api.naming import name_of, not_there
from lazr_smtptest.readers.http.api.operations import operation
from lazr_smtptest.readers.http.call import Call
from lazr_smtptest.readers.http.conditional import (
    change_tag,
    is_known,
    tagged,
)
from lazr_smtptest.readers.http.routes import Route
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
    """

    def __init__(self, reader: DeferredReader) -> None:
        self._reader = reader

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
        limit = int(call.number("limit", 50, least=1, most=_MOST))
        query = call.argument("query")
        tag = await self._change_tag(query)
        if tag and is_known(call, tag):
            return tagged(call, tag, Answer())
        found = await self._reader.page(
            query,
            after=_after(call),
            limit=limit,
            oldest_first=call.choice("order", "newest", _ORDERS),
            timeout=_timeout(call),
        )
        answer = json_answer(
            records.MessagePage(
                messages=[records.summary_of(each) for each in found],
                next=found[-1].number if len(found) == limit else None,
                missing=found.missing,
            )
        )
        # What is not searched yet comes without a change of the store.
        return tagged(call, tag, answer) if tag and not found.missing else answer

    async def _change_tag(self, query: str = "") -> str:
        """Return the tag of an answer; ``""`` if time changes it, too."""
        tree = parse(query, now=datetime.now(timezone.utc), zone=None)
        if any(isinstance(node, (Before, After)) for node in leaves(tree)):
            return ""
        # Before the answer is read: what changes in between is read again.
        change = await self._reader.last_change()
        return change_tag(await self._reader.validity(), change)

    async def counts(self, call: Call) -> Answer:
        """Answer with the numbers of messages."""
        query, timeout = call.argument("query"), _timeout(call)
        counts = await self._reader.counts(query, timeout=timeout)
        return json_answer(
            records.Counts(
                messages=counts.messages,
                unread=counts.unread,
                matching=counts.matching,
                missing=counts.missing,
            )
        )

    async def tags(self, call: Call) -> Answer:
        """Answer with each tag and the number of its messages."""
        return json_answer(dict(await self._reader.tags()))

    # Changes

    async def change(self, call: Call) -> Answer:
        """Change the flags and tags of messages."""
        wanted = call.json(requests.ChangeRequest)
        selection = _selection(wanted.ids, wanted.numbers, wanted.query)
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
        wanted = call.json(requests.SelectionRequest)
        selection = _selection(wanted.ids, wanted.numbers, wanted.query)
        return json_answer(records.Changed(await self._reader.remove(selection)))

    async def remove_one(self, call: Call) -> Answer:
        """Remove one message."""
        name = await name_of(self._reader, call)
        is_id = isinstance(name, str)
        selection = Selection(ids=[name]) if is_id else Selection(numbers=[name])
        if not await self._reader.remove(selection):
            raise not_there(call)
        return Answer(status=HTTPStatus.NO_CONTENT)

    # One message

    async def message(self, call: Call) -> Answer:
        """Answer with all of a message but its raw content."""
        tag = await self._change_tag()
        name = await name_of(self._reader, call)
        summary = await self._reader.summary(name)
        if summary is None:
            raise not_there(call)
        if is_known(call, tag):
            return tagged(call, tag, Answer())
        envelope = await self._reader.envelope(name)
        if envelope is None:
            raise not_there(call)
        made = await self._reader.call(details.message_of, envelope, summary)
        return tagged(call, tag, json_answer(made))


def _after(call: Call) -> int | None:
    after = int(call.number("after", 0, least=0, most=2**63 - 1))
    return after or None


def _timeout(call: Call) -> float | None:
    """Return the seconds to wait for the index; ``None`` to search what is there."""
    return call.number("timeout", 0, least=0, most=_PATIENCE, kind=float) or None


def _selection(
    ids: list[str] | None, numbers: list[int] | None, query: str | None
) -> Selection:
    try:
        return Selection(ids=ids, numbers=numbers, query=query)
    except ValueError as error:
        raise HTTPError(HTTPStatus.BAD_REQUEST, str(error)) from error
