"""Mailpit's lists of messages, its searches, and its changes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from lazr_smtptest.query.selection import Selection
from lazr_smtptest.query.tags import check_tag, clean_tag, tag_key
from lazr_smtptest.readers.http.answer import Answer, HTTPError, json_answer
from lazr_smtptest.readers.http.call import Call
from lazr_smtptest.readers.http.latest import with_latest
from lazr_smtptest.readers.http.mailpit import shapes
from lazr_smtptest.readers.http.mailpit.reading import (
    OK,
    bad,
    body_of,
    query_of,
    whole_number,
)
from lazr_smtptest.readers.http.routes import Route
from lazr_smtptest.readers.http.store_answers import Made, StoreAnswers, is_timeless
from lazr_smtptest.stores.deferred_reader import DeferredReader

__all__ = ["Messages"]

_PAGE = 50
_ALL = 2**31
# A page of more is encoded in a thread; for a small one that takes longer.
_FEW = 100


class Messages:
    """The part of the API about several messages.

    Args:
        reader: the store.
    """

    def __init__(self, reader: DeferredReader) -> None:
        self._reader = reader
        self._answers = StoreAnswers(reader)

    def routes(self, prefix: str) -> Iterator[Route]:
        """Return the routes."""
        for method, path, handler in (
            ("GET", "messages", self.messages),
            ("PUT", "messages", self.change),
            ("DELETE", "messages", self.remove),
            ("GET", "search", self.search),
            ("DELETE", "search", self.remove_found),
            ("GET", "tags", self.tags),
            ("PUT", "tags", self.set_tags),
            ("PUT", "tags/{tag}", self.rename_tag),
            ("DELETE", "tags/{tag}", self.remove_tag),
        ):
            yield Route(method=method, template=f"{prefix}/{path}", handler=handler)

    # Lists

    async def messages(self, call: Call) -> Answer:
        """Answer with a page of all messages."""
        limit = whole_number(call, "limit", _PAGE, least=0)
        start = whole_number(call, "start", 0, least=1) if limit else 0
        query = query_of(call, "")
        make = partial(_list, query=query, counted="", start=start, limit=limit or _ALL)
        return await self._answers.get(call, make, lasts=is_timeless(query))

    async def search(self, call: Call) -> Answer:
        """Answer with a page of the messages that match."""
        query = query_of(call, _searched(call))
        limit = whole_number(call, "limit", _PAGE, least=0)
        start = whole_number(call, "start", 0, least=1)
        make = partial(_list, query=query, counted=query, start=start, limit=limit)
        return await self._answers.get(call, make, lasts=is_timeless(query))

    # Changes

    async def change(self, call: Call) -> Answer:
        """Mark messages as read, or as unread."""
        body = await call.read(body_of)
        ids, search = _ids(body), body.get("search") or ""
        if ids and search:
            raise bad("You may specify either IDs or a search query, not both")
        selection = (
            Selection(ids=ids) if ids else Selection(query=query_of(call, str(search)))
        )
        selection = await with_latest(self._reader, selection)
        flags = ["seen"]
        if body.get("read"):
            await self._reader.change(selection, set_flags=flags)
        else:
            await self._reader.change(selection, clear_flags=flags)
        return OK

    async def remove(self, call: Call) -> Answer:
        """Remove the messages that the body names; all, if it names none."""
        try:
            ids = _ids(await call.read(body_of))
        except HTTPError:
            ids = []
        if ids:
            selection = await with_latest(self._reader, Selection(ids=ids))
            await self._reader.remove(selection)
        else:
            await self._reader.clear()
        return OK

    async def remove_found(self, call: Call) -> Answer:
        """Remove the messages that match."""
        await self._reader.remove(Selection(query=query_of(call, _searched(call))))
        return OK

    # Tags

    async def tags(self, call: Call) -> Answer:
        """Answer with the names of the tags."""
        return json_answer(list(await self._reader.tags()))

    async def set_tags(self, call: Call) -> Answer:
        """Replace the tags of messages."""
        body = await call.read(body_of)
        ids, tags = _ids(body), body.get("tags") or []
        if ids:
            try:
                if not isinstance(tags, str):
                    tags = [clean_tag(tag) for tag in tags]
                selection = await with_latest(self._reader, Selection(ids=ids))
                await self._reader.change(selection, tags=tags)
            except (TypeError, ValueError) as error:
                raise bad(str(error)) from error
        return OK

    async def rename_tag(self, call: Call) -> Answer:
        """Rename a tag."""
        body = await call.read(body_of)
        old, new = call.parameters["tag"], str(body.get("name") or "")
        tags = {tag_key(tag) for tag in await self._reader.tags()}
        try:
            new = clean_tag(new)
        except ValueError as error:
            raise bad(f"invalid tag name: {new}") from error
        if tag_key(old) not in tags:
            raise bad(f"tag not found: {old}")
        if old == new:
            return OK
        if tag_key(new) in tags and tag_key(new) != tag_key(old):
            raise bad(f"tag already exists: {new}")
        await self._reader.rename_tag(old, new)
        return OK

    async def remove_tag(self, call: Call) -> Answer:
        """Remove a tag from all messages."""
        tag = call.parameters["tag"]
        if tag_key(tag) not in {tag_key(each) for each in await self._reader.tags()}:
            raise bad(f"tag not found: {tag}")
        await self._reader.change(
            Selection(query=f"tag:{_quoted(tag)}"), remove_tags=[check_tag(tag)]
        )
        return OK


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _list(store: Any, *, query: str, counted: str, start: int, limit: int) -> Made:
    """Make the answer with a list of messages; in a thread.

    Args:
        store: the store.
        query: the query of the messages.
        counted: the query of those that are counted.
        start: the number of newer messages to pass over.
        limit: the most messages.
    """
    after = None
    if start:
        numbers = store.numbers(query)
        if start > len(numbers):
            limit = 0
        else:
            after = numbers[-start]
    found = store.page(query, after=after, limit=limit)
    counts = store.counts(counted)
    unread = counts.unread
    if counted:
        unread = store.counts(f"({counted}) is:unread").matching
    answer = shapes.list_of(
        found,
        total=counts.messages,
        unread=counts.unread,
        matching=counts.matching,
        matching_unread=unread,
        start=start,
        tags=store.tags(),
    )
    # What is not searched yet comes without a change of the store.
    return Made(json_answer(answer), lasts=not (found.missing or counts.missing))


def _searched(call: Call) -> str:
    search = call.argument("query").strip()
    if not search:
        raise bad("Error: no search query")
    return search


def _ids(body: dict[str, Any]) -> list[str]:
    ids = body.get("ids") or []
    if not isinstance(ids, list) or not all(isinstance(each, str) for each in ids):
        raise bad("IDs must be a list of texts")
    return ids
