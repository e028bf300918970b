"""The text that an HTML document shows, and its links."""

from __future__ import annotations

import re

import attrs

from lazr_smtptest.mime.bases import (
    LONGEST_LINK,
    Base,
    has_scheme,
    is_relative,
    parse_base,
    reference_of,
)
from lazr_smtptest.mime.html_elements import VOID, Element, OpenElements
from lazr_smtptest.mime.html_styles import declarations, separator_of, style_of
from lazr_smtptest.mime.html_tokenizer import tokenize
from lazr_smtptest.mime.html_tokens import Characters, EndOfDocument, EndTag, StartTag

__all__ = ["Page", "read_page"]

# The most characters of all links completed by a base, which makes short ones long.
_MOST_COMPLETED = 16 * 1024 * 1024

_SPACE = re.compile(r"[ \t\n\f\r\xa0]+")
_SHOWN = 64


@attrs.frozen
class Page:
    """The content of an HTML document.

    Attributes:
        text: the visible text: a line for each block, a tab between two cells.
        links: the URLs of its anchors, in order, each with a scheme or a host.
        trouble: what was malformed.
    """

    text: str = attrs.field(repr=False)
    links: tuple[str, ...]
    trouble: tuple[str, ...]


def read_page(html: str) -> Page:
    """Read an HTML document; never raises.

    Hidden elements show no text, but their links count. Style sheets are not read.
    A relative reference is a link if a ``<base>`` makes it absolute; a reference to
    a place in the same document never is.
    """
    if not html:
        return Page("", (), ())
    page = _Reader()
    for token in tokenize(html):
        if isinstance(token, Characters):
            page.add_text(token.data)
        elif isinstance(token, StartTag):
            page.start(token)
        elif isinstance(token, EndTag):
            page.end(token.name)
        elif isinstance(token, EndOfDocument) and token.inside:
            page.trouble.append(f"the HTML ends within {token.inside}")
    links = page.resolve_links()
    return Page(page.text.value(), links, tuple(dict.fromkeys(page.trouble)))


class _Text:
    """Text with its white space collapsed, piece by piece."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._line: list[str] = []
        self._space = ""  # to be added before the next piece

    def add(self, data: str, preformatted: bool) -> None:
        """Add a piece of text."""
        if preformatted:
            first, *others = data.split("\n")
            self._append(first)
            for other in others:
                self.end_line()
                self._append(other)
            return
        data = _SPACE.sub(" ", data)
        if data.startswith(" "):
            self._space = self._space or " "
        self._append(data.strip(" "))
        if data.endswith(" "):
            self._space = self._space or " "

    def separate(self, separator: str) -> None:
        """Add a separator: end the line, unless it is empty, or begin a cell."""
        if separator == "\n":
            if self._line:
                self.end_line()
            self._space = ""
        elif separator:
            self._space = separator

    def end_line(self) -> None:
        """End the line, even if it is empty."""
        self._lines.append("".join(self._line))
        self._line.clear()
        self._space = ""

    def value(self) -> str:
        """Return the whole text."""
        self.end_line()
        return "\n".join(line.rstrip() for line in self._lines).strip("\n")

    def _append(self, data: str) -> None:
        if data:
            if self._line:
                self._line.append(self._space)
            self._line.append(data)
            self._space = ""


class _Reader:
    """Collects the text and the links of a document, token by token."""

    def __init__(self) -> None:
        self.text = _Text()
        self.trouble: list[str] = []
        self._elements = OpenElements()
        self._references: list[str] = []
        self._base: str | None = None
        self._completed = 0  # characters of the links that the base completed
        self._skip_line_end = False

    def add_text(self, data: str) -> None:
        """Add the text between two tags."""
        if self._skip_line_end:
            data = data.removeprefix("\n")
            self._skip_line_end = False
        style = self._elements.style
        if style.is_shown:
            self.text.add(data, style.preformatted)

    def start(self, tag: StartTag) -> None:
        """Begin an element."""
        name, attributes = tag.name, tag.attributes
        self._separate(self._elements.imply_end(name))
        css = declarations(attributes)
        parent = self._elements.style
        style = style_of(name, attributes, css, parent)
        separator = separator_of(name, css)
        if parent.is_shown:
            self.text.separate(separator)
        self._skip_line_end = name in ("pre", "textarea", "listing")
        if not style.inert:
            self._read_reference(name, attributes)
        if name == "br" and style.is_shown:
            self.text.end_line()
        if name in VOID or (name in ("svg", "math") and tag.self_closing):
            return
        self._elements.open(Element(name, style, separator))

    def end(self, name: str) -> None:
        """End an element."""
        self._skip_line_end = False
        if name == "br" and self._elements.style.is_shown:
            self.text.end_line()  # browsers treat </br> as <br>
        self._separate(self._elements.close(name))

    def resolve_links(self) -> tuple[str, ...]:
        """Return the references that are links; call it after the last token."""
        base = None if self._base is None else self._parse_base(self._base)
        return tuple(
            filter(None, (self._link(each, base) for each in self._references))
        )

    def _separate(self, ended: list[Element]) -> None:
        if self._elements.style.is_shown:
            for element in ended:
                self.text.separate(element.separator)

    def _read_reference(self, name: str, attributes: dict[str, str]) -> None:
        if name in ("a", "area"):
            href = attributes.get("href", attributes.get("xlink:href"))
            if href is not None:
                self._references.append(href)
        elif name == "base" and self._base is None and "href" in attributes:
            self._base = reference_of(attributes["href"])

    def _parse_base(self, url: str) -> Base | None:
        base = parse_base(url)
        if len(url) > LONGEST_LINK:
            self.trouble.append(f"a <base> of over {LONGEST_LINK} characters")
        elif base is None:
            self.trouble.append(f"a <base> that is no absolute URL: {url[:_SHOWN]!r}")
        return base

    def _link(self, reference: str, base: Base | None) -> str | None:
        link = reference_of(reference)
        if base and is_relative(link):
            link = base.resolve(link)
            self._completed += len(link)
            if self._completed > _MOST_COMPLETED:
                self.trouble.append(
                    "links that the <base> completes are left out after "
                    f"{_MOST_COMPLETED} characters"
                )
                return None
        if len(link) > LONGEST_LINK:
            self.trouble.append(f"a link of over {LONGEST_LINK} characters is left out")
            return None
        return link if link.startswith("//") or has_scheme(link) else None
