"""Files attached to a message."""

from __future__ import annotations

import re

import attrs

from lazr_smtptest._guesses import Guessable
from lazr_smtptest.mime.comments import without_comments
from lazr_smtptest.mime.parts import Part
from lazr_smtptest.mime.sizes import byte_count

__all__ = ["Attachment", "content_id_of", "read_attachment"]

_GUESSES = {
    **dict.fromkeys(("filename", "file_name"), ".name"),
    **dict.fromkeys(("data", "payload", "body", "get_payload", "read"), ".content"),
    **dict.fromkeys(("mimetype", "mime_type", "type"), ".content_type"),
    **dict.fromkeys(("cid", "id"), ".content_id"),
    "size": "len(.content)",
}

_BRACKETED = re.compile(r"<([^<>]*)>?")


@attrs.frozen(kw_only=True)
class Attachment(Guessable):
    """A part of a message that is not its text.

    Attributes:
        name: the file name as the sender gave it, which may be a path or contain
            any characters; ``""`` if it has none.
        content_type: such as ``application/pdf``, in lower case.
        content: its bytes, the transfer encoding decoded as far as possible.
        content_id: the target of ``cid:`` links (RFC 2392), without its angle
            brackets; ``""`` if it has none.
        inline: whether to show it within the text (RFC 2183 section 2.1).
    """

    name: str
    content_type: str
    content: bytes = attrs.field(repr=lambda content: f"<{byte_count(content)}>")
    content_id: str = ""
    inline: bool = False

    guesses = _GUESSES


def read_attachment(part: Part) -> tuple[Attachment, str]:
    """Return the record of a part, and what was malformed; ``""`` for nothing."""
    content, wrong = part.octets()
    return (
        Attachment(
            name=part.filename,
            content_type=part.content_type,
            content=content,
            content_id=content_id_of(part),
            inline=part.disposition == "inline",
        ),
        wrong,
    )


def content_id_of(part: Part) -> str:
    """Return the Content-ID (RFC 2045 section 7), with brackets or without."""
    text = without_comments(part.fields.text("content-id")).strip()
    found = _BRACKETED.search(text)
    return "".join((found[1] if found else text).split())
