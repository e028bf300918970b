"""The contents of a message, which never change."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from http import HTTPStatus

from lazr_smtptest.mime.parts import Part
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.findings import read_findings
from lazr_smtptest.model.summary import Summary
from lazr_smtptest.readers.http.answer import (
    Answer,
    FileBody,
    HTTPError,
    json_answer,
    text_answer,
)
from lazr_smtptest.readers.http.api import details, records
from lazr_smtptest.readers.http.api.details import Find
from lazr_smtptest.readers.http.api.naming import missing, name_of
from lazr_smtptest.readers.http.api.operations import BYTES, TEXT, operation
from lazr_smtptest.readers.http.bodies import Turns, body_of, raw_body
from lazr_smtptest.readers.http.call import Call
from lazr_smtptest.readers.http.conditional import (
    content_tag,
    in_ranges,
    is_known,
    tagged,
)
from lazr_smtptest.readers.http.routes import Route
from lazr_smtptest.stores.deferred_reader import DeferredReader

__all__ = ["Contents", "part_answer"]

# Images in which nothing can run.
_IMAGES = frozenset(
    f"image/{name}" for name in ("png", "jpeg", "gif", "webp", "avif", "bmp")
)

# A mail's own HTML is shown in a frame without scripts, forms and other sites.
_SANDBOX = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"


class Contents:
    """The part of the API that is about the contents of a message.

    Args:
        reader: the store.
        find: searches the texts of a message, in a thread.
    """

    def __init__(self, reader: DeferredReader, find: Find = read_findings) -> None:
        self._reader = reader
        self._find = find
        self._turns = Turns()

    def routes(self, prefix: str) -> Iterator[Route]:
        """Return the routes.

        Args:
            prefix: the path of the API, without a slash at its end.
        """
        for path, handler, summary, answer in (
            ("/text", self.text, "Get the text of a message", TEXT),
            ("/html", self.html, "Get the HTML of a message", "text/html"),
            ("/headers", self.headers, "Get the header", list[records.Header]),
            ("/envelope", self.envelope, "Get the envelope", records.Envelope),
            ("/links", self.links, "Get the links of a message", list[str]),
            ("/code", self.code, "Get the one-time code", TEXT),
            ("/parts", self.parts, "List the parts", list[records.Part]),
            ("/raw", self.raw, "Get the bytes of a message", "message/rfc822"),
            ("/parts/{part}", self.part, "Get a part of a message", BYTES),
            (
                "/attachments/{index}",
                self.attachment,
                "Get an attachment of a message",
                BYTES,
            ),
        ):
            yield operation(
                "GET",
                f"{prefix}/messages/{{id}}{path}",
                handler,
                summary,
                query=("query",),
                answer=answer,
                tagged=True,
                ranges=answer in (BYTES, "message/rfc822"),
            )

    async def raw(self, call: Call) -> Answer:
        """Answer with the bytes of a message."""

        def read(envelope: Envelope) -> Answer:
            return _whole(raw_body(envelope), "message/rfc822", {})

        return in_ranges(call, await self._tagged(call, "raw", read))

    async def text(self, call: Call) -> Answer:
        """Answer with the text of a message."""

        def read(envelope: Envelope) -> Answer:
            return text_answer(_present(envelope.text, "text part"))

        return await self._tagged(call, "text", read)

    async def html(self, call: Call) -> Answer:
        """Answer with the HTML of a message, which may run nothing."""

        def read(envelope: Envelope) -> Answer:
            html = _present(envelope.html, "HTML part")
            return _whole(
                html.encode("utf-8", "replace"), "text/html; charset=utf-8", {}
            )

        return await self._tagged(call, "html", read)

    async def headers(self, call: Call) -> Answer:
        """Answer with the header fields of a message, in order."""
        return await self._tagged_json(call, "headers", details.headers_of)

    async def envelope(self, call: Call) -> Answer:
        """Answer with what the client said in SMTP."""
        summary = await self._summary(call)

        def read(envelope: Envelope) -> Answer:
            return json_answer(details.envelope_of(envelope, summary.session_id))

        return await self._of_summary(call, "envelope", read, summary)

    async def links(self, call: Call) -> Answer:
        """Answer with the links of a message."""
        return await self._tagged_json(
            call, "links", lambda envelope: self._find(envelope).links
        )

    async def code(self, call: Call) -> Answer:
        """Answer with the one-time code of a message, as plain text."""

        def read(envelope: Envelope) -> Answer:
            return text_answer(_present(self._find(envelope).code, "one-time code"))

        return await self._tagged(call, "code", read)

    async def parts(self, call: Call) -> Answer:
        """Answer with the parts of a message that are not multiparts, in order."""
        return await self._tagged_json(call, "parts", details.parts_of)

    async def part(self, call: Call) -> Answer:
        """Answer with the content of a part."""
        id = call.parameters["part"]

        def read(envelope: Envelope) -> Answer:
            part = details.part_named(envelope, id)
            if part is None:
                raise HTTPError(HTTPStatus.NOT_FOUND, f"the message has no part {id!r}")
            return part_answer(part, f"part-{id}")

        return in_ranges(call, await self._tagged_file(call, f"part-{id}", read))

    async def attachment(self, call: Call) -> Answer:
        """Answer with the content of an attachment."""
        text = call.parameters["index"]
        index = int(text) if re.fullmatch("[0-9]{1,9}", text) else -1

        def read(envelope: Envelope) -> Answer:
            files = details.files_of(envelope)
            if not 0 <= index < len(files):
                raise HTTPError(
                    HTTPStatus.NOT_FOUND,
                    f"no attachment {text!r}: the message has {len(files)}",
                )
            return part_answer(files[index], f"attachment-{index}")

        what = f"attachment-{index}"
        return in_ranges(call, await self._tagged_file(call, what, read))

    async def _tagged_file(
        self, call: Call, what: str, read: Callable[[Envelope], Answer]
    ) -> Answer:
        """Answer with a file that is decoded when it is this one's turn."""
        summary = await self._summary(call)
        tag = content_tag(summary.id, what)
        if is_known(call, tag):
            return tagged(call, tag, Answer())
        return await self._turns.run(
            summary.size, lambda: self._made(call, what, read, summary.number)
        )

    async def _tagged(
        self, call: Call, what: str, read: Callable[[Envelope], Answer]
    ) -> Answer:
        """Answer with something of a message that never changes.

        Args:
            call: the request.
            what: its name.
            read: makes the answer, in a thread.
        """
        if call.header("if-none-match"):
            # The message need not be read for what the client has.
            return await self._of_summary(call, what, read, await self._summary(call))
        return await self._made(call, what, read, await name_of(self._reader, call))

    async def _of_summary(
        self,
        call: Call,
        what: str,
        read: Callable[[Envelope], Answer],
        summary: Summary,
    ) -> Answer:
        """Answer as `_tagged` does, with something of the message of a summary."""
        tag = content_tag(summary.id, what)
        if is_known(call, tag):
            return tagged(call, tag, Answer())
        return await self._made(call, what, read, summary.number)

    async def _summary(self, call: Call) -> Summary:
        summary = await self._reader.summary(await name_of(self._reader, call))
        if summary is None:
            raise await missing(self._reader, call)
        return summary

    async def _made(
        self,
        call: Call,
        what: str,
        read: Callable[[Envelope], Answer],
        name: str | int,
    ) -> Answer:
        envelope = await self._reader.envelope(name)
        if envelope is None:
            raise await missing(self._reader, call)
        answer: Answer = await self._reader.call(read, envelope)
        return tagged(call, content_tag(envelope.id, what), answer)

    async def _tagged_json(
        self, call: Call, what: str, read: Callable[[Envelope], object]
    ) -> Answer:
        def answer(envelope: Envelope) -> Answer:
            return json_answer(read(envelope))

        return await self._tagged(call, what, answer)


def _present(text: str | None, what: str) -> str:
    if text is None:
        raise HTTPError(HTTPStatus.NOT_FOUND, f"the message has no {what}")
    return text


def part_answer(part: Part, name: str) -> Answer:
    """Return an answer with a part: saved, or shown if it is a harmless image.

    It takes time. A large part is decoded into a temporary file.
    """
    body, kind, disposition = body_of(part), part.content_type, "inline"
    if kind not in _IMAGES:
        kind, disposition = "application/octet-stream", "attachment"
    # Nothing of the mail decides its name.
    headers = {"Content-Disposition": f'{disposition}; filename="{name}"'}
    return _whole(body, kind, headers)


def _whole(
    content: bytes | FileBody, content_type: str, headers: dict[str, str]
) -> Answer:
    """Return an answer with a content that a browser must not run."""
    return Answer(
        body=content,
        content_type=content_type,
        headers={"Content-Security-Policy": _SANDBOX, **headers},
    )
