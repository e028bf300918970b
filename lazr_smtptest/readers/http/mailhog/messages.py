"""MailHog's messages: lists, searches, single ones, their parts, and their removal."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from lazr_smtptest._json import encode_json
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.summary import Summary
from lazr_smtptest.query.selection import Selection
from lazr_smtptest.readers.context import ReaderContext
from lazr_smtptest.readers.http.answer import Answer, HTTPError
from lazr_smtptest.readers.http.bodies import raw_body
from lazr_smtptest.readers.http.call import Call
from lazr_smtptest.readers.http.mailhog.shapes import (
    HOSTNAME,
    content_of,
    message_of,
    parts_of,
)
from lazr_smtptest.readers.http.routes import Route
from lazr_smtptest.readers.http.store_answers import Made, StoreAnswers

__all__ = ["Messages", "not_found"]

# What the two versions say of their JSON.
_V1, _V2 = "text/json", "application/json"

_PAGE, _MOST, _MOST_V1 = 50, 250, 1000

# The newest messages that a search looks at: it reads them all.
_SEARCHED = 20_000

# What a browser may do with the content of a mail: nothing.
_SANDBOX = {"Content-Security-Policy": "sandbox; default-src 'none'"}
# Header fields of a part that are copied to the answer.
_COPIED = ("content-type", "content-disposition")


def not_found() -> HTTPError:
    """Return the error of a path that leads nowhere."""
    return HTTPError(HTTPStatus.NOT_FOUND, "")


class Messages:
    """The part of the API about messages.

    Args:
        context: the store.
    """

    def __init__(self, context: ReaderContext) -> None:
        self._store = context.store
        self._reader = context.reader
        self._answers = StoreAnswers(context.reader)

    def routes(self, base: str) -> Iterator[Route]:
        """Return the routes.

        Args:
            base: the path before all paths, such as ``/``.
        """
        one = "v1/messages/{id}"
        for method, path, handler in (
            ("GET", "v1/messages", self.all),
            ("DELETE", "v1/messages", self.remove_all),
            ("GET", one, self.message),
            ("DELETE", one, self.remove),
            ("GET", f"{one}/download", self.download),
            ("GET", f"{one}/mime/part/{{index}}/download", self.part),
            ("GET", "v2/messages", self.page),
            ("GET", "v2/search", self.search),
        ):
            yield Route(method=method, template=f"{base}api/{path}", handler=handler)

    # Lists

    async def all(self, call: Call) -> Answer:
        """Answer with all messages."""
        return await self._answers.get(call, self._all)

    async def page(self, call: Call) -> Answer:
        """Answer with a page."""
        start, limit = _start(call), _limit(call)
        return await self._answers.get(
            call, lambda store: self._page(store, start, limit)
        )

    async def search(self, call: Call) -> Answer:
        """Answer with a page of the messages that match.

        Raises:
            HTTPError: 400, the kind is unknown, or there is no query.
        """
        kind, query = call.argument("kind"), call.argument("query")
        if kind not in ("from", "to", "containing") or not query:
            raise HTTPError(
                HTTPStatus.BAD_REQUEST,
                "kind must be from, to or containing, and query not empty",
            )
        start, limit = _start(call), _limit(call)
        return await self._answers.get(
            call, lambda store: self._found_in(store, kind, query, start, limit)
        )

    # In a thread

    def _all(self, store: Any) -> Made:
        found = store.page(limit=_MOST_V1)
        body = encode_json(self._made([each.number for each in found]))
        return Made(Answer(body=body, content_type=_V1))

    def _page(self, store: Any, start: int, limit: int) -> Made:
        numbers = store.numbers()
        chosen = list(reversed(numbers))[start : start + limit]
        body = self._enveloped(len(numbers), start, chosen)
        return Made(Answer(body=body, content_type=_V1))

    def _found_in(
        self, store: Any, kind: str, query: str, start: int, limit: int
    ) -> Made:
        numbers = self._matching(store.page(limit=_SEARCHED), kind, query)
        body = self._enveloped(len(numbers), start, numbers[start : start + limit])
        return Made(Answer(body=body, content_type=_V2))

    def _matching(self, found: Sequence[Summary], kind: str, query: str) -> list[int]:
        """Return the numbers of the messages that a search finds."""
        wanted = query.lower()
        return [each.number for each in found if self._matches(each, kind, wanted)]

    def _matches(self, summary: Summary, kind: str, wanted: str) -> bool:
        if kind == "from":
            texts = [summary.mail_from, *map(str, summary.sender)]
        elif kind == "to":
            texts = [*summary.rcpt_tos, *map(str, summary.to)]
        else:
            envelope = self._store.envelope(summary.number)
            if envelope is None:
                return False
            headers, body = content_of(envelope)
            texts = [body, *(each for values in headers.values() for each in values)]
        return any(wanted in text.lower() for text in texts)

    def _enveloped(self, total: int, start: int, numbers: Sequence[int]) -> bytes:
        """Return the JSON of a page."""
        items = self._made(numbers)
        return encode_json(
            {"total": total, "count": len(items), "start": start, "items": items}
        )

    def _made(self, numbers: Sequence[int]) -> list[dict[str, Any]]:
        found = (self._store.envelope(number) for number in numbers)
        return [message_of(envelope) for envelope in found if envelope is not None]

    # Single messages

    async def message(self, call: Call) -> Answer:
        """Answer with a message; ``null`` if there is none."""
        envelope = await self._one(call)
        body = await self._reader.call(
            lambda: b"null" if envelope is None else encode_json(message_of(envelope))
        )
        return Answer(body=body, content_type=_V1)

    async def remove(self, call: Call) -> Answer:
        """Remove a message."""
        if not await self._reader.remove(Selection(ids=[_id(call)])):
            raise not_found()
        return Answer(content_type=_V1)

    async def remove_all(self, call: Call) -> Answer:
        """Remove all messages."""
        await self._reader.clear()
        return Answer(content_type=_V1)

    async def download(self, call: Call) -> Answer:
        """Answer with the bytes of a message."""
        envelope = await self._one(call)
        if envelope is None:
            raise not_found()
        name = quote(f"{envelope.id}.eml")
        return Answer(
            body=raw_body(envelope),
            content_type="message/rfc822",
            headers={
                "Content-Disposition": f'attachment; filename="{name}"',
                **_SANDBOX,
            },
        )

    async def part(self, call: Call) -> Answer:
        """Answer with the content of a part."""
        envelope, index = await self._one(call), call.parameters["index"]
        if envelope is None or not (index.isascii() and index.isdecimal()):
            raise not_found()
        answer = await self._reader.call(_part, envelope, index)
        if answer is None:
            raise not_found()
        part: Answer = answer
        return part

    async def _one(self, call: Call) -> Envelope | None:
        return await self._reader.envelope(_id(call))


def _id(call: Call) -> str:
    """Return the id in a path; clients may add the name of the server to it."""
    return call.parameters["id"].removesuffix(f"@{HOSTNAME}")


def _part(envelope: Envelope, index: str) -> Answer | None:
    """Return the answer with a part; ``None`` if there is none."""
    parts = parts_of(envelope)
    if not index.isascii() or len(index) > 9 or int(index) >= len(parts):
        return None
    part = parts[int(index)]
    fields = {name.lower(): values[0] for name, values in part["Headers"].items()}
    content = part["Body"].encode("utf-8", "replace")
    if fields.get("content-transfer-encoding", "").lower() == "base64":
        try:
            content = base64.b64decode(content)
        except binascii.Error:
            return None
    headers = {name: fields[name] for name in _COPIED if fields.get(name)}
    headers = {name: each for name, each in headers.items() if _is_safe(each)}
    headers.setdefault(
        "content-disposition",
        f'attachment; filename="{quote(envelope.id)}-part-{index}"',
    )
    kind = headers.pop("content-type", "application/octet-stream")
    return Answer(
        body=content,
        content_type=kind,
        headers={"Content-Disposition": headers["content-disposition"], **_SANDBOX},
    )


def _is_safe(value: str) -> bool:
    return value.isascii() and value.isprintable()


def _start(call: Call) -> int:
    return max(0, _whole(call, "start", 0))


def _limit(call: Call) -> int:
    limit = _whole(call, "limit", _PAGE)
    return min(limit, _MOST) if limit > 0 else _PAGE


def _whole(call: Call, name: str, default: int) -> int:
    text = call.argument(name)
    if text.isascii() and text.isdecimal() and len(text) < 10:
        return int(text)
    return default
