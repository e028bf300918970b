"""Single messages of Mailpit's API, their parts and their views."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from lazr_smtptest.checks.functions import VIEW
from lazr_smtptest.mime.attachment import content_id_of
from lazr_smtptest.mime.charsets import guess
from lazr_smtptest.mime.html_view import HTMLView
from lazr_smtptest.mime.parts import Part
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.summary import Summary
from lazr_smtptest.query.selection import Selection
from lazr_smtptest.readers.http.answer import (
    Answer,
    FileBody,
    HTTPError,
    json_answer,
)
from lazr_smtptest.readers.http.bodies import Turns, body_of, raw_body
from lazr_smtptest.readers.http.call import Call
from lazr_smtptest.readers.http.gate import is_foreign
from lazr_smtptest.readers.http.mailpit import shapes
from lazr_smtptest.readers.http.mailpit.parts import MailpitParts, part_id
from lazr_smtptest.readers.http.mailpit.reading import bad, find, not_found
from lazr_smtptest.readers.http.mailpit.thumbnails import BLANK
from lazr_smtptest.readers.http.routes import Route
from lazr_smtptest.readers.http.tokens import Tokens
from lazr_smtptest.stores.deferred_reader import DeferredReader

__all__ = ["Message"]

# What a browser may do with the content of a mail: show it, and nothing else. A base in
# it would lead the URLs of its parts to another server.
_SANDBOX = {
    "Content-Security-Policy": (
        "sandbox allow-popups; default-src 'none'; style-src 'unsafe-inline'; "
        "img-src 'self' data:; font-src data:; base-uri 'none'"
    )
}
# The origin of a document in a sandbox is none, not even ours.
_SHARED = {"Cross-Origin-Resource-Policy": "cross-origin"}
# What the client mailpit-api-client says of itself. It expects a key of Mailpit 1.5;
# other clients may refuse keys that they do not know.
_EARLIER_CLIENT = "python-httpx/"
# Tells the page around a frame the height of its document.
_TELL_HEIGHT = (
    "(function () {"
    "function tell() {"
    "parent.postMessage({messageHeight: document.documentElement.scrollHeight}, '*');"
    "}"
    "addEventListener('load', tell); addEventListener('resize', tell); tell();"
    "})();"
)
_CID = re.compile(r"cid:([^\s\"'<>)]+)", re.IGNORECASE)


class Message:
    """The part of the API about one message.

    Args:
        reader: the store.
        parse: runs a function for a message, see `ReaderContext.parse`.
        base: the path before all paths of the site, such as ``/``.
        tokens: makes the tokens in the URLs of parts: a document in a sandbox sends no
            cookies, and its images come from an opaque origin.
    """

    def __init__(
        self,
        reader: DeferredReader,
        parse: Callable[..., Any],
        base: str,
        tokens: Tokens,
    ) -> None:
        self._reader = reader
        self._turns = Turns()
        self._parse = parse
        self._base = base
        self._tokens = tokens

    def routes(self, prefix: str) -> Iterator[Route]:
        """Return the routes."""
        message = f"{prefix}/message/{{id}}"
        for template, handler in (
            (message, self.message),
            (f"{message}/headers", self.headers),
            (f"{message}/raw", self.raw),
            (f"{message}/part/{{part}}/thumb", self.thumb),
            ("/view/{id}.html", self.html),
            ("/view/{id}.txt", self.text),
            ("/view/latest", self.latest),
        ):
            yield Route(method="GET", template=template, handler=handler)
        yield Route(
            method="GET",
            template=f"{message}/part/{{part}}",
            handler=self.part,
            check_token=self._tokens.check,
        )

    async def message(self, call: Call) -> Answer:
        """Answer with a message, and mark it as read."""
        envelope, summary = await find(self._reader, call)
        is_earlier = call.header("user-agent").startswith(_EARLIER_CLIENT)
        more = {"Read": True} if is_earlier else {}
        answer: Answer = await self._reader.call(
            lambda: json_answer({**shapes.message_of(envelope, summary), **more})
        )
        await self._mark(call, summary.id)
        return answer

    async def headers(self, call: Call) -> Answer:
        """Answer with the header fields of a message."""
        envelope, _ = await find(self._reader, call)
        answer: Answer = await self._reader.call(
            lambda: json_answer(_headers(envelope))
        )
        return answer

    async def raw(self, call: Call) -> Answer:
        """Answer with the bytes of a message."""
        envelope, summary = await find(self._reader, call)
        headers = dict(_SANDBOX)
        if call.argument("dl") == "1":
            name = quote(f"{summary.id}.eml")
            headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return Answer(
            body=raw_body(envelope),
            content_type="text/plain; charset=utf-8",
            headers=headers,
        )

    async def part(self, call: Call) -> Answer:
        """Answer with a decoded part."""
        id = call.parameters["part"]
        envelope, summary = await find(self._reader, call)
        found = await self._turns.run(
            summary.size, lambda: self._reader.call(_part_and_body, envelope, id)
        )
        if found is None:
            raise not_found()
        part, body = found
        name = quote(part.filename or content_id_of(part), safe="")
        return Answer(
            body=body,
            content_type=part.content_type,
            headers={
                "Content-Disposition": f'inline; filename="{name}"',
                **_SANDBOX,
                **(_SHARED if call.argument("token") else {}),
            },
        )

    async def thumb(self, call: Call) -> Answer:
        """Answer with the thumbnail of a part."""
        try:
            envelope, _ = await find(self._reader, call)
        except HTTPError as error:
            raise bad(error.message) from error
        if await self._reader.call(_part, envelope, call.parameters["part"]) is None:
            raise bad("there is no such part")
        return Answer(body=BLANK, content_type="image/jpeg")

    # Views

    async def html(self, call: Call) -> Answer:
        """Answer with the HTML of a message, and mark it as read."""
        envelope, summary = await self._viewed(call)
        html = await self._reader.call(_html, envelope, self._part_url(summary.id))
        if not html:
            raise HTTPError(
                HTTPStatus.NOT_FOUND, "This message does not contain a HTML part"
            )
        headers = _SANDBOX
        if call.argument("embed") == "1":
            html, headers = await self._embedded(envelope, summary.id)
        await self._mark(call, summary.id)
        return Answer(
            body=html.encode("utf-8", "replace"),
            content_type="text/html; charset=utf-8",
            headers=headers,
        )

    async def _embedded(
        self, envelope: Envelope, id: str
    ) -> tuple[str, dict[str, str]]:
        """Return the HTML for a frame of another page, and the header fields for it.

        A script at its end tells the page its height, and no other script runs.
        """
        view: HTMLView = await self._parse(VIEW, envelope)
        url, nonce = self._part_url(id), secrets.token_urlsafe(16)
        html = view.with_urls(url)
        policy = _SANDBOX["Content-Security-Policy"].replace(
            "sandbox", "sandbox allow-scripts", 1
        )
        policy += f"; script-src 'nonce-{nonce}'"
        script = f'<script nonce="{nonce}">{_TELL_HEIGHT}</script>'
        return html + script, {"Content-Security-Policy": policy}

    async def text(self, call: Call) -> Answer:
        """Answer with the text of a message, and mark it as read."""
        envelope, summary = await self._viewed(call)
        text = await self._reader.call(_text, envelope)
        await self._mark(call, summary.id)
        return Answer(
            body=text.encode("utf-8", "replace"),
            content_type="text/plain; charset=utf-8",
        )

    async def latest(self, call: Call) -> Answer:
        """Redirect to the newest message that matches, or to the page."""
        try:
            _, summary = await find(self._reader, _latest(call))
        except HTTPError as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
            return _redirect(self._base)
        return _redirect(f"{self._base}view/{quote(summary.id)}")

    async def _viewed(self, call: Call) -> tuple[Envelope, Summary]:
        try:
            return await find(self._reader, call)
        except HTTPError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                raise HTTPError(HTTPStatus.NOT_FOUND, "Message not found") from error
            raise

    def _part_url(self, id: str) -> Callable[[str], str]:
        """Return a function from the id of a part to its URL, with a token."""
        path = f"{self._base}api/v1/message/{quote(id)}/part/"
        token = self._tokens.make(id)
        return lambda part: f"{path}{part}?token={token}"

    async def _mark(self, call: Call, id: str) -> None:
        """Mark a message as read, unless a link in a mail or another site led to it."""
        if not is_foreign(call.headers):
            await self._reader.change(Selection(ids=[id]), set_flags=["seen"])


def _latest(call: Call) -> Call:
    return Call(
        method=call.method,
        path=call.path,
        parameters={"id": "latest"},
        query=call.query,
        headers=call.headers,
    )


def _redirect(path: str) -> Answer:
    return Answer(status=HTTPStatus.FOUND, headers={"Location": path})


# In a thread


def _headers(envelope: Envelope) -> dict[str, list[str]]:
    fields = MailpitParts.of(envelope.content).parts.fields
    return shapes.headers_of((name, guess(body)) for name, body in fields.pairs)


def _part(envelope: Envelope, id: str) -> Part | None:
    return MailpitParts.of(envelope.kept).find(id)


def _part_and_body(envelope: Envelope, id: str) -> tuple[Part, bytes | FileBody] | None:
    """Return a part, and the body of an answer with it; ``None`` if there is none."""
    part = _part(envelope, id)
    return None if part is None else (part, body_of(part))


def _html(envelope: Envelope, url_of: Callable[[str], str]) -> str:
    """Return the HTML, with the URLs of parts for references to their ids."""
    parts = MailpitParts.of(envelope.content)
    urls = {
        part.fields.text("content-id").strip().strip("<>"): url_of(part_id(part))
        for part in parts.parts.leaves
        if part.fields.first("content-id")
    }
    return _CID.sub(lambda found: urls.get(found[1], found[0]), parts.html)


def _text(envelope: Envelope) -> str:
    return MailpitParts.of(envelope.content).text
