"""A program that writes how many bytes a browser loads of the page's files.

They are minified and compressed as one, as the sizes of libraries are given. The page
has no build step, and is served with its names and indents: a bound of those would be
one of long names.
"""

from __future__ import annotations

import gzip
from importlib.util import find_spec

from lazr_smtptest.readers.http.page.files import load_files

_KINDS = {"css": "text/css", "js": "text/javascript", "json": "application/json"}


def remedy() -> str:
    """Return how the minifier gets onto this machine; empty if it is there."""
    return "" if find_spec("minify") else "pip install tdewolff-minify"


def main() -> None:
    """Write the bytes; the threads of the minifier end with this program."""
    files = load_files()
    small = [
        _minified(name, file.content.decode()).encode()
        for name, file in files.others.items()
        # A browser loads one language, and no licence.
        if not name.endswith(".txt") and not name.startswith("lang/d")
    ]
    print(len(gzip.compress(b"".join([files.index.content, *small]), 9)))


def _minified(name: str, text: str) -> str:
    import minify

    kind = _KINDS.get(name.rpartition(".")[2])
    small: str = minify.string(kind, text) if kind else text
    return small


if __name__ == "__main__":
    main()
