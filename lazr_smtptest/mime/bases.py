"""The URL of an HTML document, which completes its relative references."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

__all__ = [
    "LONGEST_LINK",
    "Base",
    "has_scheme",
    "is_relative",
    "parse_base",
    "reference_of",
]

# The most characters of a link, and of a base.
LONGEST_LINK = 8 * 1024

_SCHEME = re.compile(r"(?a)[A-Za-z][A-Za-z0-9+.-]*:")
# Characters that WHATWG URL removes around a URL, and within it.
_AROUND = "".join(map(chr, range(0x21)))
_WITHIN = dict.fromkeys(map(ord, "\t\n\r"))
# Schemes that a base must not have (WHATWG HTML 4.2.3).
_NO_BASE = ("data:", "javascript:")

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*:)(//[^/?#]*)?([^?#]*)")
_PATH = re.compile(r"[^?#]*")


class Base:
    """A base URL (RFC 3986 section 5.1).

    Its path is split once, so the time of `resolve` depends on the length of the
    reference and of the result only.
    """

    def __init__(self, url: str) -> None:
        """Parse the URL.

        Raises:
            ValueError: it has no scheme, its path is opaque (``mailto:``), or its host
                is no host.
        """
        found = _URL.match(url)
        urlsplit(url)  # refuses a host that is none
        if found is None or not (found[2] or found[3].startswith("/")):
            raise ValueError("not an absolute URL")
        self._scheme = found[1]
        self._root = found[1] + (found[2] or "")
        self._path = _without_dots(found[3] or "/")
        self._slashes = [slash.start() for slash in re.finditer("/", self._path)]

    @property
    def root(self) -> str:
        """Its scheme and host, such as ``"http://example.com"``."""
        return self._root

    def resolve(self, reference: str) -> str:
        """Return a relative reference as a URL (RFC 3986 section 5.2)."""
        if reference.startswith("//"):
            return self._scheme + reference
        rest = _PATH.sub("", reference, count=1)
        path = reference.removesuffix(rest)
        if not path:
            return self._root + self._path + rest
        if path.startswith("/"):
            return self._root + _without_dots(path) + rest
        segments, up = _collapse(path.split("/"))
        slash = self._slashes[max(0, len(self._slashes) - 1 - up)]
        return self._root + self._path[: slash + 1] + "/".join(segments) + rest


def reference_of(attribute: str) -> str:
    """Return the reference in an attribute, without what a browser leaves out of it."""
    return attribute.strip(_AROUND).translate(_WITHIN)


def has_scheme(reference: str) -> bool:
    """Return whether a reference begins with a scheme, as ``https:`` is one."""
    return _SCHEME.match(reference) is not None


def is_relative(reference: str) -> bool:
    """Return whether a base completes a reference; ``#part`` stays in its document."""
    return bool(reference) and reference[0] != "#" and not has_scheme(reference)


def parse_base(url: str) -> Base | None:
    """Return the base that a ``<base>`` names; ``None`` if that names none."""
    if len(url) > LONGEST_LINK or url.lower().startswith(_NO_BASE):
        return None
    try:
        return Base(url)
    except ValueError:
        return None


def _without_dots(path: str) -> str:
    """Remove the dot segments of an absolute path (RFC 3986 section 5.2.4)."""
    return "/" + "/".join(_collapse(path.split("/")[1:])[0])


def _collapse(segments: list[str]) -> tuple[list[str], int]:
    """Remove dot segments; also return how many more directories they go up."""
    kept: list[str] = []
    up = 0
    for segment in segments:
        if segment == "..":
            up += not kept
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in (".", ".."):
        kept.append("")
    return kept, up
