"""Mailpit's ``send``: a message made of JSON, and handled as if it had come by SMTP."""

from __future__ import annotations

import base64
import binascii
import re
import secrets
from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from email.utils import format_datetime
from http import HTTPStatus
from typing import Any

import msgspec

from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.readers.context import ReaderContext
from lazr_smtptest.readers.http.answer import Answer, HTTPError, json_answer
from lazr_smtptest.readers.http.call import Call, in_words_of_json
from lazr_smtptest.readers.http.logins import Logins, credentials_of
from lazr_smtptest.readers.http.mailpit.composing import (
    File,
    compose,
    field,
    mailbox,
    sniff,
)
from lazr_smtptest.readers.http.mailpit.reading import bad, body_of, describe
from lazr_smtptest.readers.http.routes import Route
from lazr_smtptest.readers.submission import Submission
from lazr_smtptest.smtp.errors import ReplyError
from lazr_smtptest.smtp.path import PathSyntaxError, parse_path

__all__ = ["Sending", "describe_as_json", "is_address"]

# The fields that have a key of their own in the request.
_RESERVED = frozenset(
    [
        "to",
        "from",
        "cc",
        "bcc",
        "reply-to",
        "date",
        "subject",
        "content-type",
        "mime-version",
    ]
)
_NAME = re.compile(r"[!-9;-~]{1,200}")
_DATA_URL = re.compile(r"data:[^,]*,")

# The most files, and the most addresses, of a message.
_MOST = 1000


class _Address(msgspec.Struct, rename="lower"):
    name: str = ""
    email: str = ""


class _Attachment(msgspec.Struct, rename="lower"):
    content: str = ""
    filename: str = ""
    contenttype: str = ""
    contentid: str = ""


class _Request(msgspec.Struct):
    """The body of a request, its keys in lower case."""

    sender: _Address = msgspec.field(name="from", default_factory=_Address)
    to: list[_Address] = []
    cc: list[_Address] = []
    bcc: list[str] = []
    replyto: list[_Address] = []
    subject: str = ""
    text: str = ""
    html: str = ""
    attachments: list[_Attachment] = []
    tags: list[str] = []
    headers: dict[str, str] = {}


# The fields as Mailpit writes them; an error begins with a path of these.
_NAMES = {
    name.lower(): name
    for name in (
        *("From", "To", "Cc", "Bcc", "ReplyTo", "Subject", "Text", "HTML", "Tags"),
        *("Attachments", "Headers", "Email", "Name", "Content", "Filename"),
        *("ContentType", "ContentID"),
    )
}
_WORD = re.compile(r"[a-z]+")


def describe_as_json(error: HTTPError) -> Answer:
    """Return the answer that describes an error: JSON, here only.

    What is refused before the message is looked at is told as elsewhere.
    """
    if error.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return describe(error)
    return json_answer({"Error": error.message}, error.status, error.headers)


class Sending:
    """The part of the API that takes messages.

    Args:
        context: the server, or the store, that gets them.
        logins: finds out who sends them; ``None`` for the logins of the site.
    """

    def __init__(self, context: ReaderContext, logins: Logins | None = None) -> None:
        self._logins = logins
        self._reader = context.reader
        self._submission = Submission(context)

    def routes(self, prefix: str) -> Iterator[Route]:
        """Return the route."""
        yield Route(
            method="POST",
            template=f"{prefix}/send",
            handler=self.send,
            logins=self._logins,
        )

    async def send(self, call: Call) -> Answer:
        """Handle the message of a request; answer with its id."""
        envelope = await self._reader.call(_envelope, call)
        try:
            id = await self._submission.submit(envelope)
        except ReplyError as error:
            raise bad(f"the message was refused: {error.reply}") from error
        return json_answer({"ID": id})


# In a thread


def _envelope(call: Call) -> Envelope:
    """Return the message of a request.

    Raises:
        HTTPError: 400, the request is wrong.
    """
    request = _read(call)
    sender = request.sender.email
    recipients = _checked(request)
    fields = _fields(request)
    content = compose(fields, request.text, request.html, _files(request.attachments))
    # RFC 6531 section 3.4.
    is_ascii = "".join((sender, *recipients)).isascii()
    return Envelope(
        mail_from=sender,
        rcpt_tos=tuple(dict.fromkeys(recipients)),
        content=content,
        mail_options=None if is_ascii else {"SMTPUTF8": None},
        # Also one that nobody checks: a client says by it which tests a mail is of.
        user=call.user or credentials_of(call.headers)[0] or None,
    )


