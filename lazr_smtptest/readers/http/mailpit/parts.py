"""The parts of a message as Mailpit numbers, sorts and joins them."""

from __future__ import annotations

from functools import cached_property

import attrs

from lazr_smtptest._spool import AnyContent
from lazr_smtptest.mime.html_page import read_page
from lazr_smtptest.mime.parts import Part, Parts, read_parts
from lazr_smtptest.query.document import is_inline

__all__ = ["MailpitParts", "part_id"]

# Between two texts of a message.
_JOINT = "\n--\n"


def part_id(part: Part) -> str:
    """Return the id of a part: its position, ``0`` for the only one."""
    return ".".join(map(str, part.path)) or "0"


@attrs.frozen(slots=False)
class MailpitParts:
    """The parts of one message.

    Attributes:
        parts: all of them.
    """

    parts: Parts

    @classmethod
    def of(cls, content: AnyContent) -> MailpitParts:
        """Parse a message."""
        return cls(read_parts(content))

    @cached_property
    def attachments(self) -> list[Part]:
        """The files that are marked as attachments, and others that are no images.

        They are those that lists and searches count.
        """
        return [part for part in self.parts.leaves if _is_attachment(part)]

    @cached_property
    def inlines(self) -> list[Part]:
        """The parts that are shown within the message, and others that are no text."""
        rest = [part for part in self.parts.leaves if not _is_attachment(part)]
        inline = [part for part in rest if part.disposition == "inline"]
        others = [
            part for part in rest if part.disposition != "inline" and not _is_text(part)
        ]
        return inline + others

    @property
    def text(self) -> str:
        """The text: all text parts, of alternatives the first; else that of the HTML.

        Lines end in LF.
        """
        texts = [
            part
            for part in self.parts.leaves
            if part.content_type == "text/plain" and not _is_attachment(part)
        ]
        top = self.parts.fields.text("content-type").lower()
        if top.startswith("multipart/alternative"):
            texts = sorted(texts, key=lambda part: len(part.path))[:1]
        text = _JOINT.join(_text_of(part) for part in texts)
        return text if texts or not self.html else read_page(self.html).text

    @cached_property
    def html(self) -> str:
        """The first HTML part; ``""`` if there is none. Lines end in LF."""
        for part in self.parts.leaves:
            if part.content_type == "text/html" and not _is_attachment(part):
                return _text_of(part)
        return ""

    def find(self, id: str) -> Part | None:
        """Return the part with an id; ``None`` if there is none."""
        parts = (part for part in self.parts.leaves if part_id(part) == id)
        return next(parts, None)


def _is_text(part: Part) -> bool:
    return part.content_type in ("text/plain", "text/html")


def _is_attachment(part: Part) -> bool:
    if part.disposition in ("", "inline") and _is_text(part):
        return False
    return not is_inline(part)


def _text_of(part: Part) -> str:
    return part.text()[0].replace("\r\n", "\n")
