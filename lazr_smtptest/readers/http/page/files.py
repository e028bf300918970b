"""The files of the page, read and compressed once, each with its type."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import attrs

from lazr_smtptest.readers.http.api.meanings import load_meanings

__all__ = ["FOLDER", "File", "Files", "load_files", "load_texts", "shipped"]

FOLDER = Path(__file__).parent / "static"

_INDEX = "index.html"
# What stands in index.html for the version of the files.
_VERSION = b"{version}"
# What stands there for the modules. A browser that is told of all that the first one
# imports does not have to read some to find the others.
_PRELOAD = b"{preload}"
#
# The first two begin to load what every list shows, before the others have arrived.
_FIRST = ("lang.js", "early.js", "app.js")

# An import that is done before anything runs; it may have several lines.
_IMPORT = re.compile(rb'^(?:import|\}).*"(\.{1,2}/[^"]+)";$', re.MULTILINE)

# No others are served: neither notes of an editor nor compiled files.
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}


# Not slots: what is compressed is kept.
@attrs.frozen(slots=False)
class File:
    """A file of the page.

    Attributes:
        content: its bytes.
        content_type: the value of Content-Type.
        tag: the value of ETag.
    """

    content: bytes
    content_type: str
    tag: str

    @cached_property
    def compressed(self) -> bytes:
        """The same bytes as gzip, made when they are first asked for.

        The document would have to wait for that of all others, and a browser paints
        nothing without it.
        """
        # Without a time in it, so that the same content has the same bytes.
        return gzip.compress(self.content, 9, mtime=0)

    @classmethod
    def of(cls, content: bytes, suffix: str) -> File:
        """Return the file with a content.

        Args:
            content: its bytes.
            suffix: the end of its name, such as ``".js"``.
        """
        digest = hashlib.sha256(content).hexdigest()
        return cls(content, _TYPES[suffix], f'"{digest[:20]}"')


@attrs.frozen
class Files:
    """All files of the page.

    Attributes:
        version: changes when any of the files does; a part of their paths, so that a
            browser never asks for the same one twice.
        index: the document that loads the others.
        others: the others, by their paths, such as ``"views/list.js"``.
    """

    version: str
    index: File
    others: Mapping[str, File]


def shipped(source: str) -> str:
    """Return a module or a style sheet without indents and lines that are comments.

    They are a third of the bytes. Lines of a template literal are no comments; it is
    always one of HTML, where an indent means nothing.
    """
    kept: list[str] = []
    is_comment = is_literal = False
    for line in source.split("\n"):
        text = line.strip()
        if is_comment:
            is_comment = not text.endswith("*/")
        elif not is_literal and text.startswith("//"):
            continue
        elif not is_literal and text.startswith("/*"):
            is_comment = not text.endswith("*/")
        else:
            kept.append(line.lstrip(" "))
            is_literal ^= line.count("`") % 2 == 1
    return "\n".join(kept)


def _read(path: Path) -> bytes:
    is_source = path.suffix in (".js", ".css") and path.parent.name != "vendor"
    return shipped(path.read_text("utf-8")).encode() if is_source else path.read_bytes()


def load_texts(language: str) -> dict[str, Any]:
    """Return the texts of the page by their keys, such as ``"tab.html"``.

    Those that explain what the server says are of the API, see `load_meanings`.

    A text is a string, or a mapping of its forms for plurals to strings.

    Args:
        language: such as ``"en"``.
    """
    groups = json.loads((FOLDER / "lang" / f"{language}.json").read_text("utf-8"))
    return {**dict(_flat(groups)), **dict(_flat(load_meanings(language)))}


def _flat(group: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, text in group.items():
        if isinstance(text, str) or "other" in text:
            yield prefix + name, text
        else:
            yield from _flat(text, f"{name}.")


def _preload(contents: Mapping[str, bytes]) -> bytes:
    """Return the elements of the document that let a browser load modules at once.

    Args:
        contents: the files, by their paths.
    """
    names = [name for first in _FIRST for name in _imported(contents, first)]
    return "\n".join(
        f'<link rel="modulepreload" href="page/{{version}}/{name}">'
        for name in dict.fromkeys(names)
    ).encode()


def _imported(contents: Mapping[str, bytes], first: str) -> list[str]:
    """Return a module, and all that are imported before it runs, by name."""
    found: set[str] = set()
    left = [first]
    while left:
        name = left.pop()
        if name not in found and name in contents:
            found.add(name)
            modules = _IMPORT.findall(contents[name])
            left += [urljoin(name, each.decode()) for each in modules]
    return sorted(found)


@cache
def load_files(folder: Path = FOLDER) -> Files:
    """Return the files of the page; the first call reads them from the disk."""
    contents = {
        path.relative_to(folder).as_posix(): _read(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix in _TYPES
    }
    whole = hashlib.sha256()
    for name, content in contents.items():
        whole.update(b"%b %d\n%b" % (name.encode(), len(content), content))
    version = whole.hexdigest()[:16]
    index = contents.pop(_INDEX).replace(_PRELOAD, _preload(contents))
    index = index.replace(_VERSION, version.encode())
    others = {
        name: File.of(content, Path(name).suffix) for name, content in contents.items()
    }
    return Files(version, File.of(index, ".html"), others)
