"""Messages of other stores that are added over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.readers.context import ReaderContext
from lazr_smtptest.readers.http.answer import Answer, HTTPError, json_answer
from lazr_smtptest.readers.http.api import records, requests
from lazr_smtptest.readers.http.api.operations import operation
from lazr_smtptest.readers.http.call import Call
from lazr_smtptest.readers.http.routes import Route
from lazr_smtptest.readers.submission import Submission
from lazr_smtptest.smtp.errors import ReplyError
from lazr_smtptest.stores import _fields

__all__ = ["Adding"]

_EXAMPLE = {"content": "U3ViamVjdDogSGVsbG8NCg0KSGkuDQo="}


class Adding:
    """The part of the API that takes messages.

    Args:
        context: the server, or the store, that gets them.
    """

    def __init__(self, context: ReaderContext) -> None:
        self._store = context.store
        self._reader = context.reader
        self._submission = Submission(context)

    def routes(self, prefix: str) -> Iterator[Route]:
        """Return the route."""
        yield operation(
            "POST",
            f"{prefix}/messages",
            self.add,
            "Add a message",
            body=requests.NewMessage,
            example=_EXAMPLE,
            answer=records.Added,
            others={409: "The server refuses it; `detail` has its reply."},
        )

    async def add(self, call: Call) -> Answer:
        """Add a message as if it had come by SMTP, without a session.

        Its ``content``, in Base64, may begin with the header fields by which
        ``smtptest export`` keeps its envelope, its id and its time. A message whose id
        is there already is left out.

        Raises:
            HTTPError: 409, a hook of the server refuses it.
        """
        asked = await call.json(requests.NewMessage)
        read = self._reader.call(_envelope_of, self._store, asked.content)
        envelope: Envelope | None = await read
        if envelope is None:
            return json_answer(records.Added(messages=0))
        try:
            id = await self._submission.submit(envelope)
        except ReplyError as error:
            raise HTTPError(
                HTTPStatus.CONFLICT, f"the message was refused: {error.reply}"
            ) from error
        return json_answer(records.Added(messages=1, id=id))


def _envelope_of(store: Any, content: bytes) -> Envelope | None:
    """Return a new message; ``None`` if its id is there already. In a thread."""
    envelope = _fields.from_bytes(content)
    is_known = envelope.id and store.summary(envelope.id) is not None
    return None if is_known else envelope
