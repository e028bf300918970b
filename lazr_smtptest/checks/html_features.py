"""The features of HTML by which mail programs differ, and how each is recognised.

Each is named by its slug in the data of caniemail.com, such as ``html-video``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

__all__ = ["SCRIPT", "element_features", "image_features", "slugs"]


def _by_name(names: str, prefix: str) -> dict[str, str]:
    return {name: prefix + name for name in names.split()}


def _all_as(names: str, slug: str) -> dict[str, str]:
    return dict.fromkeys(names.split(), slug)


# No feature of the data: no mail program runs scripts.
SCRIPT = "html-script"

_ELEMENTS: Mapping[str, str] = {
    **_by_name(
        "abbr acronym address audio base bdi blockquote code del dfn dialog div form "
        "hr img link marquee meter object p picture pre progress rp rt ruby select "
        "small span strike strong style svg table textarea video wbr",
        "html-",
    ),
    **_all_as("h1 h2 h3 h4 h5 h6", "html-h1-h6"),
    **_all_as("ul ol dl", "html-lists"),
    **_all_as("map area", "html-image-maps"),
    **_all_as(
        "article aside details figcaption figure footer header main mark nav section "
        "summary time",
        "html-semantics",
    ),
}
_ATTRIBUTES: Mapping[str, str] = {
    **_by_name(
        "align aria-describedby aria-hidden aria-label aria-labelledby aria-live "
        "background cellpadding cellspacing dir height hidden lang popover required "
        "role target valign width",
        "html-",
    ),
    "inert": "css-inert-attribute",
    "loading": "html-loading-attribute",
    "usemap": "html-image-maps",
    **_all_as("sizes srcset", "html-srcset"),
}
# The slugs of an element whose attribute has this value.
_VALUES: Mapping[tuple[str, str, str], str] = {
    ("button", "type", "reset"): "html-button-reset",
    ("button", "type", "submit"): "html-button-submit",
    **{
        ("input", "type", kind): f"html-input-{kind}"
        for kind in ("checkbox", "hidden", "radio", "reset", "submit", "text")
    },
    ("meta", "name", "color-scheme"): "html-meta-color-scheme",
}
_LINKS: Mapping[str, str] = {"#": "html-anchor-links", "mailto:": "html-mailto-links"}
# The marks of AMP on the element ``html``.
_AMP = frozenset(("amp4email", "\u26a14email"))
# Of the whole document: they are found in its source.
_OF_SOURCE = ("html-body", "html-comments", "html-doctype")

_IMAGES: Mapping[str, str] = {
    **_by_name("apng avif bmp gif hdr heif ico jpg mp4 png svg tiff webp", "image-"),
    "heic": "image-heif",
    "jpeg": "image-jpg",
    "svg+xml": "image-svg",
    "tif": "image-tiff",
    **_all_as("vnd.microsoft.icon x-icon", "image-ico"),
}
_BASE64 = "image-base64"


def element_features(name: str, attributes: Mapping[str, str | None]) -> Iterator[str]:
    """Yield the slugs of the features that an element uses.

    Args:
        name: the name of the element, in lower case.
        attributes: its attributes; the value of one without a value is ``None``.
    """
    if name in _ELEMENTS:
        yield _ELEMENTS[name]
    for attribute, value in attributes.items():
        if attribute in _ATTRIBUTES:
            yield _ATTRIBUTES[attribute]
        if attribute in ("type", "name"):
            slug = _VALUES.get((name, attribute, (value or "").strip().lower()))
            if slug is not None:
                yield slug
        if name == "html" and attribute in _AMP:
            yield "amp"
    yield from _link_features(name, attributes)
    if name in ("img", "source", "input"):
        yield from image_features(attributes.get("src") or "")
    yield from image_features(attributes.get("background") or "")


def _link_features(name: str, attributes: Mapping[str, str | None]) -> Iterator[str]:
    if name not in ("a", "area"):
        return
    link = (attributes.get("href") or "").lstrip().lower()
    for start, slug in _LINKS.items():
        if link.startswith(start):
            yield slug


def image_features(url: str) -> Iterator[str]:
    """Yield the slugs of the format of an image, as far as its URL tells it."""
    url = url.strip()
    scheme, colon, rest = url[:64].partition(":")
    if colon and scheme.lower() == "data":
        kind, comma, _ = rest.partition(",")
        media, *flags = kind.lower().split(";")
        if comma and "base64" in [flag.strip() for flag in flags]:
            yield _BASE64
        extension = media.rpartition("/")[2].strip()
    else:
        path = url.partition("#")[0].partition("?")[0]
        extension = path.rpartition("/")[2].rpartition(".")[2].lower()
    if extension in _IMAGES:
        yield _IMAGES[extension]


def slugs() -> Iterable[str]:
    """Yield the slugs of all features here; some come several times."""
    tables: tuple[Mapping[object, str], ...] = (
        _ELEMENTS,  # type: ignore[assignment]
        _ATTRIBUTES,
        _VALUES,
        _LINKS,
        _IMAGES,
    )
    for table in tables:
        yield from table.values()
    yield from (*_OF_SOURCE, _BASE64, "amp")
