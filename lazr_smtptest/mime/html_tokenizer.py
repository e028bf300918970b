"""The tokens of an HTML document (WHATWG HTML 13.2.5).

The tokenizer makes tokens and no tree, so nesting costs nothing, and it reads each
character a bounded number of times: a run within a state is one match of a compiled
pattern, and no pattern is tried again over the same run.

In the standard the tree builder switches the tokenizer to another content model
after a start tag. Here the name of the tag does it: ``title`` and ``textarea`` begin
RCDATA, ``style``, ``xmp``, ``iframe``, ``noembed`` and ``noframes`` RAWTEXT, ``script``
script data, and ``plaintext`` PLAINTEXT. ``noscript`` begins ordinary content, because
mail readers run no scripts. Between ``<svg>`` or ``<math>`` and its end tag there are
CDATA sections, and a self-closing element begins no other content model.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum

from lazr_smtptest.mime.character_references import decode_references
from lazr_smtptest.mime.html_tokens import (
    Characters,
    Comment,
    Doctype,
    EndOfDocument,
    EndTag,
    StartTag,
    Token,
)

__all__ = ["ContentModel", "tokenize"]


class ContentModel(Enum):
    """The syntax of the content of an element."""

    DATA = "data"
    RCDATA = "RCDATA"
    RAWTEXT = "RAWTEXT"
    SCRIPT_DATA = "script data"
    PLAINTEXT = "PLAINTEXT"
    CDATA_SECTION = "CDATA section"


_MODELS = {
    **dict.fromkeys(("title", "textarea"), ContentModel.RCDATA),
    **dict.fromkeys(
        ("style", "xmp", "iframe", "noembed", "noframes"), ContentModel.RAWTEXT
    ),
    "script": ContentModel.SCRIPT_DATA,
    "plaintext": ContentModel.PLAINTEXT,
}
_FOREIGN = frozenset(["svg", "math"])

_NAME = re.compile(r"[^\t\n\f />]+")
_BETWEEN_ATTRIBUTES = re.compile(r"[\t\n\f /]*")
_ATTRIBUTE = re.compile(r"(=?[^\t\n\f />=]*)[\t\n\f ]*(=[\t\n\f ]*)?")
_UNQUOTED = re.compile(r"[^\t\n\f >]*")
_COMMENT_END = re.compile(r"--!?>")
_COMMENT_AT_END = re.compile(r"(?:--!?|-)\Z")
_DOCTYPE = re.compile(r"(?i)<!DOCTYPE[\t\n\f ]*([^\t\n\f >]*)[\t\n\f ]*")
_DOCTYPE_ID = re.compile(r"[\t\n\f ]*(?:\"([^\">]*)|'([^'>]*))")
_SPACE = re.compile(r"[\t\n\f ]*")
# What ends a script: it may contain "</script>" in a comment.
_IN_SCRIPT = re.compile(r"(?ai)(<!--)|(-->)|<(/?)script(?=[\t\n\f />])")

_ASCII_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


def tokenize(
    html: str,
    content_model: ContentModel = ContentModel.DATA,
    last_start_tag: str = "",
) -> Iterator[Token]:
    """Yield the tokens of a document; never raises.

    Line ends become LF first (13.2.3.5). In ordinary content a NUL is kept, elsewhere
    it becomes U+FFFD, as in the standard.

    Args:
        html: the document, decoded.
        content_model: the content model of its beginning.
        last_start_tag: the element whose end tag ends that content model.

    Yields:
        the tokens in order; the last one is an `EndOfDocument`.
    """
    text = html.replace("\r\n", "\n").replace("\r", "\n")
    return _Tokenizer(text, content_model, last_start_tag).tokens()


class _Tokenizer:
    """The state between two tokens.

    Each `_read_...` method begins at `position`, advances it, and returns a token, or
    ``None`` if it read no token.
    """

    def __init__(self, text: str, model: ContentModel, element: str) -> None:
        self.text = text
        self.end = len(text)
        self.position = 0
        self.model = model
        self.element = element  # the last start tag
        self.foreign = 0  # open elements of SVG and MathML
        self.inside = ""
        self.characters: list[str] = []  # not yet in a token

    def tokens(self) -> Iterator[Token]:
        """Yield all tokens."""
        characters = self.characters
        while self.position < self.end:
            if self.model is ContentModel.DATA:
                token = self._read_data()
            else:
                self._read_element()
                continue
            if token is not None:
                if characters:
                    yield Characters("".join(characters))
                    characters.clear()
                yield token
        if characters:
            yield Characters("".join(characters))
        if self.model is ContentModel.CDATA_SECTION:
            self.inside = "a CDATA section"
        elif self.model not in (ContentModel.DATA, ContentModel.PLAINTEXT):
            self.inside = f"<{self.element}>"
        yield EndOfDocument(self.inside)

    # The content models

    def _read_data(self) -> Token | None:
        text, position = self.text, self.position
        opening = text.find("<", position)
        if opening < 0:
            opening = self.end
        if opening > position:
            self.characters.append(decode_references(text[position:opening]))
        self.position = opening
        following = text[opening + 1 : opening + 2]
        if following.isascii() and following.isalpha():
            return self._read_start_tag()
        if following == "/":
            return self._read_end_tag()
        if following == "!":
            return self._read_declaration()
        if following == "?":
            return self._read_bogus_comment(opening + 1)
        self.characters.append(text[opening : opening + 1])
        self.position = opening + 1
        return None

    def _read_element(self) -> None:
        """Read the content of an element without markup, up to its end tag."""
        start, closing = self.position, 0
        if self.model is ContentModel.CDATA_SECTION:
            end = self.text.find("]]>", start)
            end, closing = (self.end, 0) if end < 0 else (end, 3)
            content = self.text[start:end]
        else:
            end = self._end_of_element()
            content = self.text[start:end].replace("\0", "\ufffd")
            if self.model is ContentModel.RCDATA:
                content = decode_references(content)
        if content:
            self.characters.append(content)
        self.position = end + closing
        if end < self.end:
            self.model = ContentModel.DATA

    def _end_of_element(self) -> int:
        """Return where the end tag of an element without markup begins, or the end."""
        if self.model is ContentModel.PLAINTEXT or not self.element:
            return self.end
        if self.model is ContentModel.SCRIPT_DATA and self.element == "script":
            return self._end_of_script()
        end_tag = rf"(?ai)</{re.escape(self.element)}(?=[\t\n\f />])"
        found = re.compile(end_tag).search(self.text, self.position)
        return found.start() if found else self.end

    def _end_of_script(self) -> int:
        """Return where a script ends; "</script>" may occur in a comment of it."""
        escaped = double_escaped = False
        position = self.position
        while found := _IN_SCRIPT.search(self.text, position):
            position = found.end()
            if found[1]:
                # The comment may end with the same dashes.
                position -= 2
                escaped = True
            elif found[2]:
                escaped = double_escaped = False
            elif found[3] and not double_escaped:
                return found.start()
            else:
                double_escaped = escaped and not found[3]
        return self.end

    # Tags

    def _read_start_tag(self) -> Token | None:
        name, attributes, self_closing = self._read_tag(self.position + 1)
        if self.inside:
            return None
        self.element = name
        if name in _FOREIGN:
            self.foreign += not self_closing
        elif name in _MODELS and not (self_closing and self.foreign):
            self.model = _MODELS[name]
        return StartTag(name, attributes, self_closing)

    def _read_end_tag(self) -> Token | None:
        start = self.position + 2
        following = self.text[start : start + 1]
        if following.isascii() and following.isalpha():
            name, _, _ = self._read_tag(start)
            if self.inside:
                return None
            if self.foreign and name in _FOREIGN:
                self.foreign -= 1
            return EndTag(name)
        if following == ">":
            self.position = start + 1
            return None
        if not following:
            self.characters.append("</")
            self.position = self.end
            return None
        return self._read_bogus_comment(start)

    def _read_tag(self, position: int) -> tuple[str, dict[str, str], bool]:
        """Read a tag from its name on; a tag that does not end is dropped."""
        text, end = self.text, self.end
        found = _NAME.match(text, position)
        assert found is not None
        name = _lower(found[0])
        position = found.end()
        attributes: dict[str, str] = {}
        while True:
            between = _BETWEEN_ATTRIBUTES.match(text, position)
            assert between is not None
            start, position = position, between.end()
            if text.startswith(">", position):
                self.position = position + 1
                return name, attributes, position > start and text[position - 1] == "/"
            found = _ATTRIBUTE.match(text, position)
            assert found is not None
            position = found.end()
            value = ""
            if found[2]:
                value, position = self._read_value(position)
            if position >= end:
                self.position, self.inside = end, "a tag"
                return name, attributes, False
            attributes.setdefault(_lower(found[1]), value)

    def _read_value(self, position: int) -> tuple[str, int]:
        """Return the value of an attribute, and the position after it."""
        text = self.text
        quote = text[position : position + 1]
        if quote == '"' or quote == "'":
            position += 1
            end = text.find(quote, position)
            if end < 0:
                return "", self.end
            value, position = text[position:end], end + 1
        else:
            unquoted = _UNQUOTED.match(text, position)
            assert unquoted is not None
            value, position = unquoted[0], unquoted.end()
        value = decode_references(value, attribute=True)
        return value.replace("\0", "\ufffd"), position

    # Comments and declarations

    def _read_declaration(self) -> Token | None:
        text, start = self.text, self.position
        if text.startswith("<!--", start):
            return self._read_comment(start + 4)
        if doctype := _DOCTYPE.match(text, start):
            return self._read_doctype(doctype)
        if self.foreign and text.startswith("<![CDATA[", start):
            self.position = start + len("<![CDATA[")
            self.model = ContentModel.CDATA_SECTION
            return None
        return self._read_bogus_comment(start + 2)

    def _read_comment(self, start: int) -> Comment:
        text = self.text
        for abrupt in (">", "->"):
            if text.startswith(abrupt, start):
                self.position = start + len(abrupt)
                return Comment("")
        found = _COMMENT_END.search(text, start)
        if found:
            data, self.position = text[start : found.start()], found.end()
        else:
            data = _COMMENT_AT_END.sub("", text[start:])
            self.position, self.inside = self.end, "a comment"
        return Comment(data.replace("\0", "\ufffd"))

    def _read_bogus_comment(self, start: int) -> Comment:
        end = self.text.find(">", start)
        if end < 0:
            end, self.inside = self.end, "a comment"
        self.position = end + 1
        return Comment(self.text[start:end].replace("\0", "\ufffd"))

    def _read_doctype(self, opening: re.Match[str]) -> Doctype:
        text, position = self.text, opening.end()
        name = _lower(opening[1]) or None
        ids: list[str | None] = [None, None]
        keyword = text[position : position + 6].translate(_ASCII_LOWER)
        if keyword in ("public", "system"):
            position, quirks = self._read_doctype_ids(position + 6, keyword, ids)
        else:
            quirks = name is None or not text.startswith(">", position)
        closing = text.find(">", position)
        if closing < 0:
            closing, self.inside = self.end, "a DOCTYPE"
            quirks = quirks or not text[position:].strip("\t\n\f ")
        self.position = closing + 1
        return Doctype(name, ids[0], ids[1], quirks)

    def _read_doctype_ids(
        self, position: int, keyword: str, ids: list[str | None]
    ) -> tuple[int, bool]:
        """Read the identifiers; return the position after them, and if they are bad."""
        first = 0 if keyword == "public" else 1
        for which in range(first, 2):
            found = _DOCTYPE_ID.match(self.text, position)
            if found is None:
                # Only the second identifier may be missing.
                found = _SPACE.match(self.text, position)
                assert found is not None
                ends = self.text.startswith(">", found.end())
                return found.end(), which == first or not ends
            value = found[2] if found[1] is None else found[1]
            ids[which] = value.replace("\0", "\ufffd")
            position = found.end()
            if position == self.end or self.text[position] == ">":
                return position, True
            position += 1
        return position, False


def _lower(name: str) -> str:
    """Return a name with ASCII letters in lower case and NUL replaced."""
    lower = name.lower() if name.isascii() else name.translate(_ASCII_LOWER)
    return lower.replace("\0", "\ufffd")
