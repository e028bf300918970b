"""The charset that an HTML document declares in its own bytes.

This is the prescan of the WHATWG HTML standard, section 13.2.3.2. It reads bytes,
not tokens, because the charset has to be known before there is text to tokenize.
"""

from __future__ import annotations

import re
from collections.abc import Callable

__all__ = ["prescan"]

# A browser that finds the declaration after its prescan parses the page again with
# it, so this bound is for hostile documents only.
_LENGTH = 64 * 1024

_META = re.compile(r"(?i)<meta[\t\n\f\r /]")
_TAG = re.compile(r"</?[A-Za-z][^\t\n\f\r >]*")
_OTHER = re.compile(r"<[!/?][^>]*")
# The two dashes that end a comment may be those that began it.
_COMMENT = re.compile(r"<!(?=--).*?-->", re.S)
_SKIPPED = re.compile(r"[\t\n\f\r /]*")
_NAME = re.compile(r"(=?[^\t\n\f\r />=]*)[\t\n\f\r ]*(=[\t\n\f\r ]*)?")
_UNQUOTED = re.compile(r"[^\t\n\f\r >]*")
_IN_CONTENT = re.compile(
    r"(?i)charset[\t\n\f\r ]*=[\t\n\f\r ]*"
    r"(?:\"([^\"]*)\"|'([^']*)'|([^\t\n\f\r ;\"'][^\t\n\f\r ;]*))?"
)
_XML = re.compile(
    r"<\?xml(?=[^>]*>)[^>]*?encoding[\0-\x20]*=[\0-\x20]*(?:\"([^\">\0-\x20]+)\""
    r"|'([^'>\0-\x20]+)')"
)


def prescan(document: bytes, lookup: Callable[[str], str | None]) -> str | None:
    """Return the charset that the first 64 KiB of HTML declare.

    Either a ``<meta charset>`` or a ``<meta http-equiv="Content-Type">`` declares
    one, and without them an XML declaration. Comments and attribute values do not.
    Never raises.

    Args:
        document: its bytes; the caller handles a byte order mark.
        lookup: returns the name of the charset for a label, ``None`` for an unknown
            label.

    Returns:
        the result of `lookup`, or ``None`` if no known charset is declared. A
        declaration that can be read as ASCII is not in UTF-16, so that UTF-16 is
        replaced by UTF-8.
    """
    text = document[:_LENGTH].decode("latin-1")
    if text.startswith(("<\0?\0x\0", "\0<\0?\0x")):
        return lookup("utf-16le" if text.startswith("<") else "utf-16be")
    charset = _declared(text, lookup)
    if charset is None and (xml := _XML.match(text)):
        charset = lookup(xml[1] or xml[2])
    if charset is None:
        return None
    name = charset.lower().replace("_", "-")
    if name.startswith("utf-16"):
        return lookup("utf-8")
    return lookup("windows-1252") if name == "x-user-defined" else charset


class _EndOfBytesError(Exception):
    """The bytes ended within a tag, which is then ignored."""


def _declared(text: str, lookup: Callable[[str], str | None]) -> str | None:
    """Return the first charset that a meta element declares, or ``None``."""
    position = 0
    attribute: tuple[str, str] | None
    try:
        while (position := text.find("<", position)) >= 0:
            if text.startswith("<!--", position):
                comment = _COMMENT.match(text, position)
                if comment is None:
                    break
                position = comment.end()
            elif meta := _META.match(text, position):
                charset, position = _read_meta(text, meta.end() - 1, lookup)
                if charset is not None:
                    return charset
            elif tag := _TAG.match(text, position):
                attribute, position = _attribute(text, tag.end())
                while attribute is not None:
                    attribute, position = _attribute(text, position)
            elif other := _OTHER.match(text, position):
                position = other.end()
            else:
                position += 1
    except _EndOfBytesError:
        pass
    return None


def _read_meta(
    text: str, position: int, lookup: Callable[[str], str | None]
) -> tuple[str | None, int]:
    """Read the attributes of a meta element; return its charset and its end."""
    seen: set[str] = set()
    got_pragma = False
    need_pragma: bool | None = None
    charset: str | None = None
    while True:
        attribute, position = _attribute(text, position)
        if attribute is None:
            break
        name, value = attribute
        if name in seen:
            continue
        seen.add(name)
        if name == "http-equiv":
            got_pragma = value == "content-type"
        elif name == "content" and need_pragma is None:
            charset = _in_content(value, lookup)
            need_pragma = True if charset else None
        elif name == "charset":
            charset, need_pragma = lookup(value.strip("\t\n\f\r ")), False
    if need_pragma is None or (need_pragma and not got_pragma):
        return None, position
    return charset, position


def _in_content(value: str, lookup: Callable[[str], str | None]) -> str | None:
    found = _IN_CONTENT.search(value)
    label = next(filter(None, found.groups()), "") if found else ""
    return lookup(label.strip("\t\n\f\r ")) if label else None


def _attribute(text: str, position: int) -> tuple[tuple[str, str] | None, int]:
    """Return one attribute in lower case, or ``None``, and the position after it."""
    skipped = _SKIPPED.match(text, position)
    assert skipped is not None
    position = skipped.end()
    if text.startswith(">", position):
        return None, position
    found = _NAME.match(text, position)
    assert found is not None
    name, position = found[1].lower(), found.end()
    value = ""
    if found[2]:
        quote = text[position : position + 1]
        if quote in ('"', "'"):
            end = text.find(quote, position + 1)
            if end < 0:
                raise _EndOfBytesError
            value, position = text[position + 1 : end], end + 1
        else:
            unquoted = _UNQUOTED.match(text, position)
            assert unquoted is not None
            value, position = unquoted[0], unquoted.end()
    if position >= len(text):
        raise _EndOfBytesError
    return (name, value.lower()), position
