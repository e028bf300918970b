"""Determine from its attributes whether the text of an HTML element is visible.

Style sheets are not read; the attributes ``style`` and ``hidden`` are. ``mso-hide``
hides an element in one program only, and is ignored.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from lazr_smtptest.mime.html_elements import BLOCKS, Style

__all__ = ["separator_of", "style_of"]

# Elements whose content no browser shows.
_NOT_SHOWN = frozenset(
    (
        *("datalist", "iframe", "noembed", "noframes", "rp", "script"),
        *("style", "template", "title"),
    )
)
_PREFORMATTED = frozenset(["listing", "plaintext", "pre", "textarea", "xmp"])
# The properties that affect the text; others need not be parsed.
_MATTERS = re.compile(r"(?ai)display|font|visibility|opacity|height|white-space")
_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.S)
_ZERO = re.compile(r"[+-]?(?:0+(?:\.0*)?|\.0+)(?:[a-z]+|%)?")
# In "font" the size precedes the name of the font: "bold 0/0 serif".
_FONT_SIZE = re.compile(r"(?<!\S)([.0-9]\S*?)(?:/\S+)?\s")
# Sizes that are relative to the inherited size.
_RELATIVE = re.compile(r"(?:[\d.]+(?:em|%)|inherit|unset|smaller|larger)")

_BREAKING = frozenset(
    ["block", "flex", "grid", "list-item", "table", "table-row", "flow-root"]
)
_INLINE = frozenset(
    ["inline", "inline-block", "inline-flex", "inline-grid", "inline-table"]
)


def declarations(attributes: Mapping[str, str]) -> dict[str, str]:
    """Return the declarations of a ``style`` attribute that affect the text."""
    style = attributes.get("style", "")
    if not _MATTERS.search(style):
        return {}
    found = {}
    for declaration in _COMMENT.sub("", style).lower().split(";"):
        name, _, value = declaration.partition(":")
        found[name.strip()] = value.partition("!")[0].strip()
    return found


def style_of(
    name: str, attributes: Mapping[str, str], css: Mapping[str, str], parent: Style
) -> Style:
    """Return the style of the content of an element.

    Args:
        name: the name of the element.
        attributes: its attributes.
        css: its declarations, from `declarations`.
        parent: the style of the content around it.
    """
    hidden = (
        parent.hidden
        or name in _NOT_SHOWN
        or "hidden" in attributes
        or (name == "dialog" and "open" not in attributes)
    )
    inert = parent.inert or name == "template"
    preformatted = parent.preformatted or name in _PREFORMATTED
    zero_size, invisible = parent.zero_size, parent.invisible
    if css:
        hidden = hidden or _hides(css)
        if size := css.get("font-size"):
            zero_size = _is_zero_size(size, zero_size)
        elif font := css.get("font"):
            found = _FONT_SIZE.search(font)
            zero_size = found is not None and _is_zero(found[1])
        if visibility := css.get("visibility"):
            invisible = visibility in ("hidden", "collapse") or (
                invisible and visibility != "visible"
            )
        if space := css.get("white-space"):
            preformatted = space.startswith(("pre", "break-spaces"))
    if name == "font" and "size" in attributes:
        zero_size = False
    return Style(hidden, inert, zero_size, invisible, preformatted)


def separator_of(name: str, css: Mapping[str, str]) -> str:
    """Return the separator between an element and its neighbours in a text."""
    display = css.get("display", "")
    if display in _BREAKING:
        return "\n"
    if name in BLOCKS:
        # Blocks in one line, such as one cell for each digit of a code.
        return "\t" if display in _INLINE else "\n"
    return "\t" if name in ("td", "th") else ""


def _hides(css: Mapping[str, str]) -> bool:
    if css.get("display") == "none" or _is_zero(css.get("opacity", "")):
        return True
    height = css.get("max-height") or css.get("height") or ""
    return _is_zero(height) and css.get("overflow") in ("hidden", "clip")


def _is_zero_size(size: str, inherited: bool) -> bool:
    if _RELATIVE.fullmatch(size):
        return inherited or _is_zero(size)
    return _is_zero(size)


def _is_zero(value: str) -> bool:
    return _ZERO.fullmatch(value) is not None
