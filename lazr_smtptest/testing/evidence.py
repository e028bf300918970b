"""The evidence of a failed test: messages, conversations and faults of its servers."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping

import msgspec

from lazr_smtptest.mailbox.box import Mailbox
from lazr_smtptest.mailbox.used import used_since
from lazr_smtptest.mime.attachment import read_attachment
from lazr_smtptest.mime.html_view import view_of
from lazr_smtptest.mime.parts import Part, Parts, read_parts
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.readers.http.api import records
from lazr_smtptest.readers.http.api.details import message_of
from lazr_smtptest.readers.http.api.faults import fired_of
from lazr_smtptest.readers.http.api.transcripts import WholeSession, whole_session_of
from lazr_smtptest.testing.transcripts import write_sessions

__all__ = ["Evidence", "Message", "Server", "collect"]

# The most messages, and the most sessions, of a server: the newest ones.
MOST = 500
# Characters of a text, and of an HTML document; a file has the rest.
LONGEST = 1 << 20
# Bytes of an image that is shown within the HTML.
_LARGEST_IMAGE = 1 << 20
_MOST_LINES = 100_000

_IMAGES = frozenset(f"image/{each}" for each in ("png", "jpeg", "gif", "webp", "avif"))


class Message(msgspec.Struct, frozen=True):
    """A message that arrived.

    Attributes:
        message: what the API shows of it.
        view: its HTML, with its own images and nothing that runs or loads; ``None``:
            it has none, or none that could be read.
        file: the name of the file with its bytes, in the folder of the test.
    """

    message: records.Message
    view: str | None
    file: str


class Server(msgspec.Struct, frozen=True):
    """A server that the test has used.

    Attributes:
        address: its host and port.
        messages: the messages that arrived, oldest first.
        sessions: the sessions with their transcripts, oldest first.
        missing: the fault rules that have not fired as often as they should.
        fired: the faults that fired, oldest first.
    """

    address: str
    messages: list[Message]
    sessions: list[WholeSession]
    missing: list[str]
    fired: list[records.Fired]


class Evidence(msgspec.Struct, frozen=True):
    """The evidence of a failed test.

    Attributes:
        test: its name.
        error: the text of its failure.
        folder: the folder of its files, in the folder of the report.
        servers: the servers that it has used.
    """

    test: str
    error: str
    folder: str
    servers: list[Server]


def collect(
    test: str, error: str, folder: str, moment: float
) -> tuple[Evidence, Mapping[str, bytes]]:
    """Return the evidence of a failed test, and the contents of its files by name.

    Args:
        test: its name.
        error: the text of its failure.
        folder: the name of the folder of its files.
        moment: when it began, in seconds of the monotonic clock.
    """
    files: dict[str, bytes] = {}
    servers = []
    for number, mailbox in enumerate(used_since(moment), 1):
        if mailbox.settle is not None:
            mailbox.settle()
        # With one server, the usual case, the names of its files need no number.
        prefix = "" if number == 1 else f"server-{number}-"
        servers.append(_server_of(mailbox, prefix, files))
    return Evidence(test, error[:LONGEST], folder, servers), files


def _server_of(mailbox: Mailbox, prefix: str, files: dict[str, bytes]) -> Server:
    messages: list[Message] = []
    for summary in reversed(list(mailbox.reader.page(limit=MOST))):
        envelope = mailbox.reader.envelope(summary.number)
        # A test may have removed it meanwhile.
        if envelope is not None:
            name = f"{prefix}message-{len(messages) + 1}.eml"
            files[name] = envelope.content
            message = _shortened(message_of(envelope, summary))
            messages.append(Message(message, _view_of(envelope), name))
    sessions = list(mailbox.sessions)[-MOST:]
    if sessions:
        text = write_sessions(sessions, _MOST_LINES)
        files[f"{prefix}conversations.txt"] = text.encode("utf-8", "backslashreplace")
    fired = [fired_of(each) for each in mailbox.faults.journal]
    if fired:
        lines = [f"{each.at.isoformat()} {each.phase} {each.rule}\n" for each in fired]
        files[f"{prefix}faults.txt"] = "".join(lines).encode("utf-8", "replace")
    return Server(
        address=mailbox.address or "no address",
        messages=messages,
        sessions=[whole_session_of(each) for each in sessions],
        missing=[str(each) for each in mailbox.faults.rules if each.missing],
        fired=fired,
    )


def _shortened(message: records.Message) -> records.Message:
    text = message.text and message.text[:LONGEST]
    # The view takes its place.
    return msgspec.structs.replace(message, text=text, html=None)


def _view_of(envelope: Envelope) -> str | None:
    html = envelope.html
    if html is None or len(html) > LONGEST:
        return None
    parts = read_parts(envelope.content)
    images = dict(_images_of(parts))
    view = view_of(html, parts, lambda part: part.section)
    return view.with_urls(lambda id: images.get(id, ""))


def _images_of(parts: Parts) -> Iterator[tuple[str, str]]:
    """Yield the id and the URL of each image that is small enough."""
    for part in parts.leaves:
        if part.content_type in _IMAGES:
            yield part.section, _url_of(part)


def _url_of(part: Part) -> str:
    content = read_attachment(part)[0].content
    if len(content) > _LARGEST_IMAGE:
        return ""
    return f"data:{part.content_type};base64,{base64.b64encode(content).decode()}"
