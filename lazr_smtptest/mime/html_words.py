"""The words of an HTML document and its links, for searches."""

from __future__ import annotations

import re

import attrs

from lazr_smtptest.mime.character_references import decode_references

__all__ = ["HTMLWords", "read_words"]

# Elements within a line: their tags do not end a word.
_WITHIN_LINE = (
    "a|abbr|acronym|b|bdi|bdo|big|cite|code|del|dfn|em|font|i|ins|kbd|mark|q|s|samp|"
    "small|span|strike|strong|sub|sup|tt|u|var|wbr"
)
# The rest of a tag; a ``>`` in a quoted value does not end it.
_REST = r"(?:[^>\"'=]+|=\s*(?:\"[^\"]*\"|'[^']*')?|[\"'])*>?"
# Each match ends at the end of the document at the latest, so that nothing is read
# twice. First what does not separate two texts.
_NOTHING = re.compile(
    r"(?ais)<!--.*?(?:-->|\Z)"
    r"|<(script|style|title)(?=[\s/>]).*?(?:</\1(?=[\s/>])[^>]*>?|\Z)"
    rf"|</?(?:{_WITHIN_LINE})(?=[\s/>]){_REST}"
)
_SEPARATOR = re.compile(rf"(?ai)<[a-z/!?]{_REST}")
_LINK = re.compile(
    r"(?ai)<a\s[^<>]*?\bhref\s*=\s*(?:\"(https?:[^\"<>]*)|'(https?:[^'<>]*)"
    r"|(https?:[^\s\"'<>]*))"
)


@attrs.frozen
class HTMLWords:
    """The text and the links of an HTML document that a search finds.

    Attributes:
        text: its text, a line for each block; also of elements that are hidden, such
            as the line that mail programs show in a list.
        links: the URLs of its anchors with the scheme ``http`` or ``https``, once each.
    """

    text: str
    links: tuple[str, ...]


def read_words(html: str) -> HTMLWords:
    """Read an HTML document; never raises.

    It takes a fraction of the time of `read_page`, because it neither nests elements
    nor reads their styles.
    """
    html = html.replace("\r", " ").replace("\n", " ")
    text = decode_references(_SEPARATOR.sub("\n", _NOTHING.sub("", html)))
    lines = (" ".join(line.split()) for line in text.split("\n"))
    links = (match[match.lastindex or 0] for match in _LINK.finditer(html))
    decoded = (decode_references(link, attribute=True).strip() for link in links)
    return HTMLWords("\n".join(filter(None, lines)), tuple(dict.fromkeys(decoded)))
