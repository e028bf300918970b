"""The open elements at a position of an HTML document.

This is not a tree: an element is known from its start tag to its end, and the cost of
a tag does not depend on the number of open elements. It implements those rules of the
standard's tree builder (WHATWG HTML 13.2.6) that determine where an element ends: end
tags that are left out, and end tags that have no effect beyond a table cell or block.
"""

from __future__ import annotations

from typing import NamedTuple

import attrs

__all__ = ["BLOCKS", "VOID", "Element", "OpenElements", "Style"]


def _names(names: str) -> frozenset[str]:
    return frozenset(names.split())


# Elements without content and end tag.
VOID = _names(
    """
    area base basefont bgsound br col embed frame hr img input keygen link meta param
    source track wbr
    """
)
# Elements that begin a new line in browsers.
BLOCKS = _names(
    """
    address article aside blockquote body caption center dd details dialog dir div dl
    dt fieldset figcaption figure footer form frameset h1 h2 h3 h4 h5 h6 header hgroup
    hr html legend li listing main menu nav ol optgroup option p plaintext pre search
    section summary table tbody textarea tfoot thead tr ul xmp
    """
)

# Within these, the end tag of any other element ends no element outside.
_SPECIAL = (BLOCKS - _names("dialog legend optgroup option")) | _names(
    """
    applet button colgroup iframe marquee noembed noframes noscript object script
    select style td template th title
    """
)
# Within these, only end tags of parts of a table end elements outside.
_SCOPES = _names("applet caption marquee object table td template th")
_TABLE_PARTS = _names("caption tbody td tfoot th thead tr")
_FORMATTING = _names("a b big code em font i nobr s small strike strong tt u")

# Start tags that end an open paragraph.
_ENDS_P = BLOCKS - _names(
    """
    body caption frameset html legend optgroup option tbody textarea tfoot thead tr
    """
)
# Start tags that end an open element of the same table.
_ENDS_IN_TABLE = {
    **dict.fromkeys(("td", "th"), ("td", "th", "caption")),
    "tr": ("tr", "caption"),
    **dict.fromkeys(("tbody", "thead", "tfoot"), ("tbody", "thead", "tfoot", "tr")),
}
# Start tags that end an open element of the same list, and the elements of a list.
_ENDS_IN_LIST = {
    "li": (("li",), ("ul", "ol", "menu", "dir")),
    **dict.fromkeys(("dt", "dd"), (("dt", "dd"), ("dl",))),
    **dict.fromkeys(("option", "optgroup"), (("option",), ("select",))),
}


class Style(NamedTuple):
    """How the content of an element is shown.

    Attributes:
        hidden: not at all, whatever the elements in it declare.
        inert: not part of the document, as in ``template``.
        zero_size: in a font of size 0.
        invisible: as empty space.
        preformatted: with its original white space.
    """

    hidden: bool = False
    inert: bool = False
    zero_size: bool = False
    invisible: bool = False
    preformatted: bool = False

    @property
    def is_shown(self) -> bool:
        """True if text is visible."""
        return not (self.hidden or self.zero_size or self.invisible)


@attrs.frozen
class Element:
    """An open element.

    Attributes:
        name: in lower case.
        style: how its content is shown.
        separator: the separator before and after it in a text: a line end, a tab, or
            nothing.
    """

    name: str
    style: Style
    separator: str = ""


class OpenElements:
    """The open elements, the innermost last."""

    def __init__(self) -> None:
        self._stack: list[Element] = []
        # The indices of the elements of a name in the stack, and of those of a kind.
        self._places: dict[str, list[int]] = {}
        self._special: list[int] = []
        self._scopes: list[int] = []
        self._tables: list[int] = []

    @property
    def style(self) -> Style:
        """The style of text at this position."""
        return self._stack[-1].style if self._stack else Style()

    def imply_end(self, name: str) -> list[Element]:
        """End the elements that a start tag ends; return them, innermost first."""
        found = -1
        if name in _ENDS_P:
            found = self._last(("p",), self._scopes)
        if name in _ENDS_IN_TABLE:
            found = self._last(_ENDS_IN_TABLE[name], self._tables)
        elif name in _ENDS_IN_LIST:
            names, lists = _ENDS_IN_LIST[name]
            item = self._last(names, self._scopes)
            if item > self._last(lists, ()):
                found = item if found < 0 else min(found, item)
        return self._pop_to(found)

    def open(self, element: Element) -> None:
        """Add an element; its content follows."""
        place, name = len(self._stack), element.name
        self._stack.append(element)
        self._places.setdefault(name, []).append(place)
        if name in _SPECIAL:
            self._special.append(place)
        if name in _SCOPES:
            self._scopes.append(place)
            if name == "table":
                self._tables.append(place)

    def close(self, name: str) -> list[Element]:
        """End the elements that an end tag of that name ends.

        Returns:
            the elements that end, innermost first.
        """
        if name in ("body", "html"):
            return []  # content after these end tags still belongs to them
        if name == "table":
            return self._pop_to(self._last((name,), ()))
        if name in _TABLE_PARTS:
            return self._pop_to(self._last((name,), self._tables))
        if name in _SPECIAL or name in _FORMATTING:
            return self._pop_to(self._last((name,), self._scopes, name in _SCOPES))
        return self._pop_to(self._last((name,), self._special))

    def _last(
        self,
        names: tuple[str, ...],
        bounds: list[int] | tuple[()],
        itself: bool = False,
    ) -> int:
        """Return the index of the last element of these names within bounds, or -1."""
        last = -1
        for name in names:
            places = self._places.get(name)
            if places and places[-1] > last:
                last = places[-1]
        bound = bounds[-1] if bounds else -1
        return last if last > bound or (itself and last == bound) else -1

    def _pop_to(self, place: int) -> list[Element]:
        if place < 0:
            return []
        ended = []
        while len(self._stack) > place:
            element = self._stack.pop()
            last = len(self._stack)
            self._places[element.name].pop()
            for kind in (self._special, self._scopes, self._tables):
                if kind and kind[-1] == last:
                    kind.pop()
            ended.append(element)
        return ended
