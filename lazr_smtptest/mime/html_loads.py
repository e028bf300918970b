"""The URLs that a browser loads by itself when it shows an HTML document."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from lazr_smtptest.mime.html_tokens import StartTag

__all__ = ["Load", "loads_of", "loads_of_sheet", "replace_in_sheet", "replace_urls"]

# Attributes with one URL, by the names of elements; ``*`` is any.
_SOURCES: Mapping[str, Mapping[str, str]] = {
    "*": {"background": "image"},
    "img": {"src": "image", "lowsrc": "image", "dynsrc": "media"},
    "input": {"src": "image"},
    "image": {"href": "image", "xlink:href": "image"},
    "feimage": {"href": "image", "xlink:href": "image"},
    "use": {"href": "image", "xlink:href": "image"},
    "video": {"src": "media", "poster": "image"},
    "audio": {"src": "media"},
    "source": {"src": "media"},
    "track": {"src": "media"},
    "bgsound": {"src": "media"},
    "iframe": {"src": "frame"},
    "frame": {"src": "frame"},
    "object": {"data": "object"},
    "embed": {"src": "object"},
    "applet": {"archive": "object"},
    "script": {"src": "script", "href": "script", "xlink:href": "script"},
    "html": {"manifest": "other"},
}
_LINKS = {"stylesheet": "style sheet", "icon": "image", "apple-touch-icon": "image"}

# In style sheets. A string or a bracket that does not end makes no load.
_URL = re.compile(
    r"""(?i)(@import\s+(?:url\(\s*)?|url\(\s*)(?:"([^"\n]*)"|'([^'\n]*)'|([^\s"'();]+))"""
)
_FONT_FACE = re.compile(r"(?i)@font-face\s*\{([^{}]*)\}")
_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.S)
# A candidate of `srcset`: its URL, which may have commas, and its width or density.
_CANDIDATE = re.compile(r"([^\s,](?:\S*[^\s,])?)(,+|\s[^,]*|\Z)")
_REFRESH = re.compile(r"(?i)[\d.]*\s*[;,]\s*(?:url\s*=\s*)?[\"']?([^\"']+)")


class Load(NamedTuple):
    """One load.

    Attributes:
        kind: ``image``, ``media``, ``font``, ``style sheet``, ``frame``, ``object``,
            ``script``, ``redirect`` or ``other``.
        url: the URL as it stands there.
    """

    kind: str
    url: str


def loads_of(tag: StartTag) -> Iterator[Load]:
    """Yield the loads that an element begins."""
    attributes = tag.attributes
    for name, kind in {**_SOURCES["*"], **_SOURCES.get(tag.name, {})}.items():
        if name in attributes:
            yield Load(kind, attributes[name])
    for name in ("srcset", "imagesrcset"):
        for candidate in _CANDIDATE.finditer(attributes.get(name, "")):
            yield Load("image", candidate[1])
    if tag.name == "link":
        relations = attributes.get("rel", "").lower().split()
        kinds = [_LINKS[each] for each in relations if each in _LINKS]
        yield Load(kinds[0] if kinds else "other", attributes.get("href", ""))
    if tag.name == "meta" and attributes.get("http-equiv", "").lower() == "refresh":
        found = _REFRESH.match(attributes.get("content", "").strip())
        if found:
            yield Load("redirect", found[1])
    yield from loads_of_sheet(attributes.get("style", ""))


def loads_of_sheet(sheet: str) -> Iterator[Load]:
    """Yield the loads that a style sheet, or a ``style`` attribute, begins."""
    sheet = _COMMENT.sub(" ", sheet)
    fonts = {
        _url_of(found)
        for face in _FONT_FACE.finditer(sheet)
        for found in _URL.finditer(face[1])
    }
    for found in _URL.finditer(sheet):
        url = _url_of(found)
        if found[1].startswith("@"):
            yield Load("style sheet", url)
        else:
            yield Load("font" if url in fonts else "image", url)


def _url_of(found: re.Match[str]) -> str:
    return next(each for each in found.groups()[1:] if each is not None)


Replace = Callable[[str], str | None]


def replace_in_sheet(sheet: str, replace: Replace) -> str:
    """Return a style sheet with other URLs.

    Args:
        sheet: the style sheet.
        replace: returns the URL to write for one, without quotes and brackets;
            ``None`` to leave it.
    """

    def replaced(found: re.Match[str]) -> str:
        url = replace(_url_of(found))
        return found[0] if url is None else f'{found[1]}"{url}"'

    return _URL.sub(replaced, sheet)


def replace_urls(tag: StartTag, replace: Replace) -> dict[str, str]:
    """Return the attributes of an element, with other URLs; see `replace_in_sheet`."""
    attributes = dict(tag.attributes)
    for name in {**_SOURCES["*"], **_SOURCES.get(tag.name, {})}:
        new = replace(attributes[name]) if name in attributes else None
        if new is not None:
            attributes[name] = new
    if "srcset" in attributes:
        attributes["srcset"] = _CANDIDATE.sub(
            lambda found: (replace(found[1]) or found[1]) + found[2],
            attributes["srcset"],
        )
    if "style" in attributes:
        attributes["style"] = replace_in_sheet(attributes["style"], replace)
    return attributes
