"""Reads what can be searched and listed of a message from its content."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Sequence

import attrs

from lazr_smtptest._spool import AnyContent
from lazr_smtptest.mime.addresses import MOST, address_key, read_mailboxes
from lazr_smtptest.mime.fields import Fields, read_fields
from lazr_smtptest.mime.html_words import HTMLWords, read_words
from lazr_smtptest.mime.parts import Part, join_texts, read_parts
from lazr_smtptest.mime.words import decode_words
from lazr_smtptest.model.document import Document
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.model.summary import HeaderMailbox
from lazr_smtptest.query.words import cleaned

__all__ = [
    "LONGEST_TEXT",
    "Columns",
    "columns_of",
    "document_now",
    "document_of",
    "documents_of",
    "is_inline",
    "read_document",
    "read_documents_with",
    "read_headers",
]

# The most characters of a text, so that large logs do not fill an index.
# `IndexProgress` and the manual name the number.
LONGEST_TEXT = 65_536
# The bytes of a message that is read sooner in the calling thread than it is sent to
# another process: 0.2 ms, not 0.4.
_SMALL = 16 * 1024
# The most header fields, and characters of the name of one.
_MOST_FIELDS = 1000
_LONGEST_NAME = 256
# The most characters of a snippet, without its dots, and of the text that it is
# made of.
_SNIPPET, _SNIPPET_SOURCE = 200, 4096
# Senders fill the line that a mail program shows with this invisible character.
_FILLER = "\u034f"

_OF_ADDRESSES = ("from", "to", "cc", "bcc", "reply-to")


@attrs.frozen
class Columns:
    """The texts of a message in which words are searched."""

    subject: str
    addresses: str
    text: str
    attachments: str

    def __iter__(self) -> Iterator[str]:
        return iter((self.subject, self.addresses, self.text, self.attachments))


def columns_of(mail_from: str, rcpt_tos: Iterable[str], document: Document) -> Columns:
    """Return the texts in which words are searched, each up to `LONGEST_TEXT`.

    Args:
        mail_from: the sender of the envelope.
        rcpt_tos: its recipients.
        document: the rest of the message.
    """
    bodies = (body for name, body in document.headers if name in _OF_ADDRESSES)
    addresses = cleaned(" ".join((mail_from, *rcpt_tos, *bodies)))
    names = " ".join((*document.attachments, *document.inlines))
    return Columns(
        document.subject,
        addresses[:LONGEST_TEXT],
        document.text,
        names[:LONGEST_TEXT],
    )


def document_of(envelope: Envelope) -> Document:
    """Return what can be searched and listed of a message.

    It is read in the calling thread, unless this process has chosen another place, see
    `read_documents_with`.

    Raises:
        OSError: the file that holds the content cannot be read.
    """
    return documents_of([envelope])[0]


def documents_of(envelopes: Sequence[Envelope]) -> list[Document]:
    """Return the documents of messages, as `document_of` does; faster for many."""
    return _read[-1](envelopes)


def document_now(envelope: Envelope) -> Document:
    """Return what `document_of` does, for one message that somebody waits for.

    A small message is read in the calling thread, whatever this process has chosen.

    Raises:
        OSError: the file that holds the content cannot be read.
    """
    return (read_document if envelope.size <= _SMALL else document_of)(envelope)


def read_documents_with(
    function: Callable[[Sequence[Envelope]], list[Document]],
) -> Callable[[], None]:
    """Let `documents_of` call a function from now on, in this process.

    Args:
        function: returns the documents of messages, as `read_document` does for each.
            Threads call it at the same time.

    Returns:
        a function that ends this.
    """
    _read.append(function)
    return lambda: _read.remove(function)


def read_headers(content: AnyContent) -> tuple[tuple[str, str], ...]:
    """Return the header fields of a message as its document has them.

    Nothing but the header is read, in the calling thread.

    Raises:
        OSError: the file that holds the content cannot be read.
    """
    fields = read_fields(content, 0, len(content))
    return tuple((name, cleaned(text[:LONGEST_TEXT])) for name, text in _texts(fields))


def _texts(fields: Fields) -> Iterator[tuple[str, str]]:
    """Yield the names and the decoded texts of the fields that a document has."""
    for name, body in fields.pairs[:_MOST_FIELDS]:
        if len(name) <= _LONGEST_NAME:
            yield name, decode_words(body)[0]


def read_document(envelope: Envelope) -> Document:
    """Return what can be searched and listed of a message, read here and now.

    It takes a time that is linear in the size of the message, and raises nothing for
    what a message contains. The envelope keeps nothing of what was parsed.

    Raises:
        OSError: the file that holds the content cannot be read.
    """
    # A copy: the envelope would keep each property that was read.
    return _Reader(copy.copy(envelope)).document()


def _read_documents(envelopes: Sequence[Envelope]) -> list[Document]:
    return [read_document(envelope) for envelope in envelopes]


# The last one is called.
_read: list[Callable[[Sequence[Envelope]], list[Document]]] = [_read_documents]


class _Reader:
    """Reads one message."""

    def __init__(self, envelope: Envelope) -> None:
        self._envelope = envelope
        self._parts = read_parts(envelope.content)
        self._fields = self._parts.fields
        self._shortened = False

    def document(self) -> Document:
        """Return the document."""
        plain, html = self._plain(), self._html()
        attachments, inlines = self._files()
        sender, to, cc, bcc, reply_to = map(self._mailboxes, _OF_ADDRESSES)
        return Document(
            sender=sender,
            to=to,
            cc=cc,
            bcc=bcc + self._hidden((*to, *cc, *bcc)),
            reply_to=reply_to,
            subject=self._cut(self._fields.text("subject")),
            message_id=_message_id(self._fields),
            snippet=_snippet((html and html.text) or plain),
            warnings=len(self._envelope.warnings),
            headers=self._headers(),
            text=self._text(plain, html),
            attachments=attachments,
            inlines=inlines,
            shortened=self._shortened,
        )

    def _cut(self, text: str, length: int = LONGEST_TEXT) -> str:
        if len(text) > length:
            self._shortened = True
        return cleaned(text[:length])

    def _mailboxes(self, name: str) -> tuple[HeaderMailbox, ...]:
        found = [
            HeaderMailbox(cleaned(shown), cleaned(address))
            for body in self._fields.all(name)
            for shown, address in read_mailboxes(body)
        ]
        return tuple(found[:MOST])

    def _hidden(self, named: Iterable[HeaderMailbox]) -> tuple[HeaderMailbox, ...]:
        """Return the recipients of the envelope that no field names."""
        named = list(named)
        addresses = {mailbox.address for mailbox in named}
        if addresses.issuperset(self._envelope.rcpt_tos):
            # As they are written: nothing has to be compared any further.
            return ()
        keys = {address_key(mailbox.address) for mailbox in named}
        return tuple(
            HeaderMailbox("", cleaned(address))
            for address in self._envelope.rcpt_tos
            if address_key(cleaned(address)) not in keys
        )

    def _headers(self) -> tuple[tuple[str, str], ...]:
        found = [(name, self._cut(text)) for name, text in _texts(self._fields)]
        if len(found) < len(self._fields.pairs):
            self._shortened = True
        return tuple(found)

    def _plain(self) -> str:
        """Return the text that is not HTML."""
        text = self._joined("text/plain") or ""
        return self._cut(text.replace("\r\n", "\n"))

    def _html(self) -> HTMLWords | None:
        html = self._joined("text/html")
        return None if html is None else read_words(self._cut(html))

    def _text(self, plain: str, html: HTMLWords | None) -> str:
        """Return the texts that are searched: what the HTML repeats only once."""
        if html is None:
            return plain
        texts = [plain] if plain else []
        if " ".join(html.text.split()) not in " ".join(plain.split()):
            texts.append(html.text)
        texts += (link for link in html.links if link not in plain)
        return self._cut("\n".join(texts))

    def _joined(self, content_type: str) -> str | None:
        parts = self._parts.texts(content_type)
        return join_texts(part.text()[0] for part in parts)

    def _files(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the names of the attachments, and those of the inline parts."""
        attachments: list[str] = []
        inlines: list[str] = []
        left = LONGEST_TEXT
        for part in self._parts.leaves:
            if not part.is_text:
                name = self._cut(part.filename, left)
                left -= len(name)
                (inlines if is_inline(part) else attachments).append(name)
        return tuple(attachments), tuple(inlines)


def is_inline(part: Part) -> bool:
    """Return whether a file is shown within the message.

    Without a disposition, images are, and what the HTML can refer to. Never is a file
    of an unknown kind.
    """
    if part.content_type == "application/octet-stream":
        return False
    if part.disposition:
        return part.disposition == "inline"
    is_image = part.content_type.startswith("image/")
    return is_image or bool(part.fields.first("content-id"))


def _message_id(fields: Fields) -> str:
    text = fields.text("message-id").strip()
    return cleaned(text.removeprefix("<").removesuffix(">"))


def _snippet(text: str) -> str:
    """Return the beginning of a text as one line of printable characters."""
    source = text.lstrip()[:_SNIPPET_SOURCE]
    words = " ".join(source.split())
    # Most texts need no look at each character, which takes most of the time.
    if not words[: _SNIPPET + 1].isprintable() or _FILLER in words:
        shown = (
            char if char.isprintable() and char != _FILLER else " " for char in source
        )
        words = " ".join("".join(shown).split())
    if len(words) <= _SNIPPET:
        return words
    return words[:_SNIPPET].rstrip() + "..."
