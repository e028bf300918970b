"""Which mail programs support which HTML and CSS: the data of caniemail.com.

The data is in the package, with its licence, date and hash in ``data/caniemail.txt``.
"""

from __future__ import annotations

import html
import json
import re
import zlib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal

import attrs

__all__ = [
    "DATA",
    "ClientSupport",
    "Feature",
    "SupportData",
    "Supports",
    "load_support",
]

# The data that the package has: a JSON document, compressed by zlib.
DATA = Path(__file__).parent / "data" / "caniemail.json.zlib"

Supports = Literal["yes", "no", "partial"]
# "u" stands for unknown: it is no result.
_SUPPORTS: Mapping[str, Supports] = {"y": "yes", "n": "no", "a": "partial"}

_CODE = re.compile(r"(`+)(.+?)\1|\[([^\]]+)\]\((https?://[^)\s]+)\)|\*\*(.+?)\*\*")


@attrs.frozen
class ClientSupport:
    """The support of one version of a mail program for a feature.

    Attributes:
        family: the mail program, such as ``gmail``.
        platform: where it runs, such as ``ios``.
        version: its version, or the month of the test.
        name: the three in words.
        support: ``"yes"``, ``"no"`` or ``"partial"``.
        notes: the numbers of notes, the keys of `Feature.notes`.
    """

    family: str
    platform: str
    version: str
    name: str
    support: Supports
    notes: tuple[str, ...]


@attrs.frozen
class Feature:
    """A feature of HTML or CSS, and who supports it.

    Attributes:
        slug: its name in the data, such as ``css-gap``.
        title: its name.
        description: one or two sentences, as HTML.
        url: the page that describes it.
        category: ``"css"``, ``"html"``, ``"image"`` or ``"others"``.
        tags: such as ``accessibility``.
        keywords: other names.
        results: for each version of a mail program that was tested.
        notes: notes on results, as HTML, by number.
    """

    slug: str
    title: str
    description: str
    url: str
    category: str
    tags: tuple[str, ...] = ()
    keywords: str = ""
    results: tuple[ClientSupport, ...] = ()
    notes: Mapping[str, str] = attrs.field(factory=dict)

    def share(self, support: Supports) -> float:
        """Return the percentage of results with this support; 0 if there is none."""
        if not self.results:
            return 0.0
        number = sum(result.support == support for result in self.results)
        return 100 * number / len(self.results)


@attrs.frozen
class SupportData:
    """The data of caniemail.com.

    Attributes:
        date: when it was made, such as ``2026-05-13``.
        features: the features, by slug.
        platforms: by platform, the names of the mail programs that run there.
    """

    date: str
    features: Mapping[str, Feature]
    platforms: Mapping[str, tuple[str, ...]]


def load_support(path: Path | None = None) -> SupportData:
    """Return the data in the package, or in a file.

    Args:
        path: a file of JSON, as caniemail.com and its packages publish it; it may be
            compressed by zlib. Without it, the data in the package.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is not such a file.
    """
    return _load_package_data() if path is None else _load(path)


@cache
def _load_package_data() -> SupportData:
    return _load(DATA)


def _load(path: Path) -> SupportData:
    content = path.read_bytes()
    if not content.lstrip().startswith(b"{"):
        content = _decompress(path, content)
    try:
        document = json.loads(content)
        reader = _Reader(document["nicenames"])
        features = [reader.feature(each) for each in document["data"]]
        date = document["last_update_date"][:10]
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(
            f"{path} is no export of caniemail.com: {type(error).__name__}: {error}"
        ) from error
    by_slug = {feature.slug: feature for feature in features}
    return SupportData(date, by_slug, reader.platforms(features))


def _decompress(path: Path, content: bytes) -> bytes:
    try:
        return zlib.decompress(content)
    except zlib.error as error:
        raise ValueError(f"{path} is neither JSON nor compressed by zlib") from error


class _Reader:
    """Reads features.

    Args:
        names: the names of families and of platforms, by their keys.
    """

    def __init__(self, names: Mapping[str, Mapping[str, str]]) -> None:
        self._families = names["family"]
        self._platforms = names["platform"]

    def feature(self, values: Mapping[str, Any]) -> Feature:
        """Return a feature."""
        notes = values["notes_by_num"] or {}
        return Feature(
            slug=values["slug"],
            title=values["title"],
            description=_as_html(values["description"] or ""),
            url=values["url"],
            category=values["category"],
            tags=tuple(values["tags"] or ()),
            keywords=values["keywords"] or "",
            results=tuple(self._results(values["stats"])),
            notes={number: _as_html(note) for number, note in notes.items()},
        )

    def _results(self, stats: Mapping[str, Any]) -> Iterator[ClientSupport]:
        for family, platforms in stats.items():
            for platform, versions in platforms.items():
                where = (
                    f"{self._families.get(family, family)} "
                    f"{self._platforms.get(platform, platform)}"
                )
                for version, text in versions.items():
                    letter, *notes = text.split()
                    if letter in _SUPPORTS:
                        yield ClientSupport(
                            family=family,
                            platform=platform,
                            version=version,
                            name=f"{where} ({version})",
                            support=_SUPPORTS[letter],
                            notes=tuple(note.removeprefix("#") for note in notes),
                        )

    def platforms(self, features: list[Feature]) -> dict[str, tuple[str, ...]]:
        """Return the names of the mail programs by platform, in order."""
        found: dict[str, set[str]] = {}
        for feature in features:
            for result in feature.results:
                name = self._families.get(result.family, result.family)
                found.setdefault(result.platform, set()).add(name)
        return {platform: tuple(sorted(found[platform])) for platform in sorted(found)}


def _as_html(text: str) -> str:
    """Return the little Markdown that the data has, as HTML."""
    pieces, position = [], 0
    for found in _CODE.finditer(text):
        pieces.append(html.escape(text[position : found.start()], quote=False))
        pieces.append(_element(found))
        position = found.end()
    pieces.append(html.escape(text[position:], quote=False))
    return "".join(pieces)


def _element(found: re.Match[str]) -> str:
    _, code, words, url, strong = found.groups()
    if code:
        return f"<code>{html.escape(code, quote=False)}</code>"
    if url:
        return (
            f'<a href="{html.escape(url)}" target="_blank" rel="noopener">'
            f"{_as_html(words)}</a>"
        )
    return f"<strong>{_as_html(strong)}</strong>"