def _read(call: Call) -> _Request:
    body = body_of(call)
    value = _lowered(body)
    headers = body.get("headers")
    if headers:
        # Their names are not keys.
        value["headers"] = headers
    try:
        return msgspec.convert(value, _Request)
    except msgspec.ValidationError as error:
        path, what, rest = in_words_of_json(str(error)).partition(" must be ")
        names = _WORD.sub(lambda word: _NAMES.get(word[0], word[0]), path)
        raise bad(f"bad body: {names}{what}{rest}") from error


def _lowered(value: Any) -> Any:
    """Return JSON with its keys in lower case, and without nulls."""
    if isinstance(value, dict):
        return {
            name.lower(): _lowered(each)
            for name, each in value.items()
            if each is not None
        }
    if isinstance(value, list):
        return [_lowered(each) for each in value]
    return value


def _checked(request: _Request) -> list[str]:
    """Return the recipients.

    Raises:
        HTTPError: 400, an address is wrong, or missing.
    """
    groups = {
        "To": [each.email for each in request.to],
        "Cc": [each.email for each in request.cc],
        "Bcc": request.bcc,
        "Reply-To": [each.email for each in request.replyto],
    }
    for name, addresses in groups.items():
        if len(addresses) > _MOST:
            raise bad(f"too many {name} addresses: at most {_MOST} are allowed")
        for address in addresses:
            if not is_address(address):
                raise bad(f"invalid {name} address: {address}")
    sender = request.sender.email
    if not sender:
        raise bad("error building message: from not set")
    if not is_address(sender):
        raise bad(f"invalid From address: {sender}")
    recipients = [*groups["To"], *groups["Cc"], *groups["Bcc"]]
    if not recipients:
        raise bad("error building message: no recipients (to, cc, bcc) set")
    return recipients


def is_address(text: str) -> bool:
    """Return whether a text is an address with a domain, as MAIL and RCPT take it."""
    try:
        path = parse_path(f"TO:<{text}>", "TO", null=False)
    except PathSyntaxError:
        return False
    return str(path.address) == text and "@" in text


def _fields(request: _Request) -> list[tuple[str, str]]:
    """Return the header fields, encoded.

    Raises:
        HTTPError: 400, the request has one that it may not have.
    """
    given = request.headers
    reserved = _RESERVED | ({"x-tags"} if request.tags else set())
    for name in given:
        if name.lower() in reserved:
            raise bad(f'cannot overwrite header: "{name}"')
        if not _NAME.fullmatch(name):
            raise bad(f'invalid header name: "{name}"')
    fields = [("Return-Path", f"<{request.sender.email}>")]
    if "message-id" not in map(str.lower, given):
        fields.append(("Message-ID", f"<{secrets.token_hex(11)}@smtptest>"))
    fields += [
        ("Date", format_datetime(datetime.now(timezone.utc))),
        ("From", mailbox(request.sender.name, request.sender.email)),
    ]
    for name, addresses in (
        ("To", _mailboxes(request.to)),
        ("Cc", _mailboxes(request.cc)),
        ("Bcc", request.bcc),
        ("Reply-To", _mailboxes(request.replyto)),
    ):
        if addresses:
            fields.append((name, ",\r\n ".join(addresses)))
    fields.append(("Subject", field("Subject", request.subject)))
    if request.tags:
        fields.append(("X-Tags", field("X-Tags", ", ".join(request.tags))))
    # The server writes this one itself.
    more = {name: each for name, each in given.items() if name.lower() != "return-path"}
    return fields + [(name, field(name, each)) for name, each in more.items()]


def _mailboxes(addresses: Sequence[_Address]) -> list[str]:
    return [mailbox(each.name, each.email) for each in addresses]


def _files(attachments: Sequence[_Attachment]) -> list[File]:
    if len(attachments) > _MOST:
        raise bad(f"too many attachments: at most {_MOST} are allowed")
    return [_file(each) for each in attachments]


def _file(attachment: _Attachment) -> File:
    text = attachment.content
    if _DATA_URL.match(text):
        text = text.rpartition(",")[2]
    try:
        content = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise bad(
            f'error decoding base64 attachment "{attachment.filename}": {error}'
        ) from error
    return File(
        name=attachment.filename,
        content_type=attachment.contenttype or sniff(content),
        content_id=attachment.contentid,
        content=content,
    )
