"""The kinds of tokens of an HTML document (WHATWG HTML 13.2.5)."""

from __future__ import annotations

from typing import TypeAlias

import attrs

__all__ = [
    "Characters",
    "Comment",
    "Doctype",
    "EndOfDocument",
    "EndTag",
    "StartTag",
    "Token",
]


@attrs.frozen
class Doctype:
    """A ``<!DOCTYPE>``.

    Attributes:
        name: such as ``html``; ``None`` if it is missing.
        public_id, system_id: ``None`` if missing.
        force_quirks: whether it is malformed.
    """

    name: str | None = None
    public_id: str | None = None
    system_id: str | None = None
    force_quirks: bool = False


@attrs.frozen
class StartTag:
    """A start tag.

    Attributes:
        name: in lower case.
        attributes: values by name, the names in lower case, character references
            decoded. Of two with the same name the first counts.
        self_closing: whether it ends in ``/>``.
    """

    name: str
    attributes: dict[str, str]
    self_closing: bool = False


@attrs.frozen
class EndTag:
    """An end tag, whose name is in lower case."""

    name: str


@attrs.frozen
class Comment:
    """A comment, or markup treated as one, such as ``<?xml ...>``."""

    data: str


@attrs.frozen
class Characters:
    """All the text up to the next token, character references decoded.

    Attributes:
        data: the text.
    """

    data: str


@attrs.frozen
class EndOfDocument:
    """The last token.

    Attributes:
        inside: the construct in which the document ended: ``"a tag"``,
            ``"a comment"``, ``"<style>"`` or another element whose content is not
            markup; ``""`` if it ended between two tokens. Such a tag is not a token.
    """

    inside: str = ""


Token: TypeAlias = Doctype | StartTag | EndTag | Comment | Characters | EndOfDocument
