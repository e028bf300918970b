"""The texts of a message that SEARCH, SORT and THREAD read, decoded."""

from __future__ import annotations

import calendar
import re
from datetime import date
from email.utils import parsedate_tz

import attrs

from lazr_smtptest._spool import AnyContent, part_of
from lazr_smtptest.mime.charsets import decode, guess
from lazr_smtptest.mime.fields import Fields, read_fields
from lazr_smtptest.mime.transfer import decode_transfer
from lazr_smtptest.mime.words import decode_words
from lazr_smtptest.readers.imap.addresses import read_envelope_addresses
from lazr_smtptest.readers.imap.structure import Entity

__all__ = ["Header", "Texts", "read_body", "read_header"]

# The most characters of the text of a message in which SEARCH looks, of a date, and
# the most ids of References.
_LONGEST = 1 << 22
_LONGEST_DATE = 200
_MOST_REFERENCES = 1000
# RFC 5322 section 3.6.4, without white space and brackets in quotes, which are
# obsolete; an id without an "@" is sent, too.
_ID = re.compile(rb"<([^<>\s]{1,998})>")
_QUOTED = re.compile(rb'"((?:[^"\\]|\\.)*)"')


@attrs.frozen
class Header:
    """The header of a message.

    Attributes:
        fields: the name in lower case and the decoded body of each field.
        sender: the local part of the first address of From, see RFC 5256 section 3.
        to: that of To.
        cc: that of Cc.
        day: year, month and day of Date, as they are written; ``None`` without them.
        sent: the time of Date, in seconds since 1970 UTC; ``None`` if it has none.
        message_id: the Message-ID; ``b""`` if it is missing or malformed.
        references: the Message-IDs of the messages that this one replies to, the
            oldest first (RFC 5256 section 3, REFERENCES).
    """

    fields: tuple[tuple[str, str], ...] = ()
    sender: str = ""
    to: str = ""
    cc: str = ""
    day: tuple[int, int, int] | None = None
    sent: int | None = None
    message_id: bytes = b""
    references: tuple[bytes, ...] = ()

    @property
    def subject(self) -> str:
        """The decoded Subject; ``""`` if there is none."""
        return next((body for name, body in self.fields if name == "subject"), "")


@attrs.frozen
class Texts:
    """The texts of a message that a search reads.

    Attributes:
        header: its header, from `read_header`.
        body: its body, from `read_body`; it may be ``""`` if `Search.needs_body` is
            false.
    """

    header: Header
    body: str = ""


def read_header(content: AnyContent) -> Header:
    """Parse the header of a message; never raises for what it contains.

    Raises:
        OSError: the file with the content cannot be read.
    """
    fields = read_fields(content, 0, len(content))
    day, sent = _date(fields)
    own = _ids(fields.first("message-id"))
    references = _ids(b" ".join(fields.all("references")))
    return Header(
        fields=tuple((name, decode_words(body)[0]) for name, body in fields.pairs),
        sender=_local_part(fields, "from"),
        to=_local_part(fields, "to"),
        cc=_local_part(fields, "cc"),
        day=day,
        sent=sent,
        message_id=own[0] if own else b"",
        references=references or _ids(fields.first("in-reply-to"))[:1],
    )


def _local_part(fields: Fields, name: str) -> str:
    found = read_envelope_addresses(fields.first(name))
    return guess(found[0].mailbox or b"") if found else ""


def _ids(body: bytes) -> tuple[bytes, ...]:
    found = (each[1] for each in _ID.finditer(body))
    # RFC 5256 section 3: a quoted string equals the same without needless quotes.
    ids = tuple(_QUOTED.sub(rb"\1", each) for each in found)
    return ids[-_MOST_REFERENCES:]


def _date(fields: Fields) -> tuple[tuple[int, int, int] | None, int | None]:
    """Return the day as it is written, and the time in seconds since 1970 UTC."""
    text = fields.text("date")[:_LONGEST_DATE]
    try:
        found = parsedate_tz(text)
        if found is None:
            return None, None
        date(*found[:3])
        seconds = calendar.timegm((*found[:6], 0, 0, 0))
    except (ValueError, OverflowError, IndexError):
        # A day or a time that does not exist.
        return None, None
    return found[:3], seconds - (found[9] or 0)


def read_body(content: AnyContent, structure: Entity) -> str:
    """Return the texts of a message's body, and the headers of messages within it.

    They are decoded, in their order, up to 4 Mi characters.

    Args:
        content: the message.
        structure: its structure.

    Raises:
        OSError: the file with the content cannot be read.
    """
    texts: list[str] = []
    left = _LONGEST
    todo = [structure]
    while todo and left > 0:
        part = todo.pop()
        todo += reversed(part.parts)
        text = ""
        if part.type.startswith(b"text/"):
            body = part_of(content, part.body, min(part.stop, part.body + 4 * left))
            octets, _ = decode_transfer(body, part.encoding.decode("latin-1"))
            text, _ = decode(octets, part.charset.decode("latin-1") or "ascii")
        elif part.is_message:
            inner = read_fields(content, part.parts[0].start, part.parts[0].stop)
            text = "\n".join(
                f"{name}: {decode_words(body)[0]}" for name, body in inner.pairs
            )
        texts.append(text[:left])
        left -= len(text)
    return "\n".join(texts)
