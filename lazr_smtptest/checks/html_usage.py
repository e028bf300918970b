"""Finds the features of HTML and CSS that an HTML document uses.

It needs selectolax and tinycss2, of the extra ``checks``. It runs in a child process,
because the HTML of a stranger can make every parser take long.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

import attrs
from selectolax.lexbor import LexborHTMLParser, SelectolaxError

from lazr_smtptest.checks.css_rules import Rule, declared_features, read_sheet
from lazr_smtptest.checks.html_features import SCRIPT, element_features

__all__ = ["TooComplexError", "Usage", "find_usage"]

# The bounds: characters of HTML, tags, elements that are open at the same time,
# characters of a tag, pairs of a selector and an element, and matches of selectors.
LONGEST, MOST_TAGS, DEEPEST, LONGEST_TAG = 1 << 20, 200_000, 1000, 100_000
MOST_PAIRS, MOST_MATCHES = 20_000_000, 1_000_000

_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]*)")
# Elements that need no end tag: they do not nest, or are empty.
_UNCLOSED = frozenset(
    re.findall(
        r"\w+",
        "area base br col embed hr img input link meta param source track wbr body "
        "colgroup dd dt head html li optgroup option p rb rp rt rtc tbody td tfoot th "
        "thead tr",
    )
)
_DOCTYPE = re.compile(r"\s*<!doctype\s+html\s*>", re.IGNORECASE)
_BODY = re.compile(r"<body[\s/>]", re.IGNORECASE)
_END_OF_BODY = re.compile(r"</body[\s/>]", re.IGNORECASE)
_COMMENT = "<!--"
# Elements that do not count as nodes of the mail.
_FRAME = frozenset(("html", "head", "meta"))
# Scripts that are data, such as JSON-LD.
_DATA = re.compile(r"application/([a-z.+-]*\+)?json", re.IGNORECASE)


class TooComplexError(Exception):
    """The HTML exceeds a bound; the text says which."""


@attrs.frozen
class Usage:
    """The features that a document uses.

    Attributes:
        nodes: the number of elements.
        found: by the slug of a feature, the number of elements that use it, or the
            number of times that a style sheet uses it outside of rules.
    """

    nodes: int
    found: dict[str, int]


def find_usage(html: str) -> Usage:
    """Return the features that a document uses.

    Nothing is fetched: style sheets and images that the document links to are not
    read.

    Raises:
        TooComplexError: it exceeds a bound, and was not read.
    """
    _check_bounds(html)
    return _Reader(html).usage()


def _check_bounds(html: str) -> None:
    """Refuse what takes a parser more than linear time."""
    if len(html) > LONGEST:
        raise TooComplexError(
            f"the HTML has {len(html)} characters, at most {LONGEST} are checked"
        )
    if html.count("<") > MOST_TAGS:
        raise TooComplexError(f"the HTML has over {MOST_TAGS} tags")
    depth = 0
    for tag, end in _tags(html):
        start = tag.start()
        if end - start > LONGEST_TAG and html.count("=", start, end) > DEEPEST:
            raise TooComplexError(f"a tag has over {DEEPEST} attributes")
        if tag[2].lower() not in _UNCLOSED:
            depth = max(depth - 1, 0) if tag[1] else depth + 1
        if depth > DEEPEST:
            raise TooComplexError(f"over {DEEPEST} elements are within one another")


def _tags(html: str) -> Iterator[tuple[re.Match[str], int]]:
    """Yield the beginning of each tag, and its end; each character is read once."""
    end = 0
    while tag := _TAG.search(html, end):
        end = html.find(">", tag.end()) + 1
        if not end:
            return
        yield tag, end


class _Reader:
    """Reads one document."""

    def __init__(self, html: str) -> None:
        self._html = html
        self._document = LexborHTMLParser(html)
        self._root: Any = self._document.root
        # Numbers of elements, by slug.
        self._users: defaultdict[str, set[int]] = defaultdict(set)
        self._counts: defaultdict[str, int] = defaultdict(int)
        self._styles: dict[str, frozenset[str]] = {"": frozenset()}
        self._pairs = self._matches = 0

    def usage(self) -> Usage:
        """Return the features."""
        self._read_source()
        elements = list(self._root.traverse()) if self._root is not None else []
        sheets = [self._read_element(element) for element in elements]
        for sheet in filter(None, sheets):
            self._read_sheet(sheet, len(elements))
        found = dict(self._counts)
        for slug, users in self._users.items():
            found[slug] = found.get(slug, 0) + len(users)
        return Usage(self._nodes(elements), found)

    def _nodes(self, elements: Iterable[Any]) -> int:
        """Return the number of elements; without those of the head in a fragment."""
        if _END_OF_BODY.search(self._html):
            return sum(element.tag not in _FRAME for element in elements)
        return len(self._document.css("body *, head script"))

    def _read_source(self) -> None:
        """Find what the parsed document does not tell."""
        found = {
            "html-doctype": len(_DOCTYPE.findall(self._html[:1024])),
            "html-body": len(_BODY.findall(self._html)),
            "html-comments": self._html.count(_COMMENT),
        }
        self._counts.update({slug: count for slug, count in found.items() if count})

    def _read_element(self, element: Any) -> str:
        """Read an element; return the text of a style sheet."""
        attributes = element.attributes
        slugs = set(element_features(element.tag, attributes))
        slugs |= self._of_style(attributes.get("style") or "")
        if element.tag == "script" and not _DATA.match(attributes.get("type") or ""):
            slugs.add(SCRIPT)
        for slug in slugs:
            self._users[slug].add(element.mem_id)
        text: str = element.text() if element.tag == "style" else ""
        return text

    def _of_style(self, text: str) -> frozenset[str]:
        """Return the features of a ``style`` attribute; many repeat in a mail."""
        if text not in self._styles:
            self._styles[text] = declared_features(text)
        return self._styles[text]

    def _read_sheet(self, text: str, elements: int) -> None:
        sheet = read_sheet(text)
        for slug in sheet.features:
            self._counts[slug] += 1
        for rule in sheet.rules:
            self._pairs += elements
            if self._pairs > MOST_PAIRS:
                raise TooComplexError("the HTML has too many elements and selectors")
            self._read_rule(rule)

    def _read_rule(self, rule: Rule) -> None:
        matching = set(self._matching(rule.selector))
        self._matches += len(matching)
        if self._matches > MOST_MATCHES:
            raise TooComplexError("the selectors match too many elements")
        if matching:
            for slug in rule.features:
                self._users[slug] |= matching

    def _matching(self, selector: str) -> Iterator[int]:
        try:
            found = self._document.css(selector)
        except SelectolaxError:
            # Not valid: no program applies the rule.
            return
        for element in found:
            yield element.mem_id
