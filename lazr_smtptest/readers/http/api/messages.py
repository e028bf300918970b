"""Lists of messages, single messages, their parts, and changes to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import TypeVar

from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.query.selection import Selection
from lazr_smtptest.readers.http.answer import (
    Answer,
    HTTPError,
    json_answer,
    text_answer,
)
from lazr_smtptest.readers.http.api import details, records
from lazr_smtptest.readers.http.call import Call
from lazr_smtptest.readers.http.routes import Route
from lazr_smtptest.stores.deferred_reader import DeferredReader

__all__ = ["Messages"]

_Result = TypeVar("_Result")

# The most messages of one page.
_MOST = 1000
# The most seconds that a request waits for the index.
_PATIENCE = 30.0

_ORDERS = {"newest": False, "oldest": True}

# A mail's own HTML is shown in a frame without scripts, forms and other sites.
_SANDBOX = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"


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
        paged = ("query", "limit", "after", "order", "timeout")
        latest = ("query",)
        for method, path, handler, summary, arguments in (
            ("GET", "", self.page, "List messages", paged),
            ("PATCH", "", self.change, "Change flags and tags of messages", ()),
            ("DELETE", "", self.remove, "Delete messages", ()),
            ("GET", "/{id}", self.message, "Get a message", latest),
            ("DELETE", "/{id}", self.remove_one, "Delete a message", latest),
            ("GET", "/{id}/raw", self.raw, "Get the bytes of a message", latest),
            ("GET", "/{id}/text", self.text, "Get the text of a message", latest),
            ("GET", "/{id}/html", self.html, "Get the HTML of a message", latest),
            ("GET", "/{id}/headers", self.headers, "Get the header", latest),
            ("GET", "/{id}/envelope", self.envelope, "Get the envelope", latest),
            ("GET", "/{id}/links", self.links, "Get the links of a message", latest),
            ("GET", "/{id}/code", self.code, "Get the one-time code", latest),
            (
                "GET",
                "/{id}/attachments/{index}",
                self.attachment,
                "Get an attachment of a message",
                latest,
            ),
        ):
            yield Route(
                method=method,
                template=f"{prefix}/messages{path}",
                handler=handler,
                summary=summary,
                arguments=frozenset(arguments),
            )
        yield Route(
            method="GET",
            template=f"{prefix}/counts",
            handler=self.counts,
            summary="Count messages",
            arguments=frozenset(("query", "timeout")),
        )
        yield Route(
            method="GET",
            template=f"{prefix}/tags",
            handler=self.tags,
            summary="List the tags in use",
            arguments=frozenset(),
        )

    # Lists

    async def page(self, call: Call) -> Answer:
        """Answer with a page of the messages that match ``query``."""
        limit = int(call.number("limit", 50, least=1, most=_MOST))
        found = await self._reader.page(
            call.argument("query"),
            after=_after(call),
            limit=limit,
            oldest_first=call.choice("order", "newest", _ORDERS),
            timeout=_timeout(call),
        )
        return json_answer(
            records.MessagePage(
                messages=[records.summary_of(each) for each in found],
                next=found[-1].number if len(found) == limit else None,
                missing=found.missing,
            )
        )

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
        wanted = call.json(records.ChangeRequest)
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
        wanted = call.json(records.SelectionRequest)
        selection = _selection(wanted.ids, wanted.numbers, wanted.query)
        return json_answer(records.Changed(await self._reader.remove(selection)))

    async def remove_one(self, call: Call) -> Answer:
        """Remove one message."""
        name = await self._name(call)
        is_id = isinstance(name, str)
        selection = Selection(ids=[name]) if is_id else Selection(numbers=[name])
        if not await self._reader.remove(selection):
            raise _not_there(call)
        return Answer(status=HTTPStatus.NO_CONTENT)

    # One message

    async def message(self, call: Call) -> Answer:
        """Answer with all of a message but its raw content."""
        name = await self._name(call)
        summary = await self._reader.summary(name)
        envelope = await self._reader.envelope(name)
        if summary is None or envelope is None:
            raise _not_there(call)
        made = await self._reader.call(details.message_of, envelope, summary)
        return json_answer(made)

    async def raw(self, call: Call) -> Answer:
        """Answer with the bytes of a message."""
        content = await self._read(call, lambda envelope: envelope.content)
        return _whole(content, "message/rfc822", {})

    async def text(self, call: Call) -> Answer:
        """Answer with the text of a message."""
        text = await self._read(call, lambda envelope: envelope.text)
        if text is None:
            raise HTTPError(HTTPStatus.NOT_FOUND, "the message has no text part")
        return text_answer(text)

    async def html(self, call: Call) -> Answer:
        """Answer with the HTML of a message, which may run nothing."""
        html = await self._read(call, lambda envelope: envelope.html)
        if html is None:
            raise HTTPError(HTTPStatus.NOT_FOUND, "the message has no HTML part")
        return Answer(
            body=html.encode("utf-8", "replace"),
            content_type="text/html; charset=utf-8",
            headers={"Content-Security-Policy": _SANDBOX},
        )

    async def headers(self, call: Call) -> Answer:
        """Answer with the header fields of a message, in order."""
        return json_answer(await self._read(call, details.headers_of))

    async def envelope(self, call: Call) -> Answer:
        """Answer with what the client said in SMTP."""
        return json_answer(await self._read(call, details.envelope_of))

    async def links(self, call: Call) -> Answer:
        """Answer with the links of a message."""
        return json_answer(await self._read(call, lambda envelope: envelope.links))

    async def code(self, call: Call) -> Answer:
        """Answer with the one-time code of a message, as plain text."""
        code = await self._read(call, lambda envelope: envelope.code())
        if code is None:
            raise HTTPError(HTTPStatus.NOT_FOUND, "the message has no one-time code")
        return text_answer(code)

    async def attachment(self, call: Call) -> Answer:
        """Answer with the content of an attachment."""
        text = call.parameters["index"]
        index = int(text) if text.isdecimal() and len(text) < 10 else -1
        attachments = await self._read(call, lambda envelope: envelope.attachments)
        if not 0 <= index < len(attachments):
            raise HTTPError(
                HTTPStatus.NOT_FOUND,
                f"no attachment {text!r}: the message has {len(attachments)}",
            )
        attachment = attachments[index]
        # It is saved, never shown, under a name that nothing of the mail decides.
        name = {"Content-Disposition": f'attachment; filename="attachment-{index}"'}
        return _whole(attachment.content, "application/octet-stream", name)

    # Names

    async def _name(self, call: Call) -> str | int:
        """Return the id or the number of the message of a request.

        Raises:
            HTTPError: 404, ``latest`` is no message.
        """
        name = call.parameters["id"]
        if name == "latest":
            found = await self._reader.page(call.argument("query"), limit=1)
            if not found:
                raise _not_there(call)
            return found[0].number
        return int(name) if name.isdecimal() and len(name) < 19 else name

    async def _read(self, call: Call, read: Callable[[Envelope], _Result]) -> _Result:
        """Return what a function finds in the message of a request, in a thread."""
        envelope = await self._reader.envelope(await self._name(call))
        if envelope is None:
            raise _not_there(call)
        found: _Result = await self._reader.call(read, envelope)
        return found


def _not_there(call: Call) -> HTTPError:
    name, query = call.parameters["id"], call.argument("query")
    if name == "latest" and query:
        text = f"there is no message that matches {query!r}"
    else:
        text = f"there is no message {name!r}"
    return HTTPError(HTTPStatus.NOT_FOUND, text)


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


def _whole(content: bytes, content_type: str, headers: dict[str, str]) -> Answer:
    """Return an answer with a content that a browser must not run."""
    return Answer(
        body=content,
        content_type=content_type,
        headers={"Content-Security-Policy": _SANDBOX, **headers},
    )
